"""How many answers a user gets in a day: the day of UTC in which a request was sent.

A set of processing ids for each user and day, in Redis. Whoever is in it is answered or may still be; a request that
ends without an answer leaves it. So an answer counts once, however often its bridge dies, and requests that wait count
before they are answered. An emptied Redis begins anew.
"""

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import redis

from contract import PROCESSED_MARK_TTL, day_of, user_day_key

DAY = 86_400  # seconds

# KEYS: the set of each request's user and day. ARGV[1] how many a set may hold, ARGV[2] seconds that it lives; then the
# requests' ids. Returns 1 for each that is in its set now.
_ADMIT = """
local admitted = {}
for i, key in ipairs(KEYS) do
  local known = redis.call('SISMEMBER', key, ARGV[i + 2]) == 1
  if not known and redis.call('SCARD', key) < tonumber(ARGV[1]) then
    redis.call('SADD', key, ARGV[i + 2])
    redis.call('EXPIRE', key, ARGV[2])
    known = true
  end
  admitted[i] = known and 1 or 0
end
return admitted
"""

Sent = tuple[int, int, float]  # processing id, user, Unix time


@dataclass(eq=False)
class UserLimit:
    """Every method may raise `redis.RedisError`."""

    store: redis.Redis
    most: int  # answers a day; 0: as many as there are
    wall_clock: Callable[[], float] = time.time  # Unix time, seconds

    def __post_init__(self) -> None:
        self._admit = self.store.register_script(_ADMIT)

    def refused(self, requests: Sequence[Sent]) -> set[int]:
        """Those of some requests that are too many for their users' days; all others count from now on."""
        if not self.most or not requests:
            return set()
        keys = [_key(user, at) for _, user, at in requests]
        ids = [processing_id for processing_id, _, _ in requests]
        admitted = self._admit(keys=keys, args=[self.most, PROCESSED_MARK_TTL, *ids])
        return {processing_id for processing_id, known in zip(ids, admitted, strict=True) if not known}

    def give_back(self, requests: Sequence[Sent]) -> None:
        if not self.most or not requests:
            return
        with self.store.pipeline(transaction=False) as pipe:
            for processing_id, user, at in requests:
                pipe.srem(_key(user, at), processing_id)
            pipe.execute()

    def wait(self, at: float) -> int:
        """Seconds until a user whose request of this time was refused has another day."""
        return max(60, math.ceil((at // DAY + 1) * DAY - self.wall_clock()))


def _key(user: int, at: float) -> str:
    return user_day_key(user, day_of(at))
