"""When an unfinished request is dispatched again, and when it is given up.

A Celery message is only a wake-up hint (the Redis transport loses some when a worker is killed, kombu #305).
What Redis knows decides: a claim means that a worker has the request in hand, or that it is parked with a
countdown; claims expire with their lease, so a dead worker's requests show within seconds.

A request that takes its worker down must not take down those that ran beside it. Which one it was shows in three
ways: its worker lives on without it; it was the only one there; or it was the only *suspect* there. A request
becomes a suspect when it has lost a few claims, and few suspects at a time are given to the workers.

The functions are pure. What they decide by is a `DispatchHistory`, which the partition keeps up to date.
"""

from collections.abc import Collection
from dataclasses import dataclass
from enum import Enum, auto

LONGEST_PAUSE = 1_800.0  # seconds between two hints for a request that nobody claims: some dozens until its deadline
SLOWEST_COUNTS_TWICE = 2.0  # a hint may take twice as long as the slowest of late before it looks lost
LATENCY_HALVES = 60.0  # seconds in which a slow hint is half forgotten
SUSPECT_AFTER = 3  # lost claims
MAX_CHARGES = 5  # claims that were lost through nobody else's fault: the request is not given to another worker
SUSPECTS_AT_ONCE = 0.1  # of all suspects, and always one; many suspects mean that workers die for other reasons


class Decision(Enum):
    WAIT = auto()
    DISPATCH = auto()
    GIVE_UP = auto()


@dataclass(slots=True)
class DispatchHistory:
    """What became of a request's hints and claims; times in seconds of a monotonic clock."""

    dispatched_at: float | None = None  # when the last hint was sent; None before the first, and when a claim was lost
    hint_sent_at: float | None = None  # the same, of a hint that was sent and that nobody has been seen to act on
    hints: int = 0  # how many were sent since the request was last claimed
    worker: str | None = None  # who has the claim; None where nobody has
    lost_claims: int = 0  # how many claims ended without an outcome
    charges: int = 0  # how many of them were the request's own doing

    @property
    def is_suspect(self) -> bool:
        """It has lost so many claims that it may be what its workers die of."""
        return self.lost_claims >= SUSPECT_AFTER

    @property
    def is_out(self) -> bool:
        """A hint is on its way, or a worker has the request."""
        return self.worker is not None or self.dispatched_at is not None

    def note_dispatch(self, now: float) -> None:
        self.dispatched_at = self.hint_sent_at = now
        self.hints += 1

    def note_claim(self, worker: str) -> None:
        self.worker = worker
        self.hint_sent_at = None
        self.hints = 0

    def note_loss(self, *, charged: bool, counted: bool = True) -> None:
        """The claim is gone without an outcome: the lease ran out, or the worker gave it back.

        It is charged where it was the request's own doing, and not counted where the worker had only parked it or
        handed it back, or Redis was away.
        """
        self.worker = None
        self.dispatched_at = None  # nobody else will take it: a new hint is due at once
        self.lost_claims += counted
        self.charges += charged


@dataclass(slots=True)
class HintLatency:
    """How long hints take of late, from their sending until a claim is seen: on an overloaded machine long.

    A hint that a busy worker has fetched looks like a lost one. As long as hints are acted on at all, the slowest of
    them tells how far back the workers are, and only what is far slower is likely lost.
    """

    slowest: float = 0.0
    noted_at: float = 0.0

    def note(self, seconds: float, now: float) -> None:
        """A hint was acted on after `seconds`."""
        self.slowest, self.noted_at = max(seconds, self._remembered(now)), now

    def patience(self, redispatch_after: float, now: float) -> float:
        """Seconds to wait for a hint before it goes again; at least `redispatch_after`."""
        return max(redispatch_after, SLOWEST_COUNTS_TWICE * self._remembered(now))

    def _remembered(self, now: float) -> float:
        return float(self.slowest * 0.5 ** (max(0.0, now - self.noted_at) / LATENCY_HALVES))


def is_charged(history: DispatchHistory, *, worker_lives: bool, beside: Collection[DispatchHistory]) -> bool:
    """Whether a lost claim is the request's own doing, before the loss is noted.

    The worker lives where the process that held the claim goes on without it; beside it are the requests that the same
    process held when it went away.
    """
    if worker_lives or not beside:
        return True
    return history.is_suspect and not any(other.is_suspect for other in beside)


def decide(history: DispatchHistory, *, now: float, redispatch_after: float) -> Decision:
    """Decide, at most once a second or so, on a request that has neither an outcome nor a processed mark.

    A hint that nobody acted on goes again, however long the Celery queue is: a lost one can hardly be told from one
    that waits (see `HintLatency`), and the second of two finds the request claimed. The pauses double, from
    `redispatch_after` seconds on, so a queue that nobody empties does not fill up with them.
    """
    if history.charges >= MAX_CHARGES:
        return Decision.GIVE_UP
    if history.worker is not None:
        return Decision.WAIT
    if history.dispatched_at is None:
        return Decision.DISPATCH
    doublings = min(max(history.hints - 1, 0), 20)
    pause = min(redispatch_after * 2**doublings, LONGEST_PAUSE)
    return Decision.DISPATCH if now - history.dispatched_at >= pause else Decision.WAIT


def suspects_to_hold_back(suspects: Collection[DispatchHistory]) -> int:
    """How many of the suspects that are not out have to wait for those that are."""
    allowed = max(1, int(len(suspects) * SUSPECTS_AT_ONCE))
    out = sum(suspect.is_out for suspect in suspects)
    return max(0, len(suspects) - out - max(0, allowed - out))
