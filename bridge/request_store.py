"""The bridge's side of Redis: hands requests to Celery, sees how they are doing, collects outcomes."""

import logging
import uuid
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

import redis
from celery import Celery
from kombu.exceptions import BatchPublishError, OperationalError
from pydantic import ValidationError

from bridge.line import Line
from bridge.marks import ProcessedMarks
from bridge.places import Places
from bridge.user_limit import UserLimit
from contract import (
    MARKS_KEY,
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
    worker_key,
    worker_of,
)

log = logging.getLogger(__name__)

Item = TypeVar("Item")

# KEYS: sources. ARGV[1] who takes them ('': nobody does), then those who may hold them. What others hold stays theirs.
_HAND_OVER = """
for _, key in ipairs(KEYS) do
  local holder = redis.call('GET', key)
  for n = 2, #ARGV do
    if holder == ARGV[n] then
      if ARGV[1] == '' then redis.call('DEL', key) else redis.call('SET', key, ARGV[1], 'KEEPTTL') end
    end
  end
end
"""

# KEYS: sources. ARGV[1] who answers for those that nobody answers for, ARGV[2] for how many seconds. Returns who
# answered for each, None where nobody did. `SET ... NX GET` says the same, but from Redis 7 on only.
_ANSWER_FOR = """
local holders = {}
for n, key in ipairs(KEYS) do
  holders[n] = redis.call('GET', key)
  if not holders[n] then redis.call('SET', key, ARGV[1], 'EX', ARGV[2]) end
end
return holders
"""

KEYS_A_COMMAND = 500  # an MGET of so many keys takes Redis a fraction of a millisecond


@dataclass(frozen=True, slots=True)
class RequestStates:
    """What Redis knows of some requests."""

    marked: frozenset[int] = frozenset()  # the processing ids that have a processed mark
    # Those that another partition answers for, and which that is.
    elsewhere: Mapping[int, str] = field(default_factory=dict)
    claims: Mapping[int, str] = field(default_factory=dict)  # the worker that has claimed a request, by processing id
    living: frozenset[str] = frozenset()  # those of the workers asked about that have a heartbeat
    complete: bool = True  # False when Redis has lost marks, so that a missing one says nothing


class RequestStore:
    """Everything that one partition asks of Redis and Celery. Every method may raise `redis.RedisError`.

    Args:
        store: Redis.
        celery: an app with the broker's settings; tasks are reached by name alone.
        marks: tells whether what is read can be believed.
        source: the input partition, `<topic>-<number>`.
        exists: whether there is a partition of such a name.
        longest_claim: seconds that a claim lives at most, as it is set: parked for as long as can be, and a lease.
        answers_a_day: that a user gets; 0: as many as there are.

    Attributes:
        places: as the bridges share them.
        user_limit: what `answers_a_day` says.
    """

    def __init__(
        self,
        store: redis.Redis,
        celery: Celery,
        marks: ProcessedMarks,
        source: str,
        *,
        exists: Callable[[str], bool],
        longest_claim: float,
        answers_a_day: int = 0,
    ):
        self._redis = store
        self._celery = celery
        self._marks = marks
        self._source = source
        self._exists = exists
        self._longest_claim = longest_claim
        self.places = Places(store)
        self.user_limit = UserLimit(store, answers_a_day)

    def line(self, label: str, *, fair: bool) -> Line:
        """What tells operators who waits; `label` is that of the metrics."""
        return Line(self._redis, self._source, label, fair=fair)

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
                    dispatch.model_dump_json(exclude_none=True),
                    ex=PROCESSED_MARK_TTL,
                )
            pipe.execute()
        try:
            self._send_hints(batch)
        except BatchPublishError as error:
            raise OperationalError(str(error)) from error

    def _send_hints(self, batch: Sequence[Dispatch]) -> None:
        # In one round trip: without the batch, the hints cost the bridge more than all else that it does.
        with self._celery.producer_pool.acquire(block=True, timeout=10) as producer, producer.batch():
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
        """The outcomes that are ready, or None when Redis has lost marks (and must be caught up first)."""
        with self._redis.pipeline(transaction=False) as pipe:
            for step in _steps(processing_ids):
                pipe.mget(list(map(outcome_key, step)))
            pipe.hgetall(MARKS_KEY)
            *found, state = pipe.execute()
        if not self._marks.are_believable(state):
            return None
        outcomes: dict[int, Outcome] = {}
        for processing_id, body in zip(processing_ids, _joined(found), strict=True):
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

    def states(self, processing_ids: Sequence[int], workers: Collection[str] = ()) -> RequestStates:
        """Marks and claims; ids that no partition answers for yet are from now on answered for by this one.

        Args:
            processing_ids: of the requests.
            workers: whose heartbeats to look for.
        """
        asked = sorted(workers)
        with self._redis.pipeline(transaction=False) as pipe:
            # The source before the mark: `finish` ends both at once, so whoever finds the source free sees the mark.
            for step in _steps(processing_ids):
                keys = list(map(source_key, step))
                pipe.eval(_ANSWER_FOR, len(keys), *keys, self._source, PROCESSED_MARK_TTL)
            for step in _steps(processing_ids):
                pipe.mget(list(map(processed_mark, step)))
            for step in _steps(processing_ids):
                pipe.mget(list(map(claim_key, step)))
            # The heartbeats after the claims: a dead worker's heartbeat ends before its claims do.
            for worker in asked:
                pipe.pttl(worker_key(worker))
            pipe.hgetall(MARKS_KEY)  # after the marks: if it is as it should be, they were all there
            *answers, state = pipe.execute()
        answered = iter(answers)
        sources = _joined([next(answered) for _ in _steps(processing_ids)])
        marks = _joined([next(answered) for _ in _steps(processing_ids)])
        claims = _joined([next(answered) for _ in _steps(processing_ids)])
        living = {worker for worker, left in zip(asked, answered, strict=True) if self._may_live(left)}
        elsewhere = {
            processing_id: holder.decode()
            for processing_id, holder in zip(processing_ids, sources, strict=True)
            if holder not in (None, self._source.encode())
        }
        return RequestStates(
            marked=_where(processing_ids, [mark is not None for mark in marks]),
            elsewhere=self._without_ghosts(elsewhere),
            claims={
                processing_id: worker_of(token.decode())
                for processing_id, token in zip(processing_ids, claims, strict=True)
                if token is not None
            },
            living=frozenset(living),
            complete=self._marks.are_believable(state),
        )

    def take_over(self, elsewhere: Mapping[int, str]) -> None:
        """Answer for ids that another partition answers for, unless a third one does so by now."""
        for processing_id, holder in elsewhere.items():
            self._hand_over([source_key(processing_id)], [holder], self._source)

    def let_go_of_all(self, partitions: Sequence[str]) -> Iterator[int]:
        """These partitions answer for no id any more, but for those that they ask about again.

        In steps; yields how many keys.
        """
        cursor = 0
        while True:
            cursor, keys = self._redis.scan(cursor, match=source_key("*"), count=1_000)
            if keys:
                self._hand_over(keys, partitions, "")
            yield len(keys)
            if cursor == 0:
                return

    def _hand_over(self, keys: Sequence[str | bytes], holders: Sequence[str], to: str) -> None:
        self._redis.eval(_HAND_OVER, len(keys), *keys, to, *holders)

    def drop_stale_claims(self, claims: Mapping[int, str]) -> None:
        """Of some claims whose workers are gone, end those that live longer than any is made to.

        Redis' clock went back, and with it everything that should expire stays. A claim that its worker has parked
        lives on without it, but not for so long.
        """
        ids = list(claims)
        with self._redis.pipeline(transaction=False) as pipe:
            for processing_id in ids:
                pipe.pttl(claim_key(processing_id))
            lifetimes = pipe.execute()
        stale = [pid for pid, left in zip(ids, lifetimes, strict=True) if left > self._longest_claim * 1000]
        if stale:
            log.warning("%d claims outlive their workers by far: Redis' clock went back, they are dropped", len(stale))
            self._redis.delete(*map(claim_key, stale))

    def _may_live(self, milliseconds_left: int) -> bool:
        """Whether a worker's heartbeat is there, and was not kept by a clock that went back."""
        return 0 < milliseconds_left <= self._longest_claim * 1000

    def _without_ghosts(self, elsewhere: Mapping[int, str]) -> Mapping[int, str]:
        """Those that a partition answers for that exists: the others are this one's from the next look on."""
        ghosts = {processing_id: holder for processing_id, holder in elsewhere.items() if not self._exists(holder)}
        self.take_over(ghosts)
        return elsewhere


def _steps(items: Sequence[Item]) -> Iterator[Sequence[Item]]:
    for start in range(0, len(items), KEYS_A_COMMAND):
        yield items[start : start + KEYS_A_COMMAND]


def _joined(answers: Iterable[Sequence[bytes | None]]) -> list[bytes | None]:
    return [value for answer in answers for value in answer]


def _where(processing_ids: Sequence[int], answers: Sequence[bool]) -> frozenset[int]:
    return frozenset(processing_id for processing_id, answer in zip(processing_ids, answers, strict=True) if answer)
