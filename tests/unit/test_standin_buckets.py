"""The stand-in's limits, on a clock that the test moves."""

import pytest

from dev.openai_standin.buckets import Buckets, Denial
from dev.openai_standin.durations import go_duration
from dev.openai_standin.replies import limit_headers, rate_limited
from tests.support.fakes import FakeClock


@pytest.fixture
def clock():
    return FakeClock(1000.0)


def buckets(clock, rpm=3, rpd=200, tpm=40_000):
    return Buckets({"rpm": rpm, "rpd": rpd, "tpm": tpm}, clock)


def message(denial):
    return rate_limited("gpt-4.1-mini", denial).body["error"]["message"]


def test_published_body_requests_per_minute(clock):
    """The fourth request of a minute is told what OpenAI tells it: 20 seconds at 3 per minute."""
    full = buckets(clock)
    assert [full.admit(10) for _ in range(3)] == [None, None, None]
    reply = rate_limited("gpt-4.1-mini", full.admit(10))
    assert reply.body == {
        "error": {
            "message": "Rate limit reached for gpt-4.1-mini in organization org-standin on requests per min "
            "(RPM): Limit 3, Used 3, Requested 1. Please try again in 20s. Visit "
            "https://platform.openai.com/account/rate-limits to learn more.",
            "type": "requests",
            "param": None,
            "code": "rate_limit_exceeded",
        }
    }
    assert reply.headers == {"retry-after": "20", "retry-after-ms": "20000"}


def test_published_body_requests_per_day(clock):
    """A spent day at 200 per day is told to wait 7m12s."""
    full = buckets(clock, rpm=1000)
    assert not any(full.admit(10) for _ in range(200))
    assert "requests per day (RPD): Limit 200, Used 200, Requested 1. Please try again in 7m12s. " in message(
        full.admit(10)
    )


def test_published_body_tokens_per_minute(clock):
    """10,000 tokens per minute, 8,782 used and 8,172 asked for make 41.724 s, to the millisecond."""
    full = buckets(clock, tpm=10_000)
    assert full.admit(8782) is None
    reply = rate_limited("gpt-4.1-mini", full.admit(8172))
    assert reply.body["error"]["message"] == (
        "Rate limit reached for gpt-4.1-mini in organization org-standin on tokens per min (TPM): Limit "
        "10000, Used 8782, Requested 8172. Please try again in 41.724s. Visit "
        "https://platform.openai.com/account/rate-limits to learn more."
    )
    assert reply.body["error"]["type"] == "tokens"
    assert reply.headers == {"retry-after": "42", "retry-after-ms": "41724"}


def test_waiting_as_told_is_enough_and_less_is_not(clock):
    """Whoever waits the time of the 429 is admitted; a millisecond earlier is refused."""
    full = buckets(clock, tpm=10_000)
    full.admit(8782)
    clock.now += 41.723
    assert full.admit(8172) is not None
    clock.now += 0.001
    assert full.admit(8172) is None


def test_refill_is_continuous(clock):
    """At 3 per minute one request fits every 20 seconds, with no minute to wait for."""
    full = buckets(clock)
    admitted = 0
    for _ in range(100):
        admitted += full.admit(1) is None
        clock.now += 1.0
    assert admitted == 3 + 99 // 20


def test_used_is_told_in_whole_units_rounded_up(clock):
    """A bucket that is nearly full is told as full, as published bodies always are, though it refills."""
    full = buckets(clock)
    for _ in range(3):
        full.admit(1)
    clock.now += 19.0
    assert full.admit(1) == Denial("rpm", 3, 3, 1, 20.0)


def test_all_are_charged_or_none_is(clock):
    """A request that the token bucket turns away costs no request of the minute or the day."""
    full = buckets(clock, tpm=100)
    full.admit(90)
    for _ in range(10):
        assert full.admit(50).bucket == "tpm"
    levels = full.levels()
    assert (levels["rpm"].remaining, levels["rpd"].remaining, levels["tpm"].remaining) == (2, 199, 10)


def test_of_several_full_buckets_the_longest_wait_is_told(clock):
    """A client that waits as told is not turned away again by another bucket."""
    full = buckets(clock, rpm=3, rpd=3)
    for _ in range(3):
        full.admit(1)
    assert full.admit(1).bucket == "rpd"


def test_larger_than_the_limit_never_fits(clock):
    """A request above the whole minute's tokens gets no wait, since none would help."""
    denial = buckets(clock).admit(50_000)
    assert denial.wait is None
    reply = rate_limited("gpt-4.1-mini", denial)
    assert reply.body["error"]["message"].startswith(
        "Request too large for gpt-4.1-mini in organization org-standin on tokens per min (TPM): Limit "
        "40000, Requested 50000. "
    )
    assert reply.body["error"]["code"] == "rate_limit_exceeded"
    assert reply.headers == {}


def test_what_never_fits_is_told_even_when_other_buckets_are_full(clock):
    """A hopeless request is not sent away to wait first."""
    full = buckets(clock, rpm=1)
    full.admit(1)
    assert full.admit(50_000).wait is None


def test_refund_gives_tokens_back_but_never_above_the_limit(clock):
    """Unused tokens can be asked for again at once, and a bucket never holds more than its limit."""
    full = buckets(clock, tpm=1000)
    full.admit(900)
    full.refund_tokens(400)
    assert full.levels()["tpm"].remaining == 500
    full.refund_tokens(5000)
    assert full.levels()["tpm"].remaining == 1000


def test_another_user_of_the_key_slows_the_refill(clock):
    """When somebody else takes half of the refill, half as much comes back to us."""
    full = buckets(clock, tpm=1000)
    full.configure({"rpm": 3, "rpd": 200, "tpm": 1000}, foreign_share=0.5)
    full.admit(1000)
    clock.now += 30
    assert full.levels()["tpm"].remaining == 250


def test_limits_change_in_mid_flight(clock):
    """A raised limit is usable at once beyond what was used; a lowered one leaves a full bucket."""
    full = buckets(clock, rpm=3)
    for _ in range(3):
        full.admit(1)
    full.configure({"rpm": 10, "rpd": 200, "tpm": 40_000}, foreign_share=0.0)
    assert full.levels()["rpm"].remaining == 7
    full.configure({"rpm": 2, "rpd": 200, "tpm": 40_000}, foreign_share=0.0)
    assert full.admit(1).wait == 30.0


def test_headers(clock):
    """Remaining is rounded down and the resets are in Go's notation, as the API's headers are."""
    full = buckets(clock, rpd=10_000)
    full.admit(4000)
    clock.now += 0.0005
    levels = full.levels()
    assert limit_headers(levels["rpd"], levels["tpm"]) == {
        "x-ratelimit-limit-requests": "10000",
        "x-ratelimit-limit-tokens": "40000",
        "x-ratelimit-remaining-requests": "9999",
        "x-ratelimit-remaining-tokens": "36000",
        "x-ratelimit-reset-requests": "8.64s",
        "x-ratelimit-reset-tokens": "6s",
    }


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0s"),
        (0.02, "20ms"),
        (0.0001, "1ms"),
        (0.12, "120ms"),
        (8.64, "8.64s"),
        (20, "20s"),
        (41.724, "41.724s"),
        (360, "6m0s"),
        (432, "7m12s"),
        (3600, "1h0m0s"),
        (86_399.5, "23h59m59.5s"),
    ],
)
def test_waits_are_written_as_go_writes_them(seconds, text):
    """A client that parses OpenAI's waits can parse ours."""
    assert go_duration(seconds) == text
