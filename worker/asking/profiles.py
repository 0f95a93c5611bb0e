"""What the fleet has learned of what requests may carry: one profile for a model of an endpoint, forgotten after a day.

While nobody was answered with a profile, one request at a time tries it, and the others wait: so a lesson costs the
fleet one refused call, however many requests are in hand.
"""

import hashlib
import logging
import threading
import time
from collections.abc import Callable
from dataclasses import KW_ONLY, dataclass, fields
from typing import Any

import redis

from contract import answered_key, profile_key, reasoning_key, scout_key
from worker.asking.profile import ENOUGH_SEEN, MOST_LESSONS, Profile, after_answer, after_cut, room_after_cut
from worker.errors import SendingBlockedError
from worker.leases import Leases
from worker.ports import Lease, Usage

log = logging.getLogger(__name__)

KEPT = 86_400  # seconds from the first lesson
LOOK_EVERY = 5.0  # seconds between two looks of a process at what others have learned
LOOK_FOR_ANSWER_EVERY = 0.1  # likewise, while some of its requests wait for that
WAIT = 2.0  # seconds after which who waits for another's try looks whether there is one
SEEN = 200  # answers whose reasoning is remembered
LATELY = 30  # seconds for which the endpoint is known to have answered somebody
NOTE_EVERY = 5.0  # seconds between two notes of that by one process
_FORMAT = ",".join(one.name for one in fields(Profile))  # a fleet of two versions has two profiles

# KEYS: profile. ARGV: lessons that were known, lessons now, what is learned, seconds it is kept, Unix time.
# Returns 1 if it is news: of several that were refused at once one teaches.
_LEARN = """
if (redis.call('HGET', KEYS[1], 'lessons') or '0') ~= ARGV[1] then return 0 end
if redis.call('HDEL', KEYS[1], 'proven') == 1 then
  redis.call('HSET', KEYS[1], 'base', redis.call('HGET', KEYS[1], 'learned') or '', 'base_lessons', ARGV[1])
end
redis.call('HSET', KEYS[1], 'lessons', ARGV[2], 'learned', ARGV[3])
redis.call('HSETNX', KEYS[1], 'since', ARGV[5])
if redis.call('TTL', KEYS[1]) < 0 then redis.call('EXPIRE', KEYS[1], ARGV[4]) end
return 1
"""

# KEYS: profile. ARGV: lessons that are known, seconds it is kept, Unix time.
_PROVE = """
if (redis.call('HGET', KEYS[1], 'lessons') or '0') ~= ARGV[1] then return 0 end
redis.call('HSET', KEYS[1], 'proven', 1)
redis.call('HSETNX', KEYS[1], 'since', ARGV[3])
if redis.call('TTL', KEYS[1]) < 0 then redis.call('EXPIRE', KEYS[1], ARGV[2]) end
return 1
"""

# KEYS: profile. ARGV: lessons that were known, "1": begin anew where nobody was ever answered.
# Returns 1 if there was something to take back.
_WITHDRAW = """
local known = redis.call('HMGET', KEYS[1], 'lessons', 'proven', 'base', 'base_lessons')
if known[1] ~= ARGV[1] or known[2] then return 0 end
if not known[3] then return ARGV[2] == '1' and redis.call('DEL', KEYS[1]) or 0 end
redis.call('HSET', KEYS[1], 'lessons', known[4], 'learned', known[3], 'proven', 1)
return 1
"""


@dataclass(eq=False)
class Profiles:
    """The profile of one model of one endpoint, as all workers know it.

    Every method but `answered` may raise `redis.RedisError`: nothing is sent then.
    """

    store: redis.Redis
    leases: Leases  # for the right to try a profile
    model: str  # names endpoint and model
    first: Profile  # where to begin, and what settings pin
    _: KW_ONLY
    most_room: int  # tokens of reasoning that there may be room for
    clock: Callable[[], float] = time.monotonic  # seconds, monotonic

    def __post_init__(self) -> None:
        name = _name_of(self.model)
        self._key, self._reasoning_key = profile_key(name), reasoning_key(name)
        self._name, self._scout_key = name, scout_key(name)
        self._learn = self.store.register_script(_LEARN)
        self._prove = self.store.register_script(_PROVE)
        self._withdraw = self.store.register_script(_WITHDRAW)
        self._lock = threading.Lock()
        self._profile, self._proven = self.first, False
        self._seen: list[int] = []
        self._look_at = self._look_for_answer_at = 0.0
        self._note_at: dict[str, float] = {}  # by the kind of question

    @property
    def current(self) -> Profile:
        return self._profile

    def require(self, token: str) -> Lease | None:
        """Return if a request may be sent: None, or the right to try what nobody was answered with yet.

        Whoever has that right lets it go after its call, whatever came of it.

        Args:
            token: of the request's claim.

        Raises:
            SendingBlockedError: another request tries; look for its answer with `known`.
        """
        if self._proven and self.clock() < self._look_at:
            return None
        self._read()
        if self._proven:
            return None
        lease = self.leases.take(self._scout_key, token=token)
        if lease is None:
            raise SendingBlockedError("another request tries what this model takes", WAIT)
        try:
            self._read()  # the one before may have been answered, or taught, in this moment
        except redis.RedisError as error:
            lease.drop(error)
            raise
        if self._proven:
            lease.release()
            return None
        return lease

    def let_go(self, right: Lease) -> None:
        """Give back what `require` gave. Redis may be away: then it expires."""
        try:
            right.release()
        except redis.RedisError as error:
            log.warning("the right to try a profile expires: %s", type(error).__name__)

    def known(self) -> bool:
        """Whether somebody was answered by now; one thread of a process looks for all."""
        with self._lock:
            now = self.clock()
            if self._proven or now < self._look_for_answer_at:
                return self._proven
            self._look_for_answer_at = now + LOOK_FOR_ANSWER_EVERY
        self._read()
        return self._proven

    def room(self) -> int:
        """Tokens of reasoning to leave room for in the output cap."""
        return self._profile.room(self._seen, self.most_room)

    def learn(self, sent: Profile, learned: Profile, why: str) -> bool:
        """Share what was learned with the profile that was `sent`.

        False: requests go on as before, since no more than `MOST_LESSONS` are believed.

        `why` goes into the log, once for the fleet: codes, and nothing that a stranger wrote.
        """
        if learned.lessons > MOST_LESSONS:
            return False
        arguments: list[str | int] = [sent.lessons, learned.lessons, learned.learned(), KEPT, int(time.time())]
        news = self._learn(keys=[self._key], args=arguments)
        self._read()
        if news:
            log.warning("learned what this model takes (%s): %s", why, _difference(sent, learned))
        return bool(news) or self._profile != sent

    def withdraw(self, sent: Profile, *, anew: bool = True) -> None:
        """A request was refused though it went as a lesson wants it, with which nobody was answered yet.

        So that was no lesson: the fleet goes back to what somebody was last answered with, or begins `anew`.
        """
        if sent.lessons and self._withdraw(keys=[self._key], args=[sent.lessons, int(anew)]):
            log.warning("what was learned since the last answer is withdrawn: the request is refused all the same")
            self._read()

    def cut(self, sent: Profile, room: int, why: str) -> int:
        """An answer ended in its reasoning: the room that its request asks for next; 0: there is no more to give.

        The fleet gives as much until enough answers were seen; later one is an exception, or the answers show it.
        """
        wanted = room_after_cut(room, self.most_room)
        if wanted and len(self._seen) < ENOUGH_SEEN:
            self.learn(sent, after_cut(sent, wanted), why)
        return wanted

    def answered(self, sent: Profile, usage: Usage, *, reasoned: int, room: int, bare: bool, kind: str) -> None:
        """A request with this profile was answered, to a question of this kind, after so many tokens of reasoning.

        Redis may be away: the answer is paid for, and goes on.
        """
        try:
            if not self._proven:
                self._prove(keys=[self._key], args=[sent.lessons, KEPT, int(time.time())])
                self._read()
            now = self.clock()
            if now >= self._note_at.get(kind, 0.0):
                self._note_at[kind] = now + NOTE_EVERY
                for one in (kind, "any"):
                    self.store.set(answered_key(self._name, one), "_", ex=LATELY)
            if reasoned or room:
                with self.store.pipeline(transaction=False) as pipe:
                    pipe.lpush(self._reasoning_key, reasoned)
                    pipe.ltrim(self._reasoning_key, 0, SEEN - 1)
                    pipe.expire(self._reasoning_key, KEPT)
                    pipe.execute()
            learned = after_answer(sent, usage.reasoning_tokens, bare=bare)
            if learned is not None and sent.lessons == self._profile.lessons:
                self.learn(sent, learned, "an answer showed it")
        except redis.RedisError as error:
            log.warning("what an answer shows is not shared: %s", type(error).__name__)

    def answers_others(self, kind: str = "any") -> bool:
        """Whether a question of this kind, or any, was answered within the last half minute."""
        return bool(self.store.exists(answered_key(self._name, kind)))

    def forget(self) -> None:
        """Begin anew with what settings say."""
        self.store.delete(self._key, self._reasoning_key)
        self._read()

    def state(self) -> dict[str, object]:
        """For operators: what requests carry, and how it was learned."""
        self._read()
        profile = self._profile
        since: Any = self.store.hget(self._key, "since")
        return {
            "temperature": "not sent" if profile.temperature is None else profile.temperature,
            "reasoning_effort": profile.effort or "not sent",
            "output": profile.output if profile.keeps_schema else f"{profile.output}, and not kept",
            "cap": profile.cap,
            "role": profile.role,
            "room_for_reasoning": self.room(),
            "lessons": profile.lessons,
            "pinned": sorted(profile.pinned),
            "answered": self._proven,
            "since": int(since) if since else None,
        }

    def _read(self) -> None:
        with self.store.pipeline(transaction=False) as pipe:
            pipe.hmget(self._key, "lessons", "learned", "proven")
            pipe.lrange(self._reasoning_key, 0, SEEN - 1)
            (lessons, learned, proven), seen = pipe.execute()
        known = self.first.knowing(learned) if learned else self.first
        if known is None or str(known.lessons).encode() != (lessons or b"0"):
            log.warning("what was learned of this model cannot be read, so it is learned anew")
            self.store.delete(self._key)
            known, proven = self.first, None
        self._profile = known
        self._seen = [int(one) for one in seen if one.isdigit()]
        self._look_at = self.clock() + LOOK_EVERY
        self._proven = proven is not None


def _difference(before: Profile, after: Profile) -> str:
    names: Any = ("temperature", "effort", "cap", "most", "output", "role", "keeps_schema", "floor")
    changed = [name for name in names if getattr(before, name) != getattr(after, name)]
    return ", ".join(f"{name} {getattr(before, name)} -> {getattr(after, name)}" for name in changed) or "nothing new"


def learned_of(store: redis.Redis, model: str) -> bytes | None:
    """What the fleet has learned of a model, for `Profile.knowing`; None: nothing. Raises `redis.RedisError`."""
    found: Any = store.hget(profile_key(_name_of(model)), "learned")
    return found if isinstance(found, bytes) else None


def _name_of(model: str) -> str:
    return hashlib.sha256(f"{model} {_FORMAT}".encode()).hexdigest()[:16]
