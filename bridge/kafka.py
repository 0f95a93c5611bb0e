"""Kafka as the bridge uses it: its clients, its topics, reading a topic to its end, and a message's headers."""

import logging
import time
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from confluent_kafka import Consumer, KafkaError, KafkaException, Message, Producer, TopicPartition
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewTopic

from config import Settings

log = logging.getLogger(__name__)
LIBRDKAFKA_LOG = logging.getLogger("librdkafka")

CREATE_TIMEOUT = 30.0  # seconds
KAFKA_TIMEOUT = 10.0  # seconds, for one answer of the brokers

# A dead letter is its original plus headers, so it must be allowed to be larger than the original.
DEAD_LETTER_MAX_BYTES = 2 * 1024 * 1024


def make_consumer(settings: Settings) -> Consumer:
    """The consumer of the input topic."""
    return Consumer(
        {
            **settings.kafka,
            "group.id": settings.kafka_group_id,
            "partition.assignment.strategy": "cooperative-sticky",
            "auto.offset.reset": "earliest",
            # Offsets are committed by the transactions that publish, and in no other way.
            "enable.auto.commit": False,
            "enable.auto.offset.store": False,
            "isolation.level": "read_committed",
            "session.timeout.ms": settings.kafka_session_timeout_ms,
            "heartbeat.interval.ms": min(3_000, settings.kafka_session_timeout_ms // 3),
            "max.poll.interval.ms": settings.kafka_max_poll_interval_ms,
            "fetch.wait.max.ms": settings.kafka_fetch_wait_max_ms,
            # What is fetched beyond the window is thrown away with every pause.
            "queued.max.messages.kbytes": 16_384,
        },
        logger=LIBRDKAFKA_LOG,
    )


def make_reader(settings: Settings) -> Consumer:
    """A consumer that joins no group and reads committed messages only."""
    return Consumer(
        {
            **settings.kafka,
            "group.id": f"{settings.kafka_group_id}-reader",  # required by the client, never joined
            "enable.auto.commit": False,
            "enable.partition.eof": True,
            "auto.offset.reset": "earliest",
            "isolation.level": "read_committed",
            "fetch.wait.max.ms": settings.kafka_fetch_wait_max_ms,
        },
        logger=LIBRDKAFKA_LOG,
    )


def make_producer(settings: Settings, transactional_id: str | None) -> Producer:
    """A producer that waits for all replicas; transactional where an id is given."""
    transactional: dict[str, str | int] = {}
    if transactional_id is not None:
        transactional = {
            "transactional.id": transactional_id,
            "transaction.timeout.ms": settings.kafka_transaction_timeout_ms,
            "message.timeout.ms": settings.kafka_transaction_timeout_ms,
        }
    return Producer(
        {
            **settings.kafka,
            **transactional,
            "enable.idempotence": True,
            "acks": "all",
            "linger.ms": 0,  # a commit flushes at once; waiting would only delay it
            "message.max.bytes": 2_000_000,  # a dead letter is its original plus headers
            # All messages of a topic carry one key, which must not put them all into one partition.
            "partitioner": "random",
        },
        logger=LIBRDKAFKA_LOG,
    )


def create_missing_topics(
    admin: AdminClient, topics: Mapping[str, int], *, dead_letters: str, retention: int, replication: int
) -> None:
    """Create each topic with its number of partitions, and the dead-letter topic with one, unless it is there.

    Dead letters hold resumes as they came, so Kafka forgets them after `retention` seconds, a day more at most.

    Raises:
        KafkaException: the brokers are away, or refuse.
    """
    existing = admin.list_topics(timeout=CREATE_TIMEOUT).topics
    wanted = [
        NewTopic(name, num_partitions=partitions, replication_factor=replication, config=config)
        for name, partitions, config in [
            *((name, partitions, {}) for name, partitions in topics.items()),
            (dead_letters, 1, _dead_letter_config(retention)),
        ]
        if name not in existing
    ]
    if not wanted:
        return
    for name, future in admin.create_topics(wanted, operation_timeout=CREATE_TIMEOUT).items():
        try:
            future.result()
        except KafkaException as error:
            if error.args[0].code() != KafkaError.TOPIC_ALREADY_EXISTS:  # two bridges start at once
                raise
        else:
            log.info("created topic %s", name)


def _dead_letter_config(retention: int) -> dict[str, str]:
    # Kafka forgets by the segment: without a bound of its own a letter would outlive its time by up to a week.
    segment = min(retention, 24 * 3_600)
    return {
        "max.message.bytes": str(DEAD_LETTER_MAX_BYTES),
        "retention.ms": str(retention * 1_000),
        "segment.ms": str(segment * 1_000),
    }


class Span(NamedTuple):
    """Offsets of one partition: from `start` up to `end`, which is not included."""

    topic: str
    partition: int
    start: int
    end: int


def spans(reader: Consumer, topic: str, *, since: float | None = None, may_be_missing: bool = False) -> list[Span]:
    """What each partition of a topic holds now.

    Args:
        reader: any consumer; what it may see is what the spans end with.
        topic: its name.
        since: Unix time, seconds; leaves out what is older.
        may_be_missing: a topic that does not exist has no spans, and is no error.

    Raises:
        KafkaException: the brokers are away, or do not know the topic.
    """
    metadata = reader.list_topics(topic, timeout=KAFKA_TIMEOUT).topics[topic]
    if metadata.error is not None:
        if may_be_missing and metadata.error.code() == KafkaError.UNKNOWN_TOPIC_OR_PART:
            return []
        raise KafkaException(metadata.error)
    young: dict[int, int] = {}
    if since is not None:
        wanted = [TopicPartition(topic, number, int(since * 1000)) for number in metadata.partitions]
        found = reader.offsets_for_times(wanted, timeout=KAFKA_TIMEOUT)
        young = {place.partition: place.offset for place in found}
    result = []
    for number in metadata.partitions:
        low, end = reader.get_watermark_offsets(TopicPartition(topic, number), timeout=KAFKA_TIMEOUT)
        start = young.get(number, low)
        result.append(Span(topic, number, max(low, start if start >= 0 else end), end))  # negative: nothing is so young
    return result


def read_span(reader: Consumer, span: Span) -> Iterator[Message]:
    """The messages of a span, in their order. The last offsets may be transaction markers, which are not delivered.

    Args:
        reader: a consumer that reports a partition's end (`enable.partition.eof`); its assignment is replaced.
        span: what to read.

    Raises:
        KafkaException: Kafka reports an error, or stays silent for `KAFKA_TIMEOUT` seconds.
    """
    place = TopicPartition(span.topic, span.partition, span.start)
    reader.assign([place])
    patience = time.monotonic() + KAFKA_TIMEOUT
    while time.monotonic() < patience:
        messages = reader.consume(500, timeout=0.1)
        for message in messages:
            patience = time.monotonic() + KAFKA_TIMEOUT
            error = message.error()
            if error is None and (message.offset() or 0) < span.end:
                yield message
            elif error is None or error.code() == KafkaError._PARTITION_EOF:  # noqa: SLF001 # librdkafka's own codes are spelt so
                return
            else:
                raise KafkaException(error)
        if not messages and reader.position([place])[0].offset >= span.end:
            return
    raise KafkaException(KafkaError(KafkaError._TIMED_OUT, f"{span.topic} stays silent"))  # noqa: SLF001


def header(message: Message, name: str) -> bytes | None:
    """The first header of that name that has a value."""
    headers = message.headers() or []
    for found, value in headers.items() if isinstance(headers, dict) else headers:
        if found == name and value is not None:
            return as_bytes(value)
    return None


def as_bytes(value: str | bytes | None) -> bytes | None:
    """A key or a value as it came."""
    return value.encode() if isinstance(value, str) else value
