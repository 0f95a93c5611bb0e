"""When an unfinished request is dispatched again, and when it is given up.

A Celery message is only a wake-up hint (the Redis transport loses some when a worker is killed, kombu #305).
What Redis knows decides: a claim means that a worker has the request in hand, or that it is parked with a
countdown; claims expire with their lease, so a dead worker's requests show within seconds.

`decide` is pure. What it decides by is a `DispatchHistory`, which the partition keeps up to date.
"""

from dataclasses import dataclass
from enum import Enum, auto

LONGEST_PAUSE = 60.0  # seconds between two dispatches of a request that nobody claims
MAX_LOST_CLAIMS = 20  # a request that took down its worker so often is not given to another


class Decision(Enum):
    """What to do with an unfinished request."""

    WAIT = auto()
    DISPATCH = auto()
    GIVE_UP = auto()


@dataclass(slots=True)
class DispatchHistory:
    """What became of a request's hints and claims; times in seconds of a monotonic clock.

    Attributes:
        dispatched_at: when the last hint was sent; None before the first.
        dispatches: how many were sent.
        claimed: a worker's claim was alive at the last look.
        claim_lost: it was alive at the look before, and is gone.
        lost_claims: how many claims ended without an outcome.
    """

    dispatched_at: float | None = None
    dispatches: int = 0
    claimed: bool = False
    claim_lost: bool = False
    lost_claims: int = 0

    def note_dispatch(self, now: float) -> None:
        """A hint was sent."""
        self.dispatched_at = now
        self.dispatches += 1
        self.claimed = self.claim_lost = False

    def note_claim(self, *, alive: bool) -> None:
        """Redis was looked at: a worker's claim is alive, or there is none."""
        # The lease ran out, or the worker handed the request back: nobody else will take it.
        self.claim_lost = self.claimed and not alive
        self.lost_claims += self.claim_lost
        self.claimed = alive


def decide(history: DispatchHistory, *, now: float, queue_drained: bool, redispatch_after: float) -> Decision:
    """Decide, at most once a second or so, on a request that has neither an outcome nor a processed mark.

    Args:
        history: the request's, up to date.
        now: seconds of the same clock.
        queue_drained: the Celery queue is empty, so a hint that nobody acted on is gone.
        redispatch_after: seconds; the first pause, doubled with every dispatch.
    """
    if history.claimed:
        return Decision.WAIT
    if history.lost_claims >= MAX_LOST_CLAIMS:
        return Decision.GIVE_UP
    if history.dispatched_at is None or history.claim_lost:
        return Decision.DISPATCH
    pause = min(redispatch_after * 2 ** (history.dispatches - 1), LONGEST_PAUSE)
    if queue_drained and now - history.dispatched_at >= pause:
        return Decision.DISPATCH
    return Decision.WAIT
