"""The processed marks: Redis brought up to date from the notifications topic."""

import json
import time
import uuid

import pytest
import redis
from confluent_kafka import Consumer, Producer, TopicPartition

from bridge import marks
from bridge.kafka import make_reader
from bridge.marks import ProcessedMarks
from config import Settings
from contract import (
    ANSWERED_KEY,
    DIALECTS,
    MARKS_KEY,
    PROCESSED_MARK_TTL,
    claim_key,
    outcome_key,
    processed_mark,
    request_key,
    source_key,
)
from dev.kafka_server import silent
from tests.support.samples import read_committed, snapshot

DAY = 24 * 3_600


class Stage:
    def __init__(self, kafka, redis_client, topic):
        self.redis = redis_client
        self.topic = topic
        self.settings = Settings(openai_key="-", kafka_bootstrap_servers=kafka)
        self.producer = Producer({"bootstrap.servers": kafka, "partitioner": "random"}, logger=silent)
        self.transactional = Producer({"bootstrap.servers": kafka, "transactional.id": f"marks-{topic}"}, logger=silent)
        self.transactional.init_transactions(20)
        self.marks = self.make_marks("in-0")

    def make_marks(self, source, topic=None, store=None):
        """The marks of one input partition's owner."""
        return ProcessedMarks(
            store or self.redis, lambda: make_reader(self.settings), topic or self.topic, source, uuid.uuid4().hex
        )

    def catch_up(self, marks=None):
        """How many notifications were read."""
        return [0, *(marks or self.marks).catch_up()][-1]

    def positions(self):
        return {
            int(field.partition(b":")[2]): int(value)
            for field, value in self.redis.hgetall(MARKS_KEY).items()
            if field.startswith(b"position:")
        }

    def believable(self, marks=None):
        return (marks or self.marks).are_believable(self.redis.hgetall(MARKS_KEY))

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
    assert stage.catch_up() == 3
    stage.redis.flushdb()
    assert stage.catch_up() == 3
    assert stage.marked() == {1, 2, 3}
    assert stage.redis.get(processed_mark(1)) == b"_"
    assert PROCESSED_MARK_TTL - 60 < stage.redis.ttl(processed_mark(1)) <= PROCESSED_MARK_TTL


def test_only_what_is_new_is_read(stage):
    """A restart beside a Redis that has its marks reads what was published since, not three days of it."""
    stage.notify(1, 2)
    stage.catch_up()
    assert stage.catch_up() == 0
    stage.redis.delete(processed_mark(1))
    stage.notify(3)
    assert stage.catch_up() == 1
    assert stage.marked() == {2, 3}


def test_every_partition_is_read(kafka, topics, redis_client):
    """Notifications spread over partitions are all found, and each partition has its own position."""
    stage = Stage(kafka, redis_client, *topics("notifications", partitions=3))
    stage.notify(*range(60))
    assert stage.catch_up() == 60
    assert stage.marked() == set(range(60))
    assert len(stage.positions()) == 3
    assert sum(stage.positions().values()) == 60


@pytest.mark.parametrize("headers", [[], [("other", b"1")], [("processing-id", b"x")], [("processing-id", None)]])
def test_messages_of_others_are_ignored(stage, headers):
    """Other services' notifications on the same topic neither mark anything nor stop the bridge."""
    stage.notify(1, headers=headers)
    stage.notify(2)
    assert stage.catch_up() == 2
    assert stage.marked() == {2}


def test_the_notifications_of_an_earlier_handler(kafka, topics, redis_client):
    """Whatever key ours are given for an unchanged reader, what a predecessor wrote under the contract's own counts."""
    (topic,) = topics("notifications")
    stage = Stage(kafka, redis_client, topic)
    for number, key in enumerate([b"new_notifications", b"new_request", b"somebody_else"], 1):
        stage.producer.produce(topic, json.dumps({"response": {"processing_id": number}}).encode(), key)
    assert stage.producer.flush(20) == 0
    make = lambda: make_reader(stage.settings)  # noqa: E731
    marks = ProcessedMarks(redis_client, make, topic, "in-0", "me", notification_key=b"new_request")
    stage.catch_up(marks)
    assert stage.marked() == {1, 2}


def test_answers_of_the_second_contract(kafka, topics, redis_client):
    """Whatever its key, an answer marks its request; one that is said again is no second answer to the quota."""
    (topic,) = topics("finished")
    stage = Stage(kafka, redis_client, topic)
    stage.producer.produce(topic, json.dumps({"processing_id": 1, "success": True}).encode())
    stage.notify(2)
    stage.notify(2, headers=[("processing-id", b"2"), ("repeated-after", b"60")])
    dialect = DIALECTS["2026"]
    stage.catch_up(
        ProcessedMarks(redis_client, lambda: make_reader(stage.settings), topic, "in-0", "me", dialect=dialect)
    )
    assert stage.marked() == {1, 2}
    assert redis_client.get(ANSWERED_KEY).split()[:2] == [b"2", b"2"]


def test_an_existing_mark_is_left_alone(stage):
    """A mark that is there keeps its time: catching up again and again does not make it live for ever."""
    stage.redis.set(processed_mark(1), "_", ex=100)
    stage.notify(1)
    stage.catch_up()
    assert stage.redis.ttl(processed_mark(1)) <= 100


def test_an_empty_topic(stage):
    """On an empty topic there is nothing to wait for, and Redis counts as filled."""
    assert stage.catch_up() == 0
    assert stage.positions() == {0: 0}
    assert stage.believable()


def test_a_missing_topic(kafka, topics, redis_client):
    """Nor where the topic does not exist yet."""
    stage = Stage(kafka, redis_client, *topics("notifications"))
    stage.marks = stage.make_marks("in-0", "no-such-topic")
    assert stage.catch_up() == 0
    assert stage.positions() == {}
    assert stage.believable()


def test_older_than_a_mark_is_not_marked(stage):
    """What was answered more than three days ago has lost its mark, as it would have in a Redis that kept it."""
    stage.notify(1, 2, days_ago=3.1)
    stage.notify(3, days_ago=2.9)
    stage.notify(4)
    assert stage.catch_up() == 2
    assert stage.marked() == {3, 4}


def test_only_old_messages(stage):
    """A topic whose last message is old is not waited for."""
    stage.notify(1, days_ago=5)
    assert stage.catch_up() == 0
    assert stage.marked() == set()


def test_an_emptied_redis_is_told_what_the_quota_has_lost(stage):
    """The limiter goes on with what is left: what was answered within a minute and a day is counted, once."""
    stage.notify(1, 2, days_ago=1.5)
    stage.notify(3, 4, days_ago=0.5)
    stage.notify(5)
    stage.catch_up()
    minute, day, at = stage.redis.get(ANSWERED_KEY).split()
    assert (minute, day) == (b"1", b"3")
    assert float(at) == pytest.approx(time.time(), abs=60)
    stage.notify(6)
    stage.catch_up()
    assert stage.redis.get(ANSWERED_KEY).split()[1] == b"3", "the limiter has counted the sixth itself"


def test_aborted_transactions_mark_nothing(stage):
    """A notification that was never committed does not silence its request."""
    stage.notify_in_transaction(1, commit=True)
    stage.notify_in_transaction(2, commit=False)
    assert stage.catch_up() == 1
    stage.notify_in_transaction(3, commit=True)
    stage.notify_in_transaction(4, commit=False)
    assert stage.catch_up() == 1
    assert stage.marked() == {1, 3}


def test_a_crash_while_catching_up_goes_on_where_it_was(stage, monkeypatch):
    """The position moves together with the marks, step by step: nothing is read twice, nothing is left out."""
    monkeypatch.setattr(marks, "IDS_A_STEP", 10)
    stage.notify(*range(25))
    steps = stage.marks.catch_up()
    next(steps)
    assert stage.marked() == set(range(stage.positions()[0]))
    assert 0 < stage.positions()[0] < 25
    steps.close()
    assert not stage.believable()
    rest = 25 - stage.positions()[0]
    assert stage.catch_up(stage.make_marks("in-0")) == rest
    assert stage.marked() == set(range(25))
    assert stage.redis.get(ANSWERED_KEY).split()[:2] == [b"25", b"25"]


def test_a_redis_emptied_while_it_is_filled_is_filled_from_the_start(stage, monkeypatch):
    """FLUSHDB between two steps: the position is not written back over the missing marks."""
    monkeypatch.setattr(marks, "IDS_A_STEP", 10)
    stage.notify(*range(25))
    steps = stage.marks.catch_up()
    next(steps)
    stage.redis.flushdb()
    for _ in steps:
        pass
    assert stage.marked() == set(range(25))
    assert stage.positions() == {0: 25}
    assert stage.believable()


def test_a_redis_emptied_at_the_last_moment_is_filled_again(stage):
    """FLUSHDB after the last notification was marked, before anything was said: all is marked again."""
    stage.notify(1, 2)
    start, flushed = stage.marks._start_sequence, []

    def flush_first(**named):
        if not flushed:
            flushed.append(stage.redis.flushdb())
        return start(**named)

    stage.marks._start_sequence = flush_first
    stage.catch_up()
    assert flushed
    assert stage.marked() == {1, 2}
    assert stage.believable()


def test_a_redis_that_was_rolled_back_is_not_believed(stage):
    """Whatever its owner has marked since the backup, the marks are known to be missing, and come back."""
    stage.notify(1)
    stage.catch_up()
    stage.marks.finish([1])
    roll_back = snapshot(stage.redis)
    stage.notify(2)
    stage.marks.finish([2])
    assert stage.believable()
    roll_back()
    assert stage.marked() == {1}
    assert not stage.believable()
    assert stage.catch_up() == 1
    assert stage.marked() == {1, 2}
    assert stage.believable()


def test_what_is_written_after_a_rollback_does_not_hide_it(stage):
    """A bridge that marks its next request before it has looked finds out all the same."""
    stage.catch_up()
    roll_back = snapshot(stage.redis)
    stage.notify(1)
    stage.marks.finish([1])
    roll_back()
    stage.notify(2)
    assert not stage.marks.finish([2])
    assert stage.marked() == {2}, "a mark is never wrong"
    assert not stage.believable()
    assert not stage.marks.finish([3]), "nor does the one after it"
    assert not stage.believable()
    stage.catch_up()
    assert stage.marked() == {1, 2, 3}


def test_a_rollback_is_seen_by_those_who_have_written_nothing(stage):
    """A partition notices that another one's marks are gone."""
    other = stage.make_marks("in-1")
    stage.catch_up()
    stage.catch_up(other)
    roll_back = snapshot(stage.redis)
    stage.notify(1)
    other.finish([1])
    assert stage.believable()
    roll_back()
    assert not stage.believable()
    stage.catch_up()
    assert stage.believable()
    assert stage.marked() == {1}


def test_a_mark_whose_writing_was_not_answered_is_written_again(stage):
    """A timeout after Redis has done it: the same call again succeeds, and nothing counts as lost."""
    stage.catch_up()
    write, answers = stage.marks._mark, []

    def lose_the_first_answer(**named):
        answers.append(write(**named))
        if len(answers) == 1:
            raise redis.TimeoutError
        return answers[-1]

    stage.marks._mark = lose_the_first_answer
    with pytest.raises(redis.TimeoutError):
        stage.marks.finish([1])
    assert stage.marks.finish([1])
    assert stage.believable()


def test_a_former_owner_does_not_pass_for_the_present_one(stage):
    """A bridge that lost its partition may still mark; it neither believes Redis nor disturbs for long."""
    stage.catch_up()
    successor = stage.make_marks("in-0")
    stage.catch_up(successor)
    assert not stage.marks.finish([1])
    assert stage.marked() == {1}
    assert not stage.believable()
    assert stage.believable(successor)


def test_a_restored_mark_lives_as_long_as_it_would_have(stage):
    """A mark that is read from Kafka ends three days after the notification, so an id can be used again then."""
    stage.notify(1, days_ago=2.5)
    stage.catch_up()
    assert 0.4 * DAY < stage.redis.ttl(processed_mark(1)) <= 0.5 * DAY


def test_what_a_crash_has_left_of_finished_requests_is_cleared(stage):
    """A bridge that died between publishing and marking leaves no resume in Redis for three days."""
    left = [request_key(1), outcome_key(1), claim_key(1), source_key(1)]
    stage.redis.mset(dict.fromkeys([*left, request_key(2)], "x"))
    stage.notify(1)
    stage.catch_up()
    assert not stage.redis.exists(*left)
    assert stage.redis.exists(request_key(2))


def test_positions_move_on_while_the_bridge_works(stage):
    """After a move the next recovery has nothing to read, and the marks are believed as before."""
    stage.catch_up()
    stage.notify(1, 2, 3)
    stage.marks.finish([1, 2, 3])
    list(stage.marks.move_on())
    assert stage.positions() == {0: 3}
    assert stage.believable()
    assert stage.catch_up() == 0


def test_moving_on_in_an_emptied_redis_hides_nothing(stage):
    """Reading on after a flush does not make the flush unseen."""
    stage.notify(1)
    stage.catch_up()
    stage.redis.flushdb()
    list(stage.marks.move_on())
    assert not stage.believable()
    stage.catch_up()
    assert stage.marked() == {1}


def test_a_topic_that_was_made_again_is_read_from_its_start(stage):
    """A position beyond the topic's end is none."""
    stage.redis.hset(MARKS_KEY, "position:0", 5_000)
    stage.notify(1)
    assert stage.catch_up() == 1
    assert stage.marked() == {1}
    assert stage.positions() == {0: 1}


@pytest.mark.parametrize(
    ("key", "body", "marked"),
    [
        (b"new_notifications", {"success": True, "response": {"processing_id": 7, "callback_url": "x"}}, {7}),
        (b"new_notifications", {"success": False, "response": {"processing_id": 0}}, {0}),
        (b"other", {"response": {"processing_id": 7}}, set()),
        (b"new_notifications", {"response": {"processing_id": True}}, set()),
        (b"new_notifications", {"response": {"processing_id": "7"}}, set()),
        (b"new_notifications", {"response": {"processing_id": 2**31}}, set()),
        (b"new_notifications", {"response": [7]}, set()),
        (b"new_notifications", [7], set()),
        (b"new_notifications", {"response": {"processing_id": 7, "more": "x" * 70_000}}, set()),
    ],
)
def test_answers_of_a_handler_before_us_are_known(stage, key, body, marked):
    """A predecessor's notifications carry no header of ours: what they say they answer is not answered again."""
    stage.producer.produce(stage.topic, json.dumps(body).encode(), key)
    assert stage.producer.flush(20) == 0
    stage.catch_up()
    assert stage.marked() == marked


def test_no_group_is_joined(stage, kafka):
    """Reading for the marks leaves no offsets behind that operators would take for lag."""
    stage.notify(1)
    stage.catch_up()
    reader = Consumer({"bootstrap.servers": kafka, "group.id": "ai-handler-reader"})
    assert reader.committed([TopicPartition(stage.topic, 0)], timeout=20)[0].offset < 0
    reader.close()
