"""The processed marks: Redis' copy of what the notifications topic says is finished.

Kafka is the truth, the marks are a view of it that may vanish with Redis or miss what a killed bridge had
just published. So the view is brought up to date from the topic itself: from the position kept beside the
marks, or, where that is gone, from as far back as a mark lives.
"""

import json
import logging
import time
from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

import redis
from confluent_kafka import Consumer, KafkaError, KafkaException, Message, TopicPartition

from bridge.kafka import KAFKA_TIMEOUT, Span, header, read_span, spans
from contract import ANSWERED_KEY, HEADER_PROCESSING_ID, MARKS_POSITION_KEY, PROCESSED_MARK_TTL, processed_mark

log = logging.getLogger(__name__)

MINUTE, DAY = 60.0, 86_400.0  # seconds
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
        position = self._redis.get(MARKS_POSITION_KEY)
        kept: dict[str, int] = json.loads(position or b"{}")
        positions: dict[int, int] = {}
        seen: list[Notified] = []
        consumer = self._make_consumer()
        try:
            for span in self._unread(consumer, {int(number): offset for number, offset in kept.items()}):
                seen += _notified(read_span(consumer, span))
                end = _await_hidden(consumer, span)
                if end > span.end:
                    seen += _notified(read_span(consumer, span._replace(start=span.end, end=end)))
                positions[span.partition] = end
        finally:
            consumer.close()
        with self._redis.pipeline(transaction=True) as pipe:
            for notified in seen:
                pipe.set(processed_mark(notified.processing_id), "_", ex=PROCESSED_MARK_TTL, nx=True)
            if position is None:
                now = time.time()
                minute, day = (sum(notified.at >= now - span for notified in seen) for span in (MINUTE, DAY))
                pipe.set(ANSWERED_KEY, f"{minute} {day} {now:.3f}")
            pipe.set(MARKS_POSITION_KEY, json.dumps(positions))
            pipe.execute()
        return len(seen)

    def _unread(self, consumer: Consumer, kept: dict[int, int]) -> Iterator[Span]:
        """What each partition has that is young enough for a mark, and above the position that was kept."""
        oldest = time.time() - PROCESSED_MARK_TTL
        for span in spans(consumer, self._topic, since=oldest, may_be_missing=True):
            yield span._replace(start=max(span.start, kept.get(span.partition, 0)))


def _await_hidden(consumer: Consumer, span: Span) -> int:
    """The offset up to which everything that was there when the span's end was read can be seen.

    A reader of committed messages sees nothing from the oldest open transaction on, and a bridge that died in
    one leaves it open until its successor or the broker ends it. Behind it may be what others have published:
    to call the marks complete would mean to say that again.
    """
    place, end = TopicPartition(span.topic, span.partition), span.end
    # What the last fetch said of the real end; asking the broker tells the visible one.
    there = consumer.get_watermark_offsets(place, cached=True)[1]
    patience = time.monotonic() + HIDDEN_PATIENCE
    while end < there:
        if time.monotonic() > patience:
            problem = "an open transaction hides the end of the notifications topic"
            raise KafkaException(KafkaError(KafkaError._TIMED_OUT, problem))  # noqa: SLF001 # librdkafka's own codes are spelt so
        time.sleep(0.02)
        end = consumer.get_watermark_offsets(place, timeout=KAFKA_TIMEOUT)[1]
    return end


def _notified(messages: Iterable[Message]) -> list[Notified]:
    """The notifications that carry our header; other services' messages have none."""
    seen = []
    for message in messages:
        value = header(message, HEADER_PROCESSING_ID)
        if value is not None and value.isdigit():
            seen.append(Notified(int(value), message.timestamp()[1] / 1000))
    return seen
