"""What scoring needs of the outside world: shapes and protocols, no SDK. Adapters and fakes satisfy them."""

from dataclasses import dataclass, field
from typing import Any, Protocol

from contract import Dispatch, Outcome
from worker.assessment.grading import Grading
from worker.limits.answers import Granted, Limits, NotYet, Reserved
from worker.limits.provider_limits import Denial, ProviderView


@dataclass(frozen=True, slots=True)
class Answer:
    """What the model said, and what it cost in tokens.

    Attributes:
        content: the answer's text, unvalidated.
        strict: the provider promised that it follows the schema.
        seen: what the headers say of the limits.
    """

    content: str = field(repr=False)
    strict: bool
    prompt_tokens: int
    cached_tokens: int
    completion_tokens: int
    seen: ProviderView


class Lease(Protocol):
    """The right to do something alone; `lost` once another may have it."""

    token: str
    lost: bool


class Leases(Protocol):
    """See `leases.Leases`."""

    def park(self, lease: Any, seconds: float) -> bool: ...
    def release(self, lease: Any) -> bool: ...
    def forget(self, lease: Any) -> None: ...


class Store(Protocol):
    """See `outcome_store.OutcomeStore`."""

    def claim(self, processing_id: int, token: str | None = None) -> Lease | None: ...
    def dispatch(self, processing_id: int) -> Dispatch | None: ...
    def finish(self, claim: Any, processing_id: int, outcome: Outcome) -> bool: ...
    def explain(self, processing_id: int, explanation: dict[str, Any]) -> None: ...


class Results(Protocol):
    """See `result_cache.ResultCache`."""

    def question(self, requirements: str, resume: str) -> str: ...
    def get(self, question: str) -> Grading | None: ...
    def put(self, question: str, grading: Grading) -> None: ...
    def fly(self, question: str, token: str) -> Lease | float: ...


class Limiter(Protocol):
    """See `rate_limiter.RateLimiter`."""

    def acquire(self, reservation_id: str, tokens: int) -> Granted | Reserved | NotYet: ...
    def settle(self, reservation_id: str, *, used_tokens: int | None, seen: ProviderView | None) -> None: ...
    def cancel(self, reservation_id: str) -> None: ...
    def denied(self, reservation_id: str, denial: Denial) -> float: ...
    def slow_down(self, reservation_id: str, seconds: float) -> None: ...
    def set_limits(self, limits: Limits) -> None: ...
    def snapshot(self) -> dict[str, object]: ...


class Egress(Protocol):
    """See `egress.EgressCheck`."""

    @property
    def state(self) -> str: ...
    def require(self) -> None: ...
    def distrust(self) -> None: ...


class Gate(Protocol):
    """See `gate.FleetGate`."""

    def require(self, token: str) -> bool: ...
    def reopen(self) -> None: ...
    def close(self, reason: str) -> None: ...
    def state(self) -> dict[str, float]: ...


class Model(Protocol):
    """See `openai_client.OpenAIClient`."""

    def tokens(self, messages: list[dict[str, str]]) -> int: ...
    def ask(self, messages: list[dict[str, str]]) -> Answer: ...
