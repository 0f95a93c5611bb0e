"""Keeps the requests in hand going: who has them, which go out again, which are out of time.

It acts on what supervision.py decides.
"""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from opentelemetry.trace import INVALID_SPAN, Span

from bridge import metrics
from bridge.policy import PartitionPolicy
from bridge.request_store import RequestStates, RequestStore
from bridge.supervision import Decision, DispatchHistory, HintLatency, decide, is_charged, suspects_to_hold_back
from bridge.user_limit import Sent
from contract import HANDED_BACK, Dispatch, Failure, Outcome
from logs import log_about

log = logging.getLogger(__name__)

SUPERVISE_EVERY = 1.0  # seconds between two looks at all requests, at least
LOOKED_AT_A_SECOND = 1_000  # requests: the more there are, the rarer are those looks
STUCK_FOR = 10.0  # seconds that a worker's command may take to fail after Redis is back: it waits for a connection, too
OVERTIME = 120.0  # seconds past its deadline that a worker which still has a request may need to end it
TAKEN_OVER_AFTER = 2 * OVERTIME  # seconds past its deadline that another partition may answer for a request
DISPATCHES_A_STEP = 200


@dataclass(slots=True)
class Unfinished:
    """A request in hand, with the offsets of all messages that asked for it."""

    dispatch: Dispatch
    offsets: list[int]
    traceparent: bytes | None
    sent_at: float = 0.0  # Unix time, seconds
    history: DispatchHistory = field(default_factory=DispatchHistory)
    first_dispatched_at: float | None = None
    outcome: Outcome | None = None
    refused: bool = False  # a topic does not take its outcome
    least: float = 0.0  # the least place that it can have, once it is called
    span: Span = INVALID_SPAN  # from its message to its first hint

    def failed(self, failure: Failure, *, wait_seconds: int | None = None) -> Outcome:
        """What its user is told where it ends without a score."""
        return Outcome.failed(self.dispatch.request.addressee(), failure.value, wait_seconds=wait_seconds)

    @property
    def sent(self) -> Sent:
        """Whose it is, and when it was sent."""
        request = self.dispatch.request
        return request.processing_id, request.user_id, self.sent_at


@dataclass(eq=False)
class Supervisor:
    """Looks after the requests of one partition."""

    store: RequestStore
    give_places: Callable[[list[Unfinished]], None]  # to those that have none; may raise `redis.RedisError`
    policy: PartitionPolicy
    wall_clock: Callable[[], float]  # Unix time, seconds
    latency: HintLatency  # of the queue that all partitions share: those of one may stand behind all of another

    def __post_init__(self) -> None:
        self._dead_workers: dict[str, float] = {}  # when they were found dead
        self._excused_until = 0.0  # claims that are lost before this are nobody's doing
        self._pause = SUPERVISE_EVERY

    def pause(self, requests: int) -> float:
        """Seconds until the next look at all of so many requests."""
        self._pause = max(SUPERVISE_EVERY, requests / LOOKED_AT_A_SECOND)
        return self._pause

    def note_outage(self, now: float) -> None:
        """Redis did not answer: workers drop what they have in hand, and those claims end within a lease."""
        self._excused_until = now + STUCK_FOR + self.policy.lease + self._pause

    def supervise(self, requests: Mapping[int, Unfinished], states: RequestStates, now: float) -> list[int]:
        """See what became of requests, dispatch what nobody works on, end what is out of time.

        Args:
            requests: all called ones of the partition, by processing id, or those that nobody has worked on yet; they
                are brought up to date.
            states: of them, and of all workers that have any of them.
            now: seconds, monotonic.

        Returns:
            The requests that are left to be dispatched by the next call.

        Raises:
            redis.RedisError, kombu.exceptions.OperationalError: Redis is away; call again later.
        """
        self._note_claims(requests, states, now)
        dead = {
            worker for worker, since in self._dead_workers.items() if now - since > self.policy.lease + SUPERVISE_EVERY
        }
        if outlived := {pid: worker for pid, worker in states.claims.items() if worker in dead}:
            self.store.drop_stale_claims(outlived)
        held_back = _held_back(requests, states)
        due: list[Unfinished] = []
        overdue: dict[int, str] = {}
        patience = self.latency.patience(self.policy.redispatch_after, now)
        for processing_id, unfinished in requests.items():
            if processing_id in states.marked or unfinished.outcome is not None or unfinished.refused:
                continue
            if processing_id in states.elsewhere:
                if self._is_past_deadline(unfinished, TAKEN_OVER_AFTER):
                    overdue[processing_id] = states.elsewhere[processing_id]
                continue
            if self.is_out_of_time(unfinished):
                log.warning("out of time", extra={"processing_id": processing_id})
                unfinished.outcome = unfinished.failed(Failure.OUT_OF_TIME)
                continue
            match decide(unfinished.history, now=now, redispatch_after=patience):
                case Decision.DISPATCH if processing_id not in held_back:
                    due.append(unfinished)
                case Decision.GIVE_UP:
                    log.error("given up: its workers went away because of it", extra={"processing_id": processing_id})
                    metrics.GIVEN_UP.inc()
                    unfinished.outcome = unfinished.failed(Failure.INTERNAL)
        self.store.take_over(overdue)
        self._dispatch(due[:DISPATCHES_A_STEP], now)
        return [unfinished.dispatch.request.processing_id for unfinished in due[DISPATCHES_A_STEP:]]

    def is_out_of_time(self, unfinished: Unfinished) -> bool:
        """Past its deadline; a worker that still has the request in hand says so itself, if it lives."""
        return self._is_past_deadline(unfinished, OVERTIME if unfinished.history.worker is not None else 0.0)

    def _is_past_deadline(self, unfinished: Unfinished, by: float) -> bool:
        return self.wall_clock() >= unfinished.dispatch.deadline_at + by

    def _note_claims(self, requests: Mapping[int, Unfinished], states: RequestStates, now: float) -> None:
        """Bring the histories up to date; see whose doing it is where a claim was lost."""
        held: dict[str, list[Unfinished]] = {}
        for unfinished in requests.values():
            if unfinished.history.worker is not None:
                held.setdefault(unfinished.history.worker, []).append(unfinished)
        if held:
            self._dead_workers = {
                worker: self._dead_workers.get(worker, now) for worker in held if worker not in states.living
            }
        # Judged before any loss is noted: beside whom did it run?
        charged = {
            id(unfinished)
            for worker, together in held.items()
            for unfinished in together
            if unfinished.dispatch.request.processing_id not in states.claims
            and is_charged(
                unfinished.history,
                worker_lives=worker in states.living,
                beside=[other.history for other in together if other is not unfinished],
            )
        }
        for processing_id, unfinished in requests.items():
            claimed_by, lost = states.claims.get(processing_id), unfinished.history.worker
            if claimed_by == HANDED_BACK:
                if lost is not None:
                    unfinished.history.note_loss(charged=False, counted=False)
            elif claimed_by is not None:
                if unfinished.history.hint_sent_at is not None:
                    self.latency.note(now - unfinished.history.hint_sent_at, now)
                unfinished.history.note_claim(claimed_by)
            elif lost is not None and unfinished.outcome is None:
                # A claim that outlives its worker by more than a lease was parked: nobody was at it.
                parked = now - self._dead_workers.get(lost, now) > self.policy.lease + SUPERVISE_EVERY
                blameless = parked or now < self._excused_until
                unfinished.history.note_loss(charged=id(unfinished) in charged and not blameless, counted=not blameless)

    def _dispatch(self, due: list[Unfinished], now: float) -> None:
        if not due:
            return
        self.give_places(due)
        self.store.dispatch([unfinished.dispatch for unfinished in due])
        for unfinished in due:
            again = unfinished.first_dispatched_at is not None
            metrics.DISPATCHES.labels("again" if again else "first").inc()
            with log_about(unfinished.dispatch.request.processing_id):
                log.log(logging.WARNING if again else logging.INFO, "dispatched again" if again else "dispatched")
            unfinished.history.note_dispatch(now)
            if unfinished.first_dispatched_at is None:
                unfinished.first_dispatched_at = now
                unfinished.span.end()


def _held_back(requests: Mapping[int, Unfinished], states: RequestStates) -> set[int]:
    """Suspects that wait until others are done, so that it shows which one it is."""
    suspects = {
        processing_id: unfinished.history
        for processing_id, unfinished in requests.items()
        if unfinished.history.is_suspect and unfinished.outcome is None and processing_id not in states.elsewhere
    }
    waiting = [processing_id for processing_id, history in suspects.items() if not history.is_out]
    return set(waiting[len(waiting) - suspects_to_hold_back(list(suspects.values())) :]) if waiting else set()
