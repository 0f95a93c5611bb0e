"""What can go wrong with one request, as the story in scoring.py needs to tell it apart.

    WorkerError
    ├── SendingBlockedError  nothing may be sent now (exit country, open circuit breaker): wait
    ├── CallError            one call of the model did not bring an answer: see the table in asking/faults.py
    │   ├── LessonError        the profile knows better now: ask again, nobody is to blame
    │   ├── DeniedError        a 429: the limiter learns from it, the request waits
    │   ├── TransientError     an outage: wait for the provider
    │   ├── TrippingError      no request can succeed until somebody acts: the circuit breaker trips
    │   ├── BrokenAnswerError  an answer that is of no use: one more try
    │   └── RefusedCallError   the provider does not take this request
    ├── PostponedError       the request cannot go on now
    ├── FailedError          the request ends without a score
    └── ClaimLostError       another worker has the request now: stop, say nothing

Their texts are codes and numbers only: an SDK's exception may quote the prompt, so none is chained or shown.
"""

from collections.abc import Callable
from dataclasses import KW_ONLY, dataclass

from contract import Failure
from worker.limits.provider_limits import Denial, ProviderView
from worker.ports import Usage


class WorkerError(Exception):
    """The root of this tree."""


@dataclass(eq=False, repr=False)
class SendingBlockedError(WorkerError):
    """Nothing may be sent now."""

    reason: str  # for operators; no secrets in it
    seconds: float  # when to look again

    def __str__(self) -> str:
        return self.reason


@dataclass(eq=False, repr=False)
class CallError(WorkerError):
    """One call of the model brought no answer."""

    what: str  # the code of what went wrong
    seen: ProviderView | None = None  # what its headers said of the limits, if anything
    _: KW_ONLY
    # The tokens that are billed for it all the same. None: the provider has not counted, or they are counted already.
    usage: Usage | None = None

    def __str__(self) -> str:
        return self.what


@dataclass(eq=False, repr=False)
class LessonError(CallError):
    """It carried what the model does not take, or had too little room for its reasoning; now that is known."""

    _: KW_ONLY
    room: int = 0  # tokens of reasoning that the request asks for next; 0: as before


@dataclass(eq=False, repr=False)
class TransientError(CallError):
    """An outage: the provider does not answer, or with a fault of its own."""

    _: KW_ONLY
    wait: float | None = None  # seconds that it asks to wait, if it does
    network: bool = False  # the request may not have left; look at the exit again


@dataclass(eq=False, repr=False)
class BrokenAnswerError(CallError):
    """An answer that is of no use: cut, declined, filtered, empty, not of the schema, or to half of the prompt."""

    _: KW_ONLY
    failure: Failure = Failure.BROKEN_ANSWER  # what the user reads if no better one comes


@dataclass(eq=False, repr=False)
class RefusedCallError(CallError):
    """The provider does not take this request."""

    _: KW_ONLY
    failure: Failure | None = None  # what the user reads; None: it may be the request's fault, or that of the set-up
    room: int = 0  # tokens of reasoning that it asked room for, where it was too large
    ours: bool = False  # it names a parameter that the request carries, so the set-up is to blame


class TrippingError(CallError):
    """No request can succeed until an operator or the provider acts: the circuit breaker trips for the fleet.

    Attributes:
        reason: one of circuit_breaker.OPEN_FOR.
        doubtful: neither a code nor a telling status says so; it may be about what is in the request.
    """

    def __init__(self, what: str, reason: str, seen: ProviderView | None = None, *, doubtful: bool = False) -> None:
        super().__init__(what, seen)
        self.reason = reason
        self.doubtful = doubtful


class DeniedError(CallError):
    """A 429 or `slow_down`, with what its body and headers say."""

    def __init__(self, what: str, denial: Denial, seen: ProviderView | None = None) -> None:
        super().__init__(what, seen)
        self.denial = denial


@dataclass(eq=False, repr=False)
class PostponedError(WorkerError):
    """The request cannot go on now; how far it has come is in its `RequestInHand`."""

    why: str  # `limits`, `blocked`, `fault` or `single_flight`; the metrics' label
    seconds: float  # when to go on
    until_start: float = 0.0  # seconds until it could end, where more than `seconds` is known
    _: KW_ONLY
    # Whether it may go on before that; None: it may not. Looks into Redis, so it may raise `redis.RedisError`.
    sooner: Callable[[], bool] | None = None

    def __str__(self) -> str:
        return self.why


@dataclass(eq=False, repr=False)
class FailedError(WorkerError):
    """The request ends without a score."""

    failure: Failure  # what its user reads
    wait_seconds: int | None = None  # when to try again, only where waiting helps

    def __str__(self) -> str:
        return self.failure.name


class ClaimLostError(WorkerError):
    """The claim expired, and the request is, or will be, another worker's."""
