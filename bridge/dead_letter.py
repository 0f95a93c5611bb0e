"""Messages that nobody can work on: kept as they came, with the reason beside them, at a bounded rate."""

import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from confluent_kafka import Consumer, KafkaException, Message

from bridge.intake import Reason
from bridge.kafka import spans

HEADER_REASON = "reason"
HEADER_TOPIC = "original-topic"
HEADER_PARTITION = "original-partition"
HEADER_OFFSET = "original-offset"
HEADER_TIMESTAMP = "original-timestamp"

LEADER_PATIENCE = 15.0  # seconds; a topic that was created a moment ago has no leader yet


class TooManyDeadLetters(Exception):
    """More dead letters in the window than the cap allows: the input or this deploy is broken."""


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """The original key and value, untouched, and headers that say why and from where; never content."""

    key: bytes | None
    value: bytes | None
    headers: tuple[tuple[str, bytes], ...]

    @classmethod
    def of(cls, message: Message, reason: Reason) -> "DeadLetter":
        headers = {
            HEADER_REASON: reason.value,
            HEADER_TOPIC: message.topic(),
            HEADER_PARTITION: message.partition(),
            HEADER_OFFSET: message.offset(),
            HEADER_TIMESTAMP: message.timestamp()[1],  # milliseconds since 1970
        }
        return cls(
            message.key(),
            message.value(),
            tuple((name, str(value).encode()) for name, value in headers.items()),
        )


class DeadLetterCap:
    """Stops a bad deploy from dead-lettering the whole topic.

    Args:
        limit: dead letters allowed within the window.
        window: seconds.
        clock: seconds, monotonic.
        already: how many were written in the window before this process started, so that a restart by a
            supervisor does not grant a new allowance.
    """

    def __init__(self, limit: int, window: float, clock: Callable[[], float], *, already: int = 0):
        self._limit = limit
        self._window = window
        self._clock = clock
        self._times = deque([clock()] * min(already, limit))

    def count(self) -> None:
        """Count one more dead letter.

        Raises:
            TooManyDeadLetters: the cap is reached; this one must not be written.
        """
        now = self._clock()
        while self._times and self._times[0] <= now - self._window:
            self._times.popleft()
        if len(self._times) >= self._limit:
            raise TooManyDeadLetters(
                f"{self._limit} dead letters within {self._window:g} s: the bridge stops before it writes more. "
                "Look at the `reason` headers of the dead-letter topic, mend the sender or this deploy, restart"
            )
        self._times.append(now)


def recent_dead_letters(reader: Consumer, topic: str, window: float) -> int:
    """About how many dead letters were written within the last `window` seconds, by whichever bridge.

    Closes the reader.

    Raises:
        KafkaException: the brokers did not answer for `LEADER_PATIENCE` seconds.
    """
    patience = time.monotonic() + LEADER_PATIENCE
    try:
        while True:
            try:
                return _count_recent(reader, topic, window)
            except KafkaException:
                if time.monotonic() > patience:
                    raise
                time.sleep(0.1)
    finally:
        reader.close()


def _count_recent(reader: Consumer, topic: str, window: float) -> int:
    recent = spans(reader, topic, since=time.time() - window, may_be_missing=True)
    # Each transaction also writes a marker, so the offsets are an upper bound; half of them is a lower one.
    return sum((span.end - span.start) // 2 for span in recent)
