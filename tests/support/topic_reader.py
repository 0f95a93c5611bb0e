"""Reads whole topics as other services do: committed messages only, from the beginning, joining no group."""

import time
from collections.abc import Callable, Iterable
from types import TracebackType
from typing import Self

from confluent_kafka import OFFSET_BEGINNING, Consumer, KafkaError, KafkaException, Message, TopicPartition

from dev.kafka_server import silent
from tests.support.delivery_checker import Record

TIMEOUT = 30.0  # seconds


class TopicReader:
    """Everything that some topics contain, kept in `records` by topic, in the order of arrival.

    Args:
        bootstrap: the brokers.
        topics: must exist.
    """

    def __init__(self, bootstrap: str, topics: Iterable[str]) -> None:
        self.records: dict[str, list[Record]] = {topic: [] for topic in topics}
        self._consumer = Consumer(
            {
                "bootstrap.servers": bootstrap,
                "group.id": "dev-topic-reader",  # required by the client, never joined
                "enable.auto.commit": False,
                "enable.partition.eof": True,
                "auto.offset.reset": "earliest",
                "isolation.level": "read_committed",
                "fetch.wait.max.ms": 20,
                "log_level": 0,
            },
            logger=silent,
        )
        self._partitions = [
            TopicPartition(topic, number, OFFSET_BEGINNING)
            for topic in self.records
            for number in self._consumer.list_topics(topic, timeout=TIMEOUT).topics[topic].partitions
        ]
        self._at_end: set[tuple[str, int]] = set()
        self._consumer.assign(self._partitions)

    def poll(self, seconds: float) -> None:
        """Take what has arrived, waiting so long for the first of it."""
        for message in self._consumer.consume(500, timeout=seconds):
            self._take(message)

    def wait(self, enough: Callable[[], bool], seconds: float) -> bool:
        """Read until `enough()`; False if it was not within that time."""
        deadline = time.monotonic() + seconds
        while not enough():
            if time.monotonic() > deadline:
                return False
            self.poll(0.05)
        return True

    @property
    def at_end(self) -> bool:
        """Whether everything that was committed when it last looked has been read."""
        return len(self._at_end) == len(self._partitions)

    def close(self) -> None:
        self._consumer.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def _take(self, message: Message) -> None:
        error = message.error()
        place = (message.topic() or "", message.partition() or 0)
        if error is None:
            self._at_end.discard(place)
            self.records[place[0]].append(record_of(message))
        elif error.code() == KafkaError._PARTITION_EOF:  # librdkafka's own codes are spelt so
            self._at_end.add(place)
        elif error.fatal():
            raise KafkaException(error)
        # else: a broker that is away for now


def read_topics(bootstrap: str, topics: Iterable[str]) -> dict[str, list[Record]]:
    """All that these topics contain now.

    Raises:
        TimeoutError: the end did not come into sight.
    """
    with TopicReader(bootstrap, topics) as reader:
        if not reader.wait(lambda: reader.at_end, TIMEOUT):
            raise TimeoutError("the end of the topics did not come into sight")
        return reader.records


def record_of(message: Message) -> Record:
    """A delivered message as plain data."""
    headers = message.headers() or []
    pairs = list(headers.items()) if isinstance(headers, dict) else headers
    return Record(
        topic=message.topic() or "",
        partition=message.partition() or 0,
        offset=message.offset() or 0,
        timestamp=message.timestamp()[1] / 1000,
        key=_bytes(message.key()),
        value=_bytes(message.value()),
        headers=tuple((name, _bytes(value)) for name, value in pairs),
    )


def _bytes(value: str | bytes | None) -> bytes | None:
    return value.encode() if isinstance(value, str) else value
