"""Leases in Redis: the right to do something alone, for as long as one is alive to do it.

A lease is a key with an owner's token and an expiry. A heartbeat thread renews those that this process holds;
a process that dies lets them expire. What a lease guards must also be checked when it is used (as the script in
`outcome_store.py` does): a process that was stopped and wakes up late finds that its lease is gone.
"""

import logging
import secrets
import threading
from collections.abc import Sequence

import redis

from contract import worker_key

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
    """A lease that this process holds, until exactly one of `park`, `release` and `forget`.

    Attributes:
        key: the Redis key.
        token: the owner's token; whoever has it can adopt the lease.
        done_keys: keys whose existence says that there is nothing left to do.
        lost: another process may have it now.
    """

    def __init__(self, leases: "Leases", key: str, token: str, done_keys: Sequence[str]) -> None:
        self._leases = leases
        self.key = key
        self.token = token
        self.done_keys = tuple(done_keys)
        self.lost = False

    def park(self, seconds: float) -> bool:
        """Keep the lease for so many seconds and its own time, without renewing it, for whoever adopts it.

        Returns:
            False if it was lost already.

        Raises:
            redis.RedisError: unknown; it expires in its own time.
        """
        return self._leases.let_go(self, keep_for=seconds + self._leases.seconds)

    def release(self) -> bool:
        """Give the lease back; False if it was lost already. Raises `redis.RedisError`."""
        return self._leases.let_go(self)

    def forget(self) -> None:
        """Stop renewing it: it ended with the work that it guarded, or it shall expire."""
        self._leases.forget(self)


class Leases:
    """Takes and renews leases; `close` ends the heartbeat.

    Tokens begin with the name of this process, whose heartbeat stands beside its leases: so it shows whether a lease
    that is gone was lost with its process or alone (`contract.worker_of`, `contract.worker_key`).

    Args:
        store: Redis.
        seconds: how long a lease lives without its owner; renewed at a third of that.
    """

    def __init__(self, store: redis.Redis, seconds: float) -> None:
        self.seconds = seconds
        self._store = store
        self._worker = secrets.token_hex(6)
        self._take = store.register_script(_TAKE)
        self._let_go = store.register_script(_LET_GO)
        self._held: set[Lease] = set()
        self._lock = threading.Lock()
        self._heartbeat: threading.Thread | None = None
        self._closed = threading.Event()

    def take(self, key: str, *, done_keys: Sequence[str] = (), token: str | None = None) -> Lease | None:
        """Take a free lease, or adopt the one that `token` owns; None if another has it or the work is done.

        Raises:
            redis.RedisError: unknown; if it was taken, it expires.
        """
        lease = Lease(self, key, token or f"{self._worker}:{secrets.token_hex(8)}", done_keys)
        if self._heartbeat is None:
            self._show_life()
        if not self._renew(lease):
            return None
        with self._lock:
            self._held.add(lease)
            if self._heartbeat is None:
                self._heartbeat = threading.Thread(target=self._beat, name="lease-heartbeat", daemon=True)
                self._heartbeat.start()
        return lease

    @property
    def held(self) -> int:
        """How many leases this process renews."""
        with self._lock:
            return len(self._held)

    def let_go(self, lease: Lease, *, keep_for: float = 0.0) -> bool:
        """See `Lease.park` and `Lease.release`; `keep_for` in seconds."""
        self.forget(lease)
        return bool(self._let_go(keys=[lease.key], args=[lease.token, int(keep_for * 1000)]))

    def forget(self, lease: Lease) -> None:
        """See `Lease.forget`."""
        with self._lock:
            self._held.discard(lease)

    def close(self) -> None:
        """Stop renewing: what is still held expires. Returns when the heartbeat has ended."""
        self._closed.set()
        if self._heartbeat is not None:
            self._heartbeat.join()

    def _renew(self, lease: Lease) -> bool:
        return bool(self._take(keys=[lease.key, *lease.done_keys], args=[lease.token, int(self.seconds * 1000)]))

    def _show_life(self) -> None:
        """Before the leases are renewed: a dead process' heartbeat ends before its leases do."""
        self._store.set(worker_key(self._worker), "_", px=int(self.seconds * 1000))

    def _beat(self) -> None:
        while not self._closed.wait(self.seconds / 3):
            with self._lock:
                held = list(self._held)
            try:
                self._show_life()
            except redis.RedisError:
                log.warning("cannot renew leases: Redis is away")
                continue
            for lease in held:
                try:
                    lease.lost = not self._renew(lease)
                except redis.RedisError:
                    log.warning("cannot renew leases: Redis is away")
                    break
                if lease.lost:
                    self.forget(lease)
