"""`python -m bridge`: builds the bridge from the settings and runs it until SIGTERM or SIGINT.

`python -m bridge replay --help`: sends dead letters to the input topic again.

Exit codes: 0 stopped by a signal, 1 a setting or Kafka is wrong, 3 too many dead letters.
"""

import logging
import signal
import sys
import time
from types import FrameType

import redis
from celery import Celery
from confluent_kafka import Consumer, KafkaException, Producer, TopicPartition
from confluent_kafka.admin import AdminClient
from prometheus_client import start_http_server

from bridge import replay
from bridge.consumer import Bridge
from bridge.dead_letter import DeadLetterCap, TooManyDeadLetters, recent_dead_letters
from bridge.dispatch import Dispatcher
from bridge.marks import ProcessedMarks
from bridge.partition import PartitionWork, Policy
from bridge.publisher import Publisher, Topics
from bridge.topics import create_missing_topics
from config import Settings, configure_logging, load_settings

log = logging.getLogger("bridge")

TOO_MANY_DEAD_LETTERS = 3
KAFKA_LOG = logging.getLogger("librdkafka")


def make_consumer(settings: Settings) -> Consumer:
    """The consumer of the input topic."""
    return Consumer(
        {
            **settings.kafka,
            "group.id": settings.kafka_group_id,
            "partition.assignment.strategy": "cooperative-sticky",
            "auto.offset.reset": "earliest",
            # Offsets are committed by the transactions that publish, and in no other way.
            "enable.auto.commit": False,
            "enable.auto.offset.store": False,
            "isolation.level": "read_committed",
            "session.timeout.ms": settings.kafka_session_timeout_ms,
            "heartbeat.interval.ms": min(3_000, settings.kafka_session_timeout_ms // 3),
            "max.poll.interval.ms": settings.kafka_max_poll_interval_ms,
            "fetch.wait.max.ms": settings.kafka_fetch_wait_max_ms,
            # What is fetched beyond the window is thrown away with every pause.
            "queued.max.messages.kbytes": 16_384,
        },
        logger=KAFKA_LOG,
    )


def make_reader(settings: Settings) -> Consumer:
    """A consumer that joins no group and reads committed messages only."""
    return Consumer(
        {
            **settings.kafka,
            "group.id": f"{settings.kafka_group_id}-reader",  # required by the client, never joined
            "enable.auto.commit": False,
            "enable.partition.eof": True,
            "auto.offset.reset": "earliest",
            "isolation.level": "read_committed",
            "fetch.wait.max.ms": settings.kafka_fetch_wait_max_ms,
        },
        logger=KAFKA_LOG,
    )


def make_producer(settings: Settings, transactional_id: str | None) -> Producer:
    """A producer that waits for all replicas; transactional where an id is given."""
    transactional: dict[str, str | int] = {}
    if transactional_id is not None:
        transactional = {
            "transactional.id": transactional_id,
            "transaction.timeout.ms": settings.kafka_transaction_timeout_ms,
            "message.timeout.ms": settings.kafka_transaction_timeout_ms,
        }
    return Producer(
        {
            **settings.kafka,
            **transactional,
            "enable.idempotence": True,
            "acks": "all",
            "linger.ms": 0,  # a commit flushes at once; waiting would only delay it
            "message.max.bytes": 2_000_000,  # a dead letter is its original plus headers
            # All messages of a topic carry one key, which must not put them all into one partition.
            "partitioner": "random",
        },
        logger=KAFKA_LOG,
    )


def make_bridge(settings: Settings) -> Bridge:
    """The composition root."""
    store = redis.Redis.from_url(
        settings.redis,
        socket_timeout=5,  # a frozen Redis must not hang the loop
        socket_connect_timeout=5,
        socket_keepalive=True,
        health_check_interval=30,
    )
    celery = Celery("bridge")
    celery.config_from_object("celeryconfig")
    dispatcher = Dispatcher(store, celery)
    marks = ProcessedMarks(store, lambda: make_reader(settings), settings.kafka_topic_for_notifications)
    topics = Topics(
        settings.kafka_topic_for_notifications,
        settings.kafka_topic_for_uploading_data,
        settings.dead_letter_topic,
    )
    cap = DeadLetterCap(
        settings.dead_letter_limit,
        settings.dead_letter_window,
        time.monotonic,
        already=recent_dead_letters(make_reader(settings), settings.dead_letter_topic, settings.dead_letter_window),
    )
    consumer = make_consumer(settings)

    def make_work(source: TopicPartition) -> PartitionWork:
        transactional_id = f"{settings.kafka_group_id}.{source.topic}.{source.partition}"

        def make_publisher() -> Publisher:
            return Publisher(lambda name: make_producer(settings, name), transactional_id, topics)

        policy = Policy(settings.window_size, settings.request_deadline, settings.redispatch_after)
        return PartitionWork(source, consumer, dispatcher, marks, make_publisher, cap, policy)

    return Bridge(consumer, settings.kafka_topic_for_ai_handler, make_work, settings.health_file)


def run(settings: Settings) -> int:
    """Run the bridge until a signal; its exit code."""
    if settings.bridge_metrics_port:
        start_http_server(settings.bridge_metrics_port, addr=settings.metrics_host)
    if settings.kafka_create_topics:
        create_missing_topics(
            AdminClient({**settings.kafka}, logger=KAFKA_LOG),
            [
                settings.kafka_topic_for_ai_handler,
                settings.kafka_topic_for_notifications,
                settings.kafka_topic_for_uploading_data,
            ],
            dead_letters=settings.dead_letter_topic,
            partitions=settings.kafka_topic_partitions,
            replication=settings.kafka_topic_replication,
        )
    bridge = make_bridge(settings)

    def stop(number: int, _frame: FrameType | None) -> None:
        log.info("%s: stopping", signal.Signals(number).name)
        bridge.stop()

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    log.info("bridge started, reading %s (MODE=%s)", settings.kafka_topic_for_ai_handler, settings.mode)
    try:
        bridge.run()
    except TooManyDeadLetters as error:
        log.critical("%s", error)
        return TOO_MANY_DEAD_LETTERS
    log.info("bridge stopped")
    return 0


def main(arguments: list[str]) -> int:
    """Choose between running and replaying."""
    settings = load_settings()
    configure_logging(settings)
    try:
        if arguments[:1] == ["replay"]:
            return replay.main(arguments[1:], settings, make_reader(settings), make_producer(settings, None))
        if arguments:
            print("usage: python -m bridge [replay --help]", file=sys.stderr)  # noqa: T201
            return 2
        return run(settings)
    except KafkaException as error:
        log.critical("Kafka: %s", error)
        return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
