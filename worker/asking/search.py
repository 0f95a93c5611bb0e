"""Which of several ways a call takes: the first that is open and can start it within the patience.

Several ways to one model are as one, whose start is the earliest of theirs. Where none is in time the earliest start
of all is waited for. A request stands in one line at a time: it gives back its place before it tries another, and as
places are kept that costs nothing.
"""

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Generic, TypeVar

from pydantic import BaseModel

from contract import Failure
from worker.asking.calling import Calling
from worker.asking.question import Asked
from worker.errors import FailedError, PostponedError
from worker.progress import RequestInHand

T = TypeVar("T", bound=BaseModel)


def better_elsewhere(postponed: PostponedError, patience: float) -> bool:
    """Whether another way may do better than one that is patient for so many seconds."""
    if postponed.why == "limits":
        return _wait(postponed) > patience
    return postponed.why == "blocked" and patience < math.inf


def _wait(postponed: PostponedError) -> float:
    return max(postponed.seconds, postponed.until_start)


@dataclass(eq=False, repr=False)
class Search(Generic[T]):
    """One look for a way."""

    ask: Callable[[Calling], Asked[T]]  # asks by one way
    callings: Sequence[Calling]  # in the order of preference, those to one model beside each other
    in_hand: RequestInHand  # on whose behalf
    patience: float  # seconds within which the call has to start
    tell: Callable[[Iterable[Calling]], None]  # is told who is closed, where all are

    def __post_init__(self) -> None:
        self._waits: dict[Calling, float] = {}
        self._closed: dict[Calling, PostponedError] = {}
        self._too_large: dict[Calling, FailedError] = {}

    def asked(self) -> Asked[T]:
        """The answer by the way that was found. Raises as `Asking.ask`."""
        standing = [one for one in self.callings if one.way.name == self.in_hand.progress.way]
        by_model = [list(alike) for _, alike in groupby(self.callings, key=lambda one: one.way.model_name)]
        for alike in [[one] for one in standing] + by_model:  # who waits already goes on with that, if it is soon
            if asked := self._soonest(alike):
                return asked
        self.in_hand.patience = math.inf
        if self._waits:
            return self.ask(min(self._waits, key=self._waits.__getitem__))
        if not self._closed:
            raise next(iter(self._too_large.values()))
        self.tell(self._closed)
        raise min(self._closed.values(), key=lambda postponed: postponed.seconds)

    def _soonest(self, alike: Sequence[Calling]) -> Asked[T] | None:
        """The answer by whichever of these can start the call first; None: none is in time."""
        for calling in alike:
            is_new = not any(calling in found for found in (self._waits, self._closed, self._too_large))
            if is_new and (asked := self._try(calling, self.patience if len(alike) == 1 else 0.0)):
                return asked
        soon = {one: self._waits[one] for one in alike if self._waits.get(one, math.inf) <= self.patience}
        return self._try(min(soon, key=soon.__getitem__), self.patience) if soon else None

    def _try(self, calling: Calling, patience: float) -> Asked[T] | None:
        self.in_hand.patience = patience
        self._waits.pop(calling, None)
        try:
            return self.ask(calling)
        except PostponedError as postponed:
            if not better_elsewhere(postponed, patience):
                raise
            if postponed.why == "blocked":
                self._closed[calling] = postponed
            else:
                self._waits[calling] = _wait(postponed)
        except FailedError as failed:
            if failed.failure is not Failure.TOO_LARGE:  # for these limits, not for those of others
                raise
            self._too_large[calling] = failed
        calling.leave(self.in_hand)
        return None
