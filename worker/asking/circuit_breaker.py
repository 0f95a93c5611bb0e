"""The fleet's circuit breaker: one worker that learns that no request can succeed stops all of them.

closed     requests go
open       a reason is known, and it is too early to try whether it is gone: nothing is sent
half open  its time is over: one request, the probe, may go. Its answer closes the breaker (`reset`); its
failure opens it again (`trip`)
"""

import logging

import redis

from contract import NOT_CLOSED_KEY, TRIPPED_WHY_KEY, probe_key, too_early_key, tripped_key
from worker import metrics
from worker.errors import SendingBlockedError

log = logging.getLogger(__name__)

PROBE_SECONDS = 60  # for the probe to be answered before another may try
TRIPPED_KEPT = 86_400  # seconds; after a day without any request it starts closed

# Seconds for which each reason keeps the breaker open before one request tries again, and what operators read.
OPEN_FOR = {"region": 600.0, "quota": 300.0, "credentials": 60.0, "budget": 86_400.0}
EXPLAINED = {
    "region": "the provider refuses our country: let requests leave elsewhere (OPENAI_PROXY)",
    "quota": "the quota or a spend limit is used up: look at the provider's billing page",
    "credentials": "the provider refuses the key, the model or the project: look at OPENAI_KEY and OPENAI_MODEL",
    "budget": "the day's budget is spent: wait for midnight UTC, or raise OPENAI_BUDGET and restart the workers",
}


class CircuitBreaker:
    """Closed, unless a key in Redis says otherwise.

    Every method may raise `redis.RedisError`, which means that nothing may be sent either.
    """

    def __init__(self, store: redis.Redis) -> None:
        self._redis = store

    def require(self, token: str) -> bool:
        """Return if this request may be sent; True if it is the probe, so call `reset` when it is answered.

        Args:
            token: of the request's claim, by which the probe is known when it comes again after a wait.

        Raises:
            SendingBlockedError: with the seconds until the next try.
        """
        reasons = self.state()
        if not reasons:
            return False
        reason, remaining = max(reasons.items(), key=lambda item: item[1])  # all of them must be over
        if remaining == 0:
            key = probe_key(reason)
            # Two commands, since NX and GET go together from Redis 7 on only. Whoever loses in between tries later.
            if self._redis.set(key, token, nx=True, ex=PROBE_SECONDS) or self._redis.get(key) == token.encode():
                log.info("circuit breaker half open, trying whether the reason is gone: %s", EXPLAINED[reason])
                return True
        raise SendingBlockedError(f"{reason}: {EXPLAINED[reason]}", max(1.0, remaining or PROBE_SECONDS / 4))

    def reset(self, only: str | None = None) -> None:
        """Close it for all workers: a request was answered, so every reason is gone; or `only` this one is."""
        gone = OPEN_FOR if only is None else (only,)
        keys = [key(reason) for reason in gone for key in (tripped_key, too_early_key, probe_key)]
        if only is None or self.state().keys() <= {only}:
            log.info("circuit breaker closed again")
            keys.append(NOT_CLOSED_KEY)
        with self._redis.pipeline(transaction=True) as pipe:
            pipe.delete(*keys)
            pipe.hdel(TRIPPED_WHY_KEY, *gone)
            pipe.execute()

    def trip(self, reason: str, seconds: float | None = None) -> None:
        """Open it for all workers, at once, for so many seconds or as long as the reason says."""
        seconds = seconds or OPEN_FOR[reason]
        metrics.BREAKER_TRIPS.labels(reason).inc()
        log.error("circuit breaker open for %g s: %s", seconds, EXPLAINED[reason])
        with self._redis.pipeline(transaction=True) as pipe:
            pipe.set(NOT_CLOSED_KEY, "_", ex=TRIPPED_KEPT)
            pipe.set(tripped_key(reason), "_", ex=TRIPPED_KEPT)
            pipe.set(too_early_key(reason), "_", px=int(seconds * 1000))
            pipe.delete(probe_key(reason))
            pipe.hset(TRIPPED_WHY_KEY, reason, EXPLAINED[reason])
            pipe.expire(TRIPPED_WHY_KEY, TRIPPED_KEPT)
            pipe.execute()

    def state(self) -> dict[str, float]:
        """The reasons for which it is open, with the seconds until the next try; empty when it is closed."""
        with self._redis.pipeline(transaction=False) as pipe:
            for reason in OPEN_FOR:
                pipe.exists(tripped_key(reason))
                pipe.pttl(too_early_key(reason))
            answers = pipe.execute()
        return {
            reason: max(0, remaining) / 1000
            for reason, tripped, remaining in zip(OPEN_FOR, answers[::2], answers[1::2], strict=True)
            if tripped
        }
