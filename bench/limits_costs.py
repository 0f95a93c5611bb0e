"""What the limiter costs Redis: time per acquire, memory per waiting request."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import redis

from dev.redis_server import RedisServer
from worker.limits.answers import Limits
from worker.limits.rate_limiter import RateLimiter

BATCH = 100
COUNT = 20_000
WAITING = 10_000


@contextmanager
def _own_redis() -> Iterator[redis.Redis]:
    with tempfile.TemporaryDirectory() as name:
        server = RedisServer(Path(name), aof=False)
        server.start()
        with redis.Redis.from_url(server.url) as client:
            yield client
        server.stop()


def _rate(client: redis.Redis, queue: Callable[[redis.client.Pipeline, int], object]) -> float:
    began = time.perf_counter()
    for first in range(0, COUNT, BATCH):
        pipeline = client.pipeline(transaction=False)
        for n in range(first, first + BATCH):
            queue(pipeline, n)
        pipeline.execute()
    return COUNT / (time.perf_counter() - began)


def print_acquire() -> None:
    """Acquires per second of one client with pipelining, beside a script that does nothing, in one run."""
    with _own_redis() as client:
        nothing = client.register_script("return {'granted', '0'}")
        nothing(keys=[], args=[])
        generous = RateLimiter(client, Limits(10**9, 10**9, 10**12), prefix="bench:granted")
        scarce = RateLimiter(client, Limits(60, 10**6, 10**9), prefix="bench:waiting")
        generous.reset(full=True)
        scarce.reset(full=True)
        bare = _rate(client, lambda pipeline, n: nothing(keys=[str(n)], args=[n, 1000], client=pipeline))
        granted = _rate(client, lambda pipeline, n: generous.pipelined_acquire(pipeline, f"g{n}", 1000))
        waiting = _rate(client, lambda pipeline, n: scarce.pipelined_acquire(pipeline, f"w{n % 5000}", 1000))
    print(f"{COUNT} calls, {BATCH} a pipeline, one client, one Redis")
    for name, rate in (("EVALSHA of nothing", bare), ("granted at once", granted), ("has to wait", waiting)):
        print(f"{name:22}{rate:>10,.0f} / s{rate / bare:>8.0%} of nothing")


def print_memory() -> None:
    """Bytes in Redis per waiting request, and what the fleet's asking costs while they wait."""
    limits = Limits(rpm=3, rpd=10**6, tpm=40_000)
    with _own_redis() as client:
        limiter = RateLimiter(client, limits)
        limiter.reset(full=True)
        before = int(client.info("memory")["used_memory"])
        told = [limiter.acquire(f"{100_000 + n}:1", 3_000) for n in range(WAITING)]
        used = int(client.info("memory")["used_memory"]) - before
        answers = [getattr(answer, "seconds", 0.0) for answer in told]
        began = time.perf_counter()
        limiter.acquire("100500:1", 3_000)
        once = time.perf_counter() - began
        limiter.set_limits(Limits(rpm=4, rpd=10**6, tpm=40_000))
        began = time.perf_counter()
        limiter.acquire("100500:1", 3_000)
        changed = time.perf_counter() - began
    print(f"{WAITING} waiting: {used / 1e6:.2f} MB in Redis, {used / WAITING:.0f} bytes each")
    print(f"they come back {sum(1 / s for s in answers if s > 1):.2f} times a second all together")
    print(f"one asks again: {once * 1000:.2f} ms; after a change of limits: {changed * 1000:.2f} ms")
