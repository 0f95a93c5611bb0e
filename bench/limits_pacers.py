"""Ways to decide when a request may start, behind one small interface: ours and what else people use.

Each of the others is set up as its documentation shows, with two limits (requests and tokens) where it can
count tokens. After a 429 they sleep for `retry-after`, as the SDK's own retries do.
"""

from __future__ import annotations

import asyncio
import importlib
import importlib.util
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

import redis
from kombu.utils.limits import TokenBucket
from redis.connection import AbstractConnection

from worker.limits.answers import Granted, Limits
from worker.limits.provider_limits import Denial, ProviderView
from worker.limits.rate_limiter import RateLimiter


@dataclass(frozen=True)
class Setup:
    """What a pacer is built from; `mean_tokens` is what an operator would know of the requests' sizes."""

    redis_url: str
    limits: Limits
    workers: int
    jitter: float
    mean_tokens: float


class Pacer(Protocol):
    """Lets requests start."""

    async def start(self, name: str, tokens: int) -> None:
        """Return when the request may start."""

    def answered(self, name: str, seen: ProviderView) -> None:
        """The request was answered."""

    async def denied(self, name: str, denial: Denial) -> None:
        """The request got a 429; return when it may ask to start again."""


class Ours:
    def __init__(self, setup: Setup) -> None:
        client = redis.Redis.from_url(setup.redis_url)
        self._limiter = RateLimiter(client, setup.limits, jitter=setup.jitter)

    async def start(self, name: str, tokens: int) -> None:
        while not isinstance(answer := self._limiter.acquire(name, tokens), Granted):  # noqa: ASYNC110
            await asyncio.sleep(answer.seconds)

    def answered(self, name: str, seen: ProviderView) -> None:
        self._limiter.settle(name, used_tokens=None, seen=seen)

    async def denied(self, name: str, denial: Denial) -> None:
        await asyncio.sleep(self._limiter.denied(name, denial))


class _Deaf:
    """What the other pacers share: they learn nothing from the provider."""

    def answered(self, name: str, seen: ProviderView) -> None:
        pass

    async def denied(self, name: str, denial: Denial) -> None:  # noqa: ARG002 - the interface
        await asyncio.sleep(denial.wait or 1.0)


class CeleryRateLimit(_Deaf):
    """Celery's own `rate_limit`: kombu's bucket of capacity 1 in every worker, counting tasks, not tokens.

    `shared`: somebody divided the limit by the number of workers; otherwise each has all of it.
    """

    def __init__(self, setup: Setup, *, shared: bool) -> None:
        per_second = min(setup.limits.rpm, setup.limits.tpm / setup.mean_tokens) / 60
        self._bucket = TokenBucket(per_second / (setup.workers if shared else 1))
        self._turn = asyncio.Lock()

    async def start(self, name: str, tokens: int) -> None:  # noqa: ARG002 - the interface
        async with self._turn:
            while not self._bucket.can_consume(1):  # noqa: ASYNC110
                await asyncio.sleep(self._bucket.expected_time(1))


class AioLimiter(_Deaf):
    """aiolimiter: a leaky bucket for requests and one for tokens, in this process alone."""

    def __init__(self, setup: Setup) -> None:
        aiolimiter: Any = importlib.import_module("aiolimiter")
        self._requests = aiolimiter.AsyncLimiter(setup.limits.rpm, 60)
        self._tokens = aiolimiter.AsyncLimiter(setup.limits.tpm, 60)

    async def start(self, name: str, tokens: int) -> None:  # noqa: ARG002 - the interface
        await self._tokens.acquire(tokens)
        await self._requests.acquire()


class ThrottledPy(_Deaf):
    """throttled-py: token buckets in Redis; a denial says when to try again."""

    def __init__(self, setup: Setup) -> None:
        throttled: Any = importlib.import_module("throttled")
        store = throttled.RedisStore(server=setup.redis_url)

        def bucket(key: str, limit: int) -> Any:
            quota = throttled.per_min(limit, burst=limit)
            return throttled.Throttled(key=key, using="token_bucket", quota=quota, store=store)

        self._tokens, self._requests = bucket("tokens", setup.limits.tpm), bucket("requests", setup.limits.rpm)

    async def start(self, name: str, tokens: int) -> None:  # noqa: ARG002 - the interface
        for bucket, cost in ((self._tokens, tokens), (self._requests, 1)):
            while (result := bucket.limit(cost=cost)).limited:  # noqa: ASYNC110
                await asyncio.sleep(max(result.state.retry_after, 0.001))


class LimitsPackage(_Deaf):
    """limits: sliding window counters in Redis; yes or no, so that one has to poll."""

    _POLL = 0.05

    def __init__(self, setup: Setup) -> None:
        limits: Any = importlib.import_module("limits")
        strategies: Any = importlib.import_module("limits.strategies")
        storage = limits.storage.storage_from_string(setup.redis_url)
        self._limiter = strategies.SlidingWindowCounterRateLimiter(storage)
        self._tokens = limits.RateLimitItemPerMinute(setup.limits.tpm, namespace="tokens")
        self._requests = limits.RateLimitItemPerMinute(setup.limits.rpm, namespace="requests")

    async def start(self, name: str, tokens: int) -> None:  # noqa: ARG002 - the interface
        for item, cost in ((self._tokens, tokens), (self._requests, 1)):
            while not self._limiter.hit(item, cost=cost):  # noqa: ASYNC110
                await asyncio.sleep(self._POLL)


PACERS: dict[str, tuple[str | None, Callable[[Setup], Pacer]]] = {
    "this limiter": (None, Ours),
    "celery rate_limit": (None, lambda setup: CeleryRateLimit(setup, shared=False)),
    "celery rate_limit / N": (None, lambda setup: CeleryRateLimit(setup, shared=True)),
    "aiolimiter": ("aiolimiter", AioLimiter),
    "throttled-py": ("throttled", ThrottledPy),
    "limits": ("limits", LimitsPackage),
}
"""By name: the package it needs, None for nothing optional, and how to build it."""


def missing_package(pacer: str) -> str | None:
    """The optional package that this pacer needs and that is not installed."""
    package = PACERS[pacer][0]
    return package if package and importlib.util.find_spec(package) is None else None


class RoundTrips:
    """Counts what this process sends to Redis, whichever library sends it; a pipeline counts once."""

    def __init__(self) -> None:
        self.count = 0
        connection: Any = AbstractConnection  # untyped, and patched
        send = connection.send_packed_command

        def counted(*args: Any, **kwargs: Any) -> Any:
            self.count += 1
            return send(*args, **kwargs)

        connection.send_packed_command = counted


def now() -> float:
    """Seconds on the one clock that all processes of this machine share."""
    return time.monotonic()
