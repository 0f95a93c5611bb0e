"""The fleet's gate: one worker that learns that no request can succeed closes it for all of them."""

import logging

import redis

from contract import KEY_PREFIX
from worker import metrics
from worker.errors import GateClosedError

log = logging.getLogger(__name__)

PROBE_SECONDS = 60  # for the probe to be answered before another may try
CLOSED_KEPT = 86_400  # seconds; nobody asked for a day: start afresh

# How long each reason keeps the gate closed before one request tries again, in seconds, and what operators read.
CLOSED_FOR = {"region": 600.0, "quota": 300.0, "credentials": 60.0}
EXPLAINED = {
    "region": "the provider refuses our country: mend the exit (OPENAI_PROXY)",
    "quota": "the quota or a spend limit is used up: look at the provider's billing page",
    "credentials": "the provider refuses the key, the model or the project: look at OPENAI_KEY and OPENAI_MODEL",
}


class FleetGate:
    """Open, unless a key in Redis says otherwise.

    A closed gate opens by itself for one request, the probe; its answer opens it for all, its failure closes
    it again. Every method may raise `redis.RedisError`, which means that nothing may be sent either.
    """

    def __init__(self, store: redis.Redis) -> None:
        self._redis = store

    def require(self, token: str) -> bool:
        """Return if this request may be sent; True if it is the probe, so call `reopen` when it is answered.

        Args:
            token: of the request's claim, by which the probe is known when it comes again after a wait.

        Raises:
            GateClosedError: with the seconds until the next try.
        """
        closed = self.state()
        if not closed:
            return False
        reason, remaining = max(closed.items(), key=lambda item: item[1])  # all of them must be over
        if remaining == 0:
            probe = self._redis.set(_probe(reason), token, nx=True, get=True, ex=PROBE_SECONDS)
            if probe is None or probe == token.encode():
                log.info("gate: trying whether the reason is gone: %s", EXPLAINED[reason])
                return True
        raise GateClosedError(f"{reason}: {EXPLAINED[reason]}", max(1.0, remaining or PROBE_SECONDS / 4))

    def reopen(self) -> None:
        """A request was answered: whatever closed the gate is over."""
        log.info("gate open again")
        self._redis.delete(*(key(reason) for reason in CLOSED_FOR for key in (_closed, _tried, _probe)))

    def close(self, reason: str) -> None:
        """Close it for all workers, at once."""
        seconds = CLOSED_FOR[reason]
        metrics.GATE_CLOSED.labels(reason).inc()
        log.error("gate closed for %g s: %s", seconds, EXPLAINED[reason])
        with self._redis.pipeline(transaction=True) as pipe:
            pipe.set(_closed(reason), "_", ex=CLOSED_KEPT)
            pipe.set(_tried(reason), "_", px=int(seconds * 1000))
            pipe.delete(_probe(reason))
            pipe.execute()

    def state(self) -> dict[str, float]:
        """The reasons for which it is closed, with the seconds until the next try; empty when it is open."""
        with self._redis.pipeline(transaction=False) as pipe:
            for reason in CLOSED_FOR:
                pipe.exists(_closed(reason))
                pipe.pttl(_tried(reason))
            answers = pipe.execute()
        return {
            reason: max(0, remaining) / 1000
            for reason, closed, remaining in zip(CLOSED_FOR, answers[::2], answers[1::2], strict=True)
            if closed
        }


def _closed(reason: str) -> str:
    """It is closed; kept until a probe is answered."""
    return f"{KEY_PREFIX}gate:{reason}"


def _tried(reason: str) -> str:
    """It is too early for a probe."""
    return f"{KEY_PREFIX}gate:{reason}:tried"


def _probe(reason: str) -> str:
    """A probe is under way."""
    return f"{KEY_PREFIX}gate:{reason}:probe"
