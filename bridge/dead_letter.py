"""Messages that nobody can work on: kept as they came, with the reason beside them, at a bounded rate."""

import hashlib
import time
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import islice

from confluent_kafka import Consumer, KafkaException, Message, TopicPartition

from bridge.intake import Rejected
from bridge.kafka import as_bytes, offset_ranges, read_range, sent_at, traceparent

HEADER_REASON = "reason"
HEADER_FIELD = "field"  # of the request's own, where the reason is about one
HEADER_TOPIC = "original-topic"
HEADER_PARTITION = "original-partition"
HEADER_OFFSET = "original-offset"
HEADER_TIMESTAMP = "original-timestamp"
HEADER_SIZE = "original-size"  # bytes; where the value is not whole
HEADER_SHA256 = "original-sha256"  # hexadecimal, of the whole value; where the value is not whole

# Bytes of the value that are kept: all, and where the dead-letter topic refuses that, less and less.
CUTS = (1_900_000, 900_000, 100_000, 5_000, 0)

# So many dead letters within so many seconds stop the taking.
CAP_LIMIT, CAP_WINDOW = 500, 600.0
LEADER_PATIENCE = 15.0  # seconds; a topic that was created a moment ago has no leader yet


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """The original key and value, and headers that say why and from where; never content."""

    key: bytes | None
    value: bytes | None
    headers: tuple[tuple[str, bytes], ...]
    offset: int = -1  # the original's


@dataclass(slots=True)
class PendingLetter:
    """A dead letter to be: what is kept of a message that nobody can work on, until it is written."""

    source: TopicPartition  # the partition that it came from, and its offset there
    rejected: Rejected  # why, and whom to tell
    key: bytes | None = None  # as it came; None where nothing is kept of it
    value: bytes | None = None  # likewise
    timestamp: int = -1  # milliseconds since 1970, -1 where the message had none
    traceparent: bytes | None = None  # the sender's
    cut: int = 0  # which of `CUTS`; beyond the last it is not written at all
    sent_at: float = 0.0  # Unix time, seconds

    @classmethod
    def of(cls, message: Message, rejected: Rejected, now: float = 0.0) -> "PendingLetter":
        """What is kept of a delivered message; `now` is Unix time, seconds."""
        return cls(
            TopicPartition(message.topic() or "", message.partition() or 0, message.offset() or 0),
            rejected,
            as_bytes(message.key()),
            as_bytes(message.value()),
            message.timestamp()[1],
            traceparent(message),
            sent_at=sent_at(message, now),
        )

    @property
    def offset(self) -> int:
        return self.source.offset

    @property
    def size(self) -> int:
        """Bytes of its value."""
        return len(self.value or b"")

    def dead_letter(self) -> DeadLetter:
        """What is written: what does not fit is cut, and its size and digest stand in headers."""
        headers = {
            HEADER_REASON: self.rejected.reason.value,
            **({HEADER_FIELD: self.rejected.field} if self.rejected.field else {}),
            HEADER_TOPIC: self.source.topic,
            HEADER_PARTITION: self.source.partition,
            HEADER_OFFSET: self.offset,
            HEADER_TIMESTAMP: self.timestamp,
        }
        value, longest = self.value, CUTS[self.cut]
        if value is not None and len(value) > longest:
            headers |= {HEADER_SIZE: len(value), HEADER_SHA256: hashlib.sha256(value).hexdigest()}
            value = value[:longest]
        return DeadLetter(
            self.key, value, tuple((name, str(text).encode()) for name, text in headers.items()), self.offset
        )


@dataclass(eq=False)
class DeadLetterCap:
    """Stops a bad deploy from dead-lettering the whole topic.

    At the limit it trips, and stays so until a whole window has passed since the last dead letter, or an
    operator resumes. What it counts stands in the dead-letter topic, so a restart grants no new allowance.
    """

    limit: int  # dead letters allowed within the window
    window: float  # seconds
    clock: Callable[[], float]  # Unix time, seconds
    written: Iterable[float] = ()  # Unix times of those that stand in the topic already

    def __post_init__(self) -> None:
        self._times = deque(sorted(self.written), maxlen=self.limit)
        self._resumed_at = 0.0
        self._tripped = len(self._times) >= self.limit

    @property
    def tripped(self) -> bool:
        self._forget_old()
        return self._tripped

    @property
    def reason(self) -> str:
        """What an operator has to know when it has tripped."""
        return (
            f"{self.limit} dead letters within {self.window:g} s: nothing new is taken. Look at the `reason` headers "
            "of the dead-letter topic, mend the sender or this deploy, then run `python -m bridge resume`"
        )

    def count(self) -> bool:
        """Count one more dead letter; False if it must not be written."""
        self._forget_old()
        self._tripped = self._tripped or len(self._times) >= self.limit
        if not self._tripped:
            self._times.append(self.clock())
        return not self._tripped

    def resume(self, at: float) -> None:
        """An operator has looked into it at that Unix time: what was written before counts no more."""
        if at > self._resumed_at:
            self._resumed_at = at
            self._tripped = False
            while self._times and self._times[0] <= at:
                self._times.popleft()

    def _forget_old(self) -> None:
        now = self.clock()
        while self._times and self._times[0] <= now - self.window:
            self._times.popleft()
        self._tripped = self._tripped and bool(self._times)


def recent_dead_letters(reader: Consumer, topic: str, since: float, limit: int) -> list[float]:
    """When dead letters were written since a Unix time, by whichever bridge; the first `limit` of them.

    Closes the reader.

    Raises:
        KafkaException: the brokers did not answer for `LEADER_PATIENCE` seconds.
    """
    patience = time.monotonic() + LEADER_PATIENCE
    try:
        while True:
            try:
                return _written(reader, topic, since, limit)
            except KafkaException:
                if time.monotonic() > patience:
                    raise
                time.sleep(0.1)
    finally:
        reader.close()


def _written(reader: Consumer, topic: str, since: float, limit: int) -> list[float]:
    parts = offset_ranges(reader, topic, since=since, may_be_missing=True)
    letters = (letter for part in parts for letter in read_range(reader, part))
    return [letter.timestamp()[1] / 1000 for letter in islice(letters, limit)]
