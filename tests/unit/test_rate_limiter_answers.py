import pytest

from worker.limits.answers import Granted, Limits, NeverFitsError, NotYet, Reserved
from worker.limits.provider_limits import Denial
from worker.limits.rate_limiter import RateLimiter

LIMITS = Limits(rpm=3, rpd=200, tpm=40_000)


class ScriptedRedis:
    """Answers every script call with the same reply, and remembers what was asked."""

    def __init__(self, reply):
        self.reply = reply
        self.calls = []

    def register_script(self, _source):
        def call(keys, args, client):  # noqa: ARG001 - as redis-py calls it
            self.calls.append((keys, args))
            return self.reply

        return call


@pytest.mark.parametrize("encode", [str, str.encode], ids=["decoded", "bytes"])
@pytest.mark.parametrize(
    ("reply", "answer"),
    [
        (["granted", "0.5"], Granted(waited=0.5)),
        (["granted", "0.5", "again"], Granted(waited=0.5, first=False)),
        (["reserved", "10", "20"], Reserved(seconds=10.0, until_start=20.0)),
        (["not yet", "60", "7200"], NotYet(seconds=60.0, until_start=7200.0)),
    ],
)
def test_answers_are_typed(encode, reply, answer):
    """The caller gets the same answer whether its Redis client decodes or not."""
    limiter = RateLimiter(ScriptedRedis([encode(part) for part in reply]), LIMITS)
    assert limiter.acquire("7", 2000) == answer


def test_a_request_that_never_fits_says_so():
    """The message names tokens and limit, and nothing else."""
    limiter = RateLimiter(ScriptedRedis([b"never fits", b"40000"]), LIMITS)
    with pytest.raises(NeverFitsError, match="50000 tokens, but the limit per minute is 40000"):
        limiter.acquire("7", 50_000)


@pytest.mark.parametrize("kind", ["insufficient_quota", "spend_limit", "slow_down"])
def test_money_and_ramp_do_not_move_the_buckets(kind):
    """A denial that is not about the rate teaches nothing about the rate."""
    redis = ScriptedRedis([b"wait", b"0"])
    RateLimiter(redis, LIMITS).denied("7", Denial(kind, bucket="rpm", limit=3, used=3, wait=20.0))
    (_, arguments), *_ = redis.calls
    bucket, _limit, _used, wait, again, _kind = arguments[9:]
    assert (bucket, wait, again) == (0, "", 1)


def test_a_cluster_can_keep_all_keys_together():
    """A hash tag in the prefix is in every key."""
    redis = ScriptedRedis([b"granted", b"0"])
    RateLimiter(redis, LIMITS, prefix="ai_handler:{limits}").acquire("7", 1)
    (keys, _), *_ = redis.calls
    assert all(key.startswith("ai_handler:{limits}:") for key in keys)
