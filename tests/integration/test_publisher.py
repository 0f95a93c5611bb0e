"""Publishing on a real Kafka: everything in one transaction, and only by the owner."""

import functools
import os
import signal
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest
from confluent_kafka import Consumer, KafkaException, Producer, TopicPartition
from confluent_kafka.admin import AdminClient, AlterConfigOpType, ConfigEntry, ConfigResource

from bridge.dead_letter import DeadLetter
from bridge.kafka import create_missing_topics, make_producer
from bridge.publisher import OutputRefused, Publication, Publisher, PublishError, Topics
from config import Settings
from contract import Outcome
from contract.year_2026 import Processing
from tests.support.samples import failed, read_committed, scored

CHECKOUT = Path(__file__).parents[2]
METADATA = "v1 2 0"


class Stage:
    """Topics of one test, a consumer that is a member of the group, and publishers."""

    def __init__(self, kafka, topics, partitions=1):
        self.kafka = kafka
        self.source, self.notifications, self.uploading = topics(
            "in", "notifications", "uploading", partitions=partitions
        )
        (self.dead_letters,) = topics("dead")
        self.group = f"group-{self.source}"
        self.settings = Settings(openai_key="-", kafka_bootstrap_servers=kafka, kafka_group_id=self.group)
        self.partition = TopicPartition(self.source, 0)
        self.closing = []
        self.consumer = self.member()

    def member(self):
        """A consumer that has joined the group and owns the partition."""
        consumer = Consumer(
            {"bootstrap.servers": self.kafka, "group.id": self.group, "enable.auto.commit": False,
             "session.timeout.ms": 6_000, "heartbeat.interval.ms": 500}
        )  # fmt: skip
        self.closing.append(consumer.close)
        consumer.subscribe([self.source])
        for _ in range(200):
            consumer.poll(0.1)
            if consumer.assignment():
                return consumer
        raise AssertionError("the group gave it no partition")

    def publisher(self):
        topics = Topics(self.notifications, self.uploading, self.dead_letters)
        publisher = Publisher(lambda name: make_producer(self.settings, name), f"{self.group}.0", topics)
        publisher.open()
        self.closing.append(publisher.close)
        return publisher

    def publish(self, publisher, publications=(), dead_letters=(), *, offset=1, consumer=None):
        position = TopicPartition(self.partition.topic, self.partition.partition, offset, METADATA)
        publisher.publish([*publications, *dead_letters], [position], consumer or self.consumer)

    def read(self, topic, *, settled=True):
        """All committed messages of a topic, up to its end now."""
        return read_committed(self.settings, topic, settled=settled)

    def committed(self):
        """The group's offset and metadata, as anybody sees them."""
        reader = Consumer({"bootstrap.servers": self.kafka, "group.id": self.group, "enable.auto.commit": False})
        found = reader.committed([self.partition], timeout=20)[0]
        reader.close()
        return found.offset, found.metadata


@pytest.fixture
def stage(kafka, topics):
    stage = Stage(kafka, topics)
    yield stage
    for close in reversed(stage.closing):
        close()


def test_everything_becomes_visible_together(stage):
    """Both topics, the dead letter, the offset and its metadata are there after the commit, to the byte."""
    outcome, failure = scored(7), failed(8)
    letter = DeadLetter(None, b"\xff", (("reason", b"not_utf8"),))
    publications = [Publication(7, outcome, b"00-1-2-01"), Publication(8, failure)]
    stage.publish(stage.publisher(), publications, [letter], offset=3)
    first, second = stage.read(stage.notifications)
    (record,) = stage.read(stage.uploading)
    (dead,) = stage.read(stage.dead_letters)
    assert (first.key(), first.value().decode()) == (b"new_notifications", outcome.notification)
    assert (second.key(), second.value().decode()) == (b"new_notifications", failure.notification)
    assert (record.key(), record.value().decode()) == (b"new_processing", outcome.processing)
    headers = [("processing-id", b"7"), ("schema-version", b"1"), ("traceparent", b"00-1-2-01")]
    assert first.headers() == record.headers() == headers
    assert second.headers() == [("processing-id", b"8"), ("schema-version", b"1")]
    assert (dead.key(), dead.value(), dead.headers()) == (None, b"\xff", [("reason", b"not_utf8")])
    assert stage.committed() == (3, METADATA)


def test_nothing_is_visible_before_the_commit_nor_after_an_end_without_one(stage):
    """Whoever reads committed messages never sees what a transaction has written and not committed."""
    publisher = stage.publisher()
    publisher._commit = publisher._producer.flush  # everything is written, and then the process is gone
    stage.publish(publisher, [Publication(7, scored(7))])
    reader = Consumer({"bootstrap.servers": stage.kafka, "group.id": "any", "isolation.level": "read_uncommitted"})
    reader.assign([TopicPartition(stage.notifications, 0, 0)])
    assert reader.poll(20).key() == b"new_notifications"
    reader.close()
    assert stage.read(stage.notifications, settled=False) == []
    assert stage.read(stage.uploading, settled=False) == []
    stage.publish(stage.publisher(), [Publication(8, failed(8))], offset=2)
    assert [message.headers()[0][1] for message in stage.read(stage.notifications)] == [b"8"]
    assert stage.read(stage.uploading) == []
    assert stage.committed() == (2, METADATA)


@pytest.fixture
def outside(stage):
    """A publisher for readers who see what a transaction takes back."""
    topics = Topics(stage.notifications, stage.uploading, stage.dead_letters, notification_key=None)
    make = functools.partial(make_producer, stage.settings)
    publisher = Publisher(make, f"{stage.group}.0", topics, says_outside=True)
    publisher.open()
    stage.closing.append(publisher.close)
    return publisher


def uncommitted(stage):
    """All that a reader of uncommitted messages finds among the answers."""
    reader = Consumer(
        {"bootstrap.servers": stage.kafka, "group.id": "any", "isolation.level": "read_uncommitted",
         "enable.partition.eof": True}
    )  # fmt: skip
    reader.assign([TopicPartition(stage.notifications, 0, 0)])
    found = []
    while (message := reader.poll(20)) is not None and message.error() is None:
        found.append(message)
    reader.close()
    return found


def test_what_is_said_outside_is_never_taken_back(stage, outside):
    """Its transaction fails, is made again, and says nothing twice; dead letters stay inside of it."""
    letter = DeadLetter(None, b"\xff", (("reason", b"not_utf8"),))
    publications = [Publication(7, answer(7)), Publication(8, answer(8))]
    outside._send_offsets, send = lambda *_: outside._producer.produce("no topic!", b""), outside._send_offsets
    with pytest.raises(PublishError):
        stage.publish(outside, publications, [letter], offset=3)
    assert [message.headers()[0][1] for message in uncommitted(stage)] == [b"7", b"8"]
    outside._send_offsets = send
    stage.publish(outside, publications, [letter], offset=3)
    first, second = uncommitted(stage)
    assert (first.key(), second.value().decode()) == (None, answer(8).notification)
    assert [each.value() for each in stage.read(stage.dead_letters)] == [b"\xff"]
    assert stage.committed() == (3, METADATA)


def test_what_does_not_fit_outside_is_named(stage, outside):
    """A topic's limit is told of the answer that is to blame, and its neighbours are said once."""
    limit(stage, stage.notifications, 600)
    large = Outcome(notification="x" * 1_000, processing=None, is_score=True)
    publications = [Publication(7, answer(7)), Publication(8, large), Publication(9, answer(9))]
    with pytest.raises(OutputRefused) as refused:
        stage.publish(outside, publications)
    assert refused.value.output.processing_id == 8
    publications[1] = Publication(8, answer(8))
    stage.publish(outside, publications)
    assert sorted(message.headers()[0][1] for message in uncommitted(stage)) == [b"7", b"8", b"9"]


def answer(processing_id):
    return Outcome.failed(Processing(processing_id=processing_id), "Ошибка.")


KILLED = """
import sys, time
from confluent_kafka import Producer
bootstrap, transactional_id, topic = sys.argv[1:]
producer = Producer({"bootstrap.servers": bootstrap, "transactional.id": transactional_id})
producer.init_transactions(20)
producer.begin_transaction()
producer.produce(topic, b"from the killed process")
producer.flush(20)
print("written", flush=True)
time.sleep(60)
"""


def test_a_killed_process_leaves_nothing_behind(stage):
    """Kill -9 within a transaction: its successor ends it at once, and nobody waits for a timeout."""
    command = [sys.executable, "-c", KILLED, stage.kafka, f"{stage.group}.0", stage.notifications]
    with subprocess.Popen(command, stdout=subprocess.PIPE, cwd=CHECKOUT) as process:
        assert process.stdout.readline() == b"written\n"
        os.kill(process.pid, signal.SIGKILL)
    stage.publish(stage.publisher(), [Publication(8, failed(8))])
    (message,) = stage.read(stage.notifications)
    assert message.value().decode() == failed(8).notification


def test_a_zombie_cannot_publish(stage):
    """A bridge that wakes up after another has taken its partition over publishes nothing, even in mid-transaction."""
    zombie = stage.publisher()
    zombie._producer.begin_transaction()
    zombie._producer.produce(stage.notifications, b"late")
    zombie._producer.flush(10)
    owner = stage.publisher()
    with pytest.raises(KafkaException):
        zombie._producer.commit_transaction(10)
    with pytest.raises(PublishError):
        stage.publish(zombie, [Publication(7, scored(7))], offset=9)
    stage.publish(owner, [Publication(8, failed(8))], offset=2)
    assert len(stage.read(stage.notifications)) == 1
    assert stage.committed() == (2, METADATA)


def test_a_stale_member_of_the_group_cannot_commit(stage):
    """A bridge that was put out of the group publishes nothing, even before its transactional id is taken over."""
    stale = stage.consumer.consumer_group_metadata()
    stage.consumer.close()
    stage.closing.pop(0)
    newcomer = stage.member()

    class Zombie:
        def consumer_group_metadata(self):
            return stale

    publisher = stage.publisher()
    with pytest.raises(PublishError):
        stage.publish(publisher, [Publication(7, scored(7))], offset=9, consumer=Zombie())
    stage.publish(stage.publisher(), [Publication(8, failed(8))], offset=2, consumer=newcomer)
    assert len(stage.read(stage.notifications)) == 1
    assert stage.read(stage.uploading) == []
    assert stage.committed() == (2, METADATA)


def test_a_publisher_goes_on_transaction_after_transaction(stage):
    """One producer serves all of a partition's life."""
    publisher = stage.publisher()
    for number in range(1, 6):
        stage.publish(publisher, [Publication(number, failed(number))], offset=number)
    assert len(stage.read(stage.notifications)) == 5
    assert stage.committed() == (5, METADATA)


def test_a_constant_key_does_not_squeeze_all_into_one_partition(kafka, topics):
    """All output of a topic has one key and still spreads over its partitions."""
    stage = Stage(kafka, topics, partitions=4)
    publisher = stage.publisher()
    stage.publish(publisher, [Publication(number, scored(number)) for number in range(200)])
    for topic in (stage.notifications, stage.uploading):
        spread = Counter(message.partition() for message in stage.read(topic))
        assert sum(spread.values()) == 200
        assert len(spread) == 4
        assert min(spread.values()) > 20
    for close in reversed(stage.closing):
        close()


def test_the_largest_dead_letter_fits(stage):
    """A message as large as the input topic takes still fits the dead-letter topic, headers and all."""
    dead = f"{stage.source}.DLQ"
    create_missing_topics(AdminClient({"bootstrap.servers": stage.kafka}), [], dead_letters=dead, replication=1)
    stage.dead_letters = dead
    letters = [
        DeadLetter(b"new_request", os.urandom(size), (("reason", b"not_json"), ("original-topic", b"x" * 200)))
        for size in (900_000, 1_048_500)
    ]
    stage.publish(stage.publisher(), [], letters)
    assert [message.value() for message in stage.read(dead)] == [letter.value for letter in letters]


def limit(stage, topic, size):
    """Lower what a topic takes, in bytes of a batch, as its owner may at any time."""
    admin = AdminClient({"bootstrap.servers": stage.kafka})
    entry = ConfigEntry("max.message.bytes", str(size), incremental_operation=AlterConfigOpType.SET)
    resource = ConfigResource(ConfigResource.Type.TOPIC, topic, incremental_configs=[entry])
    for altered in admin.incremental_alter_configs([resource]).values():
        altered.result(timeout=20)


def publish_smaller(stage, publisher, publications, letters=()):
    """Publish, leaving out what is refused; what that was."""
    outputs, refused = [*publications, *letters], []
    for _ in range(100):
        try:
            stage.publish(
                publisher,
                [each for each in outputs if isinstance(each, Publication)],
                [each for each in outputs if isinstance(each, DeadLetter)],
            )
        except OutputRefused as error:
            refused.append(error.output)
            outputs.remove(error.output)
        else:
            return refused
    raise AssertionError("it never ended")


def test_what_a_topic_refuses_is_named_and_its_neighbours_go(stage):
    """One message too large for its topic is told apart from a hundred others, and nothing of a failed try is seen."""
    limit(stage, stage.notifications, 3_000)
    large = Publication(7, Outcome(notification="x" * 4_000, processing="{}"))
    others = [Publication(number, scored(number)) for number in range(100, 200)]
    publisher = stage.publisher()
    assert publish_smaller(stage, publisher, [*others[:50], large, *others[50:]]) == [large]
    assert len(stage.read(stage.notifications)) == len(stage.read(stage.uploading)) == 100
    stage.publish(publisher, [Publication(8, failed(8))], offset=2)
    assert len(stage.read(stage.notifications)) == 101


def test_a_batch_above_the_limit_is_no_refusal(stage):
    """Messages that fit one by one are published, though together they are more than the topic takes at once."""
    limit(stage, stage.notifications, 2_000)
    limit(stage, stage.uploading, 2_000)
    publications = [Publication(number, scored(number)) for number in range(30)]
    assert publish_smaller(stage, stage.publisher(), publications) == []
    assert len(stage.read(stage.notifications)) == len(stage.read(stage.uploading)) == 30


def test_a_dead_letter_that_does_not_fit_is_named(stage):
    """Neither one that the topic refuses nor one that the client itself does not take stops the others."""
    limit(stage, stage.dead_letters, 50_000)
    whole, refused, huge = (DeadLetter(b"k", os.urandom(size), (), size) for size in (40_000, 60_000, 3_000_000))
    found = publish_smaller(stage, stage.publisher(), [Publication(8, failed(8))], [refused, whole, huge])
    assert {letter.offset for letter in found} == {60_000, 3_000_000}
    assert [len(message.value()) for message in stage.read(stage.dead_letters)] == [40_000]
    assert len(stage.read(stage.notifications)) == 1


def test_an_unknown_topic_is_an_error_and_not_a_half_publication(stage):
    """If one of the two topics cannot be written, the other one stays empty too."""
    stage.uploading = "no-such-topic"
    publisher = stage.publisher()
    with pytest.raises(PublishError):
        stage.publish(publisher, [Publication(7, scored(7))])
    stage.publisher()
    assert stage.read(stage.notifications) == []
    assert stage.committed()[0] < 0


def test_a_full_window_of_metadata_is_accepted_by_the_broker(stage):
    """The longest metadata that we write is not refused."""
    position = TopicPartition(stage.source, 0, 1, "v1 " + "9" * 3_897)
    stage.publisher().publish([], [position], stage.consumer)
    assert stage.committed() == (1, "v1 " + "9" * 3_897)


def test_a_producer_without_transactions_is_for_replays(stage):
    """Where no transactional id is given, a plain idempotent producer writes at once."""
    producer: Producer = make_producer(stage.settings, None)
    producer.produce(stage.source, b"again")
    assert producer.flush(20) == 0
    assert [message.value() for message in stage.read(stage.source)] == [b"again"]
