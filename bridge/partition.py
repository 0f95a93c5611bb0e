"""One input partition's requests, from their delivery to their end. The consumer owns polling, this owns work.

    recover()  read the truth from Kafka: who may publish, what is finished; catch the marks up
    take()     a delivered message: a request, a dead letter, or nothing of ours
    step()     look at Redis, dispatch, publish what has ended; called often, does little
    close()    the partition is leaving

Any doubt about Kafka (`PublishError`) is answered in one way: forget everything and recover. What Redis holds
(claims, outcomes) survives that, so no work is repeated.
"""

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from confluent_kafka import OFFSET_BEGINNING, Consumer, Message, TopicPartition

from bridge import intake, metrics
from bridge.dead_letter import DeadLetter, DeadLetterCap
from bridge.intake import Accepted, NotOurs, Rejected
from bridge.kafka import as_bytes, header
from bridge.marks import ProcessedMarks
from bridge.offsets import Commit, PartitionProgress
from bridge.publisher import Publication, Publisher
from bridge.request_store import RequestStates, RequestStore
from bridge.supervision import Decision, DispatchHistory, decide
from contract import HEADER_TRACEPARENT, Addressee, Dispatch, Failure, Outcome
from logs import log_about

log = logging.getLogger(__name__)

LOOK_EVERY = 0.05  # seconds between two looks at outcomes that nobody has announced
LOOK_PAUSE = 0.02  # seconds between two looks at announced ones: those that end together share a transaction
SUPERVISE_EVERY = 1.0  # seconds between two looks at claims and marks
COMMIT_EVERY = 1.0  # seconds a watermark may wait for a transaction that has outcomes to carry
KAFKA_TIMEOUT = 10.0  # seconds
PLACE_STEP = 1e-6  # seconds between the places of two requests with one timestamp; a float tells them apart
NO_STATES = RequestStates(frozenset(), frozenset(), frozenset(), queue_drained=False)
MAX_FOREIGN_KEYS = 100  # logged once each, up to so many


@dataclass(slots=True)
class _Unfinished:
    """A request in hand, with the offsets of all messages that asked for it."""

    dispatch: Dispatch
    offsets: list[int]
    traceparent: bytes | None
    history: DispatchHistory = field(default_factory=DispatchHistory)
    ours: bool = True  # no other partition answers for this id
    finished: bool = False  # a processed mark says so
    outcome: Outcome | None = None


@dataclass(slots=True)
class _Ending:
    """What the next transaction writes, and the offsets that it finishes."""

    publications: list[Publication] = field(default_factory=list)
    dead_letters: list[DeadLetter] = field(default_factory=list)
    offsets: list[int] = field(default_factory=list)
    processing_ids: list[int] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class PartitionPolicy:
    """What operators may set; seconds and counts."""

    window_size: int
    request_deadline: float
    redispatch_after: float


class PartitionWork:
    """The unfinished requests of one partition that this bridge owns.

    Args:
        source: the input partition.
        consumer: the bridge's consumer.
        store: Redis and Celery.
        marks: the processed marks.
        make_publisher: makes a fresh publisher with this partition's transactional id.
        cap: the dead letters' rate limit, shared by all partitions.
        policy: windows and deadlines.
        clock: seconds, monotonic.
    """

    def __init__(
        self,
        source: TopicPartition,
        consumer: Consumer,
        store: RequestStore,
        marks: ProcessedMarks,
        make_publisher: Callable[[], Publisher],
        cap: DeadLetterCap,
        policy: PartitionPolicy,
        clock: Callable[[], float] = time.monotonic,
    ):
        self._source = TopicPartition(source.topic, source.partition)
        self._name = f"{source.topic}-{source.partition}"
        self._consumer = consumer
        self._store = store
        self._marks = marks
        self._make_publisher = make_publisher
        self._cap = cap
        self._policy = policy
        self._clock = clock
        self._publisher: Publisher | None = None
        self._foreign_keys: set[bytes] = set()
        self._place = 0.0
        self._counted = -1  # the last dead letter's offset that the cap knows of
        self._forget(None)

    def _forget(self, commit: Commit | None) -> None:
        self._progress = PartitionProgress.from_commit(commit)
        self._requests: dict[int, _Unfinished] = {}
        self._rejected: list[tuple[Message, Rejected]] = []
        self._skipped: list[int] = []
        self._unmarked: list[int] = []
        self._look_at = self._looked_at = self._supervise_at = self._commit_at = 0.0

    @property
    def free(self) -> int:
        """How many more requests fit into the window."""
        return self._policy.window_size - self._progress.unfinished

    def recover(self) -> None:
        """Start, or start over, from what Kafka says.

        Raises:
            KafkaException, redis.RedisError: not now; call again later.
        """
        if self._publisher is not None:
            self._publisher.close()
        self._publisher = self._make_publisher()
        self._publisher.open()
        committed = self._consumer.committed([self._source], timeout=KAFKA_TIMEOUT)[0]
        commit = Commit(committed.offset, committed.metadata or "") if committed.offset >= 0 else None
        marked = self._marks.catch_up()
        self._forget(commit)
        start = OFFSET_BEGINNING if commit is None else commit.offset
        self._consumer.seek(TopicPartition(self._source.topic, self._source.partition, start))
        metrics.RECOVERIES.inc()
        log.info(
            "%s: starting at offset %s, %d open above it are known, %d notifications checked",
            self._name, "beginning" if commit is None else commit.offset, self._progress.awaited, marked,
        )  # fmt: skip

    def take(self, message: Message) -> None:
        """Take one delivered message in hand."""
        offset = message.offset()
        if offset is None or not self._progress.deliver(offset):
            metrics.MESSAGES.labels("known").inc()
            return
        content = intake.read(as_bytes(message.key()), as_bytes(message.value()))
        self._look_at = 0.0  # something new: do not wait for the next look
        match content:
            case NotOurs():
                metrics.MESSAGES.labels("not_ours").inc()
                self._skipped.append(offset)
                self._log_foreign_key(as_bytes(message.key()) or b"")
            case Rejected(reason=reason):
                metrics.MESSAGES.labels("rejected").inc()
                log.warning("%s offset %d is a dead letter: %s", self._name, offset, reason.value)
                self._rejected.append((message, content))
            case Accepted(request=request):
                metrics.MESSAGES.labels("accepted").inc()
                in_hand = self._requests.get(request.processing_id)
                if in_hand is not None:
                    metrics.DUPLICATES.inc()
                    in_hand.offsets.append(offset)
                    return
                sent_at = _sent_at(message)
                self._place = max(sent_at, self._place + PLACE_STEP)
                self._requests[request.processing_id] = _Unfinished(
                    Dispatch(request=request, deadline_at=sent_at + self._policy.request_deadline, place=self._place),
                    [offset],
                    header(message, HEADER_TRACEPARENT),
                )
                self._supervise_at = 0.0

    def _log_foreign_key(self, key: bytes) -> None:
        if key not in self._foreign_keys and len(self._foreign_keys) < MAX_FOREIGN_KEYS:
            self._foreign_keys.add(key)
            log.info("%s: skipping messages with the key %.50r, which is not ours", self._name, key)

    @property
    def awaits_outcomes(self) -> bool:
        """Whether requests are in hand."""
        return bool(self._requests)

    def look_soon(self) -> None:
        """Outcomes were announced, perhaps some of these requests."""
        self._look_at = min(self._look_at, self._looked_at + LOOK_PAUSE)

    def step(self) -> None:
        """Look at Redis, dispatch what needs it, publish what has ended.

        Raises:
            redis.RedisError, kombu.exceptions.OperationalError: Redis is away; call again later.
            PublishError: recover.
            TooManyDeadLetters: stop.
        """
        now = self._clock()
        if now < self._look_at:
            return
        self._looked_at = now
        self._look_at = now + LOOK_EVERY
        metrics.UNFINISHED.labels(str(self._source.partition)).set(self._progress.unfinished)
        if not (self._requests or self._rejected or self._skipped or self._unmarked):
            return
        self._mark()
        outcomes = self._store.outcomes(list(self._requests))
        if outcomes is None:
            self._refill_redis(now)
            return
        for processing_id, outcome in outcomes.items():
            self._requests[processing_id].outcome = outcome
        ending = _Ending()
        if now >= self._supervise_at:
            self._supervise_at = now + SUPERVISE_EVERY
            self._supervise(now)
        ready = [pid for pid, request in self._requests.items() if request.finished or request.outcome]
        rejected = [rejected.addressee.processing_id for _, rejected in self._rejected if rejected.addressee]
        # The last look before anything is said: finished meanwhile, or another partition's?
        states = self._store.states(ready + rejected, self._name) if ready or rejected else NO_STATES
        if not states.complete:
            return  # emptied since the look at outcomes; the next one will find out
        self._end_requests(ending, ready, states)
        self._end_rejected(ending, states)
        if self._skipped and (ending.offsets or now >= self._commit_at):
            ending.offsets += self._skipped
        if ending.offsets:
            self._publish(ending, now)

    def close(self) -> None:
        """The partition is leaving; requests in hand stay in Redis for its next owner."""
        if self._publisher is not None:
            self._publisher.close()
        metrics.UNFINISHED.labels(str(self._source.partition)).set(0)

    def _refill_redis(self, now: float) -> None:
        log.warning("Redis was emptied: reading from Kafka what is finished")
        metrics.REDIS_REFILLS.inc()
        self._marks.catch_up()
        for unfinished in self._requests.values():
            # Claims and hints are gone; workers that live claim again with their next heartbeat, so give them that.
            unfinished.history = DispatchHistory(dispatched_at=now, dispatches=1)
        self._supervise_at = 0.0

    def _supervise(self, now: float) -> None:
        """See which requests are finished elsewhere, dispatch what nobody works on."""
        states = self._store.states(list(self._requests), self._name)
        due: list[_Unfinished] = []
        for processing_id, unfinished in self._requests.items():
            unfinished.ours = processing_id not in states.elsewhere
            unfinished.finished = processing_id in states.marked
            if unfinished.finished or unfinished.outcome is not None or not unfinished.ours:
                continue
            unfinished.history.note_claim(alive=processing_id in states.claimed)
            decision = decide(
                unfinished.history,
                now=now,
                queue_drained=states.queue_drained,
                redispatch_after=self._policy.redispatch_after,
            )
            if decision is Decision.DISPATCH:
                due.append(unfinished)
            elif decision is Decision.GIVE_UP:
                log.error("given up: every worker that took it went away", extra={"processing_id": processing_id})
                unfinished.outcome = Outcome.failed(unfinished.dispatch.request.addressee(), Failure.INTERNAL.value)
        self._dispatch(due, now)

    def _dispatch(self, due: list[_Unfinished], now: float) -> None:
        if not due:
            return
        for unfinished in due:
            again = unfinished.history.dispatches > 0
            metrics.DISPATCHES.labels("again" if again else "first").inc()
            with log_about(unfinished.dispatch.request.processing_id):
                log.log(logging.WARNING if again else logging.INFO, "dispatched again" if again else "dispatched")
            unfinished.history.note_dispatch(now)
        self._store.dispatch([unfinished.dispatch for unfinished in due])

    def _end_requests(self, ending: _Ending, ready: list[int], states: RequestStates) -> None:
        for processing_id in ready:
            request = self._requests[processing_id]
            if processing_id in states.marked:
                metrics.DUPLICATES.inc()
            elif processing_id in states.elsewhere or request.outcome is None:
                continue
            else:
                ending.publications.append(Publication(processing_id, request.outcome, request.traceparent))
            ending.offsets += request.offsets
            ending.processing_ids.append(processing_id)

    def _end_rejected(self, ending: _Ending, states: RequestStates) -> None:
        silent = set(states.marked | states.elsewhere)
        for message, rejected in self._rejected:
            if _offset(message) > self._counted:  # a transaction that has to be made again counts once
                self._cap.count()
                self._counted = _offset(message)
                metrics.DEAD_LETTERS.labels(rejected.reason.value).inc()
            ending.dead_letters.append(DeadLetter.of(message, rejected.reason))
            ending.offsets.append(_offset(message))
            self._notify_rejected(ending, rejected, silent, header(message, HEADER_TRACEPARENT))

    def _notify_rejected(
        self, ending: _Ending, rejected: Rejected, silent: set[int], traceparent: bytes | None
    ) -> None:
        addressee: Addressee | None = rejected.addressee
        # One notification per id: a valid request in hand will have the last word itself.
        if addressee is None or addressee.processing_id in silent or addressee.processing_id in self._requests:
            return
        silent.add(addressee.processing_id)
        outcome = Outcome.failed(addressee, rejected.message)
        ending.publications.append(Publication(addressee.processing_id, outcome, traceparent))
        ending.processing_ids.append(addressee.processing_id)

    def _publish(self, ending: _Ending, now: float) -> None:
        commit = self._progress.commit(ending.offsets)
        assert self._publisher is not None  # noqa: S101 # recover() comes before step()
        assert commit is not None  # noqa: S101 # an offset ended, so one was delivered
        with metrics.TRANSACTION_SECONDS.time():
            self._publisher.publish(
                ending.publications,
                ending.dead_letters,
                source=self._source,
                commit=commit,
                consumer=self._consumer,
            )
        self._progress.finish(ending.offsets)
        self._rejected.clear()
        self._skipped.clear()
        self._commit_at = now + COMMIT_EVERY
        for publication in ending.publications:
            result = "scored" if publication.outcome.success else "failed"
            metrics.PUBLISHED.labels(result).inc()
            with log_about(publication.processing_id):
                log.info("published: %s", result)
        for processing_id in ending.processing_ids:
            self._requests.pop(processing_id, None)
        self._unmarked += ending.processing_ids
        self._mark()

    def _mark(self) -> None:
        """Mark what is published. A bridge that dies before this is made good by its successor's `catch_up`."""
        if self._unmarked:
            self._store.finish(self._unmarked)
            self._unmarked.clear()


def _sent_at(message: Message) -> float:
    """Unix time, seconds; never in the future, and now where the message has no time."""
    now, milliseconds = time.time(), message.timestamp()[1]
    return min(milliseconds / 1000, now) if milliseconds > 0 else now


def _offset(message: Message) -> int:
    offset = message.offset()
    assert offset is not None  # noqa: S101 # a delivered message has one
    return offset
