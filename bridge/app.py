"""The composition root: builds the bridge from the settings, and runs it until SIGTERM or SIGINT."""

import argparse
import logging
import os
import secrets
import signal
import socket
import threading
import time
from contextlib import suppress
from functools import partial
from types import FrameType

import redis
from celery import Celery
from confluent_kafka import KafkaException, TopicPartition
from confluent_kafka.admin import AdminClient
from opentelemetry.trace import NoOpTracer, Tracer

from bridge.announcements import Announcements
from bridge.commands import check, dead_letters, predecessor, replay, resume, send, status
from bridge.commands.check.brokers import faults_at_start
from bridge.consumer import Bridge
from bridge.dead_letter import CAP_LIMIT, CAP_WINDOW, DeadLetterCap, recent_dead_letters
from bridge.health import Health, serve
from bridge.kafka import (
    Contact,
    create_missing_topics,
    make_consumer,
    make_follower,
    make_producer,
    make_reader,
)
from bridge.kafka_trouble import FirstContact
from bridge.kafka_trouble import line as trouble_with_kafka
from bridge.marks import ProcessedMarks
from bridge.partition import PartitionWork
from bridge.policy import PartitionPolicy
from bridge.publisher import Publisher, Topics
from bridge.repeating import Repeating
from bridge.request_store import RequestStore
from bridge.spans import RequestSpans
from bridge.start import StartUnknown
from bridge.status.page import Overview
from bridge.supervision import HintLatency
from bridge.topic_watch import TopicWatch
from bridge.window import WINDOW_CAP
from config import Settings
from config.providers import read_providers, request_rate
from presence import be_present
from servers.redis_trouble import line as trouble_with_redis
from startup import begin, complain, keep_for_good, otel_variables
from tracing import begin as begin_tracing
from watchdog import Watchdog

log = logging.getLogger("bridge")

BROKERS_WITHIN = 30.0  # seconds that a start waits for them; then it is the supervisor's turn
REPEATING_ENDS_WITHIN, PRESENCE_ENDS_WITHIN = 2.0, 1.0  # seconds
STOP_WITHIN = 22.0  # seconds from SIGTERM to the end, whatever answers or not; below compose's stop_grace_period


def main(options: argparse.Namespace) -> int:
    """Run the bridge, or the command that `options` names; the exit code."""
    settings = begin("bridge" if options.command is None else "tool")
    complain(list(settings.missing("bridge")))  # what the bridge cannot reach Kafka without, its commands cannot
    try:
        return _run_command(options, settings)
    except KafkaException as error:
        log.critical("%s", trouble_with_kafka(error.args[0], settings.kafka_bootstrap_servers))
    except StartUnknown as error:
        log.critical("%s", error)
    except redis.RedisError as error:
        log.critical("%s", trouble_with_redis(error, settings.redis_connection.where))
    return 1


def _run_command(options: argparse.Namespace, settings: Settings) -> int:
    match options.command:
        case "check":
            return check.run(settings, call=options.call)
        case "dead-letters":
            return dead_letters.run(options, settings.dead_letter_topic, make_reader(settings))
        case "replay":
            return replay.run(options, settings, make_reader(settings), make_producer(settings, None))
        case "predecessor":
            return predecessor.run(options, settings, make_reader(settings, settings.kafka_group_id))
        case "resume":
            return resume.run(settings)
        case "status":
            return status.run(options, settings)
        case "send":
            return send.run(options, settings, make_reader(settings), make_producer(settings, None))
    return run(settings)


def make_bridge(settings: Settings, health: Health, watch: TopicWatch, tracer: Tracer | None = None) -> Bridge:
    client = settings.redis_connection.client()
    celery = Celery("bridge")
    celery.config_from_object("celeryconfig")
    topics = Topics(
        settings.kafka_topic_for_notifications,
        settings.kafka_topic_for_uploading_data,
        settings.dead_letter_topic,
        settings.kafka_key_for_notifications.encode() if settings.dialect.answer_key else None,
    )
    cap = make_cap(settings, client)
    contact = Contact()
    consumer = make_consumer(settings, contact)
    providers = read_providers(settings)[0]
    policy = PartitionPolicy(
        window_cap=WINDOW_CAP,
        request_rate=request_rate(providers),
        request_deadline=settings.request_deadline,
        # After Redis was emptied a worker claims again with its next heartbeat, at a third of the lease.
        redispatch_after=settings.lease_seconds / 2,
        lease=settings.lease_seconds,
        start=settings.kafka_start,
        fair=settings.fair_by == "user",
        weights=settings.user_weights,
        answers_a_day=settings.user_rpd,
        dialect=settings.dialect,
    )

    latency = HintLatency()

    def make_work(source: TopicPartition) -> PartitionWork:
        name = f"{source.topic}-{source.partition}"
        publisher = Publisher(
            partial(make_producer, settings),
            f"{settings.kafka_group_id}.{source.topic}.{source.partition}",
            topics,
            says_outside=settings.dialect.is_read_uncommitted,
        )
        marks = ProcessedMarks(
            client,
            lambda: make_reader(settings),
            topics.notifications,
            name,
            owner=secrets.token_hex(8),
            notification_key=settings.kafka_key_for_notifications.encode(),
            dialect=settings.dialect,
            providers=providers,
        )
        store = RequestStore(client, celery, marks, name, watch.exists, policy)
        spans = RequestSpans(tracer or NoOpTracer(), source, settings.kafka_group_id, topics.notifications)
        return PartitionWork(
            source, consumer, store, marks, publisher, watch, cap, policy, spans=spans, latency=latency
        )

    return Bridge(
        consumer,
        settings.kafka_topic_for_ai_handler,
        watch,
        make_work,
        Announcements(settings.redis_connection.client),
        cap,
        lambda: resume.resumed_at(client),
        contact,
        health,
    )


def make_watch(settings: Settings, admin: AdminClient) -> TopicWatch:
    return TopicWatch(admin, settings.kafka_topic_for_ai_handler, settings.answer_topics, settings.dead_letter_topic)


def make_cap(settings: Settings, client: redis.Redis) -> DeadLetterCap:
    """The dead letters' rate limit, which goes on from what stands in the topic."""
    since = time.time() - CAP_WINDOW
    with suppress(redis.RedisError):  # the start has said that it is away; until it tells, nobody has resumed
        since = max(since, resume.resumed_at(client))
    written = recent_dead_letters(make_reader(settings), settings.dead_letter_topic, since, CAP_LIMIT)
    return DeadLetterCap(CAP_LIMIT, CAP_WINDOW, time.time, written)


def run(settings: Settings) -> int:
    health = Health(settings.health_folder)
    if settings.bridge_metrics_port:
        overview = Overview(status.make_look(settings))
        serve(health, settings.metrics_host, settings.bridge_metrics_port, overview.page)
    contact = FirstContact(settings.kafka)
    contact.metadata(BROKERS_WITHIN, persists=True)
    admin = contact.admin
    if settings.kafka_create_topics:
        create_missing_topics(
            admin,
            [settings.kafka_topic_for_ai_handler, *settings.answer_topics],
            dead_letters=settings.dead_letter_topic,
            replication=settings.kafka_topic_replication,
        )
    watch = make_watch(settings, admin)
    watch.look()
    if watch.missing and not settings.kafka_create_topics:  # else one that was made just now may not show yet
        log.critical("missing topics: %s; create them, or set KAFKA_CREATE_TOPICS=on", ", ".join(watch.missing))
        return 1

    def warn() -> None:
        for fault in faults_at_start(settings, admin):
            log.warning("%s: %s; %s", fault.what, fault.found, fault.advice)

    threading.Thread(target=warn, name="faults-at-start", daemon=True).start()  # nobody waits for it
    bridge = make_bridge(settings, health, watch, begin_tracing("ai-handler-bridge", otel_variables()))
    watchdog = Watchdog(STOP_WITHIN)
    watchdog.start(signal.SIGTERM, signal.SIGINT)
    ended = threading.Event()
    name = f"{socket.gethostname()}:{os.getpid()}"

    def say() -> dict[str, object]:
        return {**health.said(), "watermarks": {number: mark for (_, number), mark in bridge.watermarks().items()}}

    presence = be_present(settings.redis_connection.client, "bridge", name, say, ended)

    def stop(number: int, _frame: FrameType | None) -> None:
        watchdog.stop_asked()
        bridge.stop()
        log.info("%s: stopping", signal.Signals(number).name)

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    log.info("bridge started, reading %s (MODE=%s)", settings.kafka_topic_for_ai_handler, settings.mode)
    repeating = [
        Repeating(
            float(delay),
            settings.kafka_topic_for_notifications,
            partial(make_follower, settings, group),
            partial(make_producer, settings, None),
            ended,
        )
        for group, delay in settings.repeats.items()
    ]
    for each in repeating:
        each.start()
    keep_for_good()
    try:
        bridge.run()
    finally:
        ended.set()
        for each in repeating:
            each.join(REPEATING_ENDS_WITHIN)
        presence.join(PRESENCE_ENDS_WITHIN)
    log.info("bridge stopped")
    return 0
