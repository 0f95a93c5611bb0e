"""The fleet's circuit breaker: one worker that learns that no request can succeed stops all of them.

closed     requests go
open       a reason is known, and it is too early to try whether it is gone: nothing is sent
half open  its time is over: one request, the probe, may go. Its answer closes the breaker (`reset`); its
failure opens it again (`trip`)
"""

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import redis

from contract import NOT_CLOSED_KEY, TRIPPED_WHY_KEY, of_provider, probe_key, too_early_key, tried_key, tripped_key
from worker import metrics
from worker.errors import SendingBlockedError

log = logging.getLogger(__name__)

PROBE_SECONDS = 60  # for the probe to be answered before another may try
LOOK_AGAIN = 5.0  # seconds after which the others look what came of it
MOST_DOUBLINGS = 20
TRIPPED_KEPT = 86_400  # seconds; after a day without any request it starts closed

# Seconds for which each reason keeps the breaker open before one request tries again, and what operators read.
OPEN_FOR = {
    "region": 600.0,
    "quota": 300.0,
    "credentials": 60.0,
    "model": 60.0,
    "url": 60.0,
    "refused": 60.0,
    "provider": 5.0,
    "budget": 86_400.0,
}
FOR_EVERYBODY = {"budget"}  # whoever asks, and whom
# An outage may be over in a moment or in hours: each try in vain doubles the pause, up to this.
LONGEST = {"provider": 60.0}
EXPLAINED = {
    "region": "the provider refuses our country: let requests leave elsewhere (OPENAI_PROXY)",
    "quota": "the quota, the balance or a spend limit is used up: look at the billing page of whose OPENAI_KEY it is",
    "credentials": "the provider refuses the key, its project or its permissions, or a program gives none: look at "
    "OPENAI_KEY or OPENAI_KEY_COMMAND",
    "model": "the provider does not have the model, or not for this key: look at OPENAI_MODEL",
    "url": "nothing answers there as the API does: look at OPENAI_BASE_URL",
    "refused": "the provider refuses every request and names nothing that we could leave out: look at OPENAI_MODEL and "
    "OPENAI_BASE_URL, and at what OPENAI_OUTPUT, OPENAI_TEMPERATURE and OPENAI_REASONING_EFFORT pin",
    "provider": "the provider does not answer, or with faults of its own: wait for it; if it is well, look at "
    "OPENAI_BASE_URL, OPENAI_PROXY and OPENAI_TIMEOUT",
    "budget": "the day's budget is spent: wait for midnight UTC, or raise OPENAI_BUDGET and restart the workers",
}


@dataclass(eq=False, repr=False)
class CircuitBreaker:
    """Closed, unless a key in Redis says otherwise.

    Every method may raise `redis.RedisError`, which means that nothing may be sent either.
    """

    store: redis.Redis
    # A digest of the settings that say whom this process asks, and as whom. A reason that was only met with others says
    # nothing of them: it is tried at once, as after a corrected key and a restart.
    asks_as: str = ""
    provider: str = ""  # its name, where there are several: each has a circuit breaker of its own
    # What operators read of each reason.
    explained: Mapping[str, str] = field(default_factory=lambda: EXPLAINED)

    def __post_init__(self) -> None:
        self._not_closed, self._why = self._own(NOT_CLOSED_KEY), self._own(TRIPPED_WHY_KEY)

    def _own(self, key: str) -> str:
        return of_provider(key, self.provider)

    def require(self, token: str) -> str:
        """Return if this request may be sent: `""`, or the reason that it tries, so call `reset` when it is answered.

        Args:
            token: of the request's claim, by which the probe is known when it comes again after a wait.

        Raises:
            SendingBlockedError: with the seconds until the next try.
        """
        reasons = self._as_we_ask(self.state())
        if not reasons:
            return ""
        reason, remaining = max(reasons.items(), key=lambda item: item[1])  # all of them must be over
        if remaining == 0:
            key = self._own(probe_key(reason))
            # Two commands, since NX and GET go together from Redis 7 on only. Whoever loses in between tries later.
            if self.store.set(key, token, nx=True, ex=PROBE_SECONDS) or self.store.get(key) == token.encode():
                log.info("circuit breaker half open, trying whether the reason is gone: %s", self.explained[reason])
                return reason
        raise SendingBlockedError(f"{reason}: {self.explained[reason]}", max(1.0, remaining or LOOK_AGAIN))

    def reset(self, only: str | None = None) -> None:
        """Close it for all workers: a request was answered, so every reason is gone; or `only` this one is."""
        gone = OPEN_FOR if only is None else (only,)
        keys = [self._own(key(reason)) for reason in gone for key in (tripped_key, too_early_key, tried_key, probe_key)]
        if only is None or self.state().keys() <= {only}:
            log.info("circuit breaker%s closed again", f" of {self.provider}" if self.provider else "")
            keys.append(self._not_closed)
        with self.store.pipeline(transaction=True) as pipe:
            pipe.delete(*keys)
            pipe.hdel(self._why, *gone)
            pipe.execute()

    def trip(self, reason: str, seconds: float | None = None, *, at_least: float = 0.0) -> None:
        """Open it for all workers, at once. Of many requests that learn the same at once one opens it.

        Args:
            reason: one of `OPEN_FOR`.
            seconds: for exactly so long, where it is known when it is over; None: for as long as the reason says.
            at_least: and then for so many seconds at least.
        """
        before: Any = self.store.get(self._own(tripped_key(reason))) or b"0"
        times = int(before) if before.isdigit() else 0
        if seconds is None:
            usual = OPEN_FOR[reason] * 2.0 ** min(times, MOST_DOUBLINGS)
            seconds = max(at_least, min(usual, LONGEST.get(reason, OPEN_FOR[reason])))
        with self.store.pipeline(transaction=True) as pipe:
            pipe.sadd(self._own(tried_key(reason)), self.asks_as)
            pipe.expire(self._own(tried_key(reason)), TRIPPED_KEPT)
            pipe.set(self._own(too_early_key(reason)), "_", px=max(1, int(seconds * 1000)), nx=True)
            *_, is_first = pipe.execute()
        if not is_first:
            return
        with self.store.pipeline(transaction=True) as pipe:
            pipe.set(self._not_closed, "_", ex=TRIPPED_KEPT)
            pipe.set(self._own(tripped_key(reason)), times + 1, ex=TRIPPED_KEPT)
            pipe.delete(self._own(probe_key(reason)))
            pipe.hset(self._why, reason, self.explained[reason])
            pipe.expire(self._why, TRIPPED_KEPT)
            pipe.execute()
        metrics.BREAKER_TRIPS.labels(self.provider, reason).inc()
        log.error("circuit breaker open for %g s: %s", seconds, self.explained[reason])

    def _as_we_ask(self, reasons: dict[str, float]) -> dict[str, float]:
        """The same, with no time to wait for what was only met by those who ask otherwise."""
        met = [reason for reason in reasons if reason not in FOR_EVERYBODY]
        with self.store.pipeline(transaction=False) as pipe:
            for reason in met:
                pipe.sismember(self._own(tried_key(reason)), self.asks_as)
            answers = pipe.execute() if met else []
        return reasons | {reason: 0.0 for reason, is_ours in zip(met, answers, strict=True) if not is_ours}

    def state(self) -> dict[str, float]:
        """The reasons for which it is open, with the seconds until the next try; empty when it is closed."""
        with self.store.pipeline(transaction=False) as pipe:
            for reason in OPEN_FOR:
                pipe.exists(self._own(tripped_key(reason)))
                pipe.pttl(self._own(too_early_key(reason)))
            answers = pipe.execute()
        return {
            reason: max(0, remaining) / 1000
            for reason, tripped, remaining in zip(OPEN_FOR, answers[::2], answers[1::2], strict=True)
            if tripped
        }
