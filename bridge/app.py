"""The composition root: builds the bridge from the settings, and runs it until SIGTERM or SIGINT."""

import logging
import signal
import time
from types import FrameType

from celery import Celery
from confluent_kafka import TopicPartition
from confluent_kafka.admin import AdminClient
from prometheus_client import start_http_server

from bridge.consumer import Bridge
from bridge.dead_letter import DeadLetterCap, TooManyDeadLetters, recent_dead_letters
from bridge.dispatch import Dispatcher
from bridge.kafka import LIBRDKAFKA_LOG, create_missing_topics, make_consumer, make_producer, make_reader
from bridge.marks import ProcessedMarks
from bridge.partition import PartitionWork, Policy
from bridge.publisher import Publisher, Topics
from config import Settings
from redis_connection import RedisClusterRefused, refuse_cluster

log = logging.getLogger("bridge")

TOO_MANY_DEAD_LETTERS = 3


def make_bridge(settings: Settings) -> Bridge:
    """The composition root."""
    store = settings.redis_connection.client()
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
    try:
        refuse_cluster(settings.redis_connection.client())
    except RedisClusterRefused as refused:
        log.critical("%s", refused)
        return 1
    if settings.bridge_metrics_port:
        start_http_server(settings.bridge_metrics_port, addr=settings.metrics_host)
    if settings.kafka_create_topics:
        create_missing_topics(
            AdminClient({**settings.kafka}, logger=LIBRDKAFKA_LOG),
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
