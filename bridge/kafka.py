"""Kafka as the bridge uses it: its clients, its topics, reading a topic to its end, and a message's headers."""

import json
import logging
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from confluent_kafka import Consumer, KafkaError, KafkaException, Message, Producer, TopicPartition
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewTopic

from config import Settings
from contract import HEADER_TRACEPARENT

log = logging.getLogger(__name__)
TRACEPARENT_LENGTH = 55  # bytes
LIBRDKAFKA_LOG = logging.getLogger("librdkafka")

EARLIEST_TIMESTAMP = 10**12  # milliseconds since 1970: September 2001, long before Kafka
CREATE_TIMEOUT = 30.0  # seconds
MAX_POLL_INTERVAL_MS = 300_000  # a bridge that goes without polling for longer is put out of the group
FETCH_WAIT_MS = 20  # for which a fetch waits on a quiet topic: most of a lone request's latency
TRANSACTION_TIMEOUT_MS = 10_000  # after which the broker aborts a dead bridge's transaction
SILENT_AFTER = 10.0  # seconds; a heartbeat is answered every three
KAFKA_TIMEOUT = 10.0  # seconds, for one answer of the brokers

# A dead letter is its original plus headers, so it must be allowed to be larger than the original.
DEAD_LETTER_MAX_BYTES = 2 * 1024 * 1024
DAY = 24 * 3_600_000  # milliseconds
# Dead letters hold resumes as they came, so Kafka forgets them. It does so by the segment: without a bound of its own a
# letter would outlive its time by up to a week.
DEAD_LETTER_CONFIG = {
    "max.message.bytes": str(DEAD_LETTER_MAX_BYTES),
    "retention.ms": str(14 * DAY),
    "segment.ms": str(DAY),
}
# A transaction is five small requests, each of which waits for the answer to the last.
AT_ONCE = {"socket.nagle.disable": True}


@dataclass(eq=False)
class Contact:
    """What a consumer knows of the brokers, from librdkafka's statistics."""

    clock: Callable[[], float] = time.monotonic  # seconds, monotonic

    def __post_init__(self) -> None:
        # When the client last spoke of itself: a loop that is late hears of it late, which is not the brokers' silence.
        self._noted_at = self._heard_at = self._joined_at = self.clock()
        self._group = "not joined"

    def note(self, statistics: str) -> None:
        """Librdkafka's callback: once a second, from `poll`. The text is JSON of its own making."""
        found = json.loads(statistics)
        self._noted_at = self.clock()
        idle = [
            broker["rxidle"] / 1e6  # microseconds since the last byte
            for broker in found.get("brokers", {}).values()
            if broker["state"] == "UP" and broker["rxidle"] >= 0
        ]
        if idle:
            self._heard_at = max(self._heard_at, self._noted_at - min(idle))
        self._group = found.get("cgrp", {}).get("state", "unknown")
        if self._group == "up":
            self._joined_at = self._noted_at

    @property
    def trouble(self) -> str:
        """What is wrong, in a few words; empty while all is well."""
        silent = self._noted_at - self._heard_at
        if silent > SILENT_AFTER:
            return f"no broker has answered for {silent:.0f} s"
        if self._noted_at - self._joined_at > SILENT_AFTER:
            return f"the consumer group: {self._group}"
        return ""


def _consumer(settings: Settings, group: str, options: Mapping[str, Any]) -> Consumer:
    common = {"group.id": group, "auto.offset.reset": "earliest", "isolation.level": "read_committed"}
    return Consumer({**settings.kafka, **common, **options}, logger=LIBRDKAFKA_LOG)


def make_consumer(settings: Settings, contact: Contact) -> Consumer:
    """The consumer of the input topic; it tells `contact` how the brokers are."""
    return _consumer(
        settings,
        settings.kafka_group_id,
        {
            **AT_ONCE,
            "partition.assignment.strategy": "cooperative-sticky",
            # Offsets are committed by the transactions that publish, and in no other way.
            "enable.auto.commit": False,
            "enable.auto.offset.store": False,
            "session.timeout.ms": settings.kafka_session_timeout_ms,
            "heartbeat.interval.ms": min(3_000, settings.kafka_session_timeout_ms // 3),
            "max.poll.interval.ms": MAX_POLL_INTERVAL_MS,
            "fetch.wait.max.ms": FETCH_WAIT_MS,
            "topic.metadata.refresh.interval.ms": 10_000,  # five minutes by default, until a new partition is noticed
            # What is fetched beyond the window is thrown away with every pause.
            "queued.min.messages": 50,
            "fetch.queue.backoff.ms": 20,  # a second by default, each time that the queue was full
            "queued.max.messages.kbytes": 1_024,
            "fetch.message.max.bytes": 262_144,  # a larger message comes alone (KIP-74)
            "statistics.interval.ms": 1_000,
            "stats_cb": contact.note,
        },
    )


def make_reader(settings: Settings, group: str | None = None) -> Consumer:
    """A consumer that joins no group and reads committed messages only; it may ask what `group` has committed."""
    return _consumer(
        settings,
        group or f"{settings.kafka_group_id}-reader",  # required by the client, never joined
        {
            "enable.auto.commit": False,
            "enable.partition.eof": True,
            "fetch.wait.max.ms": FETCH_WAIT_MS,
            # It reads long topics: what waits in its queue must not be much.
            "queued.min.messages": 2_000,
            "fetch.queue.backoff.ms": 5,  # a second by default, each time that the queue was full
            "queued.max.messages.kbytes": 4_096,
            "fetch.message.max.bytes": 1_048_576,
        },
    )


def make_follower(settings: Settings, group: str) -> Consumer:
    """A consumer of a group of its own that commits what it is told to store, every few seconds."""
    return _consumer(
        settings,
        group,
        {
            "partition.assignment.strategy": "cooperative-sticky",
            "enable.auto.offset.store": False,
            "session.timeout.ms": settings.kafka_session_timeout_ms,
            "queued.min.messages": 200,
            "queued.max.messages.kbytes": 1_024,
        },
    )


def make_producer(settings: Settings, transactional_id: str | None) -> Producer:
    """A producer that waits for all replicas; transactional where an id is given."""
    transactional: dict[str, str | int] = {}
    if transactional_id is not None:
        transactional = {
            "transactional.id": transactional_id,
            "transaction.timeout.ms": TRANSACTION_TIMEOUT_MS,
            "message.timeout.ms": TRANSACTION_TIMEOUT_MS,
            "topic.metadata.propagation.max.ms": 3_000,  # half a minute by default, for a topic that is missing
            # Kafka writes the end of a transaction after it has confirmed it, and until then refuses the next one
            # (CONCURRENT_TRANSACTIONS). By default the client asks again after 100 ms.
            "retry.backoff.ms": 10,
        }
    return Producer(
        {
            **settings.kafka,
            **transactional,
            **AT_ONCE,
            "enable.idempotence": True,
            "acks": "all",
            "linger.ms": 0,  # a commit flushes at once; waiting would only delay it
            "message.max.bytes": 2_000_000,  # a dead letter is its original plus headers
            # All messages of a topic carry one key, which must not put them all into one partition.
            "partitioner": "random",
        },
        logger=LIBRDKAFKA_LOG,
    )


def produce(
    producer: Producer, topic: str, key: str | bytes | None, value: str | bytes | None, faults: list[KafkaError]
) -> None:
    """Hand a message to a producer, once its queue has room; what is wrong with its delivery is added to `faults`."""

    def on_delivery(error: KafkaError | None, _message: Message) -> None:
        if error is not None:
            faults.append(error)

    while True:
        try:
            producer.produce(topic, key=key, value=value, on_delivery=on_delivery)
        except BufferError:
            producer.poll(0.5)
        else:
            return


def create_missing_topics(admin: AdminClient, topics: Iterable[str], *, dead_letters: str, replication: int) -> None:
    """Create each topic, and that of dead letters, unless it is there.

    The storage service needs users, requirements, resumes and results in one order, so each has one partition; whoever
    owns it may have made it with more.

    Raises:
        KafkaException: the brokers are away, or refuse.
    """
    existing = admin.list_topics(timeout=CREATE_TIMEOUT).topics
    wanted = [
        NewTopic(
            name,
            num_partitions=1,
            replication_factor=replication,
            config=DEAD_LETTER_CONFIG if name == dead_letters else {},
        )
        for name in (*topics, dead_letters)
        if name not in existing
    ]
    if not wanted:
        return
    for name, future in admin.create_topics(wanted, operation_timeout=CREATE_TIMEOUT).items():
        try:
            future.result()
        except KafkaException as error:
            if error.args[0].code() != KafkaError.TOPIC_ALREADY_EXISTS:  # two bridges start at once
                problem = f"cannot create topic {name}: {error.args[0].str()}"
                raise KafkaException(KafkaError(error.args[0].code(), problem)) from error
        else:
            log.info("created topic %s", name)


class OffsetRange(NamedTuple):
    """Offsets of one partition: from `start` up to `end`, which is not included."""

    topic: str
    partition: int
    start: int
    end: int


def offset_ranges(
    reader: Consumer, topic: str, *, since: float | None = None, may_be_missing: bool = False
) -> list[OffsetRange]:
    """What each partition of a topic holds now, as far as the reader may see it, since a Unix time.

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
        if start < 0:  # nothing is so young
            start = end
        result.append(OffsetRange(topic, number, max(low, start), end))
    return result


def read_range(reader: Consumer, part: OffsetRange) -> Iterator[Message]:
    for batch in read_batches(reader, part):
        yield from batch


def read_batches(reader: Consumer, part: OffsetRange, at_most: int = 500) -> Iterator[list[Message]]:
    """The messages of a range in their order; an empty batch where none came within a tenth of a second.

    The last offsets of a range may be transaction markers, which are not delivered. The reader must report a
    partition's end (`enable.partition.eof`); its assignment is replaced.

    Raises:
        KafkaException: Kafka reports an error, or stays silent for `KAFKA_TIMEOUT` seconds.
    """
    place = TopicPartition(part.topic, part.partition, part.start)
    reader.assign([place])
    patience = time.monotonic() + KAFKA_TIMEOUT
    while time.monotonic() < patience:
        batch, at_end = [], False
        for message in reader.consume(at_most, timeout=0.1):
            error = message.error()
            if error is None and (message.offset() or 0) < part.end:
                batch.append(message)
            elif error is None or error.code() == KafkaError._PARTITION_EOF:  # noqa: SLF001 # librdkafka's own codes are spelt so
                at_end = True
            else:
                raise KafkaException(error)
        yield batch
        if at_end or (not batch and reader.position([place])[0].offset >= part.end):
            return
        if batch:
            patience = time.monotonic() + KAFKA_TIMEOUT
    raise KafkaException(KafkaError(KafkaError._TIMED_OUT, f"{part.topic} stays silent"))  # noqa: SLF001


def header(message: Message, name: str) -> bytes | None:
    """The first header of that name that has a value."""
    headers = message.headers() or []
    for found, value in headers.items() if isinstance(headers, dict) else headers:
        if found == name and value is not None:
            return as_bytes(value)
    return None


def traceparent(message: Message) -> bytes | None:
    """The message's W3C trace context (https://www.w3.org/TR/trace-context, version 00), None where it is not one.

    What is passed on must be bounded: a stranger's header of a megabyte would make outputs that no topic takes.
    """
    value = header(message, HEADER_TRACEPARENT)
    if value is None or len(value) != TRACEPARENT_LENGTH:
        return None
    version, *ids = value.split(b"-")
    well_formed = version == b"00" and [len(part) for part in ids] == [32, 16, 2]
    hexadecimal = all(byte in b"0123456789abcdef-" for byte in value)
    return value if well_formed and hexadecimal and all(part.strip(b"0") for part in ids[:2]) else None


def sent_at(message: Message, now: float) -> float:
    """When a message was sent: Unix time, seconds; now where it does not say, or says what cannot be.

    What is below this century in milliseconds is none of it: seconds most likely. What is in the future is now.
    """
    milliseconds = message.timestamp()[1]
    return min(milliseconds / 1000, now) if milliseconds >= EARLIEST_TIMESTAMP else now


def as_bytes(value: str | bytes | None) -> bytes | None:
    """A key or a value as it came."""
    return value.encode() if isinstance(value, str) else value
