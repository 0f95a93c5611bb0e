"""Which offsets of one partition are finished, and up to where they may be committed. Pure bookkeeping.

Requests end out of order. What is committed to Kafka is the *watermark*, the lowest offset that is not
finished, together with the offsets above it that are not finished either, written into the commit's metadata
string. A bridge that starts from such a commit knows all that is finished, even beside an emptied Redis.
(The idea is that of Confluent's parallel-consumer.)

The string also names the topic by its id: a topic that was removed and made again has the name and the offsets of the
old one, and none of its messages.
"""

from bisect import bisect_right
from collections.abc import Collection
from itertools import accumulate, islice, pairwise, takewhile
from typing import NamedTuple, Self

# Kafka's `offset.metadata.max.bytes` is 4,096 by default and counts more than the string.
MAX_METADATA = 3_900
MOST_OPEN = MAX_METADATA // 2  # offsets that may fit: a digit and a comma each

_VERSION = "v2"  # "v2 <topic id> <span> <open offsets, each as its distance from the one before>"; v1 names no topic
_ANY_TOPIC = "-"  # brokers before 2.8 have no ids


class Commit(NamedTuple):
    """What one offset commit says: the watermark (an offset), and a metadata string of at most 3,900 bytes."""

    offset: int
    metadata: str

    def is_of(self, topic_id: str | None) -> bool:
        """Whether it may speak of the topic with this id; None: that is not known."""
        version, _, rest = self.metadata.partition(" ")
        named = rest.partition(" ")[0]
        return version != _VERSION or topic_id is None or named in (topic_id, _ANY_TOPIC)


class LogChanged(Exception):
    """This is not the log that it was: what is known of its offsets says nothing; recover."""


class PartitionProgress:
    """The finished and the open offsets of one partition.

    Every offset below the watermark is finished; between the watermark and `high` all are finished but the
    open ones; nothing is known from `high` on. Offsets may have gaps (transaction markers, compaction): what
    was never delivered counts as finished as soon as something above it was delivered.
    """

    def __init__(
        self,
        watermark: int | None = None,  # the lowest offset that is not finished
        high: int | None = None,  # nothing is known from here on; the watermark by default
        still_open: Collection[int] = (),  # offsets between the two that are not finished
        topic_id: str | None = None,  # of the topic that all of it is about, None where that is not known
    ):
        self.topic_id = topic_id
        self.position = watermark or 0  # what is delivered next is here or above
        self.gap = range(0)  # the last offsets that were passed over
        self._high = high if high is not None else watermark
        self._done = self._high or 0  # all that is finished is below
        # Both ascend: Kafka delivers a partition in order.
        self._open: dict[int, None] = dict.fromkeys(sorted(still_open))
        self._awaited: list[int] = sorted(still_open)  # open in an earlier life, not yet delivered in this one

    @classmethod
    def from_commit(cls, commit: Commit, end: int | None = None, topic_id: str | None = None) -> Self:
        """Resume where the last commit of this topic left off.

        Foreign or damaged metadata means that nothing is known above its offset; and nothing is known from the
        partition's end on: a topic that has lost its end gives the same offsets to other messages.
        """
        nothing_above = cls(commit.offset, topic_id=topic_id)
        version, _, rest = (commit.metadata or "").partition(" ")
        if version == _VERSION:
            _, _, rest = rest.partition(" ")
        elif version != "v1":
            return nothing_above
        span, _, deltas = rest.partition(" ")
        try:
            high = commit.offset + int(span)
            still_open, last = [], commit.offset
            for delta in deltas.split(",") if deltas else []:
                last += int(delta)
                still_open.append(last)
        except ValueError:
            return nothing_above
        orderly = still_open == sorted(set(still_open)) and all(commit.offset <= offset < high for offset in still_open)
        if high < commit.offset or not orderly:
            return nothing_above
        if end is not None and end < high:
            high, still_open = max(end, commit.offset), [offset for offset in still_open if offset < end]
        return cls(commit.offset, high, still_open, topic_id)

    def deliver(self, offset: int) -> bool:
        """Note a delivered offset; False if it was finished in an earlier life and needs nothing.

        Raises:
            LogChanged: it lies below what was delivered before.
        """
        if offset < self.position:
            raise LogChanged(f"offset {offset} came after {self.position - 1}")
        if offset > self.position:
            self.gap = range(self.position, offset)
        self.position = offset + 1
        while self._awaited and self._awaited[0] < offset:
            # Kafka went past it without delivering it: deleted by retention, nothing to wait for.
            self._open.pop(self._awaited.pop(0), None)
        if self._awaited and self._awaited[0] == offset:
            self._awaited.pop(0)
            return True
        if self._high is not None and offset < self._high:
            return False
        self._open[offset] = None
        self._high = offset + 1
        return True

    def skip(self, start: int) -> int:
        """The log begins at `start` now, above what would be delivered next; how many unread requests that may be."""
        if start <= self.position:
            return 0
        awaited = [offset for offset in self._awaited if offset < start]
        unread = max(0, start - max(self.position, self._high or 0))
        for offset in awaited:
            self._open.pop(offset, None)
        self._awaited = self._awaited[len(awaited) :]
        self.position = start
        self._high = max(start, self._high or 0)
        return len(awaited) + unread

    def finish(self, offsets: Collection[int]) -> None:
        """Note offsets whose end is committed in Kafka."""
        for offset in offsets:
            self._open.pop(offset, None)
        self._done = max(self._done, max(offsets, default=-1) + 1)

    @property
    def watermark(self) -> int:
        """The lowest offset that is not finished; 0 before anything is known."""
        return next(iter(self._open), self._high or 0)

    @property
    def unfinished(self) -> int:
        """How many delivered offsets are open; those of an earlier life count when they come again."""
        return len(self._open) - len(self._awaited)

    def left(self, end: int) -> int:
        """How many offsets of a partition that ends at `end` are not finished."""
        return len(self._open) + max(0, end - (self._high or 0))

    @property
    def awaited(self) -> int:
        """How many offsets were open in an earlier life and have not been delivered again."""
        return len(self._awaited)

    def commit(self, finishing: Collection[int] = ()) -> Commit | None:
        """What to commit once `finishing` are finished too; None before anything was delivered."""
        if self._high is None:
            return None
        done = set(finishing)
        left = (offset for offset in self._open if offset not in done)
        watermark = next(left, self._high)
        # What is delivered and open above all that is finished need not be said, however long the queue is.
        high = max(watermark, self._done, max(done, default=-1) + 1)
        above = takewhile(lambda offset: offset < high, left)
        still_open = [watermark, *islice(above, MOST_OPEN - 1)] if watermark < high else []
        head = f"{_VERSION} {self.topic_id or _ANY_TOPIC}"
        deltas = [str(offset - last) for last, offset in pairwise([watermark, *still_open])]
        ends = list(accumulate((len(delta) + 1 for delta in deltas), initial=len(f"{head} {high - watermark} ")))
        fits = bisect_right(ends, MAX_METADATA) - 1
        if fits < len(still_open):
            # Claim less: what is finished above here would be read again and found by its processed mark.
            high = still_open[fits]
        return Commit(watermark, f"{head} {high - watermark} {','.join(deltas[:fits])}")
