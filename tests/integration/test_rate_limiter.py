"""The limiter's script on a real Redis, with a clock that the tests move."""

import pytest

from bench.limits_simulation import CLOCK_KEY, START, script_with_virtual_clock
from worker.limits.answers import Granted, Limits, NeverFitsError, NotYet, Reserved
from worker.limits.provider_limits import Denial, ProviderView
from worker.limits.rate_limiter import RateLimiter

LIMITS = Limits(rpm=3, rpd=200, tpm=40_000)
JITTER = 0.25
NEARLY = 0.01


class Clock:
    """Redis TIME, as far as the script can tell."""

    def __init__(self, redis):
        self.redis = redis
        self.now = START
        self.advance(0)

    def advance(self, seconds):
        self.now += seconds
        self.redis.set(CLOCK_KEY, repr(self.now))


@pytest.fixture
def clock(redis_client):
    return Clock(redis_client)


@pytest.fixture
def make(redis_client, clock):  # noqa: ARG001 - the script cannot run without it
    def make(limits=LIMITS, *, full=True, **settings):
        limiter = RateLimiter(redis_client, limits, jitter=JITTER, script=script_with_virtual_clock(), **settings)
        if full:
            limiter.seed_full()
        return limiter

    return make


def until_start(answer):
    """Seconds until an answer's start, 0 for a grant."""
    return 0.0 if isinstance(answer, Granted) else answer.until_start


def view(limits=LIMITS, requests=None, tokens=None):
    """Headers that speak of the minute's requests and tokens."""
    return ProviderView(limits.rpm, requests, None, limits.tpm, tokens, None)


def test_a_full_bucket_starts_its_whole_burst_and_then_the_steady_rate(make):
    """RPM 3: three requests start within the jitter, the next one 20 seconds later, and so on."""
    limiter = make()
    waits = [until_start(limiter.acquire(str(n), 2000)) for n in range(5)]
    assert waits[:2] == [0, 0]
    assert 0 < waits[2] <= JITTER + NEARLY
    assert waits[3:] == pytest.approx([waits[2] + 20, waits[2] + 40], abs=NEARLY)


def test_asking_again_keeps_the_same_start_and_pays_once(make, clock):
    """Redelivery and retries neither lose the place nor use the quota twice."""
    limiter = make()
    for name in "abc":
        limiter.acquire(name, 2000)
    first = until_start(limiter.acquire("d", 2000))
    clock.advance(5)
    assert until_start(limiter.acquire("d", 2000)) == pytest.approx(first - 5)
    clock.advance(first - 5)
    assert isinstance(limiter.acquire("c", 2000), Granted)
    assert limiter.acquire("d", 2000).first
    assert not limiter.acquire("d", 2000).first
    assert until_start(limiter.acquire("e", 2000)) == pytest.approx(20, abs=2 * JITTER)


def test_a_large_request_is_not_overtaken_by_small_ones(make):
    """Small requests that came later wait behind the large one, though they would fit."""
    limiter = make(Limits(rpm=1000, rpd=100_000, tpm=40_000))
    limiter.acquire("first", 20_000)
    large = until_start(limiter.acquire("large", 39_000))
    small = until_start(limiter.acquire("small", 100))
    assert large == pytest.approx((59_000 - 40_000) / 40_000 * 60, abs=2 * JITTER)
    assert small >= large


def test_a_request_of_exactly_the_token_limit_starts(make, clock):
    """Only more than TPM never fits; TPM itself waits until the bucket is surely full."""
    limiter = make()
    wait = until_start(limiter.acquire("all", LIMITS.tpm))
    clock.advance(wait)
    assert wait <= 2 * JITTER
    assert isinstance(limiter.acquire("all", LIMITS.tpm), Granted)


def test_more_than_the_token_limit_fails_at_once(make):
    """No wait would help, so none is told."""
    with pytest.raises(NeverFitsError):
        make().acquire("huge", LIMITS.tpm + 1)


def test_an_unused_reservation_comes_back(make, clock):
    """A worker that died while it waited costs nobody its quota."""
    limiter = make(unused_grace=30)
    for name in ("a", "b", "c", "dead", "next"):
        limiter.acquire(name, 2000)
    clock.advance(20 + JITTER + 30 + 1)
    assert isinstance(limiter.acquire("c", 2000), Granted)
    assert isinstance(limiter.acquire("next", 2000), Granted)
    assert until_start(limiter.acquire("newcomer", 2000)) < 20
    assert limiter.snapshot()["waiting"] <= 1


def test_a_cancelled_grant_gives_its_quota_back(make):
    """A request that was not sent after all does not count."""
    limiter = make(Limits(rpm=3, rpd=200, tpm=4_000))
    limiter.acquire("a", 3_000)
    assert until_start(limiter.acquire("b", 3_000)) > 10
    limiter.cancel("a")
    limiter.cancel("b")
    assert until_start(limiter.acquire("c", 3_000)) <= JITTER


def test_beyond_the_horizon_only_the_place_is_kept(make):
    """The answer is `not yet`, and those turned away are not overtaken by newcomers."""
    limiter = make(horizon=60)
    answers = [limiter.acquire(str(n), 2000) for n in range(8)]
    assert isinstance(answers[4], Reserved)
    assert isinstance(answers[7], NotYet)
    assert answers[7].until_start == pytest.approx(100, abs=1)
    assert 0 < answers[7].seconds <= 60
    assert until_start(limiter.acquire("late", 2000)) > answers[7].until_start


def test_a_429_moves_the_shadow_to_its_numbers(make):
    """The request waits as long as the body says, and everybody else behind it."""
    limiter = make()
    limiter.acquire("a", 2000)
    wait = limiter.denied("a", Denial("rate_limit", "rpm", 3, 3, 1, 20.0))
    assert wait == pytest.approx(20)
    assert until_start(limiter.acquire("b", 2000)) > wait
    assert limiter.snapshot()["last_denial"]["bucket"] == "rpm"


def test_a_burst_of_429s_is_believed_once(make, clock):
    """Ten denials of one moment are one piece of news."""
    limiter = make(Limits(rpm=60, rpd=10_000, tpm=1_000_000))
    names = [str(n) for n in range(10)]
    for name in names:
        limiter.acquire(name, 100)
    clock.advance(0.1)
    waits = [limiter.denied(name, Denial("rate_limit", "rpm", 60, 60, 1, 1.0)) for name in names]
    assert waits == sorted(waits)
    assert waits[0] == pytest.approx(1 + 9, abs=1)
    assert waits[-1] - waits[0] == pytest.approx(9, abs=1)


def test_a_denied_request_keeps_its_place_at_the_front(make):
    """It came first, so it is first again."""
    limiter = make()
    for name in "abcd":
        limiter.acquire(name, 2000)
    wait = limiter.denied("a", Denial("rate_limit", "rpm", 3, 3, 1, 20.0))
    assert wait < until_start(limiter.acquire("c", 2000)) < until_start(limiter.acquire("d", 2000))


def test_a_denial_without_numbers_stops_everybody_for_its_time(make):
    """`retry-after` alone is believed, whatever bucket it was."""
    limiter = make()
    limiter.acquire("a", 2000)
    assert limiter.denied("a", Denial("rate_limit", wait=12.0)) == pytest.approx(12)
    assert until_start(limiter.acquire("b", 2000)) >= 12


def test_headers_lower_the_shadow_at_once(make, clock):
    """Somebody else used the key: the next start waits for what is really there."""
    limits = Limits(rpm=1000, rpd=100_000, tpm=60_000)
    limiter = make(limits)
    limiter.acquire("a", 1000)
    clock.advance(1)
    limiter.settle("a", used_tokens=900, seen=view(limits, requests=999, tokens=1_000))
    wait = until_start(limiter.acquire("b", 10_000))
    assert wait > 7


def test_headers_raise_the_shadow_as_far_as_they_confirm(make, clock):
    """After a flush one answer's headers are enough to use what is there."""
    limiter = make(full=False)
    assert isinstance(limiter.acquire("a", 2000), Granted)
    assert until_start(limiter.acquire("b", 2000)) == pytest.approx(20, abs=NEARLY)
    clock.advance(1)
    limiter.settle("a", used_tokens=900, seen=view(requests=2, tokens=38_000))
    assert until_start(limiter.acquire("b", 2000)) <= JITTER


def test_unused_tokens_are_not_refunded_without_a_header(make):
    """Whether the provider refunds is undocumented, so nothing is assumed."""
    limits = Limits(rpm=1000, rpd=100_000, tpm=60_000)
    limiter = make(limits)
    limiter.acquire("a", 59_000)
    limiter.settle("a", used_tokens=10, seen=None)
    assert until_start(limiter.acquire("b", 30_000)) > 25


def test_an_emptied_redis_does_not_grant_a_second_day(make, clock):
    """After a flush only a small part of the day's requests may start unconfirmed."""
    limiter = make(Limits(rpm=1000, rpd=240, tpm=1_000_000), full=False)
    granted = 0
    for n in range(300):
        answer = limiter.acquire(str(n), 10)
        clock.advance(until_start(answer) if until_start(answer) < 1 else 0)
        granted += isinstance(limiter.acquire(str(n), 10), Granted)
    assert 1 <= granted <= 240 / 24 + 1


def test_headers_of_the_day_bucket_are_told_from_those_of_the_minute(make):
    """On small accounts `requests` means the day: it must not be taken for the minute."""
    limiter = make()
    limiter.acquire("a", 2000)
    limiter.settle("a", used_tokens=900, seen=ProviderView(200, 50, 64800.0, None, None, None))
    buckets = limiter.snapshot()["buckets"]
    assert buckets["rpd"]["level"] <= 50
    assert buckets["rpm"]["level"] > 1.5


def test_slow_down_spreads_the_starts(make):
    """After `slow_down` nobody starts for its time, and then no burst follows though the bucket is full."""
    limiter = make(Limits(rpm=60, rpd=10_000, tpm=1_000_000))
    limiter.acquire("a", 100)
    limiter.slow_down("a", 5)
    waits = [until_start(limiter.acquire(str(n), 100)) for n in range(3)]
    assert waits == pytest.approx([5, 7, 9], abs=0.1)


def test_the_rate_recovers_after_slow_down(make, clock):
    """A quarter of an hour later the full burst is there again."""
    limiter = make(Limits(rpm=60, rpd=10_000, tpm=1_000_000))
    limiter.slow_down("a", 5)
    clock.advance(901)
    assert [until_start(limiter.acquire(str(n), 100)) for n in range(20)] == [0] * 20


def test_limits_change_for_the_whole_fleet_at_once(make):
    """An operator raises the limit: requests that wait already start earlier, with every worker's own settings."""
    limiter = make()
    for n in range(10):
        limiter.acquire(str(n), 1000)
    other_worker = make(full=False)
    other_worker.set_limits(Limits(rpm=300, rpd=5000, tpm=400_000))
    assert until_start(limiter.acquire("9", 1000)) < 1
    assert limiter.snapshot()["buckets"]["rpm"]["limit"] == 300


def test_a_smaller_limit_in_the_headers_is_obeyed(make):
    """The account has less than the settings say: the provider is right."""
    limiter = make(Limits(rpm=300, rpd=5000, tpm=400_000))
    limiter.acquire("a", 1000)
    limiter.settle("a", used_tokens=10, seen=ProviderView(None, None, None, 40_000, 39_000, None))
    assert limiter.snapshot()["buckets"]["tpm"]["limit"] == 40_000
    with pytest.raises(NeverFitsError):
        limiter.acquire("b", 40_001)


def test_a_late_worker_starts_late_and_delays_nobody(make, clock):
    """Its quota is set aside while the others go on."""
    limiter = make(Limits(rpm=60, rpd=10_000, tpm=1_000_000))
    for n in range(59):
        limiter.acquire(str(n), 10)
    clock.advance(0.5)
    late, prompt = (until_start(limiter.acquire(name, 10)) for name in ("late", "prompt"))
    if late == 0:
        late, prompt = prompt, until_start(limiter.acquire("prompter", 10))
    clock.advance(prompt + 1)
    for name in ("prompter", "prompt", "late"):
        assert isinstance(limiter.acquire(name, 10), Granted)


def test_what_a_late_worker_left_unused_is_not_granted_twice(make, clock):
    """The bucket was full while it slept: its quota overflowed, and the next one waits for new quota."""
    limiter = make(Limits(rpm=1000, rpd=100_000, tpm=1000), unused_grace=200)
    limiter.acquire("first", 990)
    limiter.acquire("late", 500)
    prompt = until_start(limiter.acquire("prompt", 900))
    clock.advance(prompt)
    assert isinstance(limiter.acquire("prompt", 900), Granted)
    next_one = until_start(limiter.acquire("next", 600))
    clock.advance(next_one)
    assert isinstance(limiter.acquire("late", 500), Granted)
    assert until_start(limiter.acquire("next", 600)) > 20


def test_a_raised_limit_reaches_a_long_line(make):
    """A thousand wait when the operator raises the limit a hundredfold: the last one starts minutes later."""
    limiter = make(Limits(rpm=3, rpd=100_000, tpm=10_000_000))
    names = [str(n) for n in range(1000)]
    for name in names:
        limiter.acquire(name, 10)
    limiter.set_limits(Limits(rpm=300, rpd=100_000, tpm=10_000_000))
    assert until_start(limiter.acquire(names[-1], 10)) < 250


def test_nothing_is_kept_of_a_settled_request(make, redis_client):
    """Redis does not fill up with the past."""
    limiter = make()
    limiter.acquire("a", 2000)
    limiter.settle("a", used_tokens=None, seen=None)
    assert redis_client.hlen("ai_handler:limits:records") == 0
    assert redis_client.zcard("ai_handler:limits:started") == 0


def test_an_idle_limiter_remembers_the_day(make, redis_client):
    """A quiet week does not look like an emptied Redis, with its cautious start."""
    make().acquire("a", 2000)
    assert redis_client.ttl("ai_handler:limits:state") == -1


@pytest.mark.parametrize(("used", "left"), [(0, 200), (150, 50), (260, -60)])
def test_the_day_goes_on_from_what_kafka_remembers(make, redis_client, clock, used, left):
    """After a flush the day's quota is what is left of it, neither a second one nor a twenty-fourth."""
    limiter = make(Limits(rpm=1_000_000, rpd=200, tpm=10**9), full=False)
    limiter.acquire("before the bridge has counted", 10)
    redis_client.set("ai_handler:limits:day_used", f"{used} {clock.now:.3f}")
    limiter.acquire("after", 10)
    started = 1 + (left > 1)
    assert limiter.snapshot()["buckets"]["rpd"]["level"] == pytest.approx(min(left, 199.9) - started, abs=0.2)


def test_the_provider_knows_better_than_the_count(make, redis_client, clock):
    """Once a header of the day bucket has spoken, the count from Kafka changes nothing."""
    limiter = make(Limits(rpm=1_000, rpd=200, tpm=10**9), full=False)
    limiter.acquire("a", 10)
    limiter.settle("a", used_tokens=10, seen=ProviderView(200, 50, 64_800.0, None, None, None))
    redis_client.set("ai_handler:limits:day_used", f"0 {clock.now:.3f}")
    limiter.acquire("b", 10)
    assert limiter.snapshot()["buckets"]["rpd"]["level"] < 51


def test_the_real_clock_works_too(redis_client):
    """The script as it is shipped, on Redis TIME."""
    limiter = RateLimiter(redis_client, LIMITS)
    assert isinstance(limiter.acquire("a", 2000), Granted)
    assert 19 < until_start(limiter.acquire("b", 2000)) <= 20
