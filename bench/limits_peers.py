"""This limiter beside what people really run, in virtual time: the same provider, the same requests, the same minute.

    python -m bench.limits_peers                 all scenarios
    python -m bench.limits_peers --only "RPM 3"  those whose names begin so

Ours is the real script on a real Redis; only the clock is simulated. The others are their algorithms, a few lines
each, since their packages read the real clock:

    SDK retries          no limiter: the SDK sends, sleeps for `retry-after` (or backs off) and gives up after two
                         retries, as openai-python does by default; what it gives up is asked again by the task
                         queue with Celery's usual exponential countdown, and is lost after three of those
    Celery rate_limit    kombu's bucket of one task in each worker, the limit divided by their number; counts
                         requests only, so where tokens bind it is set to what the mean request allows
    GCRA, retry-after    one bucket for requests and one for tokens in Redis, as large as the limit, that say when to
                         try again (redis-cell, throttled-py; celery-throttle reschedules its tasks so); after a 429
                         the request sleeps for what the provider says
    minute windows       counters of the current minute, as LiteLLM's router keeps them; who finds them full waits
                         for the next minute

They run in four workers with sixteen threads each, and a thread that waits is a thread that waits; the order in
which threads first come is not the topic's, within 60 ms. Ours waits for long in the queue, not in a thread.

used: of what the provider's buckets held and refilled until the last request was admitted. lost: given up.
"""

from __future__ import annotations

import argparse
import statistics
from collections import deque
from dataclasses import dataclass, field
from functools import partial
from typing import Literal

import redis

from bench.limits import own_redis
from bench.limits_simulation import START, Attempt, Fleet, kendalls_tau
from worker.limits.answers import Granted, Limits
from worker.limits.provider_limits import Denial

PLENTY = 10**9
WORKERS, THREADS = 4, 16
RACE = 0.06  # seconds within which threads that start together ask
MIXED = (1_500, 2_500, 4_000, 2_500, 8_000)
SDK_RETRIES, TASK_RETRIES = 2, 3


@dataclass(frozen=True)
class Scenario:
    """What all of them meet. `bursts`: so often all requests come, two idle minutes apart."""

    name: str
    limits: Limits
    requests: int
    sizes: tuple[int, ...] = (2_500,)
    full: bool = True
    span: float = 60.0
    foreign: bool = False
    request_headers: Literal["rpm", "rpd"] = "rpm"
    bursts: int = 1


SCENARIOS = (
    Scenario("RPM 120, full", Limits(120, PLENTY, PLENTY), 360),
    Scenario("RPM 120, empty", Limits(120, PLENTY, PLENTY), 240, full=False),
    Scenario("TPM 60,000, mixed", Limits(PLENTY, PLENTY, 60_000), 90, MIXED),
    Scenario("RPM 200, half is taken", Limits(200, PLENTY, PLENTY), 400, foreign=True),
    Scenario("RPM 3, RPD 200", Limits(3, 200, 40_000), 20, request_headers="rpd"),
    Scenario("RPM 500, span 10 s, bursts", Limits(500, PLENTY, PLENTY), 100, span=10.0, bursts=4),
    Scenario("RPM 500, span 1 s, bursts", Limits(500, PLENTY, PLENTY), 100, span=1.0, bursts=4),
    Scenario("RPM 500, span 1 s, flood", Limits(500, PLENTY, PLENTY), 500, span=1.0),
)


@dataclass
class Ours(Fleet):
    """The real limiter."""

    lost: int = 0

    def submit_all(self, attempts: list[Attempt]) -> None:
        """All of them lie in the topic; threads take them in order and ask in nearly that order."""
        for number, attempt in enumerate(attempts):
            place = self.now + number * 1e-6
            self.at(self.now + self.rng.uniform(0, 0.005), partial(self.limiter.join, {attempt.id: place}))
            self.at(self.now + self.rng.uniform(0.01, RACE), partial(self.ask, attempt))

    def ask(self, attempt: Attempt) -> None:
        answer = self.limiter.acquire(attempt.id, attempt.tokens)
        if isinstance(answer, Granted):
            self.at(self.now + self.rng.uniform(0, self.jitter), lambda: self.arrive(attempt))
        else:
            self.at(self.now + answer.seconds + self.rng.uniform(0, 0.005), lambda: self.ask(attempt))


@dataclass
class Peer(Fleet):
    """Threads that take the next request, wait until `pause` says so, and send it."""

    lost: int = 0
    waiting: deque[Attempt] = field(default_factory=deque)
    idle: int = WORKERS * THREADS
    tries: dict[str, int] = field(default_factory=dict)

    def submit_all(self, attempts: list[Attempt]) -> None:
        self.waiting.extend(attempts)
        self._fill()

    def pause(self, attempt: Attempt) -> float:
        """Seconds until the request may ask again; 0: it may be sent."""
        del attempt
        return 0.0

    def _fill(self) -> None:
        while self.idle and self.waiting:
            self.idle -= 1
            attempt = self.waiting.popleft()
            self.at(self.now + self.rng.uniform(0.01, RACE), partial(self.ask, attempt))

    def ask(self, attempt: Attempt) -> None:
        pause = self.pause(attempt)
        if pause > 0:
            self.at(self.now + pause + self.rng.uniform(0, 0.005), lambda: self.ask(attempt))
        else:
            self.at(self.now + self.rng.uniform(0, self.jitter), lambda: self.arrive(attempt))

    def back_off(self, attempt: Attempt, seen: Denial) -> None:
        self.at(self.now + (seen.wait or 1.0), lambda: self.ask(attempt))

    def answered(self, attempt: Attempt, view: object) -> None:
        del attempt, view
        self._leave()

    def _leave(self) -> None:
        self.idle += 1
        self._fill()


class SdkRetries(Peer):
    """openai-python's own retries, and a task queue's behind them."""

    def back_off(self, attempt: Attempt, seen: Denial) -> None:
        tries = self.tries[attempt.id] = self.tries.get(attempt.id, 0) + 1
        if tries % (SDK_RETRIES + 1):
            spread = 1 - 0.25 * self.rng.random()
            told = seen.wait if seen.wait is not None and 0 < seen.wait <= 60 else None
            self.at(self.now + (told or min(0.5 * 2 ** (tries - 1), 8.0) * spread), lambda: self.ask(attempt))
            return
        again = tries // (SDK_RETRIES + 1)
        if again > TASK_RETRIES:
            self.lost += 1
        else:
            self.at(self.now + self.rng.uniform(0.5, 1) * 2**again, lambda: self._return(attempt))
        self._leave()

    def _return(self, attempt: Attempt) -> None:
        self.waiting.append(attempt)
        self._fill()


class CeleryRateLimit(Peer):
    """A bucket of one in each worker; a thread belongs to the worker whose number its request draws."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self._next = [START] * WORKERS
        self.mean = 2_500.0

    def pause(self, attempt: Attempt) -> float:
        worker = int(attempt.id.split("-")[1]) % WORKERS
        every = 60 / min(self.limits.rpm, self.limits.tpm / self.mean) * WORKERS
        if attempt.asks:
            return 0.0
        attempt.asks = 1
        start = max(self.now, self._next[worker])
        self._next[worker] = start + every
        return start - self.now


class Gcra(Peer):
    """Generic cell rate: a theoretical arrival time for requests and one for tokens."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self._arrival = dict.fromkeys(("rpm", "tpm"), START - 60)

    def pause(self, attempt: Attempt) -> float:
        for name, limit, cost in (("rpm", self.limits.rpm, 1), ("tpm", self.limits.tpm, attempt.tokens)):
            arrival = max(self._arrival[name], self.now) + cost * 60 / limit
            if arrival - 60 > self.now:
                return arrival - 60 - self.now
            self._arrival[name] = arrival
        return 0.0


class MinuteWindows(Peer):
    """Counters that begin anew every minute."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self._minute, self._requests, self._tokens = 0, 0, 0

    def pause(self, attempt: Attempt) -> float:
        minute = int(self.now // 60)
        if minute != self._minute:
            self._minute, self._requests, self._tokens = minute, 0, 0
        if self._requests + 1 > self.limits.rpm or self._tokens + attempt.tokens > self.limits.tpm:
            return (minute + 1) * 60 - self.now
        self._requests += 1
        self._tokens += attempt.tokens
        return 0.0


PACERS: dict[str, type[Ours | Peer]] = {
    "this limiter": Ours,
    "SDK retries": SdkRetries,
    "Celery rate_limit / N": CeleryRateLimit,
    "GCRA, retry-after": Gcra,
    "minute windows": MinuteWindows,
}


def run(scenario: Scenario, pacer: type[Ours | Peer], client: redis.Redis) -> str:
    """One line of the table."""
    client.flushdb()
    fleet = pacer(
        client,
        scenario.limits,
        jitter=0.1,
        latency=lambda rng: rng.uniform(2, 5),
        request_headers=scenario.request_headers,
        span=scenario.span,
    )
    if isinstance(fleet, CeleryRateLimit):
        fleet.mean = statistics.mean(scenario.sizes)
    if isinstance(fleet, Ours):
        fleet.limiter.reset(full=scenario.full)
    if not scenario.full:
        fleet.provider.set_used({"rpm": scenario.limits.rpm, "tpm": scenario.limits.tpm})
    if scenario.foreign:
        fleet.provider.configure(fleet.provider_limits(), 0.5)
    taus, denials = [], []
    for burst in range(scenario.bursts):
        fleet.run(120 if burst else 0)
        attempts = [_attempt(scenario, burst, n) for n in range(scenario.requests)]
        before, denied = len(fleet.arrivals), len(fleet.denied)
        fleet.submit_all(attempts)
        _finish(fleet, attempts)
        order = [float(attempt.id.split("-")[1]) for attempt in fleet.arrivals[before:]]
        taus.append(kendalls_tau(order))
        denials.append(len(fleet.denied) - denied)
    minutes = (fleet.arrivals[-1].arrived - fleet.arrivals[0].arrived) / 60
    return (
        f"{_used(scenario, fleet, minutes):>8}{'+'.join(map(str, denials)):>14}{statistics.mean(taus):>8.3f}"
        f"{fleet.lost:>6}{minutes * 60:>9.0f} s"
    )


def _attempt(scenario: Scenario, burst: int, number: int) -> Attempt:
    tokens = scenario.sizes[number % len(scenario.sizes)]
    return Attempt(f"{burst}-{number}", tokens, tokens)


def _finish(fleet: Ours | Peer, attempts: list[Attempt]) -> None:
    for _ in range(2_000):
        if sum(attempt.arrived > 0 for attempt in attempts) + fleet.lost >= len(attempts):
            return
        fleet.run(5)


def _used(scenario: Scenario, fleet: Ours | Peer, minutes: float) -> str:
    if scenario.bursts > 1:
        return "-"
    rate = 0.5 if scenario.foreign else 1.0
    there = (1.0 if scenario.full else 0.0) + rate * minutes
    tokens = sum(attempt.tokens for attempt in fleet.arrivals)
    return f"{max(tokens / scenario.limits.tpm, len(fleet.arrivals) / scenario.limits.rpm) / there:.1%}"


def main() -> None:
    """Run the scenarios, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", default="", help="the beginning of a scenario's name")
    options = parser.parse_args()
    print(f"{'':52}{'used':>8}{'429s':>14}{'tau':>8}{'lost':>6}{'took':>11}")
    with own_redis() as client:
        for scenario in SCENARIOS:
            for pacer, kind in PACERS.items() if scenario.name.startswith(options.only) else ():
                print(f"{scenario.name:28}{pacer:24}{run(scenario, kind, client)}", flush=True)


if __name__ == "__main__":
    main()
