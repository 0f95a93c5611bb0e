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

from contract import Failure
from worker.limits.provider_limits import Denial, ProviderView
from worker.ports import Usage


class WorkerError(Exception):
    """The root of this tree."""


class SendingBlockedError(WorkerError):
    """Nothing may be sent now.

    Attributes:
        seconds: when to look again.
        reason: for operators; no secrets in it.
    """

    def __init__(self, reason: str, seconds: float) -> None:
        super().__init__(reason)
        self.reason = reason
        self.seconds = seconds


class CallError(WorkerError):
    """One call of the model brought no answer.

    Attributes:
        seen: what its headers said of the limits, if anything.
        usage: the tokens that are billed for it all the same. None: the provider has not counted, or they are counted
            already.
    """

    def __init__(self, what: str, seen: ProviderView | None = None, *, usage: Usage | None = None) -> None:
        super().__init__(what)
        self.seen = seen
        self.usage = usage


class LessonError(CallError):
    """It carried what the model does not take, or had too little room for its reasoning; now that is known.

    Attributes:
        room: tokens of reasoning that the request asks for next; 0: as before.
    """

    def __init__(
        self, what: str, seen: ProviderView | None = None, *, usage: Usage | None = None, room: int = 0
    ) -> None:
        super().__init__(what, seen, usage=usage)
        self.room = room


class TransientError(CallError):
    """An outage: the provider does not answer, or with a fault of its own.

    Attributes:
        wait: seconds that it asks to wait, if it does.
        network: the request may not have left; look at the exit again.
    """

    def __init__(
        self, what: str, seen: ProviderView | None = None, *, wait: float | None = None, network: bool = False
    ) -> None:
        super().__init__(what, seen)
        self.wait = wait
        self.network = network


class BrokenAnswerError(CallError):
    """An answer that is of no use: cut, declined, filtered, empty, not of the schema, or to half of the prompt.

    Attributes:
        failure: what the user reads if no better one comes.
    """

    def __init__(
        self,
        what: str,
        seen: ProviderView | None = None,
        *,
        usage: Usage | None = None,
        failure: Failure = Failure.BROKEN_ANSWER,
    ) -> None:
        super().__init__(what, seen, usage=usage)
        self.failure = failure


class RefusedCallError(CallError):
    """The provider does not take this request.

    Attributes:
        failure: what the user reads; None: nobody knows whether it is the request's fault, or that of the set-up.
        room: tokens of reasoning that it asked room for, where it was too large.
        ours: it names a parameter that the request carries, so the set-up is to blame.
    """

    def __init__(
        self,
        what: str,
        seen: ProviderView | None = None,
        *,
        failure: Failure | None = None,
        room: int = 0,
        ours: bool = False,
    ) -> None:
        super().__init__(what, seen)
        self.failure = failure
        self.room = room
        self.ours = ours


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


class PostponedError(WorkerError):
    """The request cannot go on now; how far it has come is in its `RequestInHand`.

    Attributes:
        why: `limits`, `blocked`, `fault` or `single_flight`; the metrics' label.
        seconds: when to go on.
        until_start: seconds until it could end, where more than `seconds` is known.
        sooner: whether it may go on before that; None: it may not. Looks into Redis, so it may raise
            `redis.RedisError`.
    """

    def __init__(
        self, why: str, seconds: float, until_start: float = 0.0, *, sooner: Callable[[], bool] | None = None
    ) -> None:
        super().__init__(why)
        self.why = why
        self.seconds = seconds
        self.until_start = until_start
        self.sooner = sooner


class FailedError(WorkerError):
    """The request ends without a score.

    Attributes:
        failure: what its user reads.
        wait_seconds: when to try again, only where waiting helps.
    """

    def __init__(self, failure: Failure, wait_seconds: int | None = None) -> None:
        super().__init__(failure.name)
        self.failure = failure
        self.wait_seconds = wait_seconds


class ClaimLostError(WorkerError):
    """The claim expired, and the request is, or will be, another worker's."""
