"""The service tier that calls ask for, and the usual one while the endpoint has no room in it, or does not know it.

Each process finds that out for itself: it costs a call that is not billed, once in ten minutes.
"""

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass

from worker.asking.faults import NO_ROOM, Problem

log = logging.getLogger(__name__)

NO_ROOM_FOR = 600.0  # seconds
UNKNOWN_FOR = 86_400.0  # seconds
_WORDS = ("service_tier", "service tier")
_OF_LIMITS = frozenset({413, 429})  # Groq names the tier in each of these, whatever tier was asked for


@dataclass(eq=False, repr=False)
class ServiceTier:
    wanted: str | None  # the tier of the settings; None: none is ever named
    clock: Callable[[], float] = time.monotonic  # seconds, monotonic

    def __post_init__(self) -> None:
        self._without_until = 0.0

    @property
    def current(self) -> str | None:
        return self.wanted if self.clock() >= self._without_until else None

    def refused(self, problem: Problem) -> bool:
        """Whether a call that named the tier met this because of it; then others name none for a while."""
        if not set(NO_ROOM).isdisjoint(problem.codes) or "resource unavailable" in problem.text:
            seconds, why = NO_ROOM_FOR, "has no room"
        elif (
            400 <= problem.status < 500
            and problem.status not in _OF_LIMITS
            and any(word in said for word in _WORDS for said in (*problem.params, problem.text))
        ):
            seconds, why = UNKNOWN_FOR, "is not known"
        else:
            return False
        log.warning("the service tier %s %s: for %.0f s none is asked for", self.wanted, why, seconds)
        self._without_until = self.clock() + seconds
        return True
