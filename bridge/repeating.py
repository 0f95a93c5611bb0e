"""Says each answer once more, so many seconds after it was said: the same bytes, read from the answers' topic itself.

For a storage service that turns an answer into the UPDATE of a row, and was away, or had not made the row yet. The
topic keeps what is to be repeated and a consumer group how far that has come, so nothing of it is in memory or in
Redis, a restart goes on where it was, and a crash repeats the last few seconds' once more, which changes nothing
there.
"""

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from confluent_kafka import Consumer, KafkaError, KafkaException, Message, Producer, TopicPartition

from bridge.kafka import as_bytes, header, sent_at
from bridge.publisher import REFUSALS
from contract import HEADER_PROCESSING_ID, HEADER_REPEATED

log = logging.getLogger(__name__)

AT_ONCE = 200  # messages
POLL = 0.5  # seconds
TIMEOUT = 10.0  # seconds, in which the brokers take what is repeated
RETRY_AFTER = 5.0  # seconds
TOO_LATE = 24 * 3_600.0  # seconds; who switches it on does not want a week of answers again


@dataclass(eq=False, repr=False)
class Repeating(threading.Thread):
    """A thread of its own, from `start` until `ended`."""

    delay: float  # seconds
    topic: str  # of the answers
    make_consumer: Callable[[], Consumer]  # of a group that all bridges share; commits what is stored by hand
    make_producer: Callable[[], Producer]  # idempotent, without transactions
    ended: threading.Event  # set when the bridge stops
    clock: Callable[[], float] = time.time  # Unix time, seconds

    def __post_init__(self) -> None:
        super().__init__(name=f"repeating-{self.delay:g}", daemon=True)
        self._failed: KafkaError | None = None
        self._waiting: dict[int, float] = {}  # partitions, and when what comes next there is due: Unix time, seconds

    def run(self) -> None:
        while not self.ended.is_set():
            consumer, producer = self.make_consumer(), self.make_producer()
            self._failed = None
            try:
                consumer.subscribe([self.topic], on_revoke=self._forget, on_lost=self._forget)
                while not self.ended.is_set():
                    self._step(consumer, producer)
            except (KafkaException, BufferError) as error:
                log.warning("answers are not repeated for now: %s", error)
                self.ended.wait(RETRY_AFTER)
            finally:
                self._waiting.clear()
                producer.purge()
                consumer.close()

    def _step(self, consumer: Consumer, producer: Producer) -> None:
        now = self.clock()
        for partition in [number for number, due_at in self._waiting.items() if due_at <= now]:
            del self._waiting[partition]
            consumer.resume([TopicPartition(self.topic, partition)])
        done: dict[int, int] = {}
        for message in consumer.consume(AT_ONCE, POLL):
            error, partition, offset = message.error(), message.partition() or 0, message.offset() or 0
            if error is not None and error.code() > 0:  # the brokers' own word; the client's faults pass by themselves
                raise KafkaException(error)
            if error is not None or partition in self._waiting:
                continue
            is_ours = header(message, HEADER_PROCESSING_ID) is not None
            if is_ours and header(message, HEADER_REPEATED) is None:
                due_at = sent_at(message, now) + self.delay
                if due_at > now:
                    self._waiting[partition] = due_at
                    consumer.pause([TopicPartition(self.topic, partition)])
                    consumer.seek(TopicPartition(self.topic, partition, offset))
                    continue
                if due_at > now - TOO_LATE:
                    self._repeat(message, producer)
            done[partition] = offset + 1
        if done:
            if producer.flush(TIMEOUT) or self._failed is not None:
                raise KafkaException(self._failed or "the brokers do not take them")
            consumer.store_offsets(offsets=[TopicPartition(self.topic, *place) for place in done.items()])

    def _repeat(self, message: Message, producer: Producer) -> None:
        headers = [*(message.headers() or []), (HEADER_REPEATED, f"{self.delay:g}".encode())]
        value = as_bytes(message.value())
        producer.produce(self.topic, key=message.key(), value=value, headers=headers, on_delivery=self._note)

    def _note(self, error: KafkaError | None, _message: Message) -> None:
        if error is not None and error.code() not in REFUSALS:  # what does not fit with one more header is left out
            self._failed = error

    def _forget(self, _consumer: Consumer, partitions: list[TopicPartition]) -> None:
        for place in partitions:
            self._waiting.pop(place.partition, None)
