"""Where a partition is read from, given what its group has committed, and what became of the topic since.

Nothing committed in any partition: the first start, where an operator may have to choose. What stands in the topic may
have been answered by another handler, or under another group. Answers of the last three days are known from the
notifications topic; older requests would all be answered again. A choice that may skip something is made once for the
whole topic, by the owner of its first partition.

Nothing committed in this partition, but in others: it is new, and everything in it is.

From then on `LogWatch` watches whether the partition still is the log that it was.
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

from confluent_kafka import Consumer, TopicPartition

from bridge import metrics
from bridge.kafka import KAFKA_TIMEOUT
from bridge.offsets import Commit, LogChanged, PartitionProgress
from bridge.topic_watch import TopicWatch
from contract import PROCESSED_MARK_TTL

log = logging.getLogger(__name__)

LOOK_EVERY = 1.0  # seconds between two looks of the watch

Start = Literal["earliest", "latest"] | float  # or a Unix time, seconds


class StartUnknown(Exception):
    """Nothing is committed, and the topic holds requests of which nobody can say whether they were answered."""


class StartAwaited(Exception):
    """Nothing is committed, and the owner of the first partition has not chosen where to begin."""


class Beginning(NamedTuple):
    """Where to begin."""

    progress: PartitionProgress  # what is finished
    log_start: int  # the lowest offset that is there
    partitions: Sequence[str]  # that this is about: the one, or all of its topic where the choice is made for all
    is_new: bool = False  # nothing was committed of this topic; what else is known of the partition is of another one
    # To be committed before anything is read, so that the next start does not choose anew and skip what came between.
    chosen: Sequence[TopicPartition] = ()


def beginning(
    consumer: Consumer,
    source: TopicPartition,
    *,
    topic_id: str | None,  # of the topic as it is now
    known_id: str | None,  # of the topic that this bridge has worked on; None: of none
    start: Start | None,  # what the operator has chosen; None: nothing
    now: float,  # Unix time, seconds
) -> Beginning:
    """Where to begin in a partition that a group's consumer is assigned.

    Raises:
        StartUnknown: the operator has to choose.
        StartAwaited: not now.
        KafkaException: the brokers are away.
    """
    numbers = consumer.list_topics(source.topic, timeout=KAFKA_TIMEOUT).topics[source.topic].partitions
    places = [TopicPartition(source.topic, number) for number in sorted({*numbers, source.partition})]
    committed = consumer.committed(places, timeout=KAFKA_TIMEOUT)
    low, end = consumer.get_watermark_offsets(source, timeout=KAFKA_TIMEOUT)
    mine = next(each for each in committed if each.partition == source.partition)
    commit = Commit(mine.offset, mine.metadata or "") if mine.offset >= 0 else None
    is_other = None not in (topic_id, known_id) and topic_id != known_id
    if is_other or (commit is not None and not commit.is_of(topic_id)):
        return _anew(source, low, topic_id, commit, "made_anew", "the topic was removed and made again")
    if commit is not None and commit.offset > end:
        reason = f"the topic ends at {end}: it lost its end, or was removed and made again"
        return _anew(source, low, topic_id, commit, "lost_its_end", reason)
    if commit is not None:
        return Beginning(PartitionProgress.from_commit(commit, end, topic_id), low, [_name(source)])
    if any(each.offset >= 0 for each in committed):
        log.info("%s: a new partition: reading it from its beginning, %d", _name(source), low)
        return _first_commit(source, low, topic_id)
    if start not in (None, "earliest") and source.partition != places[0].partition:
        raise StartAwaited("the bridge that has the first partition chooses where to begin")
    chosen = [_position(each, _first_offset(consumer, each, start, now), topic_id) for each in places]
    if start not in (None, "earliest"):
        progress = PartitionProgress(chosen[0].offset, topic_id=topic_id)
        return Beginning(progress, low, [_name(each) for each in places], is_new=True, chosen=chosen)
    return _first_commit(source, low, topic_id)


def note_unread(source: TopicPartition, log_start: int, unread: int) -> None:
    """So many requests, at most, were deleted before they were read: say so, and count them."""
    metrics.UNREAD.inc(unread)
    metrics.LOG_CHANGES.labels("lost_its_start").inc()
    log.error("%s: up to %d requests were deleted unread: the topic begins at %d now", _name(source), unread, log_start)


@dataclass(eq=False)
class LogWatch:
    """Watches one input partition: is it the same topic, its end above what was read, nothing cut?

    What is known without asking is seconds old, so a suspicion is checked with the brokers before anything follows.
    """

    consumer: Consumer
    source: TopicPartition
    topics: TopicWatch

    def __post_init__(self) -> None:
        self._look_at = 0.0
        self._suspected_at = -1  # the position below which everything seems to be deleted

    def look(self, progress: PartitionProgress, now: float) -> int:
        """How many requests, at most, were deleted unread since the last look; what is in hand stays in hand.

        Raises:
            LogChanged: nothing that is known of the log is true any more; recover.
            KafkaException: the brokers are away.
        """
        topic_id = self.topics.source_id
        if topic_id not in (None, progress.topic_id):
            raise LogChanged(f"its topic has the id {topic_id}, and was known by {progress.topic_id or 'none'}")
        if now < self._look_at:
            return 0
        self._look_at = now + LOOK_EVERY
        position, gap = progress.position, progress.gap
        low = self.topics.log_starts.get(self.source.partition, 0)
        _, end = self.consumer.get_watermark_offsets(self.source, cached=True)
        if low <= position and not gap and not 0 <= end < position:
            return 0
        low, end = self.consumer.get_watermark_offsets(self.source, timeout=KAFKA_TIMEOUT)
        if end < position:
            raise LogChanged(f"it ends at {end}, and was read up to {position}")
        progress.gap = range(0)
        unread = max(0, min(low, gap.stop) - gap.start)
        if low > position and self._suspected_at == position:
            unread += progress.skip(low)
        self._suspected_at = position  # what was fetched before it was deleted may still come
        if unread:
            note_unread(self.source, low, unread)
        return unread


def _anew(
    source: TopicPartition, low: int, topic_id: str | None, commit: Commit | None, change: str, reason: str
) -> Beginning:
    metrics.LOG_CHANGES.labels(change).inc()
    log.error(
        "%s: %s is committed, and %s; reading it from its beginning, %d",
        _name(source), "nothing" if commit is None else f"offset {commit.offset}", reason, low,
    )  # fmt: skip
    return _first_commit(source, low, topic_id)


def _first_commit(source: TopicPartition, low: int, topic_id: str | None) -> Beginning:
    progress = PartitionProgress(low, topic_id=topic_id)
    return Beginning(progress, low, [_name(source)], is_new=True, chosen=[_position(source, low, topic_id)])


def _name(place: TopicPartition) -> str:
    return f"{place.topic}-{place.partition}"


def _position(place: TopicPartition, offset: int, topic_id: str | None) -> TopicPartition:
    commit = PartitionProgress(offset, topic_id=topic_id).commit()
    return TopicPartition(place.topic, place.partition, offset, commit.metadata if commit else None)


def _first_offset(consumer: Consumer, place: TopicPartition, start: Start | None, now: float) -> int:
    """Of a partition of a topic that the group has never read."""
    low, end = consumer.get_watermark_offsets(place, timeout=KAFKA_TIMEOUT)
    if start == "earliest":
        return low
    first = end
    if start != "latest":
        since = now - PROCESSED_MARK_TTL if start is None else start
        wanted = TopicPartition(place.topic, place.partition, int(since * 1000))
        found = consumer.offsets_for_times([wanted], timeout=KAFKA_TIMEOUT)[0].offset
        first = max(low, found if found >= 0 else end)  # negative: nothing is so young
    if start is None and first > low:
        raise StartUnknown(
            f"{_name(place)}: the consumer group has no offsets there, and the topic holds requests "
            "that are older than three days, of which nobody can say whether they were answered. Set KAFKA_START: "
            "`latest` takes new requests only, `earliest` answers all of them (again), an ISO time those since then"
        )
    if first > low:
        log.warning(
            "%s: the group has no offsets, and KAFKA_START skips %d offsets for good, %d to %d",
            _name(place), first - low, low, first - 1,
        )  # fmt: skip
    return first
