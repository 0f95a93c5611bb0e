"""Collects the figures: a dozen commands to Redis however long the queue is, and a few questions to Kafka."""

import json
import math
import time
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

import redis
from confluent_kafka import Consumer, KafkaError, KafkaException, TopicPartition

from bridge.kafka import sent_at
from bridge.offsets import Commit, PartitionProgress
from bridge.status.figures import CREATE_TOPIC, InKafka, InRedis, Process, Provider, Tripped
from bridge.tally import DAY_SLOTS, within
from contract import (
    KEY_PREFIX,
    PRESENT_KEY,
    QUEUE_NAME,
    TALLY_KEY,
    TRIPPED_WHY_KEY,
    day_of,
    of_provider,
    spent_key,
    too_early_key,
)
from presence import GONE_AFTER
from servers.redis_trouble import short

ANSWER_WITHIN: Final = 2.0  # seconds, for each of Kafka's answers
GROUP_WITHIN: Final = 5.0  # likewise, of the group's coordinator, which a new Kafka has to find first

# What is an object in what a process says of itself, and of what its values are. Others may write under our names.
_SAID: Final = {"troubles": str, "waits": int, "watermarks": int, "profile": object, "providers": dict}


Snapshots = Mapping[str, Callable[[], Mapping[str, Any]]]
"""`RateLimiter.snapshot` of each provider by its name, which is empty where there is one."""


def from_redis(store: redis.Redis, limits: Snapshots) -> InRedis | str:
    """What Redis and the limiters tell, or what is wrong with it and, after an arrow, what to do."""
    try:
        return _from_redis(store, limits)
    except redis.RedisError as error:
        return short(error)


def _from_redis(store: redis.Redis, limits: Snapshots) -> InRedis:
    with store.pipeline(transaction=False) as pipe:
        pipe.time()
        pipe.hgetall(PRESENT_KEY)
        pipe.hgetall(TALLY_KEY)
        pipe.llen(QUEUE_NAME)
        # It changes nothing, since nobody has this key; a full Redis and a replica refuse it, and no bridge is heard.
        pipe.set(f"{KEY_PREFIX}status", "", xx=True)
        (seconds, micros), present, tally, hints, _ = pipe.execute()
    now = seconds + micros / 1e6
    processes = [found for name, said in sorted(present.items()) if (found := _process(name, said, now))]
    providers = [_provider(store, name, snapshot) for name, snapshot in limits.items()]
    is_open = next((each for each in providers if not each.tripped), None)
    # Where all are closed, the one that is tried first.
    first = is_open or min(providers, key=lambda each: max(one.seconds for one in each.tripped))
    spent = [each.spent for each in providers]
    return InRedis(
        at=now,
        processes=tuple(process for process in processes if process.silent <= GONE_AFTER),
        gone=tuple(process for process in processes if process.silent > GONE_AFTER),
        tripped=first.tripped,
        limits={**first.limits, "waiting": sum(each.limits["waiting"] for each in providers)},
        spent=None if None in spent else sum(map(float, filter(None, spent))),
        providers=tuple(providers) if len(providers) > 1 else (),
        hints=hints,
        recent=within(tally, now, 2),
        hour=within(tally, now, 7),
        day=within(tally, now, DAY_SLOTS),
    )


def _provider(store: redis.Redis, name: str, snapshot: Callable[[], Mapping[str, Any]]) -> Provider:
    with store.pipeline(transaction=False) as pipe:
        pipe.hgetall(of_provider(TRIPPED_WHY_KEY, name))
        pipe.get(of_provider(spent_key(day_of(time.time())), name))
        why, spent = pipe.execute()
    reasons = {reason.decode(errors="replace"): text.decode(errors="replace") for reason, text in sorted(why.items())}
    with store.pipeline(transaction=False) as pipe:
        for reason in reasons:
            pipe.pttl(of_provider(too_early_key(reason), name))
        waits = pipe.execute() if reasons else []
    tripped = zip(reasons.items(), waits, strict=True)
    return Provider(
        name,
        tuple(Tripped(reason, text, max(0, wait) / 1000) for (reason, text), wait in tripped),
        snapshot(),
        _money(spent or b"0"),
    )


def _process(name: bytes, value: bytes, now: float) -> Process | None:
    """Who speaks there; None: not one of ours."""
    try:
        seen, _, text = value.decode().partition(" ")
        said: dict[str, Any] = json.loads(text)
        found = Process(str(said.pop("role")), name.decode(), int(said.pop("up")), max(0.0, now - int(seen)), said)
        ours = all(isinstance(each, kind) for key, kind in _SAID.items() for each in said.get(key, {}).values())
        ours = ours and all(number.isdecimal() for number in said.get("watermarks", {}))
        ours = ours and isinstance(said.get("model_ends"), int | float | None)
    except (ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError):
        return None
    return found if ours else None


def _money(spent: bytes) -> float | None:
    try:
        found = float(spent)
    except ValueError:
        return None
    return found if math.isfinite(found) else None


def from_kafka(reader: Consumer, topic: str, bridges: Iterable[Process] = ()) -> InKafka | str:
    """What Kafka tells of the input topic, or what is wrong with it and, after an arrow where it is known, what to do.

    The reader is of the bridges' group, and does not join it. Bridges that live know how far they are: librdkafka's
    imitation shows no commit of a transaction.
    """
    known = {int(number): mark for bridge in bridges for number, mark in bridge.said.get("watermarks", {}).items()}
    try:
        return _from_kafka(reader, topic, known)
    except KafkaException as error:
        if error.args[0].code() in (KafkaError.UNKNOWN_TOPIC_OR_PART, KafkaError._UNKNOWN_TOPIC):  # noqa: SLF001
            return f"the topic {topic} is missing -> {CREATE_TOPIC}"
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
