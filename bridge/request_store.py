"""The bridge's side of Redis: hands requests to Celery, sees how they are doing, collects outcomes."""

import json
import logging
import uuid
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import redis
from celery import Celery
from kombu.exceptions import BatchPublishError, OperationalError

from bridge.marks import ProcessedMarks
from bridge.places import Places
from bridge.policy import PartitionPolicy
from bridge.tally import Tally
from bridge.user_limit import UserLimit
from contract import (
    LINE_KEPT,
    LINE_KEY,
    LONGEST_COUNTDOWN,
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

# KEYS: four for each request: who answers for it, its processed mark, claim and outcome. ARGV[1] who answers for those
# that nobody answers for, ARGV[2] for how many seconds. Returns what stood in each key, None where nothing did.
_LOOK = """
local found = {}
for n = 1, #KEYS, 4 do
  for k = n, n + 3 do found[k] = redis.call('GET', KEYS[k]) end
  if not found[n] then redis.call('SET', KEYS[n], ARGV[1], 'EX', ARGV[2]) end
end
return found
"""

IDS_A_COMMAND = 200  # so many take Redis about a millisecond


@dataclass(frozen=True, slots=True)
class RequestStates:
    """What Redis knows of some requests."""

    marked: set[int] = field(default_factory=set)  # the processing ids that have a processed mark
    # Those that another partition answers for, and which that is.
    elsewhere: dict[int, str] = field(default_factory=dict)
    claims: dict[int, str] = field(default_factory=dict)  # the worker that has claimed a request, by processing id
    outcomes: dict[int, Outcome] = field(default_factory=dict)  # those that are ready, likewise
    living: set[str] = field(default_factory=set)  # those of the workers asked about that have a heartbeat
    complete: bool = True  # False when Redis has lost marks, so that a missing one says nothing: catch up first


@dataclass(eq=False)
class RequestStore:
    """Everything that one partition asks of Redis and Celery. Every method may raise `redis.RedisError`."""

    store: redis.Redis
    celery: Celery  # an app with the broker's settings; tasks are reached by name alone
    marks: ProcessedMarks  # tells whether what is read can be believed
    source: str  # the input partition, `<topic>-<number>`
    exists: Callable[[str], bool]  # whether there is a partition of such a name
    policy: PartitionPolicy  # how long claims live, and how many answers a user gets in a day

    def __post_init__(self) -> None:
        self._longest_claim = LONGEST_COUNTDOWN + self.policy.lease  # parked for as long as can be, and a lease
        self.places = Places(self.store)
        self.user_limit = UserLimit(self.store, self.policy.answers_a_day)
        self.tally = Tally(self.store)

    def tell_line(self, users: Sequence[tuple[int, int, float]], *, fair: bool, now: float) -> None:
        """Say who waits here, for `celery -A worker inspect line`: users' ids, unfinished requests and weights."""
        with self.store.pipeline(transaction=False) as pipe:
            pipe.hset(LINE_KEY, self.source, json.dumps({"at": now, "fair": fair, "users": users}))
            pipe.expire(LINE_KEY, LINE_KEPT)
            pipe.execute()

    def dispatch(self, dispatches: Iterable[Dispatch]) -> None:
        """Put requests where the worker reads them and send a hint for each.

        An error means "outcome unknown": a hint may have been sent. Sending it again does no harm.

        Raises:
            redis.RedisError, kombu.exceptions.OperationalError: the broker is away.
        """
        batch = list(dispatches)
        with self.store.pipeline(transaction=False) as pipe:
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
        with self.celery.producer_pool.acquire(block=True, timeout=10) as producer, producer.batch():
            for dispatch in batch:
                processing_id = dispatch.request.processing_id
                message = self.celery.amqp.as_task_v2(
                    # Celery's own log lines, and Flower's lists, then tell which request they are about.
                    f"{processing_id}-{uuid.uuid4().hex[:12]}",
                    TASK_NAME,
                    args=(processing_id,),
                    ignore_result=True,
                    argsrepr=f"({processing_id},)",
                    kwargsrepr="{}",
                )
                # `send_task` would look up the route, and declare the queue, for each of them. Nothing is retried here:
                # the caller's loop does that, without blocking its polls of Kafka.
                headers, properties = message.headers, message.properties
                producer.publish(message.body, routing_key=QUEUE_NAME, serializer="json", headers=headers, **properties)

    def states(self, processing_ids: Sequence[int], workers: Collection[str] = ()) -> RequestStates:
        """What is known of some requests, and of these workers' heartbeats.

        Requests that no partition answers for are from now on answered for by this one.
        """
        asked = sorted(workers)
        with self.store.pipeline(transaction=False) as pipe:
            for start in range(0, len(processing_ids), IDS_A_COMMAND):
                keys = [
                    key(each)
                    for each in processing_ids[start : start + IDS_A_COMMAND]
                    for key in (source_key, processed_mark, claim_key, outcome_key)
                ]
                pipe.eval(_LOOK, len(keys), *keys, self.source, PROCESSED_MARK_TTL)
            # The heartbeats after the claims: a dead worker's heartbeat ends before its claims do.
            for worker in asked:
                pipe.pttl(worker_key(worker))
            pipe.hgetall(MARKS_KEY)  # after the marks: if it is as it should be, they were all there
            *answers, state = pipe.execute()
        looks, heartbeats = answers[: len(answers) - len(asked)], answers[len(answers) - len(asked) :]
        states = RequestStates(
            living={worker for worker, left in zip(asked, heartbeats, strict=True) if self._may_live(left)},
            complete=self.marks.are_believable(state),
        )
        found = [look[n : n + 4] for look in looks for n in range(0, len(look), 4)]
        for processing_id, (holder, mark, token, body) in zip(processing_ids, found, strict=True):
            if mark is not None:
                states.marked.add(processing_id)
            if holder not in (None, self.source.encode()):
                states.elsewhere[processing_id] = holder.decode()
            if token is not None:
                states.claims[processing_id] = worker_of(token.decode())
            if body is not None and (outcome := self._outcome(processing_id, body)):
                states.outcomes[processing_id] = outcome
        # Who does not exist answers for nothing: those are this partition's from the next look on.
        self.take_over({each: holder for each, holder in states.elsewhere.items() if not self.exists(holder)})
        return states

    def _outcome(self, processing_id: int, body: bytes) -> Outcome | None:
        try:
            outcome = Outcome.model_validate_json(body)
            self.policy.dialect.heard(
                outcome.notification
            )  # in the words of another contract it would stop those who read it
        except ValueError:
            log.error(  # noqa: TRY400 # the traceback would add nothing
                "an outcome of another version: it is made again", extra={"processing_id": processing_id}
            )
            self.store.delete(outcome_key(processing_id))
            return None
        return outcome

    def take_over(self, elsewhere: Mapping[int, str]) -> None:
        """Answer for ids that another partition answers for, unless a third one does so by now."""
        for processing_id, holder in elsewhere.items():
            self.store.eval(_HAND_OVER, 1, source_key(processing_id), self.source, holder)

    def let_go_of_all(self, partitions: Sequence[str]) -> Iterator[int]:
        """These partitions answer for no id any more, but for those that they ask about again.

        In steps; yields how many keys.
        """
        cursor = 0
        while True:
            cursor, keys = self.store.scan(cursor, match=source_key("*"), count=1_000)
            if keys:
                self.store.eval(_HAND_OVER, len(keys), *keys, "", *partitions)
            yield len(keys)
            if cursor == 0:
                return

    def drop_stale_claims(self, claims: Mapping[int, str]) -> None:
        """Of some claims whose workers are gone, end those that live longer than any is made to.

        Redis' clock went back, and with it everything that should expire stays. A claim that its worker has parked
        lives on without it, but not for so long.
        """
        ids = list(claims)
        with self.store.pipeline(transaction=False) as pipe:
            for processing_id in ids:
                pipe.pttl(claim_key(processing_id))
            lifetimes = pipe.execute()
        stale = [pid for pid, left in zip(ids, lifetimes, strict=True) if left > self._longest_claim * 1000]
        if stale:
            log.warning("%d claims outlive their workers by far: Redis' clock went back, they are dropped", len(stale))
            self.store.delete(*map(claim_key, stale))

    def _may_live(self, milliseconds_left: int) -> bool:
        """Whether a worker's heartbeat is there, and was not kept by a clock that went back."""
        return 0 < milliseconds_left <= self._longest_claim * 1000
