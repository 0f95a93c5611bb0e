"""What scoring needs of the outside world: shapes and protocols, no SDK. Adapters and fakes satisfy them."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from contract import Dispatch, Outcome
from worker.limits.answers import Granted, Limits, Reserved
from worker.limits.provider_limits import Denial, ProviderView

Messages = list[dict[str, str]]


@dataclass(frozen=True, slots=True)
class Call:
    messages: Messages = field(repr=False)  # of a chat completion
    response_format: Mapping[str, Any] = field(repr=False)  # the strict schema of the answer
    max_output_tokens: int  # what the answer itself needs at most; it is reserved in full
    room: int = 0  # tokens of reasoning beside it that are reserved
    counted: int = 0  # its tokens as they were counted, see `Model.tokens`; 0: they were not
    # What it is refused for may be learned from; False: it was refused before for something of its own.
    teaches: bool = True

    @property
    def kind(self) -> str:
        """The name of its schema: what is asked."""
        return str(self.response_format["json_schema"]["name"])


@dataclass(frozen=True, slots=True)
class Usage:
    """The tokens that the provider bills for an answer, as it counts them.

    `cached_tokens` and `written_tokens` (into the prefix cache) are among the prompt's, `reasoning_tokens` among the
    completion's. `tier` is the service tier that the call was given, if the provider says so.
    """

    prompt_tokens: int
    cached_tokens: int
    completion_tokens: int
    reasoning_tokens: int = 0
    written_tokens: int = 0
    tier: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer(Usage):
    """What the model said, and what it cost in tokens."""

    content: str = field(repr=False)  # the answer's text, unvalidated
    seen: ProviderView  # what the headers say of the limits
    model: str | None = None  # the one that answered, by its own account


class Lease(Protocol):
    """The right to do something alone; `lost` once another may have it. See `leases.Lease`."""

    @property
    def key(self) -> str: ...
    @property
    def token(self) -> str: ...
    @property
    def lost(self) -> bool: ...
    def park(self, seconds: float) -> bool: ...
    def release(self) -> bool: ...
    def hand_back(self) -> bool: ...
    def drop(self, error: BaseException) -> None: ...
    def forget(self) -> None: ...


@dataclass(frozen=True, slots=True)
class Kept:
    """What is kept of a score, or of a failure, beside its outcome."""

    explanation: str = field(repr=False)  # with quotes, so personal data; of a failure what it failed of
    decision: str  # without any text
    resume_id: int  # whose it is
    question: str  # the digest under which the model's answer is cached


class Store(Protocol):  # see `outcome_store.OutcomeStore`
    def claim(self, processing_id: int, token: str | None = None) -> tuple[Lease, Dispatch | None] | None: ...
    def finish(self, claim: Lease, processing_id: int, outcome: Outcome, kept: Kept | None = None) -> bool: ...


@dataclass(frozen=True, slots=True)
class Known:
    answer: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Lead:
    """Nobody else asks: this request may. `breaker_closed`: nothing is wrong with the provider."""

    lease: Lease
    breaker_closed: bool


@dataclass(frozen=True, slots=True)
class Follow:
    """Another request asks: look for its answer after so many seconds."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Follower:
    """A request that asks another question once it has the answer to this one.

    `reservation` is that of its next call, `place` in the order of the starts; it waits no longer than until
    `deadline_at`, Unix time in seconds.
    """

    reservation: str
    place: float
    deadline_at: float


class Results(Protocol):  # see `result_cache.ResultCache`
    def look(
        self, question: str, token: str, follower: Follower | None = None, *, provider: str = ""
    ) -> Known | Lead | Follow: ...
    def known(self, question: str) -> bool: ...
    def known_of(self, questions: Sequence[str]) -> int | None: ...
    def graded_by(self, question: str, models: Iterable[str], seconds: int) -> int: ...
    def followers(self, question: str, now: float) -> dict[str, float]: ...
    def keep(self, question: str, answer: str, lead: Lease, seconds: int) -> None: ...
    def drop(self, question: str) -> None: ...
    def name(self, requirements_id: int, question: str, seconds: int) -> None: ...


class Limiter(Protocol):  # see `rate_limiter.RateLimiter`
    def join(self, places: Mapping[str, float]) -> None: ...
    def acquire(self, reservation_id: str, tokens: int, place: float) -> Granted | Reserved: ...
    def settle(self, reservation_id: str, *, used_tokens: int | None, seen: ProviderView | None) -> None: ...
    def cancel(self, reservation_id: str, *, joined: bool = False) -> None: ...
    def denied(self, reservation_id: str, denial: Denial) -> float: ...
    def slow_down(self, reservation_id: str, seconds: float) -> None: ...
    def set_limits(self, limits: Limits) -> None: ...
    def reset(self) -> None: ...
    def snapshot(self) -> dict[str, object]: ...


class Egress(Protocol):  # see `egress.EgressCheck`
    @property
    def state(self) -> str: ...
    def require(self) -> None: ...
    def distrust(self) -> None: ...


class Breaker(Protocol):  # see `circuit_breaker.CircuitBreaker`
    def require(self, token: str) -> str: ...
    def trip(self, reason: str, seconds: float | None = None, *, at_least: float = 0.0) -> None: ...
    def reset(self, only: str | None = None) -> None: ...
    def state(self) -> dict[str, float]: ...


class Profiles(Protocol):  # see `profiles.Profiles`
    def require(self, token: str) -> Lease | None: ...
    def let_go(self, right: Lease) -> None: ...
    def known(self) -> bool: ...
    def room(self) -> int: ...
    def answers_others(self, kind: str = "any") -> bool: ...
    def forget(self) -> None: ...
    def state(self) -> dict[str, object]: ...


@dataclass(frozen=True, slots=True)
class Waiting:
    """Users with unfinished requests: how many, and how many of them get a start in one turn.

    `fair` is False where requests start in the topic's order, whoever asks.
    """

    users: Mapping[int, tuple[int, float]]
    fair: bool = True


class Line(Protocol):  # see `running.line.Line`
    def waiting(self) -> Waiting: ...


class Spending(Protocol):  # see `spending.Spending`
    def look_again(self) -> None: ...
    def state(self) -> dict[str, object]: ...


class Model(Protocol):  # see `openai_client.OpenAIClient`
    def tokens(self, call: Call) -> int: ...
    def ask(self, call: Call) -> Answer: ...


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Way:
    """One way to a model: a provider, and the adapters that are its own."""

    name: str = ""  # of the provider; empty: it is the one of `.env`
    model_name: str  # of the model that is asked
    model_id: str  # names model and endpoint: another endpoint may answer the same question otherwise
    max_output_tokens: int  # cap of one answer; less where there are few criteria
    redaction: bool  # take the person out of a resume before anything is sent
    limiter: Limiter
    egress: Egress
    breaker: Breaker
    model: Model
    profiles: Profiles
    spending: Spending | None = None
    # Status and body of a page below the endpoint's address; see `model_card`.
    page: Callable[[str], tuple[int, bytes] | None] = lambda _: None


@dataclass(frozen=True, slots=True)
class Ports:
    """The adapters of one process; `ways` are those to a model, in the order in which they are preferred."""

    store: Store
    results: Results
    line: Line
    ways: tuple[Way, ...]
