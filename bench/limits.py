"""What the limiter costs Redis: time per acquire, beside a script that does nothing; memory per waiting request.

    python -m bench.limits
    python -m bench.limits --quick     few calls, to see that it runs

bench.limits_peers compares what it grants with what others do, in virtual time; bench.limits_order runs the whole
service.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import redis

from dev.processes import running
from dev.redis_server import RedisServer
from worker.limits.answers import Limits
from worker.limits.rate_limiter import RateLimiter

BATCH = 100
COUNT, QUICK_COUNT = 20_000, 1_000
WAITING, QUICK_WAITING = (10, 100, 10_000), (10, 100)
REPEATED = 500


@contextmanager
def own_redis() -> Iterator[redis.Redis]:
    """A client of a Redis that nobody else has."""
    with (
        tempfile.TemporaryDirectory() as name,
        running(RedisServer(Path(name), aof=False)) as server,
        redis.Redis.from_url(server.url) as client,
    ):
        yield client


def _rate(client: redis.Redis, count: int, queue: Callable[[redis.client.Pipeline, int], object]) -> float:
    began = time.perf_counter()
    for first in range(0, count, BATCH):
        pipeline = client.pipeline(transaction=False)
        for n in range(first, first + BATCH):
            queue(pipeline, n)
        pipeline.execute()
    return count / (time.perf_counter() - began)


def print_acquire(count: int) -> None:
    """Acquires per second of one client with pipelining, beside a script that does nothing, in one run."""
    with own_redis() as client:
        nothing = client.register_script("return {'granted', '0'}")
        nothing(keys=[], args=[])
        generous = RateLimiter(client, Limits(10**9, 10**9, 10**12), prefix="bench:granted")
        scarce = RateLimiter(client, Limits(60, 10**6, 10**9), prefix="bench:waiting")
        generous.reset(full=True)
        scarce.reset(full=True)
        bare = _rate(client, count, lambda pipeline, n: nothing(keys=[str(n)], args=[n, 1000], client=pipeline))
        granted = _rate(client, count, lambda pipeline, n: generous.pipelined_acquire(pipeline, f"g{n}", 1000))
        waiting = _rate(client, count, lambda pipeline, n: scarce.pipelined_acquire(pipeline, f"w{n % 5000}", 1000))
    print(f"{count} calls, {BATCH} a pipeline, one client, one Redis")
    for name, rate in (("EVALSHA of nothing", bare), ("granted at once", granted), ("has to wait", waiting)):
        print(f"{name:22}{rate:>10,.0f} / s{rate / bare:>8.0%} of nothing")


def _microseconds(client: redis.Redis, act: Callable[[], object]) -> float:
    """What Redis itself says that one call of the script takes, on average of many."""
    client.config_resetstat()
    for _ in range(REPEATED):
        act()
    return float(client.info("commandstats")["cmdstat_evalsha"]["usec_per_call"])


def print_memory(sizes: tuple[int, ...]) -> None:
    """Bytes in Redis per waiting request; what asking and a change of limits cost with few and with many waiting."""
    limits, others = Limits(rpm=3, rpd=10**6, tpm=40_000), Limits(rpm=4, rpd=10**6, tpm=40_000)
    print(f"{'waiting':>8}{'bytes each':>12}{'asks again':>13}{'limits change':>16}{'asks after':>13}")
    for waiting in sizes:
        with own_redis() as client:
            limiter = RateLimiter(client, limits)
            limiter.reset(full=True)
            before = int(client.info("memory")["used_memory"])
            for n in range(waiting):
                limiter.acquire(f"{100_000 + n}:1", 3_000, float(n + 1))
            used = int(client.info("memory")["used_memory"]) - before
            last = f"{100_000 + waiting - 1}:1"
            ask = partial(limiter.acquire, last, 3_000, float(waiting))
            asked = _microseconds(client, ask)
            changed = _microseconds(client, partial(limiter.set_limits, others))
            again = _microseconds(client, ask)
        print(f"{waiting:>8}{used / waiting:>12.0f}{asked:>10.0f} us{changed:>13.0f} us{again:>10.0f} us", flush=True)


def main() -> None:
    """Print both tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="few calls, to see that it runs")
    quick: bool = parser.parse_args().quick
    print_acquire(QUICK_COUNT if quick else COUNT)
    print_memory(QUICK_WAITING if quick else WAITING)


if __name__ == "__main__":
    main()
