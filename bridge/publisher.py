"""Everything the bridge writes to Kafka: one transaction for both topics, dead letters and input offsets.

Kafka's read-process-write transaction makes "published" and "finished" the same fact: either the messages and
the offsets that say "this request is done" are all there, or none is. So nothing is published twice, and
nobody has to search the topics after a crash. A bridge that lost its partition without knowing (a zombie) is
refused twice over: its transactional id was taken over, and its group generation is stale (KIP-447).
"""

import threading
from collections.abc import Callable, Iterable, Sequence
from dataclasses import KW_ONLY, dataclass
from queue import Empty, SimpleQueue

from confluent_kafka import Consumer, KafkaError, KafkaException, Producer, TopicPartition

from bridge.dead_letter import DeadLetter
from contract import (
    HEADER_PROCESSING_ID,
    HEADER_SCHEMA_VERSION,
    HEADER_TRACEPARENT,
    NOTIFICATION_KEY,
    PROCESSING_KEY,
    SCHEMA_VERSION,
    Outcome,
)

TIMEOUT = 10.0  # seconds, for each call that waits for the broker; recovery finds out what became of a commit

# What a topic says of a message that it will never take.
REFUSALS = {
    KafkaError.MSG_SIZE_TOO_LARGE,
    KafkaError.RECORD_LIST_TOO_LARGE,
    KafkaError.INVALID_RECORD,  # a compacted topic and a message without a key
    KafkaError.INVALID_MSG,
    KafkaError.POLICY_VIOLATION,
}


@dataclass(frozen=True, slots=True)
class Topics:
    """The names of the three topics that are written to, and the key of what is told to the notifications service."""

    notifications: str
    uploading_data: str
    dead_letters: str
    notification_key: bytes | None = NOTIFICATION_KEY


@dataclass(frozen=True, slots=True)
class Publication:
    """An outcome and what its Kafka headers need."""

    processing_id: int
    outcome: Outcome
    traceparent: bytes | None = None  # the sender's, passed on unchanged
    # The trace context in which its publishing is told, as `Dispatch.traceparent`; None: the sender's.
    span_context: str | None = None


class PublishError(Exception):
    """It is unknown whether the transaction was committed; the partition has to be recovered from Kafka."""


class OutputRefused(Exception):
    """A topic does not take one of the messages. The transaction was aborted: nothing of it was published."""

    def __init__(self, output: Publication | DeadLetter, topic: str, error: KafkaError) -> None:
        super().__init__(f"{topic} refuses it: {error.name()}")
        self.output = output  # the publication or dead letter
        self.topic = topic  # that refuses it


@dataclass(eq=False)
class Publisher:
    """The transactional producer of one input partition.

    The transactional id is stable, so whoever takes the partition over also ends what its last owner left
    open. One transaction at a time; outcomes that are ready together share one.
    """

    make_producer: Callable[[str | None], Producer]  # for a transactional id; None: without transactions
    transactional_id: str  # one per group, input topic and partition
    topics: Topics
    _: KW_ONLY
    # Readers see what a transaction takes back, so outcomes are said before it, and it has what is for us alone. An
    # outcome is said at least once then: a crash between the two says it again, and so may a bridge that has lost its
    # partition without knowing.
    says_outside: bool = False

    def __post_init__(self) -> None:
        self._producer: Producer
        self._stuck = True  # nothing is opened yet

    def open(self) -> None:
        """Take the transactional id over, ending any transaction that an earlier owner, or this one, left open.

        Raises:
            KafkaException: the broker is away; try again.
        """
        self.close()
        self._outside = self.make_producer(None) if self.says_outside else None
        self._said: set[int] = set()  # outside, and not committed yet
        self._stuck = self._one_by_one = False
        self._take_over()

    def _take_over(self) -> None:
        self._producer = self.make_producer(self.transactional_id)
        self._producer.init_transactions(TIMEOUT)

    def publish(
        self, outputs: Sequence[Publication | DeadLetter], positions: Sequence[TopicPartition], consumer: Consumer
    ) -> None:
        """Write it all and commit input offsets with their metadata, in one transaction.

        The consumer's membership in its group proves that the partitions are still ours.

        Raises:
            OutputRefused: nothing was published; make that output smaller and call again.
            PublishError: nothing is known; recover.
        """
        try:
            self._publish(outputs, positions, consumer)
        except OutputRefused:
            if self._one_by_one:
                raise
            # A topic's limit is one of batches. Alone, a message either fits or is known for the one that does not.
            self._one_by_one = True
            self._publish(outputs, positions, consumer)
        self._one_by_one = False

    def _publish(
        self, outputs: Sequence[Publication | DeadLetter], positions: Sequence[TopicPartition], consumer: Consumer
    ) -> None:
        self._undelivered: KafkaError | None = None
        self._refused: OutputRefused | None = None
        if self._outside is not None:
            self._say_outside(self._outside, [output for output in outputs if isinstance(output, Publication)])
            outputs = [output for output in outputs if isinstance(output, DeadLetter)]
        try:
            self._producer.begin_transaction()
            for output in outputs:
                self._produce_output(output, self._producer)
                if self._one_by_one:
                    self._producer.flush(TIMEOUT)
                if self._refused is not None:
                    break
            else:
                self._send_offsets(positions, consumer.consumer_group_metadata())
                self._commit()
                self._said.clear()
                return
        except (KafkaException, BufferError) as error:
            # A delivery that failed shows first in whatever is called next; its report comes with the abort.
            if self._is_uncertain(error):
                raise PublishError(str(error)) from error
            self._abort()
            if self._refused is None:
                raise PublishError(str(error)) from error
        else:
            self._abort()
        assert self._refused is not None  # noqa: S101 # nothing else leads here
        raise self._refused

    def _say_outside(self, producer: Producer, publications: Iterable[Publication]) -> None:
        """Say what has not been said yet; returns when the brokers have all of it."""
        try:
            for publication in publications:
                if publication.processing_id not in self._said:
                    self._produce_output(publication, producer)
                if self._one_by_one:
                    producer.flush(TIMEOUT)
                if self._refused is not None:
                    break
            left = producer.flush(TIMEOUT)
        except (KafkaException, BufferError) as error:
            raise PublishError(str(error)) from error
        if self._refused is not None:
            raise self._refused
        if left or self._undelivered is not None:
            producer.purge()
            raise PublishError(str(self._undelivered or "the brokers do not confirm what is said"))

    def _is_uncertain(self, error: KafkaException | BufferError) -> bool:
        """Whether it may have been committed, or this producer can do nothing more."""
        if isinstance(error, BufferError):
            return False
        fault = error.args[0]
        return self._stuck or fault.fatal() or not (fault.txn_requires_abort() or fault.code() == KafkaError._STATE)  # noqa: SLF001 # librdkafka's own codes are spelt so

    def _abort(self) -> None:
        """End the transaction without a trace.

        Raises:
            PublishError: the producer is of no use any more; recover.
        """
        try:
            self._producer.abort_transaction(TIMEOUT)
            # A refused message leaves a gap in this producer's sequence numbers, which fails its next transaction too.
            self._take_over()
        except KafkaException as error:
            raise PublishError(str(error)) from error

    def close(self) -> None:
        """Forget the producer; an open transaction is ended by the next owner, or by its timeout."""
        if not self._stuck:
            self._producer.purge()

    def _send_offsets(self, positions: Sequence[TopicPartition], group: object) -> None:
        """Put the input offsets into the transaction.

        librdkafka ignores the timeout of this call when the group's coordinator went away in mid-transaction, and
        may never return (librdkafka #5456, #5511). So it waits in a thread that is left behind then; whenever
        that one wakes up, its producer finds that its transactional id was taken over.
        """
        result: SimpleQueue[Exception | None] = SimpleQueue()

        def send() -> None:
            try:
                self._producer.send_offsets_to_transaction(list(positions), group, TIMEOUT)
            except Exception as error:  # noqa: BLE001 # handed over, not swallowed
                result.put(error)
            else:
                result.put(None)

        threading.Thread(target=send, name="send-offsets", daemon=True).start()
        try:
            error = result.get(timeout=TIMEOUT + 1)
        except Empty:
            self._stuck = True
            problem = "the group's coordinator went away in a transaction"
            raise KafkaException(KafkaError(KafkaError._TIMED_OUT, problem)) from None  # noqa: SLF001
        if error is not None:
            raise error

    def _commit(self) -> None:
        # Asked once. librdkafka lacks KIP-890: a late EndTxn of a producer that goes on may end its next transaction
        # (librdkafka #5423). One that was made anew has a new epoch, and a late EndTxn of the old one is refused.
        self._producer.commit_transaction(TIMEOUT)
        if self._undelivered is not None:  # commit_transaction fails then too, but the report is the proof
            raise KafkaException(self._undelivered)

    def _produce_output(self, output: Publication | DeadLetter, producer: Producer) -> None:
        if isinstance(output, DeadLetter):
            self._produce(producer, output, self.topics.dead_letters, output.key, output.value, list(output.headers))
            return
        headers = [
            (HEADER_PROCESSING_ID, str(output.processing_id).encode()),
            (HEADER_SCHEMA_VERSION, SCHEMA_VERSION),
        ]
        if output.traceparent is not None:
            headers.append((HEADER_TRACEPARENT, output.traceparent))
        outcome = output.outcome
        topics, body = self.topics, outcome.notification.encode()
        self._produce(producer, output, topics.notifications, topics.notification_key, body, headers)
        if outcome.processing is not None:
            body = outcome.processing.encode()
            self._produce(producer, output, topics.uploading_data, PROCESSING_KEY, body, headers)

    def _produce(
        self,
        producer: Producer,
        output: Publication | DeadLetter,
        topic: str,
        key: bytes | None,
        value: bytes | None,
        headers: list[tuple[str, bytes]],
    ) -> None:
        def on_delivery(error: KafkaError | None, _message: object) -> None:
            if error is not None and error.code() in REFUSALS:
                self._refused = self._refused or OutputRefused(output, topic, error)
            elif error is not None:
                self._undelivered = error
            elif isinstance(output, Publication):
                self._said.add(output.processing_id)

        try:
            producer.produce(topic, key=key, value=value, headers=headers, on_delivery=on_delivery)  # type: ignore[arg-type] # its stubs want a list of unions
        except KafkaException as error:  # larger than the client itself allows
            if error.args[0].code() not in REFUSALS:
                raise
            on_delivery(error.args[0], None)
