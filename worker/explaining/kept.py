"""What `OutcomeStore.finish` and `ResultCache.keep` have kept of a request: read again, or forgotten.

What is still to be published is not forgotten: a request's text and its outcome, which end with it. Kafka's own
retention is the platform's to set. Every function may raise `redis.RedisError`.
"""

from typing import Any

import redis
from pydantic import TypeAdapter

from contract import answer_key, decision_key, explanation_key, trail_key
from worker.explaining.explanation import Explanation, FailedExplanation

_KEPT: TypeAdapter[Explanation | FailedExplanation] = TypeAdapter(Explanation | FailedExplanation)


def read(store: redis.Redis, processing_id: int) -> Explanation | FailedExplanation | None:
    """What a score was made of, or the decision alone, or what the request failed of, if it is still kept."""
    body: Any = store.get(explanation_key(processing_id)) or store.get(decision_key(processing_id))
    return None if body is None else _KEPT.validate_json(body)


def forget_resume(store: redis.Redis, resume_id: int) -> int:
    """Forget all that is kept of a resume, cached answers included; the number of things deleted."""
    trail: Any = store.smembers(trail_key(resume_id))
    keys = [key for entry in trail for key in _keys(*entry.decode().split(" "))]
    return int(store.delete(*keys, trail_key(resume_id)))


def forget_request(store: redis.Redis, processing_id: int) -> int:
    """Forget all that is kept of one request, its cached answer included; the number of things deleted."""
    kept = read(store, processing_id)
    return int(store.delete(*_keys(processing_id, kept.question if isinstance(kept, Explanation) else "")))


def _keys(processing_id: int | str, question: str) -> list[str]:
    return [explanation_key(processing_id), decision_key(processing_id), answer_key(question)]
