"""When an unfinished request is dispatched again. A pure policy: it decides, the partition acts.

A Celery message is only a wake-up hint (the Redis transport loses some when a worker is killed, kombu #305).
The signs of life are in Redis: a claim means that a worker has the request in hand, or that it is parked with
a countdown; claims expire with their lease, so a dead worker's requests show within seconds.
"""

from dataclasses import dataclass
from enum import Enum, auto

LONGEST_PAUSE = 60.0  # seconds between two dispatches of a request that nobody claims
MAX_LOST_CLAIMS = 20  # a request that took down its worker so often is not given to another


class Step(Enum):
    """What to do with an unfinished request."""

    WAIT = auto()
    DISPATCH = auto()
    GIVE_UP = auto()


@dataclass(slots=True)
class Watch:
    """What the bridge remembers of a dispatched request; times in seconds of a monotonic clock."""

    dispatched_at: float | None = None
    dispatches: int = 0
    claimed: bool = False
    lost_claims: int = 0

    def dispatched(self, now: float) -> None:
        """Note that a hint was sent."""
        self.dispatched_at = now
        self.dispatches += 1
        self.claimed = False


def next_step(watch: Watch, *, now: float, claimed: bool, queue_drained: bool, redispatch_after: float) -> Step:
    """Decide, at most once a second or so, on a request that has neither an outcome nor a processed mark.

    Args:
        watch: the request's history; its `claimed` and `lost_claims` are kept up to date here.
        now: seconds of the same clock.
        claimed: a worker's claim on it is alive.
        queue_drained: the Celery queue is empty, so a hint that nobody acted on is gone.
        redispatch_after: seconds; the first pause, doubled with every dispatch.
    """
    if claimed:
        watch.claimed = True
        return Step.WAIT
    if watch.dispatched_at is None:
        return Step.DISPATCH
    if watch.claimed:
        # The lease ran out, or the worker handed the request back: nobody else will take it.
        watch.claimed = False
        watch.lost_claims += 1
        return Step.GIVE_UP if watch.lost_claims >= MAX_LOST_CLAIMS else Step.DISPATCH
    pause = min(redispatch_after * 2 ** (watch.dispatches - 1), LONGEST_PAUSE)
    if queue_drained and now - watch.dispatched_at >= pause:
        return Step.DISPATCH
    return Step.WAIT
