"""One request in a worker's hands: what it asks, who may work on it, how far it has come."""

import math
from dataclasses import dataclass, field, replace
from typing import Any

from contract import Dispatch, Failure
from worker.ports import Lease

SMALLER, LEAST_ROOM = 4, 256  # by which the room of a request shrinks that was too large, and below which there is none


@dataclass(frozen=True, slots=True)
class Progress:
    """What a request carries from one countdown to the next."""

    token: str | None = None  # of its parked claim; None before the first claim
    calls: int = 0  # how often the limiter granted it a call
    faults: int = 0  # how many of them met an outage
    broken: int = 0  # how many brought an unusable answer
    refused: int = 0  # how many were refused for nobody knows what, while others passed
    tripped: int = 0  # how many tripped the circuit breaker
    room: int = 0  # tokens of reasoning that it asks for at least, since an answer was cut by less
    shrunk: int = 0  # how often that was reduced, since it was refused for its size
    way: str = ""  # the provider in whose line its reservation stands; empty: in none, or there is only one
    # The digest of the question whose tokens were counted last, and how many they are.
    counted: tuple[str, int] | None = None

    def called(self, times: int = 1) -> "Progress":
        """The limiter granted a call, or (-1) the provider denied it."""
        return replace(self, calls=self.calls + times, way="")

    def room_of(self, usual: int) -> int:
        """Tokens of reasoning that it asks for; `usual`: what others do."""
        room = max(self.room, usual) // SMALLER**self.shrunk
        return 0 if self.shrunk and room < LEAST_ROOM else room

    @property
    def teaches(self) -> bool:
        """Whether a refusal may say something of the model: nothing of its own was refused before."""
        return not (self.refused or self.shrunk)

    def tokens_of(self, question: str) -> int | None:
        """How many tokens the question with this digest takes, if they were counted."""
        return self.counted[1] if self.counted and self.counted[0] == question else None


@dataclass(slots=True)
class RequestInHand:
    """A request that this worker has claimed. The code that brings it forward replaces its `progress`."""

    dispatch: Dispatch
    claim: Lease
    progress: Progress
    failure: Failure | None = None  # with which it ended
    resumes: dict[bool, Any] = field(default_factory=dict)  # as it was read, redacted or not; kept while it waits here
    graded: Any = None  # the answer for the resume, likewise
    joined: tuple[str, str] | None = None  # whose limiter it told that it will ask soon, with which reservation
    patience: float = math.inf  # seconds within which it has to start, else it tries elsewhere
    command: str = ""  # the name under which a command reserves, which is no request

    @property
    def reservation(self) -> str:
        """Every call needs a reservation of its own; waiting for it, however often, asks for the same one."""
        return f"{self.command or self.dispatch.request.processing_id}:{self.progress.calls}"


@dataclass(frozen=True, slots=True)
class Park:
    """The request waits for so many seconds as a countdown, and then goes on from `progress`.

    `why` is that of the `PostponedError`.
    """

    seconds: float
    progress: Progress
    why: str = ""
