"""How many requests of one partition are called at a time: as many as the limits can keep in flight, and some more.

More are held beside them, waiting for their turns: fairness reaches as far as the bridge looks ahead.

By Little's law a rate of r requests a second at a latency of s seconds keeps r * s requests in flight. The rate is
what the provider's limits allow, the latency is measured. A longer latency may also mean that requests queue up
behind the limits, so the window grows only while it is full and the rate is not reached. Where no limit is known, the
rate is the one that was reached, and some more.
"""

import math
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

WINDOW_CAP = 5_000  # requests, however many the limits could keep in flight: Redis has each of them
LEAST = 100  # requests; so many cost nothing, and a short burst finds room at once
HEADROOM = 1.5  # times what is in flight: outcomes wait to be published, requests to be claimed
FIRST_LATENCY = 5.0  # seconds, until something was measured
LONGEST_LATENCY = 60.0  # seconds; who waits longer waits for the limits
ADJUST_EVERY = 5.0  # seconds
TOLERANCE = 0.2  # of the size: a smaller change is none
SHRINK = 0.9  # of the size, at most in one step
RATE_REACHED = 0.95  # of the limits' rate
FORGET = 0.9  # of the highest rate that was reached, in each step
SAMPLES = 500  # latest latencies


@dataclass(eq=False)
class Window:
    """The sizes of one partition's window."""

    cap: int  # requests at most
    look_ahead: int  # unfinished requests to hold at least
    rate: float  # requests a second that the limits allow; infinite where that is not known
    clock: Callable[[], float]  # seconds, monotonic

    def __post_init__(self) -> None:
        self._least_held = min(self.look_ahead, self.cap)
        self._latencies: deque[float] = deque(maxlen=SAMPLES)
        self._ended = 0
        self._was_full = False
        self._adjusted_at = self.clock()
        self._most = 0.0  # requests a second that were reached lately
        self.size = self._target(self.rate if self.rate < math.inf else 0.0)

    @property
    def held(self) -> int:
        """How many unfinished requests to hold, those that wait included."""
        return max(self.size, self._least_held)

    @property
    def room_to_resume(self) -> int:
        """How much must be free before a paused partition is read again: each pause throws away what was fetched."""
        return max(1, self.size // 4)  # HEADROOM leaves enough in flight meanwhile

    def note_end(self, latency: float) -> None:
        """A request ended so many seconds after its first hint."""
        self._latencies.append(min(latency, LONGEST_LATENCY))
        self._ended += 1

    def note_full(self) -> None:
        self._was_full = True

    def adjust(self) -> None:
        """Follow what was measured; called as often as one likes."""
        seconds = self.clock() - self._adjusted_at
        if seconds < ADJUST_EVERY:
            return
        reached = self._ended / seconds
        starved = self._was_full and reached < self.rate * RATE_REACHED
        target = self._target(self.rate if self.rate < math.inf else max(reached, self._most))
        self._most = max(reached, self._most * FORGET)
        if target > self.size * (1 + TOLERANCE) and starved:
            self.size = target
        elif target < self.size * (1 - TOLERANCE):
            self.size = max(target, int(self.size * SHRINK))
        self._adjusted_at = self.clock()
        self._ended, self._was_full = 0, False

    def _target(self, rate: float) -> int:
        latency = sum(self._latencies) / len(self._latencies) if self._latencies else FIRST_LATENCY
        return min(self.cap, max(LEAST, math.ceil(HEADROOM * rate * latency)))
