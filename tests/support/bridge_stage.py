"""A bridge in a thread on a real Kafka and a real Redis; whoever holds the stage plays the sender and the workers."""

import base64
import json
import threading
import time
import uuid
from collections import Counter

import redis
from celery import Celery
from confluent_kafka import Consumer, KafkaError, KafkaException, Producer, TopicPartition
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewTopic

from bridge.announcements import Announcements
from bridge.app import make_cap, make_watch
from bridge.commands.resume import resumed_at
from bridge.consumer import Bridge
from bridge.health import Health
from bridge.kafka import Contact, make_consumer, make_producer, make_reader
from bridge.marks import ProcessedMarks
from bridge.partition import PartitionWork
from bridge.policy import PartitionPolicy
from bridge.publisher import Publisher, Topics
from bridge.request_store import RequestStore
from bridge.window import WINDOW_CAP
from config import Settings
from contract import OUTCOMES_CHANNEL, QUEUE_NAME, REQUEST_KEY, outcome_key
from dev.kafka_server import silent
from tests.support.samples import read_committed, request_value, scored, until

# What a broker answers that has begun a moment ago.
COORDINATOR_AWAY = {
    KafkaError.NOT_COORDINATOR, KafkaError.COORDINATOR_NOT_AVAILABLE, KafkaError.COORDINATOR_LOAD_IN_PROGRESS,
}  # fmt: skip


class Stage:
    """Topics and Redis of one test, and bridges in threads."""

    def __init__(
        self, kafka, topics, redis_client, redis_url, folder, partitions=1, window_size=WINDOW_CAP, **settings
    ):
        make = topics or (lambda *names, partitions: new_topics(kafka, names, partitions))
        self.input, notifications, uploading, _ = make(
            "in", "notifications", "uploading", "in.DLQ", partitions=partitions
        )
        self.redis, self.redis_url, self.window_size = redis_client, redis_url, window_size
        self.settings = Settings(
            openai_key="-", kafka_bootstrap_servers=kafka, kafka_group_id=f"group-{self.input}",
            kafka_topic_for_ai_handler=self.input, kafka_topic_for_notifications=notifications,
            kafka_topic_for_uploading_data=uploading,
            kafka_session_timeout_ms=6_000, health_folder=folder / "run", redis_url=redis_url,
            **settings,
        )  # fmt: skip
        self.producer = self.new_producer()
        self.admin = AdminClient(self.settings.kafka, logger=silent)
        self.celery = Celery("test", broker=redis_url, set_as_current=False)
        self.running = []

    def new_producer(self):
        options = {"compression.type": "gzip", "message.max.bytes": 4_000_000}
        return Producer({**self.settings.kafka, **options}, logger=silent)

    def send(self, *processing_ids, key=REQUEST_KEY, partition=0, value=None, **more):
        for processing_id in processing_ids:
            self.producer.produce(self.input, value or request_value(processing_id), key, partition, **more)
        assert self.producer.flush(20) == 0

    def bridge(self):
        """A bridge, composed as bridge/app.py does."""
        settings = self.settings
        contact = Contact()
        consumer = make_consumer(settings, contact)
        cap = make_cap(settings, self.redis)
        watch = make_watch(settings, self.admin)
        policy = PartitionPolicy(
            self.window_size, settings.request_rate, settings.request_deadline, settings.lease_seconds / 2,
            settings.lease_seconds, settings.kafka_start, 2_000, settings.fair_by == "user",
            settings.user_weights, settings.user_rpd,
        )  # fmt: skip

        def make_work(source):
            name = f"{source.topic}-{source.partition}"
            marks = ProcessedMarks(
                self.redis, lambda: make_reader(settings), settings.kafka_topic_for_notifications, name,
                uuid.uuid4().hex,
            )  # fmt: skip
            return PartitionWork(
                source, consumer, RequestStore(self.redis, self.celery, marks, name, watch.exists, policy),
                marks, self.publisher(source.partition), watch, cap, policy,
            )  # fmt: skip

        self.health = Health(settings.health_folder)
        announcements = Announcements(lambda: redis.Redis.from_url(self.redis_url, socket_timeout=5))
        return Bridge(
            consumer, self.input, watch, make_work, announcements, cap, lambda: resumed_at(self.redis), contact,
            self.health,
        )  # fmt: skip

    def publisher(self, partition):
        settings = self.settings
        topics = Topics(
            settings.kafka_topic_for_notifications, settings.kafka_topic_for_uploading_data, settings.dead_letter_topic
        )
        name = f"{settings.kafka_group_id}.{self.input}.{partition}"
        return Publisher(lambda name: make_producer(settings, name), name, topics)

    def start(self):
        thread = BridgeThread(self.bridge())
        self.running.append(thread)
        thread.start()
        return thread

    def stop(self):
        while self.running:
            self.running.pop().stop()

    def dispatched(self):
        """Ids of the requests that are dispatched and not finished."""
        return {int(key.rsplit(b":", 1)[1]) for key in self.redis.keys("ai_handler:request:*")}

    def hints(self):
        """Ids in the Celery queue."""
        bodies = [json.loads(raw) for raw in self.redis.lrange(QUEUE_NAME, 0, -1)]
        return sorted(json.loads(_decoded(body))[0][0] for body in bodies)

    def answer(self, *processing_ids):
        """What a worker does in the end."""
        for processing_id in processing_ids:
            self.redis.set(outcome_key(processing_id), scored(processing_id).model_dump_json())
            self.redis.publish(OUTCOMES_CHANNEL, processing_id)

    def marked(self):
        return {int(key.rsplit(b":", 1)[1]) for key in self.redis.keys("processed_messages:*")}

    def published(self):
        """How often each id stands in notifications and in uploading_data."""
        return tuple(
            Counter(int(dict(message.headers())["processing-id"]) for message in read_committed(self.settings, topic))
            for topic in (self.settings.kafka_topic_for_notifications, self.settings.kafka_topic_for_uploading_data)
        )

    def letters(self):
        return read_committed(self.settings, self.settings.dead_letter_topic)

    def committed(self, partition=0):
        reader = Consumer({**self.settings.kafka, "group.id": self.settings.kafka_group_id})

        def look():
            try:
                return reader.committed([TopicPartition(self.input, partition)], timeout=20)
            except KafkaException as error:
                if error.args[0].code() not in COORDINATOR_AWAY:
                    raise
                return None

        try:
            return until(look)[0].offset
        finally:
            reader.close()

    def commit(self, position=None):
        """Commit this position, as a bridge that has not noticed a change; by default tell the one that is there."""
        consumer = Consumer({**self.settings.kafka, "group.id": self.settings.kafka_group_id})
        found = consumer.committed([TopicPartition(self.input, 0)], timeout=20)[0]
        if position is not None:
            consumer.commit(offsets=[position], asynchronous=False)
        consumer.close()
        return found

    def lag(self, partition=0):
        anybody = Consumer({**self.settings.kafka, "group.id": "any"})
        end = anybody.get_watermark_offsets(TopicPartition(self.input, partition), timeout=20)[1]
        anybody.close()
        return end - self.committed(partition)

    def create(self, topic, partitions=1):
        """Make a topic that was removed a moment ago."""

        def created():
            try:
                self.admin.create_topics([NewTopic(topic, partitions, 1)])[topic].result(20)
            except KafkaException:  # its removal takes a moment
                time.sleep(0.05)
                return False
            return True

        until(created)

    def remove(self, topic):
        self.admin.delete_topics([topic])[topic].result(20)

    def remake(self, partitions=1):
        """Remove the input topic and make it again."""
        self.remove(self.input)
        self.create(self.input, partitions)
        self.meet_partitions(partitions)

    def meet_partitions(self, count):
        """Let the sender know of so many partitions of the input topic."""
        self.producer = self.new_producer()
        until(lambda: len(self.producer.list_topics(self.input, timeout=10).topics[self.input].partitions) == count)

    def answer_all(self, count):
        """Play workers until so many different requests are finished."""

        def work():
            self.answer(*self.dispatched())
            return len(self.marked()) >= count

        until(work)


def new_topics(kafka, names, partitions):
    """Topics of a Kafka that nobody else uses."""
    admin = AdminClient({"bootstrap.servers": kafka}, logger=silent)
    for created in admin.create_topics([NewTopic(name, partitions, 1) for name in names]).values():
        created.result(timeout=30)
    return names


def _decoded(message):
    return base64.b64decode(message["body"])


class BridgeThread(threading.Thread):
    def __init__(self, bridge):
        super().__init__(daemon=True)
        self.bridge = bridge
        self.error = None

    def run(self):
        try:
            self.bridge.run()
        except Exception as error:  # noqa: BLE001 - told by stop()
            self.error = error

    def stop(self):
        self.bridge.stop()
        self.join(30)
        assert not self.is_alive()
        if self.error is not None:
            raise self.error


def once(*processing_ids):
    return (Counter(processing_ids), Counter(processing_ids))
