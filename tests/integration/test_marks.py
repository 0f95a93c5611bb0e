"""The processed marks: Redis brought up to date from the notifications topic."""

import json
import time

import pytest
from confluent_kafka import Consumer, Producer, TopicPartition

from bridge.kafka import make_reader
from bridge.marks import ProcessedMarks
from config import Settings
from contract import ANSWERED_KEY, MARKS_POSITION_KEY, PROCESSED_MARK_TTL, processed_mark
from dev.kafka_server import silent
from tests.support.samples import read_committed

DAY = 24 * 3_600


class Stage:
    def __init__(self, kafka, redis_client, topic):
        self.redis = redis_client
        self.topic = topic
        self.settings = Settings(_env_file=None, openai_key="-", kafka_bootstrap_servers=kafka)
        self.producer = Producer({"bootstrap.servers": kafka, "partitioner": "random"}, logger=silent)
        self.transactional = Producer({"bootstrap.servers": kafka, "transactional.id": f"marks-{topic}"}, logger=silent)
        self.transactional.init_transactions(20)
        self.marks = ProcessedMarks(redis_client, lambda: make_reader(self.settings), topic)

    def notify(self, *processing_ids, days_ago=0.0, headers=None):
        for processing_id in processing_ids:
            self.producer.produce(
                self.topic, b"{}", b"new_notifications",
                headers=[("processing-id", str(processing_id).encode())] if headers is None else headers,
                timestamp=int((time.time() - days_ago * DAY) * 1000),
            )  # fmt: skip
        assert self.producer.flush(20) == 0

    def notify_in_transaction(self, processing_id, *, commit):
        self.transactional.begin_transaction()
        self.transactional.produce(self.topic, b"{}", headers=[("processing-id", str(processing_id).encode())])
        self.transactional.flush(20)
        (self.transactional.commit_transaction if commit else self.transactional.abort_transaction)(20)
        read_committed(self.settings, self.topic)  # waits until the end of the transaction stands in the topic

    def marked(self):
        return {int(key.decode().split(":")[1]) for key in self.redis.keys("processed_messages:*")}


@pytest.fixture
def stage(kafka, topics, redis_client):
    return Stage(kafka, redis_client, *topics("notifications"))


def test_a_flushed_redis_learns_again_what_is_finished(stage):
    """After FLUSHDB every request that was answered in the last three days is marked again, for three days."""
    stage.notify(1, 2, 3)
    assert stage.marks.catch_up() == 3
    stage.redis.flushdb()
    assert stage.marks.catch_up() == 3
    assert stage.marked() == {1, 2, 3}
    assert stage.redis.get(processed_mark(1)) == b"_"
    assert PROCESSED_MARK_TTL - 60 < stage.redis.ttl(processed_mark(1)) <= PROCESSED_MARK_TTL


def test_only_what_is_new_is_read(stage):
    """A restart beside a Redis that has its marks reads what was published since, not three days of it."""
    stage.notify(1, 2)
    stage.marks.catch_up()
    assert stage.marks.catch_up() == 0
    stage.redis.delete(processed_mark(1))
    stage.notify(3)
    assert stage.marks.catch_up() == 1
    assert stage.marked() == {2, 3}


def test_every_partition_is_read(kafka, topics, redis_client):
    """Notifications spread over partitions are all found, and each partition has its own position."""
    stage = Stage(kafka, redis_client, *topics("notifications", partitions=3))
    stage.notify(*range(60))
    assert stage.marks.catch_up() == 60
    assert stage.marked() == set(range(60))
    positions = json.loads(redis_client.get(MARKS_POSITION_KEY))
    assert len(positions) == 3
    assert sum(positions.values()) == 60


@pytest.mark.parametrize("headers", [[], [("other", b"1")], [("processing-id", b"x")], [("processing-id", None)]])
def test_messages_of_others_are_ignored(stage, headers):
    """Other services' notifications on the same topic neither mark anything nor stop the bridge."""
    stage.notify(1, headers=headers)
    stage.notify(2)
    assert stage.marks.catch_up() == 1
    assert stage.marked() == {2}


def test_an_existing_mark_is_left_alone(stage):
    """A mark that is there keeps its time: catching up again and again does not make it live for ever."""
    stage.redis.set(processed_mark(1), "_", ex=100)
    stage.notify(1)
    stage.marks.catch_up()
    assert stage.redis.ttl(processed_mark(1)) <= 100


def test_an_empty_topic(stage):
    """On an empty topic there is nothing to wait for, and Redis counts as filled."""
    assert stage.marks.catch_up() == 0
    assert json.loads(stage.redis.get(MARKS_POSITION_KEY)) == {"0": 0}


def test_a_missing_topic(kafka, topics, redis_client):
    """Nor where the topic does not exist yet."""
    stage = Stage(kafka, redis_client, *topics("notifications"))
    stage.marks = ProcessedMarks(redis_client, lambda: make_reader(stage.settings), "no-such-topic")
    assert stage.marks.catch_up() == 0
    assert redis_client.get(MARKS_POSITION_KEY) == b"{}"


def test_older_than_a_mark_is_not_marked(stage):
    """What was answered more than three days ago has lost its mark, as it would have in a Redis that kept it."""
    stage.notify(1, 2, days_ago=3.1)
    stage.notify(3, days_ago=2.9)
    stage.notify(4)
    assert stage.marks.catch_up() == 2
    assert stage.marked() == {3, 4}


def test_only_old_messages(stage):
    """A topic whose last message is old is not waited for."""
    stage.notify(1, days_ago=5)
    assert stage.marks.catch_up() == 0
    assert stage.marked() == set()


def test_an_emptied_redis_is_told_what_the_quota_has_lost(stage):
    """The limiter goes on with what is left: what was answered within a minute and a day is counted, once."""
    stage.notify(1, 2, days_ago=1.5)
    stage.notify(3, 4, days_ago=0.5)
    stage.notify(5)
    stage.marks.catch_up()
    minute, day, at = stage.redis.get(ANSWERED_KEY).split()
    assert (minute, day) == (b"1", b"3")
    assert float(at) == pytest.approx(time.time(), abs=60)
    stage.notify(6)
    stage.marks.catch_up()
    assert stage.redis.get(ANSWERED_KEY).split()[1] == b"3", "the limiter has counted the sixth itself"


def test_aborted_transactions_mark_nothing(stage):
    """A notification that was never committed does not silence its request."""
    stage.notify_in_transaction(1, commit=True)
    stage.notify_in_transaction(2, commit=False)
    assert stage.marks.catch_up() == 1
    stage.notify_in_transaction(3, commit=True)
    stage.notify_in_transaction(4, commit=False)
    assert stage.marks.catch_up() == 1
    assert stage.marked() == {1, 3}


def test_a_crash_between_reading_and_marking_reads_again(stage):
    """The position moves together with the marks, or not at all."""
    stage.notify(1)

    class Redis:
        def get(self, key):
            return stage.redis.get(key)

        def pipeline(self, transaction):
            assert transaction
            raise ConnectionError

    with pytest.raises(ConnectionError):
        ProcessedMarks(Redis(), lambda: make_reader(stage.settings), stage.topic).catch_up()
    assert stage.redis.keys() == []
    assert stage.marks.catch_up() == 1


def test_no_group_is_joined(stage, kafka):
    """Reading for the marks leaves no offsets behind that operators would take for lag."""
    stage.notify(1)
    stage.marks.catch_up()
    reader = Consumer({"bootstrap.servers": kafka, "group.id": "ai-handler-reader"})
    assert reader.committed([TopicPartition(stage.topic, 0)], timeout=20)[0].offset < 0
    reader.close()
