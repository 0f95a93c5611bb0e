"""The real limiter script on a real Redis, in virtual time: hours of quota in seconds of a benchmark.

Only the clock is simulated: the script's `now()` is replaced by one that reads a Redis key. The provider is
the stand-in's own buckets. Requests ask, wait as they are told, reach the provider up to `jitter` later, and
settle when their answers arrive.
"""

from __future__ import annotations

import bisect
import heapq
import itertools
import random
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from dev.openai_standin import buckets
from dev.openai_standin.buckets import BucketName, Buckets
from worker.limits.answers import Granted, Limits
from worker.limits.provider_limits import Denial, ProviderView
from worker.limits.rate_limiter import SCRIPT, RateLimiter

if TYPE_CHECKING:
    import redis

CLOCK_KEY = "bench:clock"
_NOW = re.compile(r"local function now\(\)\n.*?\nend\n", re.DOTALL)
START = 1_000_000.0


def script_with_virtual_clock() -> str:
    """The limiter's Lua source with its one function `now()` reading CLOCK_KEY instead of Redis TIME."""
    clock = f"local function now() return tonumber(redis.call('GET', '{CLOCK_KEY}')) end\n"
    source, replaced = _NOW.subn(clock, SCRIPT)
    if replaced != 1:
        raise ValueError("rate_limiter.lua has no single function now()")
    return source


def kendalls_tau(keys: list[float]) -> float:
    """How far values that should ascend do: 1 in order, 0 no order, -1 backwards."""
    seen: list[float] = []
    inversions = 0
    for key in keys:
        inversions += len(seen) - bisect.bisect_right(seen, key)
        bisect.insort(seen, key)
    pairs = len(keys) * (len(keys) - 1) / 2
    return 1 - 2 * inversions / pairs if pairs else 1.0


@dataclass
class Attempt:
    """One request of the simulation; times in virtual seconds."""

    id: str
    tokens: int
    used: int
    place: float | None = None
    asked: float = 0.0
    granted: float = 0.0
    arrived: float = 0.0
    asks: int = 0
    denials: int = 0


class ShortSpans:
    """Enforces requests and tokens over spans shorter than a minute, as the provider's help page says it may.

    A denial reads as if the whole bucket were used up: what else it could say is not documented.
    """

    def __init__(self, buckets: Buckets, limits: Limits, span: float, clock: Callable[[], float]) -> None:
        self._buckets, self._clock, self._span = buckets, clock, span
        self._limits: dict[BucketName, int] = {"rpm": limits.rpm, "tpm": limits.tpm}
        self._left = {name: limit * span / 60 for name, limit in self._limits.items()}
        self._seen_at = clock()

    def admit(self, tokens: int) -> buckets.Denial | None:
        """Charge one request, or say why not; a request larger than a span's share needs all of it."""
        now = self._clock()
        costs: dict[BucketName, int] = {"rpm": 1, "tpm": tokens}
        for name, limit in self._limits.items():
            share = limit * self._span / 60
            self._left[name] = min(share, self._left[name] + (now - self._seen_at) * limit / 60)
        self._seen_at = now
        for name, limit in self._limits.items():
            missing = min(costs[name], limit * self._span / 60) - self._left[name]
            if missing > 1e-6:
                return buckets.Denial(name, limit, limit, costs[name], missing / limit * 60)
        denial = self._buckets.admit(tokens)
        if denial is None:
            for name in self._limits:
                self._left[name] -= costs[name]
        return denial


@dataclass
class Fleet:
    """Everybody who uses the limiter, and the provider behind it.

    Args:
        redis: a client of a database of its own.
        limits: the provider's and ours.
        jitter: seconds at most on the way in, uniformly random; also the limiter's setting.
        latency: seconds an answer takes: a function, drawn per request.
        charge: whether the provider gives back what was reserved and not used.
        headers: whether answers carry `x-ratelimit-*`.
        request_headers: which bucket the requests' headers speak of.
        span: seconds over which the provider enforces requests and tokens; 60: whole buckets.
    """

    redis: redis.Redis
    limits: Limits
    jitter: float = 0.25
    latency: Callable[[random.Random], float] = lambda rng: rng.uniform(1, 4)
    charge: Literal["admission", "use"] = "admission"
    headers: bool = True
    request_headers: BucketName = "rpm"
    span: float = 60.0
    burst: float = 60.0
    seed: int = 1
    now: float = START
    arrivals: list[Attempt] = field(default_factory=list)
    denied: list[tuple[float, Denial]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.rng = random.Random(self.seed)
        self.provider = Buckets(self.provider_limits(), lambda: self.now)
        self.limiter = RateLimiter(
            self.redis,
            self.limits,
            jitter=self.jitter,
            burst=self.burst,
            script=script_with_virtual_clock(),
        )
        spans = ShortSpans(self.provider, self.limits, self.span, lambda: self.now)
        self._admit = spans.admit if self.span < 60 else self.provider.admit
        self._events: list[tuple[float, int, Callable[[], None]]] = []
        self._order = itertools.count()
        self.set_clock()

    def provider_limits(self) -> dict[BucketName, float]:
        return {"rpm": self.limits.rpm, "rpd": self.limits.rpd, "tpm": self.limits.tpm}

    def set_clock(self) -> None:
        self.redis.set(CLOCK_KEY, repr(self.now))

    def at(self, time: float, action: Callable[[], None]) -> None:
        """Do `action` at a virtual time."""
        heapq.heappush(self._events, (time, next(self._order), action))

    def run(self, seconds: float) -> None:
        """Let virtual time pass."""
        end = self.now + seconds
        while self._events and self._events[0][0] <= end:
            time, _, action = heapq.heappop(self._events)
            self.now = max(self.now, time)
            self.set_clock()
            action()
        self.now = end
        self.set_clock()

    def submit(self, attempt: Attempt) -> None:
        """A request asks for the first time, now."""
        attempt.asked = self.now
        self.ask(attempt)

    def ask(self, attempt: Attempt) -> None:
        attempt.asks += 1
        answer = self.limiter.acquire(attempt.id, attempt.tokens, attempt.place)
        if isinstance(answer, Granted):
            attempt.granted = self.now
            self.at(self.now + self.rng.uniform(0, self.jitter), lambda: self.arrive(attempt))
        else:
            late = self.rng.uniform(0, 0.005)
            self.at(self.now + answer.seconds + late, lambda: self.ask(attempt))

    def arrive(self, attempt: Attempt) -> None:
        denial = self._admit(attempt.tokens)
        if denial is not None:
            attempt.denials += 1
            seen = Denial("rate_limit", denial.bucket, denial.limit, denial.used, denial.wait)
            self.denied.append((self.now, seen))
            self.at(self.now + 0.05, lambda: self.back_off(attempt, seen))
            return
        attempt.arrived = self.now
        self.arrivals.append(attempt)
        view = self.view() if self.headers else None
        self.at(self.now + self.latency(self.rng), lambda: self.answered(attempt, view))

    def back_off(self, attempt: Attempt, seen: Denial) -> None:
        wait = self.limiter.denied(attempt.id, seen)
        self.at(self.now + wait, lambda: self.ask(attempt))

    def answered(self, attempt: Attempt, view: ProviderView | None) -> None:
        if self.charge == "use":
            self.provider.refund_tokens(attempt.tokens - attempt.used)
        self.limiter.settle(attempt.id, used_tokens=attempt.used, seen=view)

    def view(self) -> ProviderView:
        levels = self.provider.levels()
        requests, tokens = levels[self.request_headers], levels["tpm"]
        return ProviderView(requests.limit, requests.remaining, requests.reset, tokens.limit, tokens.remaining)
