"""Forgetting what was kept of a person: explanations with quotes, decisions, and the model's cached answers.

What is still to be published stays: a request's text and its outcome, which end with it. Kafka's own retention is the
platform's to set.
"""

import redis

from contract import answer_key, decision_key, explanation_key, trail_key
from worker.explaining.explanation import Explanation, ExplanationStore


class Forgetting:
    """Deletes what `OutcomeStore.finish` and `ResultCache.put` have kept. Every method may raise `redis.RedisError`.

    Args:
        store: Redis.
    """

    def __init__(self, store: redis.Redis) -> None:
        self._redis = store

    def resume(self, resume_id: int) -> int:
        """Forget all that is kept of a resume; the number of things deleted."""
        entries = self._redis.smembers(trail_key(resume_id))
        trail = [(entry.decode() if isinstance(entry, bytes) else entry).split(" ") for entry in entries]
        keys = [key for processing_id, question in trail for key in _keys(int(processing_id), question)]
        return self._delete([*keys, trail_key(resume_id)])

    def processing(self, processing_id: int) -> int:
        """Forget all that is kept of one request; the number of things deleted."""
        kept = ExplanationStore(self._redis).read(processing_id)
        return self._delete(_keys(processing_id, kept.question if isinstance(kept, Explanation) else ""))

    def _delete(self, keys: list[str]) -> int:
        deleted: int = self._redis.delete(*keys)
        return deleted


def _keys(processing_id: int, question: str) -> list[str]:
    return [explanation_key(processing_id), decision_key(processing_id), answer_key(question)]
