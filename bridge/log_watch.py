"""Watches whether a partition still is the log that it was: the same topic, its end above what was read, nothing cut.

What is known without asking is seconds old, so a suspicion is checked with the brokers before anything follows from it.
"""

from confluent_kafka import Consumer, TopicPartition

from bridge.kafka import KAFKA_TIMEOUT
from bridge.offsets import LogChanged, PartitionProgress
from bridge.start import note_unread
from bridge.topic_watch import TopicWatch

LOOK_EVERY = 1.0  # seconds


class LogWatch:
    """Watches one input partition.

    Args:
        consumer: that reads it.
        source: the partition.
        topics: what the brokers say of them.
    """

    def __init__(self, consumer: Consumer, source: TopicPartition, topics: TopicWatch) -> None:
        self._consumer = consumer
        self._source = source
        self._topics = topics
        self._look_at = 0.0
        self._suspected_at = -1  # the position below which everything seems to be deleted

    def look(self, progress: PartitionProgress, now: float) -> int:
        """How many requests, at most, were deleted unread since the last look; what is in hand stays in hand.

        Args:
            progress: of the partition; goes on where the log begins.
            now: seconds, monotonic.

        Raises:
            LogChanged: nothing that is known of the log is true any more; recover.
            KafkaException: the brokers are away.
        """
        topic_id = self._topics.source_id
        if topic_id not in (None, progress.topic_id):
            raise LogChanged(f"its topic has the id {topic_id}, and was known by {progress.topic_id or 'none'}")
        if now < self._look_at:
            return 0
        self._look_at = now + LOOK_EVERY
        position, gap = progress.position, progress.gap
        low = self._topics.log_starts.get(self._source.partition, 0)
        _, end = self._consumer.get_watermark_offsets(self._source, cached=True)
        if low <= position and not gap and not 0 <= end < position:
            return 0
        low, end = self._consumer.get_watermark_offsets(self._source, timeout=KAFKA_TIMEOUT)
        if end < position:
            raise LogChanged(f"it ends at {end}, and was read up to {position}")
        progress.gap = range(0)
        unread = max(0, min(low, gap.stop) - gap.start)
        if low > position and self._suspected_at == position:
            unread += progress.skip(low)
        self._suspected_at = position  # what was fetched before it was deleted may still come
        if unread:
            note_unread(self._source, low, unread)
        return unread
