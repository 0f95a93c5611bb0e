"""The fleet's gate: one worker that learns that no request can succeed closes it for all of them."""

import logging

import redis

from contract import KEY_PREFIX
from worker import metrics
from worker.errors import GateClosedError

log = logging.getLogger(__name__)

# How long each reason keeps the gate closed before one request tries again, in seconds, and what operators read.
CLOSED_FOR = {"region": 600.0, "quota": 300.0, "credentials": 60.0}
EXPLAINED = {
    "region": "the provider refuses our country: mend the exit (OPENAI_PROXY)",
    "quota": "the quota or a spend limit is used up: look at the provider's billing page",
    "credentials": "the provider refuses the key, the model or the project: look at OPENAI_KEY and OPENAI_MODEL",
}


class FleetGate:
    """Open, unless a key in Redis says otherwise; keys expire, so the fleet tries again by itself.

    Every method may raise `redis.RedisError`, which means that nothing may be sent either.
    """

    def __init__(self, store: redis.Redis) -> None:
        self._redis = store

    def require(self) -> None:
        """Return if the gate is open.

        Raises:
            GateClosedError: with the seconds until the next try.
        """
        for reason, remaining in self.state().items():
            raise GateClosedError(f"{reason}: {EXPLAINED[reason]}", max(1.0, remaining))

    def close(self, reason: str) -> None:
        """Close it for all workers, at once."""
        seconds = CLOSED_FOR[reason]
        metrics.GATE_CLOSED.labels(reason).inc()
        log.error("gate closed for %g s: %s", seconds, EXPLAINED[reason])
        self._redis.set(_key(reason), "_", px=int(seconds * 1000))

    def state(self) -> dict[str, float]:
        """The reasons for which it is closed, with the seconds left; empty when it is open."""
        with self._redis.pipeline(transaction=False) as pipe:
            for reason in CLOSED_FOR:
                pipe.pttl(_key(reason))
            remaining = pipe.execute()
        return {
            reason: milliseconds / 1000
            for reason, milliseconds in zip(CLOSED_FOR, remaining, strict=True)
            if milliseconds > 0
        }


def _key(reason: str) -> str:
    return f"{KEY_PREFIX}gate:{reason}"
