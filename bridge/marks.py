"""The processed marks: Redis' copy of what the notifications topic says is finished.

Kafka is the truth, the marks are a view of it that may vanish with Redis or miss what a killed bridge had
just published. So the view is brought up to date from the topic itself: from the position kept beside the
marks, or, where that is gone, from as far back as a mark lives.
"""

import json
import logging
import time
from collections.abc import Callable, Iterator
from typing import NamedTuple

import redis
from confluent_kafka import Consumer, KafkaError, KafkaException, Message, TopicPartition

from bridge.kafka import header
from contract import DAY_USED_KEY, HEADER_PROCESSING_ID, KEY_PREFIX, PROCESSED_MARK_TTL, processed_mark

log = logging.getLogger(__name__)

POSITION_KEY = f"{KEY_PREFIX}marks_position"  # {partition: next offset}; its absence says "Redis was emptied"
KAFKA_TIMEOUT = 10.0  # seconds
DAY = 86_400.0  # seconds
HIDDEN_PATIENCE = 0.5  # seconds; a transaction that is being published ends within this


class Notified(NamedTuple):
    """A notification that is in the topic: its processing id and its Unix time."""

    processing_id: int
    at: float


class ProcessedMarks:
    """Keeps `processed_messages:{processing_id}` = `_` (TTL 3 days) in step with the notifications topic.

    Args:
        store: Redis.
        make_consumer: makes a consumer that joins no group, reads committed messages only, reports a
            partition's end (`enable.partition.eof`).
        topic: the notifications topic.
    """

    def __init__(self, store: redis.Redis, make_consumer: Callable[[], Consumer], topic: str):
        self._redis = store
        self._make_consumer = make_consumer
        self._topic = topic

    def catch_up(self) -> int:
        """Mark all that the topic has and Redis may not know of; how many notifications were read.

        Raises:
            redis.RedisError, KafkaException: try again later; nothing is half done.
        """
        position = self._redis.get(POSITION_KEY)
        kept: dict[str, int] = json.loads(position or b"{}")
        positions: dict[int, int] = {}
        seen: list[Notified] = []
        consumer = self._make_consumer()
        try:
            for start, end in self._spans(consumer, {int(number): offset for number, offset in kept.items()}):
                seen += _read(consumer, start, end)
                positions[start.partition] = _await_hidden(consumer, start, end)
                if positions[start.partition] > end:
                    start.offset = end
                    seen += _read(consumer, start, positions[start.partition])
        finally:
            consumer.close()
        with self._redis.pipeline(transaction=True) as pipe:
            for notified in seen:
                pipe.set(processed_mark(notified.processing_id), "_", ex=PROCESSED_MARK_TTL, nx=True)
            if position is None:
                now = time.time()
                used = sum(notified.at >= now - DAY for notified in seen)
                pipe.set(DAY_USED_KEY, f"{used} {now:.3f}")
            pipe.set(POSITION_KEY, json.dumps(positions))
            pipe.execute()
        return len(seen)

    def _spans(self, consumer: Consumer, kept: dict[int, int]) -> Iterator[tuple[TopicPartition, int]]:
        """For each partition where to start reading, and the offset at which to stop."""
        metadata = consumer.list_topics(self._topic, timeout=KAFKA_TIMEOUT).topics[self._topic]
        if metadata.error is not None:
            if metadata.error.code() == KafkaError.UNKNOWN_TOPIC_OR_PART:
                return  # nothing was ever published
            raise KafkaException(metadata.error)
        oldest = int((time.time() - PROCESSED_MARK_TTL) * 1000)
        wanted = [TopicPartition(self._topic, number, oldest) for number in metadata.partitions]
        for start in consumer.offsets_for_times(wanted, timeout=KAFKA_TIMEOUT):
            low, end = consumer.get_watermark_offsets(start, timeout=KAFKA_TIMEOUT)
            youngest = start.offset if start.offset >= 0 else end  # negative: nothing is that young
            start.offset = max(low, youngest, kept.get(start.partition, 0))
            yield start, end


def _read(consumer: Consumer, start: TopicPartition, end: int) -> list[Notified]:
    """One partition's notifications from `start` up to the offset `end`."""
    seen: list[Notified] = []
    consumer.assign([start])
    patience = time.monotonic() + KAFKA_TIMEOUT
    while time.monotonic() < patience:
        for message in consumer.consume(1_000, timeout=0.1):
            patience = time.monotonic() + KAFKA_TIMEOUT
            error = message.error()
            if error is None:
                processing_id = _processing_id(message)
                if processing_id is not None:
                    seen.append(Notified(processing_id, message.timestamp()[1] / 1000))
            elif error.code() == KafkaError._PARTITION_EOF:  # noqa: SLF001 # librdkafka's own codes are spelt so
                return seen  # the last offsets before `end` may be transaction markers, which are not delivered
            else:
                raise KafkaException(error)
        if consumer.position([start])[0].offset >= end:
            return seen
    raise KafkaException(KafkaError(KafkaError._TIMED_OUT, "the notifications topic stays silent"))  # noqa: SLF001


def _await_hidden(consumer: Consumer, start: TopicPartition, end: int) -> int:
    """The offset up to which everything that was there when `end` was read can be seen.

    A reader of committed messages sees nothing from the oldest open transaction on, and a bridge that died in
    one leaves it open until its successor or the broker ends it. Behind it may be what others have published:
    to call the marks complete would mean to say that again.
    """
    # What the last fetch said of the real end; asking the broker tells the visible one.
    there = consumer.get_watermark_offsets(start, cached=True)[1]
    patience = time.monotonic() + HIDDEN_PATIENCE
    while end < there:
        if time.monotonic() > patience:
            problem = "an open transaction hides the end of the notifications topic"
            raise KafkaException(KafkaError(KafkaError._TIMED_OUT, problem))  # noqa: SLF001
        time.sleep(0.02)
        end = consumer.get_watermark_offsets(start, timeout=KAFKA_TIMEOUT)[1]
    return end


def _processing_id(message: Message) -> int | None:
    """The header that all our notifications carry; other services' messages have none."""
    value = header(message, HEADER_PROCESSING_ID)
    return int(value) if value is not None and value.isdigit() else None
