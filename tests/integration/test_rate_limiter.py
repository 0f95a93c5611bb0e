"""The limiter's script on a real Redis, with a clock that the tests move."""

from functools import partial

import pytest
import redis

from bench.limits_simulation import CLOCK_KEY, START, script_with_virtual_clock
from worker.limits.answers import Granted, Limits, NeverFitsError, Reserved
from worker.limits.provider_limits import Denial, ProviderView
from worker.limits.rate_limiter import MOST_AT_ONCE, RateLimiter

LIMITS = Limits(rpm=3, rpd=200, tpm=40_000)
JITTER = 0.25
NEARLY = 0.01
ANSWERED_KEY = "ai_handler:limits:answered"
REACHED_KEY = "ai_handler:limits:reached"


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
            limiter.reset(full=True)
        return limiter

    return make


def until_start(answer):
    """Seconds until an answer's start, 0 for a grant."""
    return 0.0 if isinstance(answer, Granted) else answer.until_start


def view(limits=LIMITS, requests=None, tokens=None):
    """Headers that speak of the minute's requests and tokens."""
    return ProviderView(limits.rpm, requests, None, limits.tpm, tokens)


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


def test_what_has_only_joined_leaves_the_line_and_nothing_more(make):
    """A worker that died has used its grant: whoever finds the answer known does not give that back."""
    limiter = make(Limits(rpm=3, rpd=200, tpm=4_000))
    limiter.acquire("used", 3_000)
    limiter.join({"used": 1.0})
    limiter.cancel("used", joined=True)
    assert until_start(limiter.acquire("next", 3_000)) > 10
    limiter.cancel("next", joined=True)
    assert limiter.snapshot()["waiting"] == 1, "it waits, and has not only joined"
    limiter.join({"joined": 2.0})
    limiter.cancel("joined", joined=True)
    assert limiter.snapshot()["waiting"] == 1


def test_who_waits_for_long_is_not_overtaken_by_newcomers(make):
    """Its start is told, and when to ask again: well before that, for the plan may improve."""
    limiter = make()
    answers = [limiter.acquire(str(n), 2000) for n in range(8)]
    assert isinstance(answers[7], Reserved)
    assert answers[7].until_start == pytest.approx(100, abs=1)
    assert 0 < answers[7].seconds <= 60
    assert until_start(limiter.acquire("late", 2000)) > answers[7].until_start


def test_a_429_moves_the_shadow_to_its_numbers(make):
    """The request waits as long as the body says, and everybody else behind it."""
    limiter = make()
    limiter.acquire("a", 2000)
    wait = limiter.denied("a", Denial("rate_limit", "rpm", 3, 3, 20.0))
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
    waits = [limiter.denied(name, Denial("rate_limit", "rpm", 60, 60, 1.0)) for name in names]
    assert waits == sorted(waits)
    assert waits[0] == pytest.approx(1 + 9, abs=1)
    assert waits[-1] - waits[0] == pytest.approx(9, abs=1)


def test_a_denied_request_keeps_its_place_at_the_front(make):
    """It came first, so it is first again."""
    limiter = make()
    for name in "abcd":
        limiter.acquire(name, 2000)
    wait = limiter.denied("a", Denial("rate_limit", "rpm", 3, 3, 20.0))
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
    limiter.settle("a", used_tokens=900, seen=ProviderView(200, 50, 64800.0, None, None))
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
    limiter.settle("a", used_tokens=10, seen=ProviderView(None, None, None, 40_000, 39_000))
    assert limiter.snapshot()["buckets"]["tpm"]["limit"] == 40_000
    assert 1 < until_start(limiter.acquire("b", 40_001)) < 3


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
    assert not redis_client.keys("ai_handler:limits:record:*")


def test_an_answer_is_not_lost_where_the_limiter_cannot_hear_of_it(private_redis):
    """It is paid for; that the buckets learn less costs nobody anything."""
    with private_redis.client() as client:
        limiter = RateLimiter(client, LIMITS)
        assert isinstance(limiter.acquire("a", 2_000), Granted)
        private_redis.kill()
        limiter.settle("a", used_tokens=2_000, seen=view(LIMITS, 2, 38_000))
        with pytest.raises(redis.RedisError):
            limiter.acquire("b", 2_000)


def test_an_idle_limiter_remembers_the_day(make, redis_client):
    """A quiet week does not look like an emptied Redis, with its cautious start."""
    make().acquire("a", 2000)
    assert redis_client.ttl("ai_handler:limits:buckets") == -1


@pytest.mark.parametrize(
    ("minute", "day", "left"),
    [(0, 0, (300, 5000, 60_000)), (10, 150, (290, 4850, 30_000)), (900, 9000, (0, 0, 0))],
    ids=["nothing", "some", "all"],
)
def test_the_buckets_go_on_from_what_kafka_remembers(make, redis_client, clock, minute, day, left):
    """After a flush the quota is what is left of it, neither a second one nor a small part; nothing used is full."""
    limiter = make(Limits(rpm=300, rpd=5000, tpm=60_000), full=False)
    redis_client.set(ANSWERED_KEY, f"{minute} {day} {clock.now:.3f}")
    limiter.acquire("first", 3_000)
    buckets = limiter.snapshot()["buckets"]
    costs = (1, 1, 3_000)
    for name, there, cost in zip(("rpm", "rpd", "tpm"), left, costs, strict=True):
        expected = there - cost if min(left) else there
        assert buckets[name]["level"] == pytest.approx(expected, abs=buckets[name]["rate"] * 2 * JITTER + NEARLY)


def test_the_first_burst_of_a_fresh_deployment_is_the_providers_own(make, redis_client, clock):
    """RPM 3, nothing answered so far: three requests start within the jitter."""
    redis_client.set(ANSWERED_KEY, f"0 0 {clock.now:.3f}")
    limiter = make(full=False)
    waits = [until_start(limiter.acquire(str(n), 2000)) for n in range(3)]
    assert waits == pytest.approx([0, 0, JITTER], abs=NEARLY)


def test_who_only_looks_takes_nothing_away(make, redis_client, clock):
    """A look at a new limiter, by an operator or for metrics, leaves the bridge's count to the first request."""
    redis_client.set(ANSWERED_KEY, f"0 0 {clock.now:.3f}")
    limiter = make(Limits(rpm=60, rpd=20_000, tpm=10**6), full=False)
    limiter.snapshot()
    limiter.acquire("first", 10)
    assert limiter.snapshot()["buckets"]["rpd"]["level"] == pytest.approx(19_999, abs=1)


def test_what_kafka_remembers_may_come_late_and_counts_once(make, redis_client, clock):
    """The bridge counts after the first request: what was granted meanwhile is taken off, and never again."""
    limiter = make(Limits(rpm=1_000, rpd=200, tpm=10**9), full=False)
    limiter.acquire("before the bridge has counted", 10)
    redis_client.set(ANSWERED_KEY, f"0 150 {clock.now:.3f}")
    limiter.acquire("after", 10)
    assert limiter.snapshot()["buckets"]["rpd"]["level"] == pytest.approx(48, abs=0.1)
    assert not redis_client.exists(ANSWERED_KEY)
    redis_client.set(ANSWERED_KEY, f"0 199 {clock.now:.3f}")
    limiter.acquire("later", 10)
    assert limiter.snapshot()["buckets"]["rpd"]["level"] == pytest.approx(47, abs=0.1)


@pytest.mark.parametrize("garbage", ["", "7", "0 0", "0 0 soon", "-1 0 1000000", "0 0 1"])
def test_a_count_that_makes_no_sense_or_is_old_is_not_believed(make, redis_client, garbage):
    """What another version wrote, or what was counted long ago, does not fill the buckets."""
    redis_client.set(ANSWERED_KEY, garbage)
    limiter = make(Limits(rpm=100, rpd=5000, tpm=60_000), full=False)
    assert isinstance(limiter.acquire("a", 10), Granted)
    assert until_start(limiter.acquire("b", 10)) > 0


def test_the_provider_knows_better_than_the_count(make, redis_client, clock):
    """Once a header of the day bucket has spoken, the count from Kafka changes nothing."""
    limiter = make(Limits(rpm=1_000, rpd=200, tpm=10**9), full=False)
    limiter.acquire("a", 10)
    limiter.settle("a", used_tokens=10, seen=ProviderView(200, 50, 64_800.0, None, None))
    redis_client.set(ANSWERED_KEY, f"0 0 {clock.now:.3f}")
    limiter.acquire("b", 10)
    assert limiter.snapshot()["buckets"]["rpd"]["level"] < 51


# ---------------------------------------------------------------- the topic's order


def test_who_comes_earlier_in_the_topic_starts_first_whoever_asks_first(make):
    """Three wait in the order of asking c, b, a; they start in the order of the topic: a, b, c."""
    limiter = make(Limits(rpm=60, rpd=10_000, tpm=10_000))
    limiter.acquire("all", 9_900)
    waits = {name: until_start(limiter.acquire(name, 2_000, place)) for name, place in (("c", 3), ("b", 2), ("a", 1))}
    assert waits["a"] <= waits["b"]
    again = [until_start(limiter.acquire(name, 2_000, place)) for name, place in (("a", 1), ("b", 2), ("c", 3))]
    assert again == sorted(again)
    assert again[2] - again[0] == pytest.approx(24, abs=1)


def test_who_joined_goes_first_though_it_asks_later(make, clock):
    """A thread is still counting its tokens: the one behind it waits a moment, not for a start time."""
    limiter = make()
    limiter.join({"early": 1.0})
    blocked = limiter.acquire("late", 2_000, 2.0)
    assert 0 < blocked.seconds <= 0.05
    assert isinstance(limiter.acquire("early", 2_000, 1.0), Granted)
    clock.advance(blocked.seconds)
    assert isinstance(limiter.acquire("late", 2_000, 2.0), Granted)


def test_where_there_is_plenty_nobody_waits_for_those_before(make):
    """Order is for those who have to wait: with five hundred requests' worth left, nobody is the later for it."""
    limiter = make(Limits(rpm=10_000, rpd=1_000_000, tpm=2_000_000))
    limiter.join({"early": 1.0})
    started = [limiter.acquire(str(n), 1_000, 2.0 + n) for n in range(2_000)]
    few = next(n for n, answer in enumerate(started) if not isinstance(answer, Granted))
    assert all(answer.plenty for answer in started[:few])
    assert 1_490 <= few <= 1_500  # tokens for five hundred more are left
    assert limiter.acquire("early", 1_000, 1.0) == Granted(0.0, plenty=False)


@pytest.mark.parametrize(
    "scarce", [Limits(400, 10**6, 10**7), Limits(10**4, 400, 10**7), Limits(10**4, 10**6, 400_000)]
)
def test_a_little_of_any_bucket_is_no_plenty(make, scarce):
    """What one bucket holds in plenty does not help where another is what makes requests wait."""
    limiter = make(scarce)
    limiter.join({"early": 1.0})
    assert isinstance(limiter.acquire("late", 1_000, 2.0), Reserved)


def test_while_slowed_down_there_is_no_plenty(make, clock):
    """The starts are spread evenly then, so each of them delays the next."""
    limiter = make(Limits(rpm=10_000, rpd=1_000_000, tpm=20_000_000))
    assert limiter.acquire("first", 1_000, 0.5).plenty
    limiter.slow_down("first", 1.0)
    clock.advance(5)
    limiter.join({"early": 1.0})
    assert isinstance(limiter.acquire("late", 1_000, 2.0), Reserved)


def test_plenty_is_more_than_all_need_who_wait(make):
    """A raised limit is for those in front first: newcomers pass only while enough is left for all of them."""
    limiter = make(Limits(rpm=100, rpd=1_000_000, tpm=100_000_000))
    for n in range(1_000):
        limiter.acquire(str(n), 1_000, 1.0 + n)
    waiting = limiter.snapshot()["waiting"]
    limiter.set_limits(Limits(rpm=2_000, rpd=1_000_000, tpm=100_000_000))
    for n in range(2_000):
        limiter.acquire(f"newcomer {n}", 1_000, 5_000.0 + n)
    assert limiter.snapshot()["buckets"]["rpm"]["level"] >= waiting


def test_a_large_request_is_not_overtaken_for_ever_where_there_is_plenty(make, clock):
    """It needs more than what is left for others: small ones that come later wait until it has started."""
    limiter = make(Limits(rpm=100_000, rpd=10_000_000, tpm=2_000_000))
    for n in range(600):
        limiter.acquire(str(n), 1_000, 1.0 + n)
    wait = until_start(limiter.acquire("large", 1_500_000, 1_000.0))
    assert wait > 0
    for second in range(5 + int(wait)):
        clock.advance(1)
        for n in range(40):
            limiter.acquire(f"{second}-{n}", 1_000, 2_000.0 + second)
    assert isinstance(limiter.acquire("large", 1_500_000, 1_000.0), Granted)


def test_all_who_join_at_once_go_in_the_order_of_their_places(make, clock):
    """One call tells of hundreds; each is waited for at its own place."""
    limiter = make(Limits(400, 10**6, 10**8))
    limiter.join({str(n): float(n) for n in range(MOST_AT_ONCE + 50)})
    assert limiter.snapshot()["waiting"] == MOST_AT_ONCE + 50
    assert isinstance(limiter.acquire("1", 1_000, 1.0), Reserved)
    assert isinstance(limiter.acquire("0", 1_000, 0.0), Granted)
    clock.advance(0.5)
    assert isinstance(limiter.acquire("1", 1_000, 1.0), Granted)
    assert isinstance(limiter.acquire(str(MOST_AT_ONCE + 1), 1_000, MOST_AT_ONCE + 1.0), Reserved)


def test_hundreds_who_joined_and_never_ask_are_forgotten_together(make, clock):
    """Their leader died before its answer was kept: who asks anew would wait for those that wait for it."""
    limiter = make(unused_grace=30)
    limiter.join({str(n): n + 1.0 for n in range(500)})
    clock.advance(31)
    assert isinstance(limiter.acquire("live", 2000, 1_000.0), Granted)


def test_who_joined_and_never_asks_holds_nobody_up_for_long(make, clock):
    """Its worker died: a second later the next one starts, and half a minute later its place is gone."""
    limiter = make()
    limiter.join({"dead": 1.0})
    limiter.acquire("next", 2_000, 2.0)
    clock.advance(1.1)
    assert isinstance(limiter.acquire("next", 2_000, 2.0), Granted)
    clock.advance(30)
    limiter.acquire("another", 2_000, 3.0)
    assert limiter.snapshot()["waiting"] <= 1


def test_a_retry_after_a_fault_goes_to_the_front(make, clock):
    """An HTTP 500 costs the next free start, not the whole line of newcomers."""
    limiter = make()
    for n in range(3):
        clock.advance(JITTER * 2)
        assert isinstance(limiter.acquire(f"{n}:0", 100, float(n)), Granted)
    newcomers = [until_start(limiter.acquire(f"{n}:0", 100, float(n))) for n in range(10, 70)]
    limiter.settle("0:0", used_tokens=None, seen=None)
    assert max(newcomers) > 1000
    assert until_start(limiter.acquire("0:1", 100, 0.0 + 0.5)) <= 20


def test_a_denied_request_keeps_its_place_in_the_topic(make):
    """It is first again, before those that came after it in the topic and before it to the limiter."""
    limiter = make()
    for name, place in (("a", 1.0), ("b", 2.0), ("c", 3.0), ("d", 4.0)):
        limiter.acquire(name, 2_000, place)
    wait = limiter.denied("a", Denial("rate_limit", "rpm", 3, 3, 20.0))
    assert wait <= until_start(limiter.acquire("a", 2_000, 1.0)) + NEARLY
    assert wait < until_start(limiter.acquire("c", 2_000, 3.0)) < until_start(limiter.acquire("d", 2_000, 4.0))


def test_a_long_line_is_told_its_times_exactly(make):
    """The last of 1,000 at RPM 3 starts after 1,000 / 3 minutes, whatever the day's bucket does."""
    limiter = make(Limits(rpm=3, rpd=100_000, tpm=10_000_000))
    waits = [until_start(limiter.acquire(str(n), 10, float(n))) for n in range(1, 1001)]
    assert waits[-1] == pytest.approx((1000 - 3) * 20, abs=5)
    assert waits == sorted(waits)
    assert until_start(limiter.acquire("500", 10, 500.0)) == pytest.approx((500 - 3) * 20, abs=5)


def test_the_last_of_many_tokens_is_told_the_sum_before_it(make):
    """Behind the head of the line the tokens are averages, and the sum is right."""
    limiter = make(Limits(rpm=100_000, rpd=10_000_000, tpm=60_000))
    sizes = [1_000 + 37 * (n * 7919 % 101) for n in range(300)]
    waits = [until_start(limiter.acquire(str(n), size, float(n + 1))) for n, size in enumerate(sizes)]
    assert waits[-1] == pytest.approx((sum(sizes) - 60_000) / 1_000, rel=0.05)


# ---------------------------------------------------------------- odd answers


@pytest.mark.parametrize(
    "denial",
    [
        Denial("rate_limit", "tpm", None, None, None),
        Denial("rate_limit", None, None, None, 0.001),
        Denial("rate_limit", "tpm", 0, 0, 1.0),
        Denial("rate_limit", "tpm", 200, 0, 1.0),
        Denial("too_large", "tpm", 1, None, None),
        Denial("too_large", None, None, None, None),
    ],
)
def test_one_odd_429_poisons_nobody(make, clock, denial):
    """Zero, nonsense, nothing: within a minute the request and all others start, and the limits are as before."""
    limiter = make(Limits(rpm=500, rpd=10_000, tpm=40_000))
    limiter.acquire("odd", 2_500)
    wait = limiter.denied("odd", denial)
    assert 0.05 <= wait <= 60
    assert until_start(limiter.acquire("other", 2_500)) <= 60
    clock.advance(60)
    for name in ("odd", "other"):
        answer = limiter.acquire(name, 2_500)
        if not isinstance(answer, Granted):
            clock.advance(answer.seconds)
            assert isinstance(limiter.acquire(name, 2_500), Granted)
    assert [bucket["limit"] for bucket in limiter.snapshot()["buckets"].values()] == [500, 10_000, 40_000]


def test_zero_in_a_header_is_ignored(make):
    """`limit-tokens: 0` is no limit of zero tokens."""
    limiter = make()
    limiter.acquire("a", 2_000)
    limiter.settle("a", used_tokens=10, seen=ProviderView(0, 2, None, 0, 37_000))
    assert limiter.snapshot()["buckets"]["tpm"]["limit"] == 40_000


def test_denials_that_say_nothing_are_answered_with_a_growing_pause(make, clock):
    """Not a thousand times a second: after ten of them the fleet asks once a minute, and an answer ends that."""
    limiter = make(Limits(rpm=500, rpd=10_000, tpm=40_000))
    waits = []
    for n in range(10):
        assert isinstance(limiter.acquire(str(n), 100), Granted)
        limiter.denied(str(n), Denial("rate_limit"))
        limiter.cancel(str(n))
        waits.append(limiter.snapshot()["blocked"])
        clock.advance(waits[-1])
    assert waits == pytest.approx([1, 2, 4, 8, 16, 32, 60, 60, 60, 60], abs=NEARLY)
    assert isinstance(limiter.acquire("a", 100), Granted)
    clock.advance(1)
    limiter.settle("a", used_tokens=50, seen=None)
    assert isinstance(limiter.acquire("b", 100), Granted)
    assert limiter.denied("b", Denial("rate_limit")) == pytest.approx(1, abs=NEARLY)


def test_many_denials_of_one_moment_that_say_nothing_are_one_pause(make):
    """Eight at once are a pause of one second, not of two minutes."""
    limiter = make(Limits(rpm=500, rpd=10_000, tpm=40_000))
    names = "abcdefgh"
    for name in names:
        limiter.acquire(name, 100)
    assert max(limiter.denied(name, Denial("rate_limit")) for name in names) < 2


def test_the_same_request_is_never_denied_in_a_hot_loop(make, clock):
    """A provider that always says "try again in 1 ms" with numbers is asked ever more slowly."""
    limiter = make(Limits(rpm=500_000, rpd=10**9, tpm=10**9))
    limiter.acquire("a", 100)
    for _ in range(8):
        wait = limiter.denied("a", Denial("rate_limit", "rpm", 500_000, 500_000, 0.001))
        clock.advance(wait)
        while not isinstance(answer := limiter.acquire("a", 100), Granted):
            clock.advance(answer.seconds)
    assert limiter.denied("a", Denial("rate_limit", "rpm", 500_000, 500_000, 0.001)) > 10


def test_an_absurd_pause_is_cut_and_can_be_ended(make):
    """`retry-after` for a day, of nobody knows what bucket: five minutes at most, and an operator can end it."""
    for end in (lambda limiter: limiter.set_limits(LIMITS), lambda limiter: limiter.reset()):
        limiter = make()
        limiter.acquire("a", 2_000)
        assert limiter.denied("a", Denial("rate_limit", wait=86_400.0)) <= 300
        assert limiter.snapshot()["blocked"] > 299
        end(limiter)
        assert limiter.snapshot()["blocked"] == 0
        assert until_start(limiter.acquire("b", 2_000)) <= 2 * JITTER


# ---------------------------------------------------------------- learned limits


def test_a_learned_limit_fades(make, clock):
    """A 429 says that the limit is 100: for ten minutes it is, an hour later the configured one counts again."""
    limiter = make(Limits(rpm=500, rpd=10_000, tpm=400_000))
    limiter.acquire("a", 100)
    limiter.denied("a", Denial("rate_limit", "rpm", 100, 100, 0.6))
    limits = []
    for seconds in (0, 599, 1500, 1502):
        clock.advance(seconds)
        limiter.cancel("nobody")
        limits.append(limiter.snapshot()["buckets"]["rpm"]["limit"])
    assert limits[:2] == [100, 100]
    assert limits[2] == pytest.approx(300, abs=2)
    assert limits[3] == 500


def test_operators_see_configured_learned_and_confirmed_side_by_side(make):
    """And they can forget what was learned, or set the same limits again, which does the same."""
    for forget in (lambda limiter: limiter.reset(), lambda limiter: limiter.set_limits(LIMITS)):
        limiter = make()
        limiter.acquire("a", 2_000)
        limiter.settle("a", used_tokens=10, seen=ProviderView(None, None, None, 30_000, 28_000))
        bucket = limiter.snapshot()["buckets"]["tpm"]
        assert (bucket["configured"], bucket["learned"], bucket["confirmed"]) == (40_000, 30_000, 30_000)
        forget(limiter)
        bucket = limiter.snapshot()["buckets"]["tpm"]
        assert (bucket["configured"], bucket["learned"], bucket["limit"]) == (40_000, None, 40_000)


def test_no_request_fails_for_good_on_what_was_learned(make, clock):
    """What is too large below the configured limit is an opinion: the request waits aside, others go on."""
    limiter = make()
    limiter.acquire("large", 12_000)
    wait = limiter.denied("large", Denial("too_large", "tpm", 10_000, None))
    assert 10 < wait <= 60
    clock.advance(1)
    assert until_start(limiter.acquire("small", 2_000)) <= 60
    assert until_start(limiter.acquire("large", 12_000)) == pytest.approx(wait - 1)
    limiter.reset()
    assert until_start(limiter.acquire("large", 12_000)) <= 1


@pytest.mark.parametrize("configured", [500, 0])
def test_a_long_line_is_not_told_the_times_of_a_limit_that_fades(make, configured):
    """One odd 429 must not make all fail at once whose deadline is nearer than what it says: it is over in an hour."""
    limiter = make(Limits(rpm=configured, rpd=1_000_000, tpm=100_000_000))
    for n in range(1_000):
        limiter.acquire(str(n), 10)
    limiter.denied("0", Denial("rate_limit", "rpm", 1, 1, 60.0))
    for n in range(1_000, 2_000):
        last = until_start(limiter.acquire(str(n), 10))
    by_the_configured_limit = 60 * 1_501 / configured if configured else 0
    assert 600 <= last <= 3_600 + by_the_configured_limit + 60


def test_too_large_for_the_configured_limit_fails_when_the_provider_says_so(make):
    """Our own count was a little low; the operator's limit and the provider's are the same."""
    limiter = make()
    limiter.acquire("large", 39_900)
    with pytest.raises(NeverFitsError):
        limiter.denied("large", Denial("too_large", "tpm", 40_000, None))


def test_a_limit_below_what_was_already_answered_is_not_believed(make, clock):
    """A request of 5,000 tokens was answered, so "Limit 2000" of tokens a minute is nonsense."""
    limiter = make()
    limiter.acquire("a", 5_000)
    clock.advance(1)
    limiter.settle("a", used_tokens=4_000, seen=None)
    limiter.acquire("b", 3_000)
    limiter.denied("b", Denial("rate_limit", "tpm", 2_000, 2_000, 1.0))
    assert limiter.snapshot()["buckets"]["tpm"]["limit"] == 40_000


@pytest.mark.parametrize("full", [True, False], ids=["full", "nothing known"])
def test_a_lowered_limit_stalls_nobody_for_hours(make, full):
    """From RPM 500 to 3: the next one waits 20 seconds at most, not 9,960."""
    limiter = make(Limits(rpm=500, rpd=100_000, tpm=10_000_000), full=full)
    for n in range(100):
        limiter.acquire(f"{n}", 10)
        limiter.cancel(f"{n}")
    limiter.acquire("one", 10)
    limiter.set_limits(Limits(rpm=3, rpd=100_000, tpm=10_000_000))
    assert until_start(limiter.acquire("next", 10)) <= 20 + NEARLY


def test_a_debt_of_a_larger_limit_is_a_bucketful_of_the_lowered_one_at_most(make, clock):
    """A denial that said `wait a minute` at RPM 6,000 is over within two at RPM 60, not within 100."""
    limiter = make(Limits(rpm=6_000, rpd=1_000_000, tpm=100_000_000))
    limiter.acquire("one", 10)
    limiter.denied("one", Denial("rate_limit", "rpm", wait=60.0))
    limiter.cancel("one")
    limiter.set_limits(Limits(rpm=60, rpd=1_000_000, tpm=100_000_000))
    clock.advance(120)
    assert isinstance(limiter.acquire("next", 10), Granted)


# ---------------------------------------------------------------- limits that nobody has set


def test_limits_that_nobody_set_begin_cautiously_and_follow_the_headers(make, clock):
    """A paid key is not capped by the defaults: one answer's headers raise all that they show."""
    limiter = make(Limits(rpm=3, rpd=200, tpm=40_000, auto=frozenset({"rpm", "rpd", "tpm"})))
    for n in range(2):
        assert isinstance(limiter.acquire(str(n), 2_000), Granted)
    assert until_start(limiter.acquire("before", 2_000)) > 0
    clock.advance(1)
    limiter.settle("0", used_tokens=900, seen=ProviderView(500, 498, 0.24, 200_000, 196_000))
    assert [until_start(limiter.acquire(f"n{n}", 2_000)) for n in range(50)] == [0] * 50
    buckets = limiter.snapshot()["buckets"]
    assert [buckets[name]["limit"] for name in ("rpm", "rpd", "tpm")] == [500, "unlimited", 200_000]
    assert [buckets[name]["configured"] for name in ("rpm", "rpd", "tpm")] == ["auto"] * 3


def test_a_day_limit_that_nobody_set_is_taken_from_headers_of_the_day(make, clock):
    """Small accounts show the day's bucket."""
    limiter = make(Limits(rpm=3, rpd=200, tpm=40_000, auto=frozenset({"rpm", "rpd", "tpm"})))
    limiter.acquire("a", 2_000)
    clock.advance(1)
    limiter.settle("a", used_tokens=900, seen=ProviderView(1000, 990, 864.0, None, None))
    bucket = limiter.snapshot()["buckets"]["rpd"]
    assert (bucket["limit"], round(bucket["level"])) == (1000, 990)


def test_there_may_be_no_limit_at_all(make):
    """`0` means that there is none: a thousand start at once, and the other limits still count."""
    limiter = make(Limits(rpm=0, rpd=0, tpm=0))
    assert all(isinstance(limiter.acquire(str(n), 10_000), Granted) for n in range(1000))
    limited = make(Limits(rpm=0, rpd=0, tpm=10_000), full=False)
    limited.reset(full=True)
    assert until_start(limited.acquire("a", 8_000)) == 0
    assert until_start(limited.acquire("b", 8_000)) > 30


def test_a_denial_teaches_a_limit_where_none_was_configured(make, clock):
    """Nobody knew of a day limit until a 429 spoke of it; it is forgotten like every learned one."""
    limiter = make(Limits(rpm=0, rpd=0, tpm=0))
    limiter.acquire("a", 100)
    assert limiter.denied("a", Denial("rate_limit", "rpd", 200, 200, 432.0)) <= 216
    assert until_start(limiter.acquire("a", 100)) == pytest.approx(432, abs=1)
    clock.advance(2_100)
    limiter.cancel("nobody")
    assert limiter.snapshot()["buckets"]["rpd"]["limit"] == 200
    clock.advance(1_501)
    assert isinstance(limiter.acquire("b", 100), Granted)


def test_a_warning_says_when_the_provider_grants_more(make, caplog):
    """The defaults cap a paid key: the log says so, once, with both numbers."""
    limiter = make()
    for name in "ab":
        limiter.acquire(name, 2_000)
        limiter.settle(name, used_tokens=10, seen=ProviderView(None, None, None, 200_000, 190_000))
    assert [record.getMessage() for record in caplog.records] == [
        "TPM=40000 is configured, but the provider grants 200000"
    ]


# ---------------------------------------------------------------- clocks, ramps


def test_a_clock_that_jumps_back_stalls_nobody(make, clock):
    """The next start is 20 seconds of any clock away, not an hour and 20 seconds."""
    limiter = make()
    for n in range(3):
        clock.advance(JITTER * 2)
        limiter.acquire(str(n), 2_000)
    clock.advance(-3600)
    assert until_start(limiter.acquire("next", 2_000)) <= 20
    clock.advance(20)
    assert isinstance(limiter.acquire("next", 2_000), Granted)


def test_a_clock_that_jumps_forward_grants_a_full_bucket_at_most(make, clock):
    """An NTP step of a day is no second day's quota."""
    limiter = make()
    for n in range(3):
        limiter.acquire(str(n), 2_000)
    clock.advance(86_400)
    granted = sum(isinstance(limiter.acquire(f"n{n}", 2_000), Granted) for n in range(10))
    assert granted <= 3


def test_slow_downs_of_one_moment_are_one(make, clock):
    """Eight at once halve the rate once; another one later halves it again."""
    limiter = make(Limits(rpm=60, rpd=10_000, tpm=1_000_000))
    names = "abcdefgh"
    for name in names:
        limiter.acquire(name, 100)
    clock.advance(1)
    for name in names:
        limiter.slow_down(name, 5)
    assert limiter.snapshot()["paced"] == pytest.approx(2, abs=0.1)
    clock.advance(10)
    assert isinstance(limiter.acquire("later", 100), Granted)
    clock.advance(1)
    limiter.slow_down("later", 5)
    assert limiter.snapshot()["paced"] == pytest.approx(4, abs=0.2)


# ---------------------------------------------------------------- what headers and denials teach, by numbers


def level(limiter, name):
    return limiter.snapshot()["buckets"][name]["level"]


def test_answers_that_overtook_each_other_change_nothing(make, clock):
    """Two started together; each header counts what had arrived by then, and neither moves the shadow."""
    for first, second in ((59, 58), (58, 59)):
        limits = Limits(rpm=60, rpd=100_000, tpm=10_000_000)
        limiter = make(limits)
        limiter.acquire("a", 100)
        limiter.acquire("b", 100)
        clock.advance(0.2)
        before = level(limiter, "rpm")
        limiter.settle("a", used_tokens=None, seen=ProviderView(60, first, 60.0 - first))
        limiter.settle("b", used_tokens=None, seen=ProviderView(60, second, 60.0 - second))
        assert level(limiter, "rpm") == pytest.approx(before, abs=NEARLY)


def test_a_header_of_what_came_later_counts_what_came_before(make, clock):
    """A second apart, the second one's header is compared with what was believed then, and is right about it."""
    limiter = make(Limits(rpm=60, rpd=100_000, tpm=10_000_000))
    for name in "abc":
        limiter.acquire(name, 100)
        clock.advance(1)
    limiter.settle("c", used_tokens=None, seen=ProviderView(60, 40, 20.0))
    assert level(limiter, "rpm") == pytest.approx(41 - JITTER, abs=0.1)


@pytest.mark.parametrize("limit", [40_000, None])
def test_a_header_raises_to_what_is_certain_and_no_further(make, clock, limit):
    """30,000 tokens were left a second ago, which may have been counted up to `jitter` before the answer."""
    limiter = make(full=False)
    limiter.acquire("a", 2_000)
    clock.advance(1)
    limiter.settle("a", used_tokens=None, seen=ProviderView(None, None, None, limit, 30_000))
    assert level(limiter, "tpm") == pytest.approx(30_000 + (1 - JITTER) * 40_000 / 60, abs=10)


def test_more_tokens_than_were_charged_are_taken_off(make):
    """Without headers, what an answer cost beyond its reservation is missing from the bucket."""
    limiter = make()
    limiter.acquire("a", 2_000)
    before = level(limiter, "tpm")
    limiter.settle("a", used_tokens=5_000, seen=None)
    assert level(limiter, "tpm") == pytest.approx(before - 3_000)


def test_a_second_denial_soon_after_shows_another_user_of_the_key(make, clock):
    """A quarter of the rate is taken for somebody else's, and a margin is kept for what the headers show late."""
    limiter = make(Limits(rpm=60, rpd=100_000, tpm=10_000_000))
    for n in range(59):
        limiter.acquire(f"n{n}", 10)
    for time in range(2):
        clock.advance(10)
        answer = limiter.acquire("a", 10)
        clock.advance(until_start(answer))
        if not isinstance(answer, Granted):
            assert isinstance(limiter.acquire("a", 10), Granted)
        for n in range(12):
            limiter.acquire(f"m{time}{n}", 10)
        limiter.denied("a", Denial("rate_limit", "rpm", None, None, 1.0))
        limiter.cancel("a")
        for n in range(12):
            if not isinstance(limiter.acquire(f"m{time}{n}", 10), Granted):
                limiter.cancel(f"m{time}{n}")
    bucket = limiter.snapshot()["buckets"]["rpm"]
    assert bucket["foreign_rate"] == pytest.approx(0.25, abs=0.01)
    assert bucket["burst_learned"] is None
    missing = 1 + 0.25 * (1 + JITTER) - level(limiter, "rpm")
    assert until_start(limiter.acquire("next", 10)) == pytest.approx(missing / 0.75, abs=0.05)


def test_a_denial_teaches_a_smaller_limit_of_tokens(make):
    """And of that limit the provider's own numbers say what is left."""
    limiter = make()
    limiter.acquire("a", 2_000)
    limiter.denied("a", Denial("rate_limit", "tpm", 20_000, 19_000, 3.0))
    bucket = limiter.snapshot()["buckets"]["tpm"]
    assert (bucket["limit"], bucket["level"]) == (20_000, pytest.approx(1_000, abs=1))


def test_one_burst_of_denials_says_how_much_may_be_spent_at_once(make, clock):
    """Of 100 at once 90 were denied: from now on five start at once, and then one every 0.12 seconds."""
    limiter = make(Limits(rpm=500, rpd=100_000, tpm=10_000_000))
    names = [str(n) for n in range(100)]
    for name in names:
        assert isinstance(limiter.acquire(name, 10), Granted)
    clock.advance(0.1)
    for name in names[10:]:
        limiter.denied(name, Denial("rate_limit", "rpm", 500, 500, 0.12))
    for name in names:
        limiter.cancel(name)
    bucket = limiter.snapshot()["buckets"]["rpm"]
    assert bucket["burst_learned"] == pytest.approx((100 - 0.1 * 500 / 60 - 90) / (500 / 60) - 2 * JITTER, abs=0.02)
    assert until_start(limiter.acquire("now", 10)) > 0.05
    limiter.cancel("now")
    clock.advance(70)
    waits = [until_start(limiter.acquire(f"n{n}", 10)) for n in range(8)]
    assert waits[:5] == [0] * 5
    assert waits[5:] == pytest.approx([0.12, 0.24, 0.36], abs=0.1)
    assert limiter.snapshot()["buckets"]["rpm"]["foreign_rate"] == 0


def test_tokens_that_may_be_spent_at_once_are_half_a_second_of_them_at_least(make):
    """60,000 a minute and a setting near zero: five requests of 100 tokens, and the sixth a tenth of a second later."""
    limiter = make(Limits(rpm=0, rpd=0, tpm=60_000), burst=0.01)
    waits = [until_start(limiter.acquire(str(n), 100)) for n in range(7)]
    assert waits == pytest.approx([0, 0, 0, 0, 0, 0.1, 0.2], abs=NEARLY)


def test_who_joined_is_counted_with_what_a_request_usually_takes(make):
    """Nobody knows its tokens yet; the average of those before it stands for them."""
    limiter = make(Limits(rpm=100_000, rpd=10_000_000, tpm=60_000))
    for n in range(100):
        limiter.acquire(str(n), 3_000, float(n + 1))
    behind = until_start(limiter.acquire("last", 3_000, 1000.0))
    limiter.join({"joined": 500.0})
    assert until_start(limiter.acquire("last", 3_000, 1000.0)) == pytest.approx(behind + 3, abs=0.2)


def test_a_wait_that_rests_on_guesses_is_told_anew_after_a_moment(make, clock):
    """Those who joined turn out smaller than guessed: who was told to wait for them is not the last to hear of it."""
    limiter = make(Limits(rpm=100_000, rpd=10_000_000, tpm=60_000))
    limiter.acquire("large", 30_000, 0.5)
    for n in range(20):
        limiter.join({str(n): 1.0 + n})
    behind = limiter.acquire("behind", 3_000, 1000.0)
    assert behind.until_start > 30
    assert behind.seconds <= 1
    for n in range(20):
        limiter.acquire(str(n), 500, 1.0 + n)
        limiter.cancel(str(n))
    clock.advance(behind.seconds)
    assert isinstance(limiter.acquire("behind", 3_000, 1000.0), Granted)


def test_who_leaves_the_line_is_no_longer_counted(make):
    """Sixty of a hundred are cancelled: the last one starts as much earlier as they would have taken."""
    limiter = make(Limits(rpm=100_000, rpd=10_000_000, tpm=60_000))
    limiter.acquire("first", 59_000, 0.5)
    for n in range(100):
        limiter.acquire(str(n), 3_000, float(n + 1))
    for n in range(60):
        limiter.cancel(str(n))
    assert until_start(limiter.acquire("99", 3_000, 100.0)) == pytest.approx(40 * 3, abs=2)


def test_an_estimate_is_told_with_some_room(make):
    """Behind the head of the line the sum is an average: who waits on it comes back before, and is told exactly."""
    limiter = make(Limits(rpm=100_000, rpd=10_000_000, tpm=60_000))
    limiter.acquire("first", 59_000, 0.5)
    answers = [limiter.acquire(str(n), 300, float(n + 1)) for n in range(50)]
    assert all(answer.seconds == answer.until_start for answer in answers[5:30])
    assert all(0.7 < answer.seconds / answer.until_start < 1 for answer in answers[40:])


def test_what_is_used_stays_used_when_a_limit_is_raised(make):
    """From RPM 60 to 120 with 50 used: 70 are left, not 120."""
    limiter = make(Limits(rpm=60, rpd=100_000, tpm=10_000_000))
    for n in range(50):
        limiter.acquire(str(n), 10)
    limiter.set_limits(Limits(rpm=120, rpd=100_000, tpm=10_000_000))
    limiter.cancel("nobody")
    assert level(limiter, "rpm") == pytest.approx(70, abs=0.5)


def test_the_pace_after_slow_down_is_that_of_the_limits_that_there_are(make):
    """RPM 600 and no limit of tokens: a start every 0.2 seconds, at half the rate."""
    limiter = make(Limits(rpm=600, rpd=0, tpm=0))
    limiter.slow_down("any", 1)
    assert limiter.snapshot()["paced"] == pytest.approx(0.2, abs=0.01)


def test_what_others_took_is_seen_though_much_was_started_since(make, clock):
    """The header speaks of its own moment: twenty that started later explain nothing of what was missing then."""
    limiter = make(Limits(rpm=60, rpd=100_000, tpm=10_000_000))
    limiter.acquire("a", 10)
    clock.advance(2)
    for n in range(20):
        limiter.acquire(str(n), 10)
    before = level(limiter, "rpm")
    limiter.settle("a", used_tokens=None, seen=ProviderView(60, 45, 15.0))
    assert level(limiter, "rpm") == pytest.approx(before - 14, abs=1)


# ---------------------------------------------------------------- what it costs


def commands(redis_client, act):
    """How many commands an operation sends to Redis, its own one included."""
    redis_client.config_resetstat()
    act()
    stats = redis_client.info("commandstats")
    return sum(command["calls"] for name, command in stats.items() if not name.startswith("cmdstat_config"))


def test_asking_costs_the_same_however_many_wait(make, redis_client):
    """The last of 40 and the last of 2,000 ask again with as many commands, and so do they after a change of limits."""
    limits = Limits(rpm=3, rpd=10_000_000, tpm=40_000)
    limiter = make(limits)
    counts = []
    for first, last in ((1, 40), (41, 2_000)):
        for n in range(first, last + 1):
            limiter.acquire(str(n), 2_000, float(n))
        ask = partial(limiter.acquire, str(last), 2_000, float(last))
        counts.append([commands(redis_client, act) for act in (ask, partial(limiter.set_limits, limits), ask)])
    assert counts[0] == counts[1]
    assert counts[0][0] <= 16


@pytest.mark.parametrize("shape", ["0", "nil", "damaged"])
def test_what_another_version_left_in_redis_stops_nobody(make, redis_client, clock, shape):
    """After an upgrade the state is as good as lost: cautious, but never an error for every request and command."""
    limiter = make(Limits(rpm=600, rpd=1_000_000, tpm=60_000))
    for n in range(100):
        limiter.acquire(str(n), 1_000, 1.0 + n)
    for key in ("buckets", "record:1", "record:90"):
        if shape == "damaged":
            redis_client.set(f"ai_handler:limits:{key}", b"\xc1")
        else:
            edit = "local kept = cmsgpack.unpack(redis.call('GET', KEYS[1])) kept.shape, kept.skew, kept.before = %s"
            redis_client.eval(
                edit % shape + " redis.call('SET', KEYS[1], cmsgpack.pack(kept))", 1, f"ai_handler:limits:{key}"
            )
    limiter.settle("1", used_tokens=1_000, seen=view(Limits(600, 1, 60_000), 500, 50_000))
    answers = [limiter.acquire(str(n), 1_000, 1.0 + n) for n in range(90, 100)]
    assert sum(isinstance(answer, Granted) for answer in answers) <= 1
    assert limiter.snapshot()["waiting"] == sum(isinstance(answer, Reserved) for answer in answers)
    limiter.reset(full=True)
    clock.advance(60)
    assert isinstance(limiter.acquire("90", 1_000, 91.0), Granted)


def test_the_real_clock_works_too(redis_client):
    """The script as it is shipped, on Redis TIME."""
    limiter = RateLimiter(redis_client, LIMITS)
    assert isinstance(limiter.acquire("a", 2000), Granted)
    assert 19 < until_start(limiter.acquire("b", 2000)) <= 20


def reached(redis_client):
    return float(redis_client.get(REACHED_KEY) or 0)


def test_the_bridges_hear_how_far_the_starts_have_come(make, clock, redis_client):
    """Whoever sends a first request joins beside those that are next, not beside one that has slipped past them."""
    limiter = make()
    for name, place in (("a", 1.0), ("b", 2.0), ("c", 3.0)):
        clock.advance(1)
        assert isinstance(limiter.acquire(name, 2_000, place), Granted)
        assert reached(redis_client) == place
    limiter.acquire("d", 2_000, 4.0)
    clock.advance(25)
    assert isinstance(limiter.acquire("e", 2_000, 5.0), Granted), "who stands before it is late"
    assert reached(redis_client) == 4.0
    limiter.settle("a", used_tokens=None, seen=None)
    clock.advance(25)
    assert isinstance(limiter.acquire("a:1", 2_000, 1.0), Granted)
    assert reached(redis_client) == 4.0


def test_places_of_before_fair_shares_take_turns_with_the_others(make, clock):
    """While bridges of two versions run, and after an upgrade, neither's requests wait for all of the other's."""
    limiter = make(Limits(rpm=60, rpd=100_000, tpm=10_000_000))
    for n in range(60):
        limiter.acquire(f"burst-{n}", 10, 0.001)
    waiting = [(f"{kind}-{n}", place(n)) for n in range(30) for kind, place in (
        ("old", lambda n: 1.7e9 + n), ("new", lambda n: 0.002 + n / 1_000), ("command", lambda _: None),
    )]  # fmt: skip
    for name, place in waiting:
        limiter.acquire(name, 10, place)
    started = []
    while len(started) < 30:
        clock.advance(0.25)
        for name, place in list(waiting):
            if isinstance(limiter.acquire(name, 10, place), Granted):
                started.append(name)
                waiting.remove((name, place))
    shares = [sum(name.startswith(kind) for name in started) for kind in ("old", "new", "command")]
    assert shares[0] + shares[2] == pytest.approx(shares[1], abs=2)
    assert shares[0] == pytest.approx(shares[2], abs=2)
    assert [name for name in started if name.startswith("old")] == [f"old-{n}" for n in range(shares[0])]
