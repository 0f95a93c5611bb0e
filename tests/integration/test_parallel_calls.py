"""At most so many calls under way at once in the whole fleet: the script on a real Redis, in virtual time."""

from dataclasses import dataclass, field

import pytest

from bench.limits_simulation import CLOCK_KEY, START, Attempt, Fleet, kendalls_tau, script_with_virtual_clock
from worker.limits.answers import Granted, Limits, Reserved
from worker.limits.provider_limits import Denial
from worker.limits.rate_limiter import RateLimiter

FREE = {"rpm": 10**6, "rpd": 10**9, "tpm": 10**10}
LASTS, BEATS = 60.0, 10.0
CALLS_KEY = "ai_handler:limits:calls"


@dataclass
class Clock:
    redis: object
    now: float = START

    def advance(self, seconds):
        self.now += seconds
        self.redis.set(CLOCK_KEY, repr(self.now))


@pytest.fixture
def clock(redis_client):
    clock = Clock(redis_client)
    clock.advance(0)
    return clock


@pytest.fixture
def make(redis_client, clock):  # noqa: ARG001 - the script cannot run without it
    def make(parallel=2, *, heartbeat="", full=True):
        limiter = RateLimiter(
            redis_client,
            Limits(**FREE, parallel=parallel),
            call_seconds=LASTS,
            heartbeat=heartbeat,
            heartbeat_seconds=BEATS,
            script=script_with_virtual_clock(),
        )
        if full:
            limiter.reset(full=True)
        return limiter

    return make


def started(limiter, *names):
    """Those of them that may start now, asking in this order, which is that of their places."""
    return [name for name in names if isinstance(limiter.acquire(name, 1000, float(name[0])), Granted)]


def under_way(limiter):
    return limiter.snapshot()["calls"]["under_way"]


def test_no_more_start_than_may_be_under_way(make):
    """The third waits for one of two to end, and is told about when that is."""
    limiter = make(2)
    assert started(limiter, "1", "2", "3", "4") == ["1", "2"]
    assert under_way(limiter) == 2
    third, fourth = limiter.acquire("3", 1000, 3.0), limiter.acquire("4", 1000, 4.0)
    assert isinstance(third, Reserved)
    assert 0 < third.seconds < third.until_start < fourth.until_start
    assert third.seconds <= fourth.seconds


@pytest.mark.parametrize("end", ["settle", "failure", "cancel", "denied"])
def test_a_call_that_ends_lets_the_first_in_the_line_start(make, end):
    """Whichever way it ends; who asks first is not who starts first."""
    limiter = make(1)
    assert started(limiter, "1", "2", "3") == ["1"]
    {
        "settle": lambda: limiter.settle("1", used_tokens=900, seen=None),
        "failure": lambda: limiter.settle("1", used_tokens=None, seen=None),
        "cancel": lambda: limiter.cancel("1"),
        "denied": lambda: limiter.denied("1", Denial("too_large", "tpm", 500, 0, None)),
    }[end]()
    assert started(limiter, "3", "2") == ["2"]


def test_without_such_a_limit_nothing_is_counted(make, redis_client):
    """The default costs no command."""
    limiter = make(0)
    assert len(started(limiter, *map(str, range(1, 10)))) == 9
    assert not redis_client.exists(CALLS_KEY)
    assert limiter.snapshot()["calls"]["limit"] == "unlimited"


def test_asking_again_takes_one_place(make):
    """A grant whose reply was lost is the same grant."""
    limiter = make(2)
    assert started(limiter, "1", "1", "2", "3") == ["1", "1", "2"]


def test_a_call_that_nobody_settles_ends_with_its_time(make, clock):
    """Redis was away when it was answered: its place comes back once it cannot be under way any more."""
    limiter = make(1)
    assert started(limiter, "1", "2") == ["1"]
    clock.advance(LASTS - 1)
    assert started(limiter, "2") == []
    clock.advance(1.1)
    assert started(limiter, "2") == ["2"]


def test_a_dead_workers_places_come_back_with_its_heartbeat(make, redis_client, clock):
    """Long before the call's own time is over; those of who is alive stay."""
    redis_client.mset({"alive": "_", "dead": "_"})
    alive, dead = make(2, heartbeat="alive"), make(2, heartbeat="dead", full=False)
    assert started(alive, "1", "3") == ["1", "3"]
    alive.settle("3", used_tokens=1, seen=None)
    assert started(dead, "2") == ["2"]
    redis_client.delete("dead")
    assert started(alive, "4", "5") == []
    for _ in range(11):
        clock.advance(1.0)
        granted = started(alive, "4", "5")
    assert granted == ["4"]
    assert under_way(alive) == 2


def test_an_outage_of_redis_is_no_death(make, redis_client, clock):
    """All heartbeats are gone after it and come back within a moment: nobody starts beside calls under way."""
    redis_client.set("heartbeat", "_")
    limiter = make(1, heartbeat="heartbeat")
    assert started(limiter, "1") == ["1"]
    redis_client.delete("heartbeat")
    clock.advance(30.0)
    assert started(limiter, "2") == []
    clock.advance(3.0)
    redis_client.set("heartbeat", "_")
    clock.advance(2.0)
    assert started(limiter, "2") == []
    redis_client.delete("heartbeat")
    clock.advance(9.0)
    assert started(limiter, "2") == [], "it was missed twice for a while, and never for long"


def test_an_emptied_redis_grants_as_many_as_may_be_and_no_more(make, redis_client, clock):
    """What was under way is forgotten, so for the time of a call there may be twice as many; never more."""
    limiter = make(2)
    assert started(limiter, "1", "2") == ["1", "2"]
    redis_client.flushdb()
    clock.advance(0)
    assert len(started(limiter, "3", "4", "5", "6")) <= 2
    limiter.settle("1", used_tokens=1, seen=None)
    limiter.settle("2", used_tokens=1, seen=None)
    assert started(limiter, "5") == [], "an answer that it does not know of makes no room"
    assert under_way(limiter) <= 2


def test_it_can_be_changed_for_the_fleet(make):
    """Fewer at once: what is under way ends first. Other limits can be changed without a word of it."""
    limiter, other = make(3), make(3, full=False)
    assert started(limiter, "1", "2", "3") == ["1", "2", "3"]
    other.set_limits(Limits(**FREE, parallel=1))
    limiter.settle("1", used_tokens=1, seen=None)
    other.set_limits(Limits(**FREE, parallel=None))
    assert started(limiter, "4") == []
    for name in "23":
        limiter.settle(name, used_tokens=1, seen=None)
    assert started(limiter, "4", "5") == ["4"]
    assert limiter.snapshot()["calls"]["limit"] == 1


def test_another_limit_may_be_the_tighter_one(make):
    """A free place is of no use to who waits for the minute's requests, and is no promise."""
    limiter = make(5)
    limiter.set_limits(Limits(rpm=2, rpd=0, tpm=0, parallel=None))
    limiter.reset(full=True)
    answers = [limiter.acquire(str(n), 1000, float(n)) for n in range(1, 6)]
    assert [isinstance(answer, Granted) for answer in answers[:1]] == [True]
    assert answers[4].until_start == pytest.approx(90, abs=10)
    assert answers[4].seconds > 10


@dataclass
class Load:
    """How many calls the provider had under way, and for how long."""

    fleet: Fleet
    most: int = 0
    busy: float = 0.0
    now: int = 0
    since: float = START
    starts: list = field(default_factory=list)

    def change(self, by):
        self.busy += self.now * (self.fleet.now - self.since)
        self.now, self.since = self.now + by, self.fleet.now
        self.most = max(self.most, self.now)


def flood(redis_client, parallel, latency, count, seconds):
    """So many requests at once, for so long; network and worker take 10 ms of each call."""
    fleet = Fleet(redis_client, Limits(**FREE, parallel=parallel), jitter=0.005, latency=latency)
    fleet.limiter.reset(full=True)
    load = Load(fleet)
    arrive, answered = fleet.arrive, fleet.answered

    def begin(attempt):
        load.change(1)
        load.starts.append(float(attempt.id))
        arrive(attempt)

    def end(attempt, view):
        load.change(-1)
        fleet.at(fleet.now + 0.005, lambda: answered(attempt, view))

    fleet.arrive, fleet.answered = begin, end
    attempts = [Attempt(str(n), 1000, 1000, place=(n + 1) / 1000) for n in range(count)]
    for attempt in attempts:
        fleet.submit(attempt)
    fleet.run(seconds)
    load.change(0)
    asks = sum(attempt.asks for attempt in attempts) / len(load.starts)
    return load.most, load.busy / seconds, kendalls_tau(load.starts), asks


@pytest.mark.parametrize(
    ("parallel", "latency"),
    [
        (10, lambda _: 1.0),
        (10, lambda rng: 0.2 + rng.expovariate(1 / 0.8)),
        (1, lambda rng: rng.uniform(0.7, 1.3)),
        (40, lambda rng: rng.uniform(0.7, 1.3)),
    ],
    ids=["even", "uneven", "one", "forty"],
)
def test_nearly_all_places_are_taken_and_nobody_overtakes(redis_client, parallel, latency):
    """Under load 95 % of what may be under way is, in order, and nobody asks for ever."""
    most, average, tau, asks = flood(redis_client, parallel, latency, 25 * parallel, 20.0)
    assert most == parallel
    assert average >= 0.95 * parallel
    assert tau >= 0.995
    assert asks < 50
