"""What can go wrong with one request, as the story in scoring.py needs to tell it apart.

    WorkerError
    ├── GateClosedError    nothing may be sent now (exit country, spent quota, refused key): wait
    ├── CallError          one call of the model did not bring an answer
    │   ├── TransientError     timeouts, connections, 5xx: back off, try again
    │   ├── BrokenAnswerError  truncated, refused, or not of the schema: one more try
    │   ├── RefusedCallError   the provider will never take this request: fails at once
    │   ├── ClosingError       nobody's requests can succeed until somebody acts: the gate closes
    │   └── DeniedError        a 429: the limiter learns from it, the request waits
    └── ClaimLostError     somebody else has the request now: stop, say nothing

Their texts are codes and numbers only: an SDK's exception may quote the prompt, so none is chained or shown.
"""

from worker.limits.provider_limits import Denial, ProviderView


class WorkerError(Exception):
    """The root of this tree."""


class GateClosedError(WorkerError):
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
    """One call of the model brought no answer; `seen` is what its headers said of the limits, if anything."""

    def __init__(self, what: str, seen: ProviderView | None = None) -> None:
        super().__init__(what)
        self.seen = seen


class TransientError(CallError):
    """A fault that passes by itself. `network`: the request may not have left; look at the exit again."""

    def __init__(self, what: str, seen: ProviderView | None = None, *, network: bool = False) -> None:
        super().__init__(what, seen)
        self.network = network


class BrokenAnswerError(CallError):
    """An answer that is truncated, refused by the model, or not of the schema."""


class RefusedCallError(CallError):
    """A 400 or the like: the same request will be refused for ever."""


class ClosingError(CallError):
    """No request can succeed until an operator or the provider acts: the gate closes for the fleet.

    Attributes:
        reason: `region`, `quota` or `credentials`.
    """

    def __init__(self, what: str, reason: str, seen: ProviderView | None = None) -> None:
        super().__init__(what, seen)
        self.reason = reason


class DeniedError(CallError):
    """A 429 or `slow_down`, with what its body and headers say."""

    def __init__(self, what: str, denial: Denial, seen: ProviderView | None = None) -> None:
        super().__init__(what, seen)
        self.denial = denial


class ClaimLostError(WorkerError):
    """The lease ran out and the request is, or will be, another worker's."""
