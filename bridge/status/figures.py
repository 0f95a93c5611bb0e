"""What one look finds. Plain values: `dataclasses.asdict` of it is what `python -m bridge status --json` prints."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

# What to do, where Kafka does not know the input topic.
CREATE_TOPIC: Final = (
    "create it, or set KAFKA_CREATE_TOPICS=on and start a bridge; is KAFKA_TOPIC_FOR_AI_HANDLER right?"
)


@dataclass(frozen=True, slots=True)
class Process:
    """A bridge or a worker, as it last spoke of itself."""

    role: str  # `bridge` or `worker`
    name: str  # with its host
    up: float  # seconds that it ran until then
    silent: float  # seconds since then
    said: Mapping[str, Any]  # what else it said, see `app.run` of the bridge and of the worker


@dataclass(frozen=True, slots=True)
class Tripped:
    """A reason for which the circuit breaker is open: its sentence, and the seconds until one request may try."""

    reason: str
    why: str
    seconds: float


@dataclass(frozen=True, slots=True)
class Provider:
    """One of several providers; its fields are as those of `InRedis`."""

    name: str
    tripped: tuple[Tripped, ...]
    limits: Mapping[str, Any]
    spent: float | None


@dataclass(frozen=True, slots=True)
class InRedis:
    """What Redis tells."""

    at: float  # its time, Unix seconds
    processes: tuple[Process, ...] = ()  # those that live
    gone: tuple[Process, ...] = ()  # those that fell silent within the last ten minutes
    tripped: tuple[Tripped, ...] = ()  # why nothing is sent; empty while closed, or one of several providers'
    limits: Mapping[str, Any] = field(default_factory=dict)  # `RateLimiter.snapshot`, of the first provider open
    spent: float | None = 0.0  # US dollars of today; None: what stands there is no number
    providers: tuple[Provider, ...] = ()  # where there are several
    hints: int = 0  # that no worker has taken yet
    recent: Mapping[str, int] = field(default_factory=dict)  # how requests ended in the last 10 to 20 minutes,
    hour: Mapping[str, int] = field(default_factory=dict)  # 60 to 70 minutes,
    day: Mapping[str, int] = field(default_factory=dict)  # and day

    @property
    def each(self) -> tuple[Provider, ...]:
        """The providers; one alone has no name."""
        return self.providers or (Provider("", self.tripped, self.limits, self.spent),)

    @property
    def bridges(self) -> tuple[Process, ...]:
        return tuple(process for process in self.processes if process.role == "bridge")

    @property
    def workers(self) -> tuple[Process, ...]:
        return tuple(process for process in self.processes if process.role == "worker")


@dataclass(frozen=True, slots=True)
class InKafka:
    """What Kafka tells: requests that are not finished, and the age of the oldest in seconds, if there is one."""

    unfinished: int
    oldest: float | None = None


@dataclass(frozen=True, slots=True)
class Status:
    """One look."""

    redis: InRedis | str  # what it tells, or what is wrong with it and, after an arrow where that is known, what to do
    kafka: InKafka | str  # likewise
    redis_at: str  # where they are
    kafka_at: str
    priced: bool  # the model's price is known, so that money is counted
    budget: float  # US dollars a day; 0: none
    budgets: Mapping[str, float] = field(default_factory=dict)  # likewise of each provider, where there are several
