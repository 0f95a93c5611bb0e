"""The same question gets the same answer without a second call, even when both are asked at once."""

import hashlib

import redis

from contract import KEY_PREFIX
from worker.assessment.grading import Grading
from worker.leases import Lease, Leases


class ResultCache:
    """Gradings by what was asked, and a lease for asking (single flight).

    Args:
        store: Redis.
        leases: for the right to ask.
        ttl: seconds an answer is kept; 0: nothing is.
        version: of everything but the texts that decides an answer: model, prompt and rubric versions.
    """

    def __init__(self, store: redis.Redis, leases: Leases, *, ttl: int, version: str) -> None:
        self._redis = store
        self._leases = leases
        self._ttl = ttl
        self._version = version

    def question(self, requirements: str, resume: str) -> str:
        """A digest of what is asked; it tells nothing about the texts."""
        digest = hashlib.sha256()
        for part in (self._version, requirements, resume):
            encoded = part.encode()
            digest.update(f"{len(encoded)}:".encode() + encoded)
        return digest.hexdigest()

    def get(self, question: str) -> Grading | None:
        """The answer, if it is known. Raises `redis.RedisError`."""
        body = self._redis.get(_answer_key(question)) if self._ttl else None
        return None if body is None else Grading.model_validate_json(body)

    def put(self, question: str, grading: Grading) -> None:
        """Keep an answer. Raises `redis.RedisError`."""
        if self._ttl:
            self._redis.set(_answer_key(question), grading.model_dump_json(), ex=self._ttl)

    def fly(self, question: str, token: str) -> Lease | float:
        """The right to ask, or the seconds after which to look for another's answer. Raises `redis.RedisError`.

        Args:
            question: from `question`.
            token: the claim's; a parked request goes on with its own flight.
        """
        key = f"{KEY_PREFIX}flight:{question}"
        lease = self._leases.take(key, token=token)
        if lease is not None:
            return lease
        # One that flies is renewed often and may land any time; one that waits for the limiter says how long.
        remaining: int = self._redis.pttl(key)
        return max(0.5, remaining / 1000 - self._leases.seconds)


def _answer_key(question: str) -> str:
    return f"{KEY_PREFIX}answer:{question}"
