"""Who is alive, since when, and what it says of itself: one hash in Redis that every process writes every other second.

For people only (`python -m bridge status`): nothing is decided by it. Times are Redis' own, so no clock has to agree
with another. Who is gone is forgotten after ten minutes, when the next process starts.
"""

import json
import logging
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Literal

import redis

from contract import PRESENT_KEY

log = logging.getLogger(__name__)

SAY_EVERY = 2.0  # seconds
GONE_AFTER = 6.0  # seconds of silence

# KEYS: the hash. ARGV: name, what it says (JSON), '1' at its first word: then those who are long gone are forgotten.
_SAY = """
local now = tonumber(redis.call('TIME')[1])
if ARGV[3] == '1' then
  local all = redis.call('HGETALL', KEYS[1])
  for n = 1, #all, 2 do
    if now - (tonumber(string.match(all[n + 1], '^%d+')) or 0) > 600 then redis.call('HDEL', KEYS[1], all[n]) end
  end
end
redis.call('HSET', KEYS[1], ARGV[1], now .. ' ' .. ARGV[2])
redis.call('EXPIRE', KEYS[1], 86400)
"""


def be_present(
    connect: Callable[[], redis.Redis],
    role: Literal["bridge", "worker"],
    name: str,
    say: Callable[[], Mapping[str, object]],
    stopping: threading.Event,
) -> threading.Thread:
    """Say on a thread of its own, which this returns, that the process is alive, until `stopping` is set.

    Args:
        connect: makes a client of its own.
        role: of the process.
        name: nobody else's.
        say: what else there is to say; short, no text of strangers. May ask Redis.
        stopping: ends it.
    """
    began = time.monotonic()

    def run() -> None:
        with connect() as store:
            tell, first = store.register_script(_SAY), "1"
            while not stopping.is_set():
                try:
                    said = {"role": role, "up": round(time.monotonic() - began), **say()}
                    tell(keys=[PRESENT_KEY], args=[name, json.dumps(said, ensure_ascii=False), first])
                    first = ""
                except redis.RedisError as error:
                    log.debug("nobody hears that this process lives: %s", type(error).__name__)
                stopping.wait(SAY_EVERY)
            with suppress(redis.RedisError):  # silence says it too
                store.hdel(PRESENT_KEY, name)

    thread = threading.Thread(target=run, name="presence", daemon=True)
    thread.start()
    return thread
