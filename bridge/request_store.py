"""The bridge's side of Redis: hands requests to Celery, sees how they are doing, collects outcomes."""

import logging
import uuid
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

import redis
from celery import Celery
from pydantic import ValidationError

from contract import (
    MARKS_POSITION_KEY,
    PROCESSED_MARK_TTL,
    QUEUE_NAME,
    TASK_NAME,
    Dispatch,
    Outcome,
    claim_key,
    outcome_key,
    processed_mark,
    request_key,
    source_key,
)

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class RequestStates:
    """What Redis knows of some requests.

    Attributes:
        marked: the processing ids that have a processed mark.
        claimed: those that a worker has claimed.
        elsewhere: those that another partition answers for.
        queue_drained: the Celery queue is empty.
        complete: False when Redis was emptied, so that a missing mark says nothing.
    """

    marked: frozenset[int]
    claimed: frozenset[int]
    elsewhere: frozenset[int]
    queue_drained: bool
    complete: bool = True


class RequestStore:
    """Everything the bridge asks of Redis and Celery. Every method may raise `redis.RedisError`.

    Args:
        store: Redis.
        celery: an app with the broker's settings; tasks are reached by name alone.
    """

    def __init__(self, store: redis.Redis, celery: Celery):
        self._redis = store
        self._celery = celery

    def dispatch(self, dispatches: Iterable[Dispatch]) -> None:
        """Put requests where the worker reads them and send a hint for each.

        An error means "outcome unknown": a hint may have been sent. Sending it again does no harm.

        Raises:
            redis.RedisError, kombu.exceptions.OperationalError: the broker is away.
        """
        batch = list(dispatches)
        with self._redis.pipeline(transaction=False) as pipe:
            for dispatch in batch:
                pipe.set(
                    request_key(dispatch.request.processing_id),
                    dispatch.model_dump_json(),
                    ex=PROCESSED_MARK_TTL,
                )
            pipe.execute()
        with self._celery.producer_pool.acquire(block=True, timeout=10) as producer:
            for dispatch in batch:
                self._celery.send_task(
                    TASK_NAME,
                    args=(dispatch.request.processing_id,),
                    # Celery's own log lines, and Flower's lists, then tell which request they are about.
                    task_id=f"{dispatch.request.processing_id}-{uuid.uuid4().hex[:12]}",
                    queue=QUEUE_NAME,
                    producer=producer,
                    ignore_result=True,
                    retry=False,  # the caller's loop retries, without blocking its polls of Kafka
                )

    def outcomes(self, processing_ids: Sequence[int]) -> dict[int, Outcome] | None:
        """The outcomes that are ready, or None when Redis has been emptied (and must be filled again first)."""
        position, *found = self._redis.mget([MARKS_POSITION_KEY, *map(outcome_key, processing_ids)])
        if position is None:
            return None
        outcomes: dict[int, Outcome] = {}
        for processing_id, body in zip(processing_ids, found, strict=True):
            if body is None:
                continue
            try:
                outcomes[processing_id] = Outcome.model_validate_json(body)
            except ValidationError:
                log.error(  # noqa: TRY400 # the traceback would add nothing
                    "an outcome of another version: it is made again", extra={"processing_id": processing_id}
                )
                self._redis.delete(outcome_key(processing_id))
        return outcomes

    def states(self, processing_ids: Sequence[int], source: str) -> RequestStates:
        """Marks and claims; ids that no partition answers for yet are from now on answered for by `source`."""
        with self._redis.pipeline(transaction=False) as pipe:
            pipe.llen(QUEUE_NAME)
            # The source before the mark: `finish` ends both at once, so whoever finds the source free sees the mark.
            for processing_id in processing_ids:
                pipe.set(source_key(processing_id), source, nx=True, get=True, ex=PROCESSED_MARK_TTL)
            if processing_ids:
                pipe.mget(list(map(processed_mark, processing_ids)))
                pipe.mget(list(map(claim_key, processing_ids)))
            pipe.exists(MARKS_POSITION_KEY)  # after the marks: if it is there, they were
            queued, *answers, complete = pipe.execute()
        *sources, marks, claims = answers or ([], [])
        return RequestStates(
            marked=_where(processing_ids, [mark is not None for mark in marks]),
            claimed=_where(processing_ids, [claim is not None for claim in claims]),
            elsewhere=_where(processing_ids, [holder not in (None, source.encode()) for holder in sources]),
            queue_drained=queued == 0,
            complete=bool(complete),
        )

    def finish(self, processing_ids: Collection[int]) -> None:
        """Mark published requests as processed and clear what was kept for them, in one step."""
        with self._redis.pipeline(transaction=True) as pipe:
            for processing_id in processing_ids:
                pipe.set(processed_mark(processing_id), "_", ex=PROCESSED_MARK_TTL)
                pipe.delete(
                    request_key(processing_id),
                    outcome_key(processing_id),
                    claim_key(processing_id),
                    source_key(processing_id),
                )
            pipe.execute()


def _where(processing_ids: Sequence[int], answers: Sequence[bool]) -> frozenset[int]:
    return frozenset(processing_id for processing_id, answer in zip(processing_ids, answers, strict=True) if answer)
