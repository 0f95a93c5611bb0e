import json

import pytest

from contract import ANSWERED_KEY
from worker.limits.answers import Granted, Limits, NeverFitsError, Reserved
from worker.limits.provider_limits import Denial, ProviderView
from worker.limits.rate_limiter import RateLimiter

LIMITS = Limits(rpm=3, rpd=200, tpm=40_000)


class ScriptedRedis:
    """Answers every script call with the same reply, and remembers what was asked."""

    def __init__(self, reply):
        self.reply = reply
        self.calls = []

    def register_script(self, _source):
        def call(keys, args, client):  # noqa: ARG001 - as redis-py calls it
            self.calls.append((keys, json.loads(args[0])))
            return self.reply

        return call


@pytest.mark.parametrize("encode", [str, str.encode], ids=["decoded", "bytes"])
@pytest.mark.parametrize(
    ("reply", "answer"),
    [
        (["granted", "0.5"], Granted(waited=0.5)),
        (["granted", "0.5", "again"], Granted(waited=0.5, first=False)),
        (["wait", "10", "20"], Reserved(seconds=10.0, until_start=20.0)),
        (["wait", "9000", "18000"], Reserved(seconds=9000.0, until_start=18000.0)),
    ],
)
def test_answers_are_typed(encode, reply, answer):
    """The caller gets the same answer whether its Redis client decodes or not."""
    limiter = RateLimiter(ScriptedRedis([encode(part) for part in reply]), LIMITS)
    assert limiter.acquire("7", 2000) == answer


def test_a_request_that_never_fits_says_so():
    """The message names the limit, and nothing else."""
    limiter = RateLimiter(ScriptedRedis([b"never fits", b"40000"]), LIMITS)
    with pytest.raises(NeverFitsError, match=r"^more tokens than the limit per minute, which is 40000$"):
        limiter.acquire("7", 50_000)


def test_a_ramp_does_not_move_the_buckets():
    """A denial that is not about the rate teaches nothing about the rate."""
    redis = ScriptedRedis([b"wait", b"7", b"7"])
    assert RateLimiter(redis, LIMITS).denied("7", Denial("slow_down", bucket="rpm", limit=3, used=3, wait=20.0)) == 7.0
    (_, arguments), *_ = redis.calls
    assert (arguments["bucket"], arguments["too_large"]) == (0, False)


def test_what_is_not_known_is_not_sent():
    """Zero as a limit, and what a header does not say, never reach the buckets."""
    redis = ScriptedRedis([b"ok"])
    limiter = RateLimiter(redis, LIMITS)
    limiter.settle("7", used_tokens=None, seen=ProviderView(0, 3, None, 0, None))
    ((_, arguments),) = redis.calls
    assert {"requests_limit", "tokens_limit", "tokens_left", "used"}.isdisjoint(arguments)
    assert (arguments["answered"], arguments["requests_left"]) == (False, 3)


@pytest.mark.parametrize(
    ("seen", "bucket"),
    [
        (ProviderView(3, 2, 20.0), 1),
        (ProviderView(200, 199, 432.0), 2),
        (ProviderView(500, 499, 0.12), 1),
        (ProviderView(14_400, 14_370, 179.56), 2),
        (ProviderView(500, 500, 0.0), None),
    ],
)
def test_the_day_is_told_from_the_minute(seen, bucket):
    """By the limit where it is one of ours, else by how fast it refills."""
    redis = ScriptedRedis([b"ok"])
    RateLimiter(redis, LIMITS).settle("7", used_tokens=1, seen=seen)
    ((_, arguments),) = redis.calls
    assert arguments.get("requests_bucket") == bucket


def test_two_limiters_share_a_redis():
    """All keys of one begin with its prefix, and the contract's key is one of them."""
    redis = ScriptedRedis([b"granted", b"0"])
    RateLimiter(redis, LIMITS).acquire("7", 1)
    RateLimiter(redis, LIMITS, prefix="other").acquire("7", 1)
    (ours, _), (others, _) = redis.calls
    assert ANSWERED_KEY in ours
    assert all(key.startswith("other:") for key in others)
