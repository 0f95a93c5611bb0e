"""Whatever happens in whatever order, the limiter against a plain model of the provider's buckets.

The script is the real one on a real Redis; only its clock is ours.
"""

import heapq
import itertools
import random
from dataclasses import dataclass, field

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bench.limits_peers import Ours
from bench.limits_simulation import CLOCK_KEY, START, Attempt, Fleet, kendalls_tau, script_with_virtual_clock
from worker.limits.answers import Granted, Limits
from worker.limits.provider_limits import Denial, ProviderView
from worker.limits.rate_limiter import RateLimiter

WINDOWS = {"rpm": 60.0, "rpd": 86_400.0, "tpm": 60.0}
GRACE = 30.0
FLOAT_NOISE = 1e-6


class Provider:
    """Three buckets that refill continuously: capacity = limit, refill = limit / window."""

    def __init__(self, limits):
        self.limits = {"rpm": limits.rpm, "rpd": limits.rpd, "tpm": limits.tpm}
        self.left = dict(self.limits)
        self.time = START

    def refill(self, now):
        for name, limit in self.limits.items():
            self.left[name] = min(limit, self.left[name] + (now - self.time) * limit / WINDOWS[name])
        self.time = now

    def admit(self, tokens, now):
        """None, or the denial."""
        self.refill(now)
        costs = {"rpm": 1, "rpd": 1, "tpm": tokens}
        for name, cost in costs.items():
            if cost > self.left[name] + FLOAT_NOISE:
                limit = self.limits[name]
                wait = (cost - self.left[name]) / limit * WINDOWS[name]
                return Denial("rate_limit", name, limit, int(limit - self.left[name]) + 1, wait)
        for name, cost in costs.items():
            self.left[name] -= cost
        return None

    def headers(self):
        return ProviderView(self.limits["rpm"], int(self.left["rpm"]), None, self.limits["tpm"], int(self.left["tpm"]))

    def taken_by_others(self, share):
        for name in self.left:
            self.left[name] -= share * max(0.0, self.left[name])


@dataclass(order=True)
class Event:
    time: float
    order: int
    act: object = field(compare=False)


class World:
    """Requests that ask, come back as told (or late, or never), reach the provider and settle."""

    def __init__(self, redis, limits, jitter, seed):
        self.redis, self.limits, self.jitter = redis, limits, jitter
        self.rng = random.Random(seed)
        self.now = START
        redis.flushdb()
        self.set_clock()
        self.limiter = RateLimiter(redis, limits, jitter=jitter, unused_grace=GRACE, script=script_with_virtual_clock())
        self.limiter.reset(full=True)
        self.provider = Provider(limits)
        self.events, self.order, self.names = [], itertools.count(), itertools.count()
        self.waiting, self.gone, self.travelling, self.answered = {}, set(), {}, {}
        self.grants, self.admitted, self.denied = [], [], []

    def set_clock(self):
        self.redis.set(CLOCK_KEY, repr(self.now))

    def later(self, seconds, act):
        heapq.heappush(self.events, Event(self.now + seconds, next(self.order), act))

    def pass_time(self, seconds):
        end = self.now + seconds
        while self.events and self.events[0].time <= end:
            event = heapq.heappop(self.events)
            self.now = max(self.now, event.time)
            self.set_clock()
            event.act()
        self.now = end
        self.set_clock()

    def new(self, tokens, lateness=0.0):
        name = str(next(self.names))
        self.waiting[name] = tokens
        self.ask(name, lateness)

    def ask(self, name, lateness):
        if name in self.gone:
            return
        answer = self.limiter.acquire(name, self.waiting[name])
        if not isinstance(answer, Granted):
            self.later(answer.seconds + lateness, lambda: self.ask(name, lateness))
            return
        self.grants.append(name)
        self.travelling[name] = self.waiting.pop(name)
        self.later(self.rng.uniform(0, self.jitter), lambda: self.arrive(name))

    def arrive(self, name):
        if name not in self.travelling:
            return
        tokens = self.travelling.pop(name)
        denial = self.provider.admit(tokens, self.now)
        if denial is None:
            self.admitted.append(name)
            self.answered[name] = self.provider.headers()
            return
        self.denied.append(name)
        self.waiting[name] = tokens
        self.later(self.limiter.denied(name, denial), lambda: self.ask(name, 0.0))

    def settle(self, n, *, with_headers):
        if self.answered:
            name = sorted(self.answered)[n % len(self.answered)]
            headers = self.answered.pop(name)
            self.limiter.settle(name, used_tokens=1, seen=headers if with_headers else None)

    def cancel(self, n):
        candidates = sorted(self.waiting) + sorted(self.travelling)
        if candidates:
            name = candidates[n % len(candidates)]
            self.waiting.pop(name, None)
            self.travelling.pop(name, None)
            self.gone.add(name)
            self.limiter.cancel(name)

    def abandon(self, n):
        if self.waiting:
            name = sorted(self.waiting)[n % len(self.waiting)]
            self.waiting.pop(name)
            self.gone.add(name)

    def flush(self):
        self.redis.flushdb()
        self.set_clock()

    def finish(self):
        """Let all who still wait start, and say how long that took in virtual seconds."""
        began = self.now
        for _ in range(4_000):
            if not self.waiting and not self.travelling:
                return self.now - began
            self.pass_time(max(1.0, self.events[0].time - self.now) if self.events else 1.0)
        raise AssertionError(f"still waiting after {self.now - began:.0f} s: {self.waiting}")


LIMITS = st.builds(
    Limits, rpm=st.integers(1, 120), rpd=st.sampled_from([20, 500, 100_000]), tpm=st.integers(100, 10_000)
)
HONEST = st.one_of(
    st.tuples(st.just("new"), st.floats(0.001, 1), st.sampled_from([0.0, 0.0, 0.004, 3.0, 25.0])),
    st.tuples(st.just("new"), st.floats(0.001, 0.1), st.just(0.0)),
    st.tuples(st.just("pass"), st.floats(0.001, 90)),
    st.tuples(st.just("settle"), st.integers(0, 99), st.booleans()),
    st.tuples(st.just("cancel"), st.integers(0, 99)),
    st.tuples(st.just("abandon"), st.integers(0, 99)),
)
DISTURBED = st.one_of(
    HONEST,
    st.tuples(st.just("flush")),
    st.tuples(st.just("others"), st.floats(0, 1)),
    st.tuples(st.just("slow_down"), st.floats(0, 20)),
)
RUNS = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def play(world, steps):
    for step in steps:
        match step:
            case ("new", share, lateness):
                world.new(max(1, int(share * world.limits.tpm)), lateness)
            case ("pass", seconds):
                world.pass_time(seconds)
            case ("settle", n, with_headers):
                world.settle(n, with_headers=with_headers)
            case ("cancel", n):
                world.cancel(n)
            case ("abandon", n):
                world.abandon(n)
            case ("flush",):
                world.flush()
            case ("others", share):
                world.provider.taken_by_others(share)
            case ("slow_down", seconds):
                world.limiter.slow_down("any", seconds)


def longest_wait(world):
    """An upper bound for all who wait: their quota one after the other, every window once more, the graces."""
    requests, tokens = len(world.waiting) + len(world.gone), sum(world.waiting.values())
    limits = world.limits
    by_day = 86_400 * (1 + requests / limits.rpd) if limits.rpd < requests + len(world.grants) else 0.0
    return 2 * (60 * (4 + requests / limits.rpm + tokens / limits.tpm + len(world.gone)) + by_day) + GRACE


@RUNS
@given(LIMITS, st.sampled_from([0.0, 0.25, 2.0]), st.lists(HONEST, max_size=60), st.integers(0, 999))
def test_the_provider_never_has_to_deny(redis_client, limits, jitter, steps, seed):
    """Nobody else uses the key: no 429, whatever is reserved, used, cancelled, abandoned, late or reordered."""
    world = World(redis_client, limits, jitter, seed)
    play(world, steps)
    bound = longest_wait(world)
    took = world.finish()
    assert world.denied == []
    assert took <= bound


@RUNS
@given(LIMITS, st.lists(DISTURBED, max_size=60), st.integers(0, 999))
def test_everybody_starts_in_the_end_whatever_happens(redis_client, limits, steps, seed):
    """Flushes, other users of the key, 429s and slow-downs delay requests and lose none."""
    world = World(redis_client, limits, 0.25, seed)
    play(world, steps)
    world.finish()
    assert len(world.admitted) + len(world.gone) >= next(world.names)


@RUNS
@given(
    LIMITS,
    st.lists(
        st.one_of(
            st.tuples(st.just("new"), st.floats(0.001, 1), st.just(0.0)),
            st.tuples(st.just("pass"), st.floats(0.001, 30)),
            st.tuples(st.just("settle"), st.integers(0, 99), st.just(False)),
        ),
        max_size=60,
    ),
)
def test_requests_start_in_the_order_in_which_they_asked(redis_client, limits, steps):
    """Large or small, nobody is overtaken as long as everybody comes when told."""
    world = World(redis_client, limits, 0.25, 1)
    play(world, steps)
    world.finish()
    assert world.grants == sorted(world.grants, key=int)


@RUNS
@given(st.integers(1, 400), st.lists(st.integers(1, 4000), min_size=1, max_size=300))
def test_no_quota_is_left_lying(redis_client, rpm, sizes):
    """With work waiting, the last request starts no later than the scarcer bucket makes it."""
    limits = Limits(rpm=rpm, rpd=100_000, tpm=40_000)
    world = World(redis_client, limits, 0.25, 1)
    for size in sizes:
        world.new(size)
    took = world.finish()
    needed = max(60 * (len(sizes) / rpm - 1), 60 * (sum(sizes) / limits.tpm - 1), 0)
    mixing = 60 * max(sizes) / limits.tpm + 60 / rpm  # what may wait for one bucket while the other one fills
    assert took <= needed + mixing + 3.0


@pytest.mark.parametrize(
    ("limits", "sizes", "count"),
    [(Limits(120, 10**9, 10**9), (2500,), 360), (Limits(10**9, 10**9, 60_000), (1500, 2500, 4000, 8000), 90)],
    ids=["rpm", "tpm"],
)
def test_the_topics_order_survives_a_race_of_threads(redis_client, limits, sizes, count):
    """All wake at once and ask in any order within 60 ms: they reach the provider in the topic's order, none denied."""
    fleet = Ours(redis_client, limits, jitter=0.02, latency=lambda rng: rng.uniform(2, 5))
    fleet.limiter.reset(full=True)
    fleet.submit_all([Attempt(str(n), sizes[n % len(sizes)], 0) for n in range(count)])
    while len(fleet.arrivals) < count:
        fleet.run(10)
    assert fleet.denied == []
    assert kendalls_tau([float(attempt.id) for attempt in fleet.arrivals]) >= 0.99


BOTH_LOADS = pytest.mark.parametrize(
    ("limits", "size"),
    [(Limits(500, 10**7, 10**8), [1000]), (Limits(10**5, 10**8, 400_000), [500, 1500, 3000, 8000])],
    ids=["rpm", "tpm"],
)


@BOTH_LOADS
@pytest.mark.parametrize("headers", [True, False], ids=["headers", "silent"])
def test_all_of_the_quota_is_used_and_none_is_exceeded(redis_client, limits, size, headers):
    """Under full load with jitter: at least 98 % of what was possible, no 429, with or without headers."""
    fleet = Fleet(redis_client, limits, jitter=1.0, headers=headers, latency=lambda rng: rng.uniform(0, 3))
    fleet.limiter.reset(full=True)
    for n in range(1500):
        fleet.submit(Attempt(str(n), tokens := fleet.rng.choice(size), tokens))
    fleet.run(110)
    assert fleet.denied == []
    used = sum(attempt.tokens for attempt in fleet.arrivals) / limits.tpm
    assert max(used, len(fleet.arrivals) / limits.rpm) >= 0.98 * (1 + 110 / 60)


@BOTH_LOADS
def test_another_user_of_the_key_is_noticed_within_seconds(redis_client, limits, size):
    """Half of the quota goes to somebody else: a few 429s at first, then none, and the other half is used."""
    fleet = Fleet(redis_client, limits)
    fleet.limiter.reset(full=True)
    for n in range(1500):
        fleet.submit(Attempt(str(n), tokens := fleet.rng.choice(size), tokens))
    fleet.at(START + 30, lambda: fleet.provider.configure(fleet.provider_limits(), 0.5))
    fleet.run(120)
    assert len(fleet.denied) <= 10
    assert all(when < START + 60 for when, _ in fleet.denied)
    used = sum(attempt.tokens for attempt in fleet.arrivals) / limits.tpm
    asked = len(fleet.arrivals) / limits.rpm
    assert max(used, asked) >= 0.95 * (1 + 0.5 + 1.5 * 0.5)


def test_a_provider_that_charges_for_use_is_used_fully(redis_client):
    """Refunds are not assumed, but seen in the headers and used: at least 95 % of what was possible."""
    limits = Limits(10**5, 10**8, 400_000)
    fleet = Fleet(redis_client, limits, charge="use")
    fleet.limiter.reset(full=True)
    for n in range(3000):
        tokens = fleet.rng.choice([1500, 3000, 8000])
        fleet.submit(Attempt(str(n), tokens, int(tokens * fleet.rng.uniform(0.3, 0.7))))
    fleet.run(300)
    assert fleet.denied == []
    assert sum(attempt.used for attempt in fleet.arrivals) >= 0.95 * limits.tpm * 6


def burst(fleet, number, size=100, tokens=100):
    """`size` requests at once after two idle minutes; how many 429s they met, and in how many seconds all started."""
    fleet.run(120)
    before, began = len(fleet.denied), fleet.now
    attempts = [Attempt(f"{number}-{n}", tokens, tokens) for n in range(size)]
    for attempt in attempts:
        fleet.submit(attempt)
    fleet.run(60)
    assert all(attempt.arrived for attempt in attempts)
    return len(fleet.denied) - before, max(attempt.arrived for attempt in attempts) - began


@pytest.mark.parametrize("headers", [True, False], ids=["headers", "silent"])
@pytest.mark.parametrize("span", [1.0, 10.0, 60.0])
def test_one_burst_teaches_how_much_may_be_spent_at_once(redis_client, span, headers):
    """The provider enforces shorter spans: the first burst is denied in part, the next ones hardly ever."""
    fleet = Fleet(redis_client, Limits(500, 10**7, 10**8), span=span, headers=headers)
    fleet.limiter.reset(full=True)
    first, *others = (burst(fleet, number) for number in range(4))
    assert first[0] > 0 or span == 60.0
    assert all(denied <= 2 for denied, _ in others)
    learned = fleet.limiter.snapshot()["buckets"]["rpm"]["burst_learned"]
    assert (learned is None) == (span == 60.0)
    share = min(span, 60.0) * 500 / 60
    assert all(seconds <= 1.5 * max(0, 100 - share) * 60 / 500 + 2 for _, seconds in others)


def test_what_a_burst_taught_is_forgotten_slowly(redis_client):
    """The provider went back to whole buckets: half a day later a burst of 100 starts at once again."""
    fleet = Fleet(redis_client, Limits(500, 10**7, 10**8), span=10.0)
    fleet.limiter.reset(full=True)
    burst(fleet, 0)
    fleet._admit = fleet.provider.admit
    assert fleet.limiter.snapshot()["buckets"]["rpm"]["burst_seconds"] < 11
    fleet.run(12 * 3600)
    denied, seconds = burst(fleet, 1)
    assert (denied, seconds < 1) == (0, True)


def test_who_knows_better_sets_the_burst(redis_client):
    """With the span as a setting no 429 is needed to learn it."""
    fleet = Fleet(redis_client, Limits(500, 10**7, 10**8), span=1.0, burst=1.0)
    fleet.limiter.reset(full=True)
    assert [burst(fleet, number)[0] for number in range(2)] == [0, 0]


@pytest.mark.parametrize("rpm", [3, 60, 500])
def test_a_handful_of_requests_starts_at_once_whatever_the_burst_is(redis_client, rpm):
    """A setting of a hundredth of a second does not mean one request at a time."""
    fleet = Fleet(redis_client, Limits(rpm, 10**7, 10**8), burst=0.01)
    fleet.limiter.reset(full=True)
    attempts = [Attempt(str(n), 10, 10) for n in range(4)]
    for attempt in attempts:
        fleet.submit(attempt)
    fleet.run(1)
    assert sum(attempt.arrived > 0 for attempt in attempts) == min(4, rpm)


@pytest.mark.parametrize(("span", "share"), [(1.0, 0.6), (10.0, 0.95)])
@BOTH_LOADS
def test_shorter_spans_cost_little_under_full_load(redis_client, limits, size, span, share):
    """Whatever span the provider enforces: after the first seconds hardly a 429, and most of the rate is used.

    Of requests that a span can hold: nobody knows how a provider would charge for larger ones.
    """
    size = [tokens for tokens in size if tokens <= limits.tpm * span / 60]
    fleet = Fleet(redis_client, limits, span=span, latency=lambda rng: rng.uniform(2, 5))
    fleet.limiter.reset(full=True)
    for n in range(700):
        fleet.submit(Attempt(str(n), tokens := fleet.rng.choice(size), tokens))
    fleet.run(30)
    learned, began = len(fleet.denied), len(fleet.arrivals)
    fleet.run(30)
    assert len(fleet.denied) - learned <= 2
    used = sum(attempt.tokens for attempt in fleet.arrivals[began:]) / limits.tpm
    assert max(used, (len(fleet.arrivals) - began) / limits.rpm) >= 0.5 * share
