"""Leases in Redis: the right to do something alone, for as long as one is alive to do it.

A lease is a key with an owner's token and an expiry. A heartbeat thread renews those that this process holds;
a process that dies lets them expire. What a lease guards must also be checked when it is used (as the script in
`outcome_store.py` does): a process that was stopped and wakes up late finds that its lease is gone.
"""

import logging
import secrets
import threading
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import redis

from contract import HANDED_BACK, worker_key

log = logging.getLogger(__name__)

# For each of several leases: its key, then keys whose existence says that the work is done, then a key to read.
# ARGV[1] expiry in milliseconds, ARGV[2] 1 if these leases are held and only renewed, then for each lease its token and
# how many keys say that it is done. Returns for each lease 0, or {what the read key holds} if the token holds the lease
# now.
# One script takes a free lease, adopts one whose token was handed over, and renews: after Redis was emptied,
# its holder simply takes it again. But a heartbeat under way must not take again what was handed back meanwhile.
_TAKE = """
local replies, at = {}, 1
for argument = 3, #ARGV, 2 do
  local lease, token, done = KEYS[at], ARGV[argument], tonumber(ARGV[argument + 1])
  local holder = redis.call('GET', lease)
  local free = not holder or (holder == 'HANDED_BACK' and ARGV[2] == '0')
  for key = at + 1, free and at + done or at do
    if redis.call('EXISTS', KEYS[key]) == 1 then free = false end
  end
  if holder == token then
    redis.call('PEXPIRE', lease, ARGV[1])
  elseif free then
    redis.call('SET', lease, token, 'PX', ARGV[1])
  end
  local held = free or holder == token
  local read = KEYS[at + done + 1]
  replies[#replies + 1] = held and {read ~= '' and redis.call('GET', read)} or 0
  at = at + done + 2
end
return replies
""".replace("HANDED_BACK", HANDED_BACK)

OUTAGES = (redis.ConnectionError, redis.TimeoutError, redis.exceptions.ReadOnlyError)
MOST_AT_ONCE = 200  # leases that are renewed by one call of the script

# KEYS[1] the lease; ARGV[1] token, ARGV[2] expiry in milliseconds (0: release), ARGV[3] what stands there until then.
# Returns 1 if it was held.
_LET_GO = """
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
if ARGV[2] == '0' then redis.call('DEL', KEYS[1]) else redis.call('SET', KEYS[1], ARGV[3], 'PX', ARGV[2]) end
return 1
"""


@dataclass(eq=False)
class Lease:
    """A lease that this process holds, until one of `park`, `release`, `hand_back`, `drop` and `forget`."""

    leases: "Leases" = field(repr=False)
    key: str  # the Redis key
    token: str  # the owner's token; a process that has it can adopt the lease
    done_keys: Sequence[str] = ()  # keys whose existence says that there is nothing left to do
    # What stood in the key that was to be read when the lease was taken, if anything.
    found: bytes | None = field(default=None, repr=False)
    lost: bool = False  # another process may have it now

    def park(self, seconds: float) -> bool:
        """Keep the lease for so many seconds and its own time, without renewing it, for the worker that adopts it.

        Returns:
            False if it was lost already.

        Raises:
            redis.RedisError: unknown; it expires in its own time.
        """
        return self.leases.let_go(self, seconds + self.leases.seconds, self.token)

    def release(self) -> bool:
        """Give the lease back. Returns and raises as `park`."""
        return self.leases.let_go(self, 0.0, self.token)

    def hand_back(self) -> bool:
        """Give the lease back, and let the bridge see that nothing went wrong. Returns and raises as `park`.

        Until another takes it, for the lease's own time, `contract.HANDED_BACK` stands there.
        """
        return self.leases.let_go(self, self.leases.seconds, HANDED_BACK)

    def drop(self, error: BaseException) -> None:
        """What it guards ended with an error: hand it back where that was only Redis', else let it expire."""
        self.forget()
        if isinstance(error, OUTAGES):
            with suppress(redis.RedisError):
                self.hand_back()

    def forget(self) -> None:
        """Stop renewing it: it ended with the work that it guarded, or it shall expire."""
        self.leases.held.discard(self)


class Leases:
    """Takes and renews leases; `close` ends the heartbeat.

    Tokens begin with the name of this process, whose heartbeat stands beside its leases: so it shows whether a lease
    that is gone was lost with its process or alone (`contract.worker_of`, `contract.worker_key`).

    A lease lives for so many `seconds` without its owner, and is renewed at a third of that.
    """

    def __init__(self, store: redis.Redis, seconds: float) -> None:
        self.seconds = seconds
        self.held: set[Lease] = set()  # that this process renews
        self._store = store
        self._worker = secrets.token_hex(6)
        self._take = store.register_script(_TAKE)
        self._let_go = store.register_script(_LET_GO)
        self._starting = threading.Lock()
        self._heartbeat: threading.Thread | None = None
        self._closed = threading.Event()

    def take(
        self, key: str, *, done_keys: Sequence[str] = (), token: str | None = None, read_key: str = ""
    ) -> Lease | None:
        """Take a free lease, or adopt the one that `token` owns; None if another has it or the work is done.

        What `read_key` holds comes with the lease, in the same round trip.

        Raises:
            redis.RedisError: unknown; if it was taken, it expires.
        """
        lease = Lease(self, key, token or f"{self._worker}:{secrets.token_hex(8)}", done_keys)
        if self._heartbeat is None:
            self._show_life()
        (reply,) = self._take_all([lease], read_key)
        if not reply:
            return None
        (lease.found,) = reply
        return self._hold(lease)

    def hold(self, key: str, token: str) -> Lease:
        """Renew a lease that another script has taken for this token just now."""
        return self._hold(Lease(self, key, token))

    def _hold(self, lease: Lease) -> Lease:
        self.held.add(lease)
        with self._starting:
            if self._heartbeat is None:
                self._heartbeat = threading.Thread(target=self._beat, name="lease-heartbeat", daemon=True)
                self._heartbeat.start()
        return lease

    @property
    def heartbeat(self) -> str:
        """The key that is there while this process holds any lease, and is alive."""
        return worker_key(self._worker)

    def let_go(self, lease: Lease, seconds: float, left_there: str) -> bool:
        """Stop renewing a lease, and leave something there for so many seconds (0: nothing). See `Lease.park`."""
        lease.forget()
        return bool(self._let_go(keys=[lease.key], args=[lease.token, int(seconds * 1000), left_there]))

    def close(self) -> None:
        """Stop renewing: what is still held expires. Returns when the heartbeat has ended."""
        self._closed.set()
        if self._heartbeat is not None:
            self._heartbeat.join()

    def _take_all(self, leases: Sequence[Lease], read_key: str = "", *, held: bool = False) -> list[Any]:
        keys = [key for lease in leases for key in (lease.key, *lease.done_keys, read_key)]
        owners = [part for lease in leases for part in (lease.token, len(lease.done_keys))]
        replies: list[Any] = self._take(keys=keys, args=[int(self.seconds * 1000), int(held), *owners])
        return replies

    def _show_life(self) -> None:
        """Before the leases are renewed: a dead process' heartbeat ends before its leases do."""
        self._store.set(self.heartbeat, "_", px=int(self.seconds * 1000))

    def _beat(self) -> None:
        while not self._closed.wait(self.seconds / 3):
            try:
                self._renew(list(self.held))
            except redis.RedisError:
                log.warning("cannot renew leases: Redis is away")

    def _renew(self, held: list[Lease]) -> None:
        self._show_life()
        for start in range(0, len(held), MOST_AT_ONCE):
            some = held[start : start + MOST_AT_ONCE]
            for lease, reply in zip(some, self._take_all(some, held=True), strict=True):
                lease.lost = not reply
                if lease.lost:
                    lease.forget()
