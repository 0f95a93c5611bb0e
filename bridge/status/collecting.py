"""Collects the figures: a dozen commands to Redis however long the queue is, and a few questions to Kafka."""

import json
import time
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from typing import Any, Final

import redis
from confluent_kafka import Consumer, KafkaException, TopicPartition

from bridge.kafka import sent_at
from bridge.offsets import Commit, PartitionProgress
from bridge.status.figures import InKafka, InRedis, Process, Tripped
from bridge.tally import DAY_SLOTS, within
from contract import PRESENT_KEY, QUEUE_NAME, TALLY_KEY, TRIPPED_WHY_KEY, spent_key, too_early_key
from presence import GONE_AFTER
from servers.redis_trouble import told

ANSWER_WITHIN: Final = 2.0  # seconds, for each of Kafka's answers
GROUP_WITHIN: Final = 5.0  # likewise, of the group's coordinator, which a new Kafka has to find first


def from_redis(store: redis.Redis, limits: Callable[[], Mapping[str, Any]]) -> InRedis | str:
    """What Redis tells, or in a few words what is wrong with it.

    Args:
        store: Redis.
        limits: `RateLimiter.snapshot`.
    """
    try:
        return _from_redis(store, limits)
    except redis.RedisError as error:
        return told(error)


def _from_redis(store: redis.Redis, limits: Callable[[], Mapping[str, Any]]) -> InRedis:
    with store.pipeline(transaction=False) as pipe:
        pipe.time()
        pipe.hgetall(PRESENT_KEY)
        pipe.hgetall(TRIPPED_WHY_KEY)
        pipe.hgetall(TALLY_KEY)
        pipe.get(spent_key(datetime.now(UTC).date().isoformat()))
        pipe.llen(QUEUE_NAME)
        (seconds, micros), present, why, tally, spent, hints = pipe.execute()
    now = seconds + micros / 1e6
    processes = [_process(name, said, now) for name, said in sorted(present.items())]
    reasons = sorted(reason.decode() for reason in why)
    with store.pipeline(transaction=False) as pipe:
        for reason in reasons:
            pipe.pttl(too_early_key(reason))
        waits = pipe.execute() if reasons else []
    return InRedis(
        at=now,
        processes=tuple(process for process in processes if process.silent <= GONE_AFTER),
        gone=tuple(process for process in processes if process.silent > GONE_AFTER),
        tripped=tuple(
            Tripped(reason, why[reason.encode()].decode(), max(0, wait) / 1000)
            for reason, wait in zip(reasons, waits, strict=True)
        ),
        limits=limits(),
        spent=float(spent or 0),
        hints=hints,
        recent=within(tally, now, 2),
        hour=within(tally, now, 7),
        day=within(tally, now, DAY_SLOTS),
    )


def _process(name: bytes, value: bytes, now: float) -> Process:
    seen, _, text = value.decode().partition(" ")
    said: dict[str, Any] = json.loads(text)
    return Process(said.pop("role"), name.decode(), said.pop("up"), max(0.0, now - int(seen)), said)


def from_kafka(reader: Consumer, topic: str, bridges: Iterable[Process] = ()) -> InKafka | str:
    """What Kafka tells of the input topic, or in a few words what is wrong with it.

    Args:
        reader: of the bridges' group, which it does not join.
        topic: the input topic.
        bridges: those that live know how far they are; librdkafka's imitation shows no commit of a transaction.
    """
    known = {int(number): mark for bridge in bridges for number, mark in bridge.said.get("watermarks", {}).items()}
    try:
        return _from_kafka(reader, topic, known)
    except KafkaException as error:
        return str(error.args[0].str())


def _from_kafka(reader: Consumer, topic: str, known: Mapping[int, int]) -> InKafka:
    metadata = reader.list_topics(topic, timeout=ANSWER_WITHIN).topics[topic]
    if metadata.error is not None:
        raise KafkaException(metadata.error)
    places = [TopicPartition(topic, number) for number in metadata.partitions]
    unfinished = 0
    waiting: list[TopicPartition] = []
    for place in reader.committed(places, timeout=GROUP_WITHIN):
        low, end = reader.get_watermark_offsets(TopicPartition(topic, place.partition), timeout=ANSWER_WITHIN)
        commit = Commit(place.offset, place.metadata or "")
        if (least := max(low, known.get(place.partition, 0))) > place.offset:
            commit = Commit(least, "")
        left = PartitionProgress.from_commit(commit, end).left(end)
        unfinished += left
        if left:
            waiting.append(TopicPartition(topic, place.partition, commit.offset))
    return InKafka(unfinished, _oldest(reader, waiting) if waiting else None)


def _oldest(reader: Consumer, places: list[TopicPartition]) -> float | None:
    """Seconds since the first unfinished request was sent, by its own timestamp; None: it did not come in time."""
    ages: dict[int | None, float] = {}
    reader.assign(places)
    until = time.monotonic() + ANSWER_WITHIN
    while len(ages) < len(places) and time.monotonic() < until:
        message = reader.poll(0.1)
        if message is not None and message.error() is None:
            now = time.time()
            ages.setdefault(message.partition(), now - sent_at(message, now))
    reader.unassign()
    return max(ages.values(), default=None)
