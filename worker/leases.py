"""Leases in Redis: the right to do something alone, for as long as one is alive to do it.

A lease is a key with an owner's token and an expiry. A heartbeat thread renews those that this process holds;
a process that dies lets them expire. What a lease guards must also be checked when it is used (see
`outcome_store.lua` scripts): a process that was stopped and wakes up late finds that its lease is gone.
"""

import logging
import secrets
import threading
from collections.abc import Sequence

import redis

log = logging.getLogger(__name__)

# KEYS[1] the lease; KEYS[2..] keys whose existence says that the work is done.
# ARGV[1] token, ARGV[2] expiry in milliseconds. Returns 1 if the token holds the lease now.
# One script takes a free lease, adopts one whose token was handed over, and renews: after Redis was emptied,
# its holder simply takes it again.
_TAKE = """
local holder = redis.call('GET', KEYS[1])
if holder == ARGV[1] then
  redis.call('PEXPIRE', KEYS[1], ARGV[2])
  return 1
end
if holder then return 0 end
for i = 2, #KEYS do
  if redis.call('EXISTS', KEYS[i]) == 1 then return 0 end
end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return 1
"""

# KEYS[1] the lease; ARGV[1] token, ARGV[2] expiry in milliseconds (0: release). Returns 1 if it was held.
_LET_GO = """
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
if ARGV[2] == '0' then redis.call('DEL', KEYS[1]) else redis.call('PEXPIRE', KEYS[1], ARGV[2]) end
return 1
"""


class Lease:
    """A lease that this process holds; `lost` once somebody else may have it.

    Attributes:
        key: the Redis key.
        token: the owner's token; whoever has it can adopt the lease.
        done_keys: keys whose existence says that there is nothing left to do.
    """

    def __init__(self, key: str, token: str, done_keys: Sequence[str]) -> None:
        self.key = key
        self.token = token
        self.done_keys = tuple(done_keys)
        self.lost = False


class Leases:
    """Takes, renews and lets go of leases.

    Args:
        store: Redis.
        seconds: how long a lease lives without its owner; renewed at a third of that.
    """

    def __init__(self, store: redis.Redis, seconds: float) -> None:
        self.seconds = seconds
        self._take = store.register_script(_TAKE)
        self._let_go = store.register_script(_LET_GO)
        self._held: set[Lease] = set()
        self._lock = threading.Lock()
        self._heartbeat: threading.Thread | None = None

    def take(self, key: str, *, done_keys: Sequence[str] = (), token: str | None = None) -> Lease | None:
        """Take a free lease, or adopt the one that `token` owns; None if another has it or the work is done.

        Raises:
            redis.RedisError: unknown; if it was taken, it expires.
        """
        lease = Lease(key, token or secrets.token_hex(8), done_keys)
        if not self._renew(lease):
            return None
        with self._lock:
            self._held.add(lease)
            if self._heartbeat is None:
                self._heartbeat = threading.Thread(target=self._beat, name="lease-heartbeat", daemon=True)
                self._heartbeat.start()
        return lease

    def park(self, lease: Lease, seconds: float) -> bool:
        """Stop renewing; keep the lease for so many seconds and its own time, for whoever adopts it."""
        return self._drop(lease, int((seconds + self.seconds) * 1000))

    def release(self, lease: Lease) -> bool:
        """Give the lease back; False if it was lost already."""
        return self._drop(lease, 0)

    def forget(self, lease: Lease) -> None:
        """Stop renewing a lease that ended with the work it guarded."""
        with self._lock:
            self._held.discard(lease)

    def _drop(self, lease: Lease, milliseconds: int) -> bool:
        self.forget(lease)
        return bool(self._let_go(keys=[lease.key], args=[lease.token, milliseconds]))

    def _renew(self, lease: Lease) -> bool:
        return bool(self._take(keys=[lease.key, *lease.done_keys], args=[lease.token, int(self.seconds * 1000)]))

    def _beat(self) -> None:
        wake = threading.Event()
        while True:
            wake.wait(self.seconds / 3)
            with self._lock:
                held = list(self._held)
            for lease in held:
                try:
                    lease.lost = not self._renew(lease)
                except redis.RedisError:
                    log.warning("cannot renew leases: Redis is away")
                    break
                if lease.lost:
                    self.forget(lease)
