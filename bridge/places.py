"""Places as the bridges share them in Redis: each user's last one, and how far the limiter has come.

A user's requests may be spread over partitions, and those over bridges; it is still one user. Redis may forget it all:
what a bridge has in hand it knows itself, and says it again with the next places.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import redis

from contract import REACHED_KEY, USERS_KEY, processed_mark, request_key

IDS_A_COMMAND = 500
BEFORE_FAIR_SHARES = 1e8  # places of earlier versions are above: they were Unix times

# KEYS[1] USERS_KEY. ARGV[1] the virtual time; then for each request its user, how far apart the user's places are, and
# the least place that it can have. Returns the places.
_GIVE = """
local function text(number) return string.format('%.17g', number) end
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', ARGV[1])
local places = {}
for i = 2, #ARGV, 3 do
  local place = math.max(tonumber(ARGV[i + 2]), tonumber(redis.call('ZSCORE', KEYS[1], ARGV[i]) or 0))
  redis.call('ZADD', KEYS[1], text(place + tonumber(ARGV[i + 1])), ARGV[i])
  places[#places + 1] = text(place)
end
return places
"""

# KEYS[1] REACHED_KEY; then for each request its processed mark and its own key. ARGV[1] the virtual time that is known
# here: an emptied Redis learns it again. Returns that of Redis, and for each request '' where it is new, 'finished', or
# its place. That stands behind the texts, in which a quotation mark never ends a name.
_LOOK = """
local reached = redis.call('GET', KEYS[1]) or '0'
if tonumber(reached) < tonumber(ARGV[1]) then
  reached = ARGV[1]
  redis.call('SET', KEYS[1], reached)
end
local found = {reached}
for i = 2, #KEYS, 2 do
  local tail = redis.call('GETRANGE', KEYS[i + 1], -200, -1)
  if redis.call('EXISTS', KEYS[i]) == 1 then
    found[#found + 1] = 'finished'
  else
    found[#found + 1] = tail ~= '' and (string.match(tail, '"place":([%d.e+-]+)') or '0') or ''
  end
end
return found
"""


# A request that needs a place: whose it is, how far apart the user's places are, the least that it can have.
Wanted = tuple[int, float, float]


class Kept(NamedTuple):
    """What Redis knows of some requests."""

    reached: float  # the virtual time, see fair_order.py
    places: Mapping[int, float]  # of those that were dispatched before, by processing id; 0 where it has none
    finished: frozenset[int]  # those that have a processed mark


class Places:
    """Every method may raise `redis.RedisError`."""

    def __init__(self, store: redis.Redis) -> None:
        self._give = store.register_script(_GIVE)
        self._look = store.register_script(_LOOK)

    def look(self, processing_ids: Sequence[int], reached: float) -> Kept:
        """What Redis knows of requests that have just been taken; it learns again how far all are, see `_LOOK`."""
        places: dict[int, float] = {}
        finished: list[int] = []
        for start in range(0, max(len(processing_ids), 1), IDS_A_COMMAND):
            step = processing_ids[start : start + IDS_A_COMMAND]
            keys = [key for each in step for key in (processed_mark(each), request_key(each))]
            said, *found = self._look(keys=[REACHED_KEY, *keys], args=[repr(reached)])
            reached = float(said)
            for processing_id, what in zip(step, found, strict=True):
                if what == b"finished":
                    finished.append(processing_id)
                elif what:
                    place = float(what)
                    places[processing_id] = place if place < BEFORE_FAIR_SHARES else 0.0
        return Kept(reached, places, frozenset(finished))

    def give(self, wanted: Sequence[Wanted], reached: float) -> list[float]:
        """A place for each, in their order: none before the user's last one, whichever bridge gave that."""
        args: list[float] = [reached, *(number for each in wanted for number in each)]
        return [float(place) for place in self._give(keys=[USERS_KEY], args=list(map(repr, args)))]
