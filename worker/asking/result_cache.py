"""The same question gets the same answer without a second call, even when both are asked at once."""

import time
from collections.abc import Iterable, Sequence
from dataclasses import KW_ONLY, dataclass
from typing import Any

import redis

from contract import NOT_CLOSED_KEY, answer_key, flight_key, followers_key, graders_key, of_provider, vacancy_key
from worker.leases import Leases
from worker.ports import Follow, Follower, Known, Lead, Lease

# Seconds that an answer, which is paid for, waits for Redis, and seconds between two tries. These are few: once Redis
# is back, whoever is given the request next should find the answer.
PATIENCE, TRY_EVERY = 30.0, 0.2

# KEYS: answer, the right to ask, what exists while the circuit breaker is not closed, followers.
# ARGV: token, milliseconds of a lease, member ('': this one will ask nothing more) and place of a follower.
# Returns {'known', answer}, {'lead', 1 if the breaker is closed} or {'follow', milliseconds another has the right}.
_LOOK = """
local answer = redis.call('GET', KEYS[1])
if answer then return {'known', answer} end
local leader = redis.call('GET', KEYS[2])
if leader and leader ~= ARGV[1] then
  local left = redis.call('PTTL', KEYS[2])
  if ARGV[3] ~= '' then
    redis.call('ZADD', KEYS[4], ARGV[4], ARGV[3])
    redis.call('PEXPIRE', KEYS[4], left + ARGV[2])
  end
  return {'follow', left}
end
redis.call('SET', KEYS[2], ARGV[1], 'PX', ARGV[2])
if ARGV[3] ~= '' then redis.call('ZREM', KEYS[4], ARGV[3]) end
return {'lead', 1 - redis.call('EXISTS', KEYS[3])}
"""

# KEYS: answer, the right to ask, followers. ARGV: token, answer, seconds it is kept (0: not at all).
_KEEP = """
redis.call('DEL', KEYS[3])
if ARGV[3] ~= '0' then redis.call('SET', KEYS[1], ARGV[2], 'EX', ARGV[3]) end
if redis.call('GET', KEYS[2]) == ARGV[1] then redis.call('DEL', KEYS[2]) end
"""


@dataclass(eq=False, repr=False)
class ResultCache:
    """Answers by the digest of what was asked, and single flight: one request asks, the others wait for it."""

    store: redis.Redis
    leases: Leases  # for the right to ask
    _: KW_ONLY
    patience: float = PATIENCE  # seconds that `keep` waits for Redis

    def __post_init__(self) -> None:
        self._look = self.store.register_script(_LOOK)
        self._keep = self.store.register_script(_KEEP)

    def look(
        self, question: str, token: str, follower: Follower | None = None, *, provider: str = ""
    ) -> Known | Lead | Follow:
        """The answer if it is known, the right to ask if nobody has it. Raises `redis.RedisError`.

        Args:
            question: its digest.
            token: the claim's; a request that was parked goes on with the right that it had.
            follower: noted where another has the right, see `followers`.
            provider: whose circuit breaker is looked at.
        """
        leases = self.leases
        reply: Any = self._look(
            keys=[
                answer_key(question),
                flight_key(question),
                of_provider(NOT_CLOSED_KEY, provider),
                followers_key(question),
            ],
            args=[
                token,
                int(leases.seconds * 1000),
                f"{follower.reservation} {follower.deadline_at!r}" if follower else "",
                repr(follower.place) if follower else 0,
            ],
        )
        match reply:
            case [b"known", answer]:
                return Known(answer.decode(errors="replace"))
            case [b"lead", closed]:
                return Lead(leases.hold(flight_key(question), token), breaker_closed=bool(closed))
        # A leader at work is renewed often and may end any time; one that waits for the limiter says how long.
        return Follow(max(0.5, reply[1] / 1000 - leases.seconds))

    def known(self, question: str) -> bool:
        """Whether an answer is kept. Raises `redis.RedisError`."""
        return bool(self.store.exists(answer_key(question)))

    def known_of(self, questions: Sequence[str]) -> int | None:
        """Which of several questions is the first whose answer is kept; None: of none. Raises `redis.RedisError`."""
        with self.store.pipeline(transaction=False) as pipe:
            for question in questions:
                pipe.exists(answer_key(question))
            found = pipe.execute()
        return found.index(1) if 1 in found else None

    def graded_by(self, question: str, models: Iterable[str], seconds: int) -> int:
        """Note for so many seconds which models have graded a vacancy's resumes, and return how many have.

        `question` is the digest of that for the vacancy's criteria. Raises `redis.RedisError`.
        """
        key = graders_key(question)
        with self.store.pipeline(transaction=True) as pipe:
            pipe.sadd(key, *models)
            pipe.expire(key, seconds)
            pipe.scard(key)
            return int(pipe.execute()[-1])

    def followers(self, question: str, now: float) -> dict[str, float]:
        """The places, by reservation, of those who will ask once this is answered; none where Redis is away.

        Whose deadline has passed at `now` (Unix time, seconds) has ended, as nobody else could have noted.
        """
        try:
            found: Any = self.store.zrange(followers_key(question), 0, -1, withscores=True)
        except redis.RedisError:  # the answer at hand is worth more than the order
            return {}
        noted = ((*member.decode().split(), place) for member, place in found)
        return {reservation: place for reservation, deadline_at, place in noted if now < float(deadline_at)}

    def keep(self, question: str, answer: str, lead: Lease, seconds: int) -> None:
        """Keep an answer for so many seconds (0: not at all), and give back the right to ask.

        Raises:
            redis.RedisError: Redis is away, and has been for long.
        """
        lead.forget()
        give_up_at = time.monotonic() + self.patience
        keys = [answer_key(question), lead.key, followers_key(question)]
        while True:
            try:
                self._keep(keys=keys, args=[lead.token, answer, seconds])
            except redis.RedisError:
                if time.monotonic() >= give_up_at:
                    raise
                time.sleep(TRY_EVERY)
            else:
                return

    def drop(self, question: str) -> None:
        """Forget an answer, so that the next who looks asks. Raises `redis.RedisError`."""
        self.store.delete(answer_key(question))

    def name(self, requirements_id: int, question: str, seconds: int) -> None:
        """Note under which question a vacancy's criteria are kept. Raises `redis.RedisError`."""
        self.store.set(vacancy_key(requirements_id), question, ex=seconds)

    def criteria_of(self, requirements_id: int) -> str | None:
        """The criteria of a vacancy as they are kept, if they are. Raises `redis.RedisError`."""
        question: Any = self.store.get(vacancy_key(requirements_id))
        body: Any = None if question is None else self.store.get(answer_key(question.decode()))
        return None if body is None else str(body.decode())
