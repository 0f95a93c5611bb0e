"""One input partition's requests, from their delivery to their end. The consumer owns polling, this owns work.

    take()     a delivered message: a request, a dead letter, or nothing of ours
    step()     at first it recovers: it reads the truth from Kafka (who may publish, what is finished), and catches the
               marks up; from then on it looks at Redis, dispatches, publishes what has ended. Called often, does little
    close()    the partition is leaving

Any doubt about Kafka (`PublishError`, `LogChanged`) is answered in one way: forget everything and recover. Any doubt
about Redis (it was emptied, or rolled back to an older copy of itself) is answered by catching the marks up before
anything else is said. What Redis holds (claims, outcomes) survives both, so no work is repeated.
"""

import logging
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field

import redis
from confluent_kafka import Consumer, Message, TopicPartition
from kombu.exceptions import OperationalError
from opentelemetry.trace import NoOpTracer

from bridge import intake, metrics
from bridge.dead_letter import DeadLetter, DeadLetterCap, PendingLetter
from bridge.ending import Ending, Endings
from bridge.in_hand import InHand
from bridge.intake import Accepted, NotOurs, Rejected
from bridge.kafka import as_bytes, sent_at, traceparent
from bridge.marking import SLICE, Marking, advance
from bridge.marks import ProcessedMarks
from bridge.offsets import PartitionProgress
from bridge.policy import PartitionPolicy
from bridge.publisher import OutputRefused, Publication, Publisher
from bridge.request_store import RequestStates, RequestStore
from bridge.spans import RequestSpans
from bridge.start import LogWatch, beginning, note_unread
from bridge.supervision import DispatchHistory, HintLatency
from bridge.supervisor import Supervisor, Unfinished
from bridge.topic_watch import TopicWatch
from bridge.window import Window
from contract import Dispatch
from logs import log_about
from tracing import traceparent_of

log = logging.getLogger(__name__)

LOOK_EVERY = 1.0  # seconds between two looks at Redis while nothing is heard
LOOK_PAUSE = 0.02  # seconds between two looks otherwise: those that end together share a transaction
TELL_EVERY = 5.0  # seconds between two words on who waits
COMMIT_EVERY = 1.0  # seconds a watermark may wait for a transaction that has outcomes to carry
MAX_FOREIGN_KEYS = 100  # logged once each, up to so many


@dataclass(eq=False)
class PartitionWork:
    """The unfinished requests of one partition that this bridge owns."""

    source: TopicPartition
    consumer: Consumer  # the bridge's; all else is the partition's own, but for topics and cap
    store: RequestStore
    marks: ProcessedMarks
    publisher: Publisher
    topics: TopicWatch
    cap: DeadLetterCap
    policy: PartitionPolicy
    clock: Callable[[], float] = time.monotonic  # seconds, monotonic
    wall_clock: Callable[[], float] = time.time  # Unix time, seconds
    spans: RequestSpans | None = None  # of its requests; None: nothing is traced
    latency: HintLatency = field(default_factory=HintLatency)  # see `Supervisor`

    def __post_init__(self) -> None:
        self._name = f"{self.source.topic}-{self.source.partition}"
        self._log_watch = LogWatch(self.consumer, self.source, self.topics)
        heard_until = lambda: self.wall_clock() - self.policy.dialect.settles  # noqa: E731
        self._endings = Endings(self.source, self.cap, self.topics.may_write_letters, self.store.tally, heard_until)
        self._spans = self.spans or RequestSpans(NoOpTracer(), self.source, "", "")
        self._in_hand = InHand(self.store, self.policy, str(self.source.partition), self.wall_clock)
        self._supervisor = Supervisor(self.store, self._in_hand.place, self.policy, self.wall_clock, self.latency)
        self._window = Window(self.policy.window_cap, self.policy.look_ahead, self.policy.request_rate, self.clock)
        self._foreign_keys: set[bytes] = set()
        self.is_recovering = True
        self._recovery: Iterator[object] | None = None
        self._marking = Marking(self.marks, self._name, self.clock)
        self.redis_answered_at = self.clock()  # seconds; when Redis last answered all that was asked
        self._forget(PartitionProgress())

    def _forget(self, progress: PartitionProgress) -> None:
        self._progress = progress
        self.watermark = progress.watermark  # as of the last step, for other threads to read
        self._in_hand.forget()
        self._marking.forget()
        self._look_at = self._looked_at = self._look_at_all_at = self._tell_at = self._commit_at = 0.0
        self._uncommitted = False  # offsets were finished without a transaction

    @property
    def free(self) -> int:
        """How many more requests fit into the window; none until the state is read from Kafka."""
        if self.is_recovering or self._endings.are_full:
            return 0
        # While the dead-letter topic cannot be written, what waits for it keeps no request out.
        set_aside = 0 if self.topics.may_write_letters() else self._endings.waiting
        return max(0, self._window.held - self._progress.unfinished + set_aside)

    @property
    def room_to_resume(self) -> int:
        """How many must be free before a partition that was full is read again."""
        return self._window.room_to_resume

    def recover(self) -> bool:
        """Start, or start over, from what Kafka says; False: call again, there is more to read.

        Raises:
            StartUnknown: an operator has to choose.
            StartAwaited, PublishError, KafkaException, redis.RedisError: not now; call again later.
        """
        if self._recovery is None:
            self._recovery = self._recover()
        try:
            done = advance(self._recovery, SLICE)
        except BaseException:
            self._recovery = None
            raise
        if done:
            self._recovery = None
            self.is_recovering = False
        return done

    def _recover(self) -> Iterator[int]:
        self.publisher.open()
        self.topics.look()
        found = beginning(
            self.consumer,
            self.source,
            topic_id=self.topics.source_id,
            known_id=self._progress.topic_id,
            start=self.policy.start,
            now=self.wall_clock(),
        )
        unread = found.progress.skip(found.log_start)
        if found.is_new or unread:  # it may never see again what it answers for
            yield from self.store.let_go_of_all(found.partitions)
        if found.chosen:
            self.publisher.publish((), found.chosen, self.consumer)
        read = 0
        for read in self.marks.catch_up():
            yield read
        self._endings.forget(same_log=not found.is_new)
        self._forget(found.progress)
        if unread:
            note_unread(self.source, found.log_start, unread)
            self._uncommitted = True
        self.consumer.seek(TopicPartition(self.source.topic, self.source.partition, found.progress.position))
        self.redis_answered_at = self.clock()
        metrics.RECOVERIES.inc()
        log.info(
            "%s: starting at offset %d, %d open above it are known, %d notifications checked",
            self._name, found.progress.position, found.progress.awaited, read,
        )  # fmt: skip

    def take(self, message: Message) -> None:
        """Take one delivered message in hand.

        Raises:
            LogChanged: recover.
        """
        offset = message.offset()
        if offset is None or not self._progress.deliver(offset):
            metrics.MESSAGES.labels("known").inc()
            return
        content = intake.read(as_bytes(message.key()), as_bytes(message.value()), self.policy.dialect)
        match content:
            case NotOurs():
                metrics.MESSAGES.labels("not_ours").inc()
                self._progress.finish([offset])
                self._uncommitted = True
                self._log_foreign_key(as_bytes(message.key()) or b"")
            case Rejected(reason=reason, field=field):
                metrics.MESSAGES.labels("rejected").inc()
                log.warning("%s offset %d is a dead letter: %s", self._name, offset, f"{reason.value} {field}".strip())
                self._endings.reject(PendingLetter.of(message, content, self.wall_clock()))
                self._look_at = 0.0  # something new: do not wait for the next look
            case Accepted(request=request):
                metrics.MESSAGES.labels("accepted").inc()
                in_hand = self._in_hand.all.get(request.processing_id)
                if in_hand is not None:
                    metrics.DUPLICATES.inc()
                    in_hand.offsets.append(offset)
                    return
                at = sent_at(message, self.wall_clock())
                span = self._spans.take(message, sender := traceparent(message), request.processing_id)
                deadline_at = at + self.policy.request_deadline
                dispatch = Dispatch(request=request, deadline_at=deadline_at, traceparent=traceparent_of(span))
                self._in_hand.take(Unfinished(dispatch, [offset], sender, sent_at=at, span=span))
                self._look_at = 0.0

    def _log_foreign_key(self, key: bytes) -> None:
        if key not in self._foreign_keys and len(self._foreign_keys) < MAX_FOREIGN_KEYS:
            self._foreign_keys.add(key)
            log.info("%s: skipping messages with the key %.50r, which is not ours", self._name, key)

    @property
    def awaits_outcomes(self) -> bool:
        return bool(self._in_hand.all)

    @property
    def look_in(self) -> float:
        """Seconds until `step` has something to do."""
        return max(0.0, self._look_at - self.clock())

    def look_soon(self, announced: AbstractSet[int]) -> None:
        """The outcomes of these requests were announced, some of which may be in hand."""
        if ours := announced & self._in_hand.called.keys():
            self._in_hand.changed |= ours
            pause = LOOK_PAUSE if len(self._in_hand.all) > 1 else 0.0  # a single one has nobody to wait for
            self._look_at = min(self._look_at, self._looked_at + pause)

    def step(self) -> None:
        """Read the state from Kafka; once that is done look at Redis, dispatch what needs it, publish what has ended.

        Raises:
            StartUnknown: an operator has to choose.
            redis.RedisError, kombu.exceptions.OperationalError: Redis is away; call again later.
            KafkaException, StartAwaited: not now; call again later.
            PublishError, LogChanged: start over.
        """
        if self.is_recovering:
            self.recover()
            return
        now = self.clock()
        if now < self._look_at:
            return
        try:
            self._look(now)
        except (redis.RedisError, OperationalError):
            self._supervisor.note_outage(self.clock())
            self._look_at_all_at = 0.0
            raise

    def _look(self, now: float) -> None:
        self._looked_at = now
        self._look_at = now + LOOK_EVERY
        self._show()
        if self._log_watch.look(self._progress, now):
            self._uncommitted = True
            for _ in self.store.let_go_of_all([self._name]):
                pass
        self._window.adjust()
        if self._marking.is_behind:
            self._catch_up(now)
            return
        self._mark()
        at_all = now >= self._look_at_all_at
        self._call(at_all=at_all)
        changed = self._in_hand.take_changed()
        requests = self._in_hand.called if at_all else changed
        letters = self._endings.letters() if self.topics.may_write_answers() else []
        states = self._states(requests, letters)
        if not states.complete:
            self._marking.distrust()
            self._catch_up(now)
            return
        for processing_id, outcome in states.outcomes.items():
            if processing_id in requests and not requests[processing_id].refused:
                requests[processing_id].outcome = outcome
        idle = requests if at_all else {key: each for key, each in requests.items() if not each.history.is_out}
        if left := self._supervisor.supervise(idle, states, now):
            self._in_hand.changed.update(left)
            self._look_at = now + LOOK_PAUSE
        if at_all:
            self._look_at_all_at = now + self._supervisor.pause(len(requests))
        self._end(requests, letters, states, now)
        if now >= self._tell_at:
            self._in_hand.tell()
            self._tell_at = now + TELL_EVERY
        self.redis_answered_at = self.clock()
        self._marking.move_on(now)

    def _states(self, requests: Mapping[int, Unfinished], letters: Sequence[PendingLetter]) -> RequestStates:
        addressees = [letter.rejected.addressee for letter in letters]
        rejected = [addressee.processing_id for addressee in addressees if addressee is not None]
        workers = {each.history.worker for each in requests.values() if each.history.worker is not None}
        return self.store.states([*requests, *rejected], workers)

    def _call(self, *, at_all: bool) -> None:
        """Let those take part whose turn comes, and who are out of time."""
        if self._in_hand.new or (at_all and self._in_hand.all):
            self._in_hand.line_up()
        if at_all:
            self._in_hand.call_off(self._supervisor.is_out_of_time)
        self._in_hand.call(self._window.size)
        if self._in_hand.order.head() is not None:
            self._window.note_full()

    def start_over(self) -> None:
        self.is_recovering = True

    def close(self) -> None:
        """The partition is leaving; requests in hand stay in Redis for its next owner."""
        self.publisher.close()
        metrics.forget(str(self.source.partition))

    def _show(self) -> None:
        self.watermark = self._progress.watermark
        label = str(self.source.partition)
        metrics.UNFINISHED.labels(label).set(self._progress.unfinished)
        metrics.WINDOW.labels(label).set(self._window.held)
        oldest = next(iter(self._in_hand.all.values()), None)  # they are in the topic's order
        metrics.OLDEST.labels(label).set(self._age(oldest) if oldest is not None else 0)
        end = self.topics.log_ends.get(self.source.partition)
        metrics.show_lag(label, None if end is None else end - self.watermark)

    def _age(self, unfinished: Unfinished) -> float:
        return max(0.0, self.wall_clock() - unfinished.sent_at)

    def _catch_up(self, now: float) -> None:
        self._look_at = 0.0
        if not self._marking.catch_up():
            return
        for unfinished in self._in_hand.called.values():
            # Claims and hints are gone; workers that live claim again with their next heartbeat, so give them that.
            unfinished.history = DispatchHistory(dispatched_at=now, hints=1)
        self._look_at_all_at = 0.0

    def _end(
        self, requests: Mapping[int, Unfinished], letters: Sequence[PendingLetter], states: RequestStates, now: float
    ) -> None:
        if not self.topics.may_write_answers():
            return
        ended = self._endings.ended(requests, states)
        self._in_hand.changed.update(ended)  # until they are published
        ending = self._endings.compose(self._in_hand.all, ended, letters, states)
        self._in_hand.give_back(ending.publications)
        if ending.offsets or (self._uncommitted and now >= self._commit_at):
            self._publish(ending, now)

    def _publish(self, ending: Ending, now: float) -> None:
        commit = self._progress.commit(ending.offsets)
        assert commit is not None  # noqa: S101 # an offset ended, so one was delivered
        try:
            with metrics.TRANSACTION_SECONDS.time(), self._spans.publishing(ending.publications):
                outputs: list[Publication | DeadLetter] = [*ending.publications, *ending.dead_letters]
                position = TopicPartition(self.source.topic, self.source.partition, commit.offset, commit.metadata)
                self.publisher.publish(outputs, [position], self.consumer)
        except OutputRefused as refused:
            self._look_at = 0.0  # its neighbours go with the next step
            finished = self._endings.make_smaller(refused, self._in_hand)
            self._progress.finish(finished)
            self._uncommitted = self._uncommitted or bool(finished)
            return
        self._progress.finish(ending.offsets)
        self._endings.written(ending)
        self._uncommitted = False
        self._commit_at = now + COMMIT_EVERY
        for publication in ending.publications:
            result = "scored" if publication.outcome.success else "failed"
            metrics.PUBLISHED.labels(result).inc()
            with log_about(publication.processing_id):
                log.info("published: %s", result)
        for processing_id in ending.processing_ids:
            unfinished = self._in_hand.pop(processing_id)
            if unfinished is not None and unfinished.outcome is not None:
                metrics.END_TO_END.observe(self._age(unfinished))
            if unfinished is not None and unfinished.first_dispatched_at is not None:
                self._window.note_end(now - unfinished.first_dispatched_at)
        if self._endings.waiting or self._in_hand.somebody_waits:
            self._look_at = now + LOOK_PAUSE
        self._mark(ending.processing_ids)

    def _mark(self, published: Sequence[int] = ()) -> None:
        self._marking.mark(published)
        if self._marking.is_behind:
            self._look_at = 0.0
