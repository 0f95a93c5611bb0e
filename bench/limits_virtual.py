"""Ten minutes of realistic limits in virtual time: what no benchmark on a real clock has the patience for."""

from __future__ import annotations

import random
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import redis

from bench.limits_simulation import START, Attempt, Fleet
from dev.redis_server import RedisServer
from worker.limits.answers import Limits

PLENTY = 10**9
MIXED = (500, 1500, 3000, 8000)


@dataclass(frozen=True)
class Scenario:
    """What the fleet meets. `foreign`: another user of the key takes half from this second on."""

    name: str
    limits: Limits
    sizes: tuple[int, ...] = (1000,)
    requests: int = 2400
    seconds: float = 600.0
    full: bool = True
    charge: Literal["admission", "use"] = "admission"
    headers: bool = True
    request_headers: Literal["rpm", "rpd"] = "rpm"
    foreign: float | None = None
    answer: tuple[float, float] = (1.0, 4.0)


SCENARIOS = (
    Scenario("RPM 200", Limits(200, PLENTY, PLENTY)),
    Scenario("RPM 200, no headers", Limits(200, PLENTY, PLENTY), headers=False),
    Scenario("RPM 3, RPD 200, an hour", Limits(3, 200, 40_000), (3000,), requests=200, seconds=3600),
    Scenario("the same, Redis emptied", Limits(3, 200, 40_000), (3000,), 200, 3600, full=False),
    Scenario(
        "the same, headers show the day",
        Limits(3, 200, 40_000),
        (3000,),
        200,
        3600,
        full=False,
        request_headers="rpd",
    ),
    Scenario("TPM 400,000, mixed", Limits(PLENTY, PLENTY, 400_000), MIXED, 2000),
    Scenario("TPM 400,000, charged on use", Limits(PLENTY, PLENTY, 400_000), MIXED, 4000, charge="use"),
    Scenario("RPM 200, Redis emptied", Limits(200, PLENTY, PLENTY), full=False),
    Scenario("RPM 200, half is taken", Limits(200, PLENTY, PLENTY), foreign=120),
    Scenario("TPM 400,000, half is taken", Limits(PLENTY, PLENTY, 400_000), MIXED, 2000, foreign=120),
    Scenario(
        "the same, answers take 5-25 s",
        Limits(PLENTY, PLENTY, 400_000),
        MIXED,
        2000,
        foreign=120,
        answer=(5.0, 25.0),
    ),
)


def _used(scenario: Scenario, tokens: int, rng: random.Random) -> int:
    return int(tokens * rng.uniform(0.3, 0.7)) if scenario.charge == "use" else tokens


def run(scenario: Scenario, client: redis.Redis) -> Fleet:
    """Everybody asks at the beginning; then virtual time passes."""
    client.flushdb()
    answer_time: Callable[[random.Random], float] = lambda rng: rng.uniform(*scenario.answer)  # noqa: E731
    fleet = Fleet(
        client,
        scenario.limits,
        latency=answer_time,
        charge=scenario.charge,
        headers=scenario.headers,
        request_headers=scenario.request_headers,
    )
    if scenario.full:
        fleet.limiter.reset(full=True)
    for n in range(scenario.requests):
        tokens = fleet.rng.choice(scenario.sizes)
        fleet.submit(Attempt(str(n), tokens, _used(scenario, tokens, fleet.rng)))
    if scenario.foreign is not None:
        half_from = START + scenario.foreign
        fleet.at(half_from, lambda: fleet.provider.configure(fleet.provider_limits(), 0.5))
    fleet.run(scenario.seconds)
    return fleet


def share_of_quota(scenario: Scenario, fleet: Fleet) -> float:
    """What was used of a full bucket and its refill, in the scarcer of the buckets."""
    seconds = scenario.seconds
    taken = 0.0 if scenario.foreign is None else 0.5 * (seconds - scenario.foreign)
    limits, attempts = scenario.limits, fleet.arrivals
    tokens = sum(attempt.used for attempt in attempts)
    return max(
        tokens / (limits.tpm * (1 + (seconds - taken) / 60)),
        len(attempts) / (limits.rpm * (1 + (seconds - taken) / 60)),
        len(attempts) / (limits.rpd * (1 + (seconds - taken) / 86_400)),
    )


def print_table() -> None:
    """All scenarios; `asks` are calls of acquire per started request."""
    print(f"{'':34}{'share':>8}{'429s':>6}{'last 429':>10}{'asks':>7}")
    with tempfile.TemporaryDirectory() as name:
        server = RedisServer(Path(name), aof=False)
        server.start()
        with redis.Redis.from_url(server.url) as client:
            for scenario in SCENARIOS:
                fleet = run(scenario, client)
                last = f"{fleet.denied[-1][0] - START:.0f} s" if fleet.denied else ""
                asks = sum(attempt.asks for attempt in fleet.arrivals) / len(fleet.arrivals)
                share = share_of_quota(scenario, fleet)
                line = f"{scenario.name:34}{share:>8.1%}{len(fleet.denied):>6}{last:>10}{asks:>7.1f}"
                print(line, flush=True)
        server.stop()
