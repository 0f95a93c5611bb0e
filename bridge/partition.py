"""One input partition's requests, from their delivery to their end. The consumer owns polling, this owns work.

    recover()  read the truth from Kafka: who may publish, what is finished; catch the marks up
    take()     a delivered message: a request, a dead letter, or nothing of ours
    step()     look at Redis, dispatch, publish what has ended; called often, does little
    close()    the partition is leaving

Any doubt about Kafka (`PublishError`) is answered in one way: forget everything and recover. Any doubt about Redis
(it was emptied, or rolled back to an older copy of itself) is answered by catching the marks up before anything else
is said. What Redis holds (claims, outcomes) survives both, so no work is repeated.
"""

import logging
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import redis
from confluent_kafka import Consumer, KafkaException, Message, TopicPartition
from kombu.exceptions import OperationalError
from opentelemetry.trace import NoOpTracer

from bridge import intake, metrics
from bridge.dead_letter import CUTS, DeadLetter, DeadLetterCap, Grave, PendingLetter
from bridge.intake import Accepted, NotOurs, Reason, Rejected
from bridge.kafka import KAFKA_TIMEOUT, as_bytes, traceparent
from bridge.marks import ProcessedMarks
from bridge.offsets import Commit, PartitionProgress
from bridge.publisher import OutputRefused, Publication, Publisher
from bridge.request_store import RequestStates, RequestStore
from bridge.spans import RequestSpans
from bridge.start import Start, first_offset
from bridge.supervision import DispatchHistory
from bridge.supervisor import SUPERVISE_EVERY, Supervisor, Unfinished
from bridge.window import Window
from contract import Addressee, Dispatch, Failure, Outcome
from logs import log_about
from tracing import traceparent_of

log = logging.getLogger(__name__)

LOOK_EVERY = 0.05  # seconds between two looks at outcomes that nobody has announced
LOOK_PAUSE = 0.02  # seconds between two looks at announced ones: those that end together share a transaction
IDLE_LOOK_EVERY = 1.0  # seconds between two looks at Redis while there is nothing to do
COMMIT_EVERY = 1.0  # seconds a watermark may wait for a transaction that has outcomes to carry
MOVE_ON_EVERY = 60.0  # seconds between two moves of the marks' positions
SLICE = 0.25  # seconds of reading between two polls
PLACE_STEP = 1e-6  # seconds between the places of two requests with one timestamp; a float tells them apart
MAX_FOREIGN_KEYS = 100  # logged once each, up to so many
OUTCOMES_A_TRANSACTION = 1_000
LETTER_BYTES_A_TRANSACTION = 8_000_000
LETTER_BYTES_IN_HAND = 32_000_000  # beyond it nothing is taken


@dataclass(slots=True)
class _Ending:
    """What the next transaction writes, and the offsets that it finishes."""

    publications: list[Publication] = field(default_factory=list)
    dead_letters: list[DeadLetter] = field(default_factory=list)
    offsets: list[int] = field(default_factory=list)
    processing_ids: list[int] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class PartitionPolicy:
    """What operators may set; seconds and requests.

    Attributes:
        window_cap: unfinished requests at most.
        request_rate: requests a second that the provider's limits allow.
        request_deadline: from a request's Kafka timestamp to its end.
        redispatch_after: the first pause before a hint goes again.
        lease: a worker's claim lives so long without it.
        start: where to begin in a partition that was never committed.
    """

    window_cap: int
    request_rate: float
    request_deadline: float
    redispatch_after: float
    lease: float
    start: Start | None = None


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
        wall_clock: Unix time, seconds.
        spans: of its requests; None: nothing is traced.
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
        wall_clock: Callable[[], float] = time.time,
        spans: RequestSpans | None = None,
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
        self._wall_clock = wall_clock
        self._spans = spans or RequestSpans(NoOpTracer(), source, "", "")
        self._supervisor = Supervisor(
            store, redispatch_after=policy.redispatch_after, lease=policy.lease, wall_clock=wall_clock
        )
        self._window = Window(policy.window_cap, policy.request_rate, clock)
        self._publisher: Publisher | None = None
        self._foreign_keys: set[bytes] = set()
        self._place = 0.0
        self._counted = -1  # the last dead letter's offset that the cap knows of
        self._recovery: Iterator[object] | None = None
        self._moving_on: Iterator[object] | None = None
        self._move_on_at = clock() + MOVE_ON_EVERY
        self.redis_answered_at = clock()  # seconds; when Redis last answered all that was asked
        self._forget(PartitionProgress())

    def _forget(self, progress: PartitionProgress) -> None:
        self._progress = progress
        self.watermark = progress.watermark  # as of the last step, for other threads to read
        self._requests: dict[int, Unfinished] = {}
        self._letters: list[PendingLetter] = []
        self._unmarked: list[int] = []
        self._untold: set[int] = set()  # ids of dead letters whose notification the topic does not take
        self._catching_up: Iterator[object] | None = None
        self._look_at = self._looked_at = self._supervise_at = self._commit_at = 0.0
        self._uncommitted = False  # offsets were finished without a transaction

    @property
    def free(self) -> int:
        """How many more requests fit into the window."""
        if self._cap.tripped or sum(letter.size for letter in self._letters) > LETTER_BYTES_IN_HAND:
            return 0
        return max(0, self._window.size - self._progress.unfinished)

    @property
    def room_to_resume(self) -> int:
        """How many must be free before a partition that was full is read again."""
        return self._window.room_to_resume

    # --- From Kafka -----------------------------------------------------------------------------------------------

    def recover(self) -> bool:
        """Start, or start over, from what Kafka says; False: call again, there is more to read.

        Raises:
            StartUnknown: an operator has to choose.
            KafkaException, redis.RedisError: not now; call again later.
        """
        if self._recovery is None:
            self._recovery = self._recover()
        try:
            done = _advance(self._recovery, SLICE)
        except BaseException:
            self._recovery = None
            raise
        if done:
            self._recovery = None
        return done

    def _recover(self) -> Iterator[int]:
        if self._publisher is not None:
            self._publisher.close()
        self._publisher = self._make_publisher()
        self._publisher.open()
        committed = self._consumer.committed([self._source], timeout=KAFKA_TIMEOUT)[0]
        commit = Commit(committed.offset, committed.metadata or "") if committed.offset >= 0 else None
        progress = self._progress_from(commit)
        read = 0
        for read in self._marks.catch_up():
            yield read
        self._forget(progress)
        self._consumer.seek(TopicPartition(self._source.topic, self._source.partition, progress.watermark))
        self.redis_answered_at = self._clock()
        metrics.RECOVERIES.inc()
        log.info(
            "%s: starting at offset %d, %d open above it are known, %d notifications checked",
            self._name, progress.watermark, progress.awaited, read,
        )  # fmt: skip

    def _progress_from(self, commit: Commit | None) -> PartitionProgress:
        """What is finished, as far as the topic still is what the commit speaks of."""
        assert self._publisher is not None  # noqa: S101 # made just before
        low, end = self._consumer.get_watermark_offsets(self._source, timeout=KAFKA_TIMEOUT)
        if commit is not None:
            progress = PartitionProgress.from_commit(commit, end)
            if commit.offset > end:
                log.error(
                    "%s: offset %d is committed, and the topic ends at %d: it was removed and made again, or lost its "
                    "end; reading it from its beginning", self._name, commit.offset, end,
                )  # fmt: skip
                progress = PartitionProgress(low)
            return progress
        start = first_offset(self._consumer, self._source, self._policy.start, self._wall_clock())
        progress = PartitionProgress(start)
        beginning = progress.commit()
        if self._policy.start is not None and beginning is not None:
            # Kept at once: the next start must not choose anew, and skip what came between.
            self._publisher.publish((), (), source=self._source, commit=beginning, consumer=self._consumer)
        return progress

    def take(self, message: Message) -> None:
        """Take one delivered message in hand."""
        offset = message.offset()
        if offset is None or not self._progress.deliver(offset):
            metrics.MESSAGES.labels("known").inc()
            return
        if self._progress.unfinished >= self._window.size:
            self._window.note_full()
        content = intake.read(as_bytes(message.key()), as_bytes(message.value()))
        match content:
            case NotOurs():
                metrics.MESSAGES.labels("not_ours").inc()
                self._progress.finish([offset])
                self._uncommitted = True
                self._log_foreign_key(as_bytes(message.key()) or b"")
            case Rejected(reason=reason):
                metrics.MESSAGES.labels("rejected").inc()
                log.warning("%s offset %d is a dead letter: %s", self._name, offset, reason.value)
                self._letters.append(PendingLetter(message, content))
                self._look_at = 0.0  # something new: do not wait for the next look
            case Accepted(request=request):
                metrics.MESSAGES.labels("accepted").inc()
                in_hand = self._requests.get(request.processing_id)
                if in_hand is not None:
                    metrics.DUPLICATES.inc()
                    in_hand.offsets.append(offset)
                    return
                sent_at = self._sent_at(message)
                self._place = max(sent_at, self._place + PLACE_STEP)
                span = self._spans.take(message, sender := traceparent(message), request.processing_id)
                deadline_at = sent_at + self._policy.request_deadline
                self._requests[request.processing_id] = Unfinished(
                    Dispatch(
                        request=request, deadline_at=deadline_at, place=self._place, traceparent=traceparent_of(span)
                    ),
                    [offset],
                    sender,
                    span=span,
                )
                self._look_at = self._supervise_at = 0.0

    def _log_foreign_key(self, key: bytes) -> None:
        if key not in self._foreign_keys and len(self._foreign_keys) < MAX_FOREIGN_KEYS:
            self._foreign_keys.add(key)
            log.info("%s: skipping messages with the key %.50r, which is not ours", self._name, key)

    def _sent_at(self, message: Message) -> float:
        """Unix time, seconds; never in the future, and now where the message has no time."""
        now, milliseconds = self._wall_clock(), message.timestamp()[1]
        return min(milliseconds / 1000, now) if milliseconds > 0 else now

    # --- The work -------------------------------------------------------------------------------------------------

    @property
    def awaits_outcomes(self) -> bool:
        """Whether requests are in hand."""
        return bool(self._requests)

    @property
    def look_in(self) -> float:
        """Seconds until `step` has something to do."""
        return max(0.0, self._look_at - self._clock())

    def look_soon(self) -> None:
        """Outcomes were announced, perhaps some of these requests."""
        pause = LOOK_PAUSE if len(self._requests) > 1 else 0.0  # a single one has nobody to wait for
        self._look_at = min(self._look_at, self._looked_at + pause)

    def step(self) -> None:
        """Look at Redis, dispatch what needs it, publish what has ended.

        Raises:
            redis.RedisError, kombu.exceptions.OperationalError: Redis is away; call again later.
            PublishError: recover.
        """
        now = self._clock()
        if now < self._look_at:
            return
        try:
            self._look(now)
        except (redis.RedisError, OperationalError):
            self._supervisor.note_outage(self._clock())
            raise

    def _look(self, now: float) -> None:
        self._looked_at = now
        busy = bool(self._requests or self._letters or self._unmarked)
        self._look_at = now + (LOOK_EVERY if busy else IDLE_LOOK_EVERY)
        self._show()
        self._window.adjust()
        if self._catching_up is not None:
            self._catch_up(now)
            return
        self._mark()
        outcomes = self._store.outcomes(list(self._requests))
        if outcomes is None:
            self._distrust_redis()
            self._catch_up(now)
            return
        for processing_id, outcome in outcomes.items():
            if not self._requests[processing_id].refused:
                self._requests[processing_id].outcome = outcome
        if self._requests and now >= self._supervise_at:
            more = self._supervisor.supervise(self._requests, now)
            self._supervise_at = now if more else now + SUPERVISE_EVERY
        self._end(now)
        self.redis_answered_at = self._clock()
        self._move_on(now)

    def close(self) -> None:
        """The partition is leaving; requests in hand stay in Redis for its next owner."""
        if self._publisher is not None:
            self._publisher.close()
        for gauge in (metrics.UNFINISHED, metrics.OLDEST, metrics.WINDOW):
            gauge.labels(str(self._source.partition)).set(0)

    def _show(self) -> None:
        self.watermark = self._progress.watermark
        label = str(self._source.partition)
        metrics.UNFINISHED.labels(label).set(self._progress.unfinished)
        metrics.WINDOW.labels(label).set(self._window.size)
        oldest = next(iter(self._requests.values()), None)  # they are in the topic's order
        metrics.OLDEST.labels(label).set(self._age(oldest) if oldest is not None else 0)

    def _age(self, unfinished: Unfinished) -> float:
        """Seconds from the request's Kafka timestamp to now."""
        return max(0.0, self._wall_clock() - unfinished.dispatch.deadline_at + self._policy.request_deadline)

    def _distrust_redis(self) -> None:
        log.warning("%s: Redis was emptied or rolled back: reading from Kafka what is finished", self._name)
        metrics.REDIS_REFILLS.inc()
        self._catching_up = self._marks.catch_up()
        self._look_at = 0.0

    def _catch_up(self, now: float) -> None:
        assert self._catching_up is not None  # noqa: S101 # its caller has looked
        self._look_at = 0.0
        try:
            if not _advance(self._catching_up, SLICE):
                return
        except BaseException:
            self._catching_up = self._marks.catch_up()
            raise
        self._catching_up = None
        for unfinished in self._requests.values():
            # Claims and hints are gone; workers that live claim again with their next heartbeat, so give them that.
            unfinished.history = DispatchHistory(dispatched_at=now, hints=1)
        self._supervise_at = 0.0

    def _move_on(self, now: float) -> None:
        """Once a minute move the marks' positions on, a little at a time; nothing depends on it."""
        if self._moving_on is None and now >= self._move_on_at:
            self._moving_on = self._marks.move_on()
        if self._moving_on is None:
            return
        try:
            done = _advance(self._moving_on, 0.0)
        except KafkaException as error:
            log.warning("%s: the marks' positions stay where they are (%s)", self._name, error)
            done = True
        if done:
            self._moving_on = None
            self._move_on_at = self._clock() + MOVE_ON_EVERY

    # --- To Kafka -------------------------------------------------------------------------------------------------

    def _end(self, now: float) -> None:
        """Publish what has ended."""
        ready = [pid for pid, request in self._requests.items() if request.finished or request.outcome]
        ready = ready[:OUTCOMES_A_TRANSACTION]
        letters = self._letters_to_write()
        addressees = [letter.rejected.addressee for letter in letters]
        rejected = [addressee.processing_id for addressee in addressees if addressee is not None]
        # The last look before anything is said: finished meanwhile, or another partition's?
        states = self._store.states(ready + rejected) if ready or rejected else RequestStates()
        if not states.complete:
            return  # it lost marks since the look at outcomes; the next one will find out
        ending = _Ending()
        self._end_requests(ending, ready, states)
        self._end_letters(ending, letters, states)
        if ending.offsets or (self._uncommitted and now >= self._commit_at):
            self._publish(ending, now)

    def _letters_to_write(self) -> list[PendingLetter]:
        """As many as the cap and one transaction allow."""
        letters: list[PendingLetter] = []
        room = LETTER_BYTES_A_TRANSACTION
        for letter in self._letters:
            room -= letter.size
            if letters and room < 0:
                break
            if letter.offset > self._counted:  # a transaction that has to be made again counts once
                if not self._cap.count():
                    break
                self._counted = letter.offset
                metrics.DEAD_LETTERS.labels(letter.rejected.reason.value).inc()
            letters.append(letter)
        return letters

    def _end_requests(self, ending: _Ending, ready: list[int], states: RequestStates) -> None:
        for processing_id in ready:
            request = self._requests[processing_id]
            if processing_id in states.marked:
                metrics.DUPLICATES.inc()
            elif processing_id in states.elsewhere or request.outcome is None:
                continue
            else:
                ending.publications.append(
                    Publication(processing_id, request.outcome, request.traceparent, request.dispatch.traceparent)
                )
            ending.offsets += request.offsets
            ending.processing_ids.append(processing_id)

    def _end_letters(self, ending: _Ending, letters: list[PendingLetter], states: RequestStates) -> None:
        silent = states.marked | states.elsewhere | self._untold
        for letter in letters:
            if letter.cut < len(CUTS):
                ending.dead_letters.append(letter.dead_letter())
            ending.offsets.append(letter.offset)
            self._notify_rejected(ending, letter, silent)

    def _notify_rejected(self, ending: _Ending, letter: PendingLetter, silent: frozenset[int]) -> None:
        addressee: Addressee | None = letter.rejected.addressee
        # One notification per id: a valid request in hand will have the last word itself.
        if addressee is None or addressee.processing_id in silent or addressee.processing_id in self._requests:
            return
        if addressee.processing_id in ending.processing_ids:
            return
        outcome = Outcome.failed(addressee, letter.rejected.message)
        ending.publications.append(Publication(addressee.processing_id, outcome, traceparent(letter.message)))
        ending.processing_ids.append(addressee.processing_id)

    def _publish(self, ending: _Ending, now: float) -> None:
        commit = self._progress.commit(ending.offsets)
        assert self._publisher is not None  # noqa: S101 # recover() comes before step()
        assert commit is not None  # noqa: S101 # an offset ended, so one was delivered
        try:
            with metrics.TRANSACTION_SECONDS.time(), self._spans.publishing(ending.publications):
                self._publisher.publish(
                    ending.publications,
                    ending.dead_letters,
                    source=self._source,
                    commit=commit,
                    consumer=self._consumer,
                )
        except OutputRefused as refused:
            self._make_smaller(refused)
            return
        self._progress.finish(ending.offsets)
        ended = set(ending.offsets)
        self._letters = [letter for letter in self._letters if letter.offset not in ended]
        self._uncommitted = False
        self._commit_at = now + COMMIT_EVERY
        self._say_published(ending)
        for processing_id in ending.processing_ids:
            unfinished = self._requests.pop(processing_id, None)
            if unfinished is not None and unfinished.outcome is not None:
                metrics.END_TO_END.observe(self._age(unfinished))
            if unfinished is not None and unfinished.first_dispatched_at is not None:
                self._window.note_end(now - unfinished.first_dispatched_at)
        self._unmarked += ending.processing_ids
        self._mark()

    def _say_published(self, ending: _Ending) -> None:
        for publication in ending.publications:
            result = "scored" if publication.outcome.success else "failed"
            metrics.PUBLISHED.labels(result).inc()
            with log_about(publication.processing_id):
                log.info("published: %s", result)

    def _make_smaller(self, refused: OutputRefused) -> None:
        """What a topic does not take as it is ends in a bounded form; its neighbours go with the next step."""
        self._look_at = 0.0
        metrics.REFUSED.labels(refused.topic).inc()
        if isinstance(refused.output, DeadLetter):
            for letter in self._letters:
                if letter.offset == refused.output.offset:
                    letter.cut += 1
                    what = "is dropped" if letter.cut == len(CUTS) else f"is cut to {CUTS[letter.cut]} bytes"
                    log.error("%s offset %d: its dead letter %s (%s)", self._name, letter.offset, what, refused)
            return
        processing_id = refused.output.processing_id
        unfinished = self._requests.get(processing_id)
        if unfinished is None:
            log.error("nobody is told: %s", refused, extra={"processing_id": processing_id})
            self._untold.add(processing_id)
        elif not unfinished.refused:
            log.error("its outcome becomes a failure: %s", refused, extra={"processing_id": processing_id})
            unfinished.refused, unfinished.traceparent = True, None
            unfinished.outcome = unfinished.failed(Failure.UNPUBLISHABLE)
        else:
            log.error("it becomes a dead letter: %s", refused, extra={"processing_id": processing_id})
            self._bury(processing_id)

    def _bury(self, processing_id: int) -> None:
        """Not even a failure can be said: the request becomes a dead letter without a value."""
        unfinished = self._requests.pop(processing_id)
        first, *others = sorted(unfinished.offsets)
        self._letters.append(PendingLetter(Grave(self._source, first), Rejected(Reason.UNPUBLISHABLE)))  # type: ignore[arg-type] # what a dead letter needs of a message
        self._progress.finish(others)
        self._uncommitted = True

    def _mark(self) -> None:
        """Mark what is published. A bridge that dies before this is made good by its successor's `catch_up`."""
        if self._unmarked:
            complete = self._marks.finish(self._unmarked)
            self._unmarked.clear()
            if not complete:
                self._distrust_redis()


def _advance(steps: Iterator[object], seconds: float) -> bool:
    """Go on for so long, and for one step at least; whether they have come to their end."""
    until = time.monotonic() + seconds
    return all(time.monotonic() < until for _ in steps)
