"""The same question gets the same answer without a second call, even when both are asked at once."""

import redis

from contract import answer_key, flight_key
from worker.leases import Lease, Leases


class ResultCache:
    """Answers by the digest of what was asked, and single flight: one request asks, the others wait for it.

    Args:
        store: Redis.
        leases: for the right to ask.
        ttl: seconds an answer is kept; 0: nothing is.
    """

    def __init__(self, store: redis.Redis, leases: Leases, *, ttl: int) -> None:
        self._redis = store
        self._leases = leases
        self._ttl = ttl

    def get(self, question: str) -> str | None:
        """The answer as it was put, if it is known. Raises `redis.RedisError`."""
        body = self._redis.get(answer_key(question)) if self._ttl else None
        return body.decode() if isinstance(body, bytes) else body

    def put(self, question: str, answer: str) -> None:
        """Keep an answer. Raises `redis.RedisError`."""
        if self._ttl:
            self._redis.set(answer_key(question), answer, ex=self._ttl)

    def lead(self, question: str, token: str) -> Lease | float:
        """The right to ask, or the seconds after which to look for another's answer. Raises `redis.RedisError`.

        Args:
            question: its digest.
            token: the claim's; a request that was parked goes on with the right that it had.
        """
        lease = self._leases.take(flight_key(question), token=token)
        if lease is not None:
            return lease
        # A leader at work is renewed often and may end any time; one that waits for the limiter says how long.
        remaining: int = self._redis.pttl(flight_key(question))
        return max(0.5, remaining / 1000 - self._leases.seconds)
