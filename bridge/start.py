"""Where a partition is read from for the first time, when the group has committed nothing in it.

What stands in the topic may have been answered by another handler, or under another group. Answers of the last three
days are known from the notifications topic; older requests would all be answered again.
"""

from typing import Literal

from confluent_kafka import Consumer, TopicPartition

from bridge.kafka import KAFKA_TIMEOUT
from contract import PROCESSED_MARK_TTL

Start = Literal["earliest", "latest"] | float  # or a Unix time, seconds


class StartUnknown(Exception):
    """Nothing is committed, and the topic holds requests of which nobody can say whether they were answered."""


def first_offset(consumer: Consumer, source: TopicPartition, start: Start | None, now: float) -> int:
    """The offset to begin with.

    Args:
        consumer: any consumer.
        source: the input partition.
        start: what the operator has chosen; None: nothing.
        now: Unix time, seconds.

    Raises:
        StartUnknown: the operator has to choose.
        KafkaException: the brokers are away.
    """
    low, end = consumer.get_watermark_offsets(source, timeout=KAFKA_TIMEOUT)
    if start == "earliest":
        return low
    if start == "latest":
        return end
    known_since = now - PROCESSED_MARK_TTL if start is None else start
    wanted = TopicPartition(source.topic, source.partition, int(known_since * 1000))
    found = consumer.offsets_for_times([wanted], timeout=KAFKA_TIMEOUT)[0].offset
    young = found if found >= 0 else end  # negative: nothing is so young
    if start is None and young > low:
        raise StartUnknown(
            f"{source.topic}-{source.partition}: the consumer group has no offsets there, and the topic holds requests "
            "that are older than three days, of which nobody can say whether they were answered. Set KAFKA_START: "
            "`latest` takes new requests only, `earliest` answers all of them (again), an ISO time those since then"
        )
    return max(low, young)
