"""One request in a worker's hands: what it asks, who may work on it, how far it has come."""

from dataclasses import dataclass, replace

from contract import Dispatch
from worker.ports import Lease

DIGEST_SHOWN = 8  # characters of a question's digest that tell a request's few questions apart


@dataclass(frozen=True, slots=True)
class Progress:
    """What a request carries from one countdown to the next.

    Attributes:
        token: of its parked claim; None before the first claim.
        calls: how often the limiter granted it a call.
        faults: how many of them met a transient fault.
        broken: how many brought an unusable answer.
        tokens: what its present question costs at admission, once counted.
        counted: the beginning of that question's digest.
    """

    token: str | None = None
    calls: int = 0
    faults: int = 0
    broken: int = 0
    tokens: int = 0
    counted: str = ""

    def called(self, times: int = 1) -> "Progress":
        """The limiter granted a call, or (-1) the provider denied it."""
        return replace(self, calls=self.calls + times)

    def costs(self, tokens: int, question: str) -> "Progress":
        """The tokens of a question, named by its digest, were counted."""
        return replace(self, tokens=tokens, counted=question[:DIGEST_SHOWN])

    def tokens_of(self, question: str) -> int | None:
        """The tokens of a question, if they were counted. Another fence makes no difference worth a second count."""
        return self.tokens if self.counted == question[:DIGEST_SHOWN] else None


@dataclass(slots=True)
class RequestInHand:
    """A request that this worker has claimed. Whoever brings it forward replaces its `progress`."""

    dispatch: Dispatch
    claim: Lease
    progress: Progress

    @property
    def reservation(self) -> str:
        """Every call needs a reservation of its own; waiting for it, however often, asks for the same one."""
        return f"{self.dispatch.request.processing_id}:{self.progress.calls}"


@dataclass(frozen=True, slots=True)
class Park:
    """The request waits for so many seconds as a countdown, and then goes on from `progress`."""

    seconds: float
    progress: Progress
