"""A key that a program prints, for endpoints whose tokens live for half an hour.

One worker runs the program for the whole fleet: before the key expires, or when the endpoint refuses it. The others
find the key in Redis, where it lies in clear for as long as it is valid (docs/deploying.md). Nothing that the program
prints is ever logged.
"""

import contextlib
import hashlib
import json
import logging
import os
import selectors
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import KW_ONLY, dataclass, field, replace
from typing import IO

import redis

from contract import printed_key, printing_key
from worker.errors import TrippingError

log = logging.getLogger(__name__)

WITHIN = 30.0  # seconds for the program
LONGEST = 16_384  # bytes that it may print; no HTTP server takes a longer header
KEPT = 86_400.0  # seconds; a key whose end is later, or not said
EARLY, EARLIEST = 0.1, 60.0  # so long before its end a key is renewed: a part of its life, but not more seconds
LOOK_EVERY = 0.1  # seconds between two looks for the key that another worker gets
FAILED_FOR = 5.0  # seconds for which nobody tries again
# Seconds for which a key that was fetched because another was refused is not replaced for being refused itself.
YOUNG = 60.0
_FAILED = b"failed"


@dataclass(frozen=True, slots=True, repr=False)
class _Key:
    """A key, and until when it is good; seconds of the process' own clock."""

    text: str
    since: float
    renew_at: float
    until: float
    replaces: bool  # one that was refused


@dataclass(eq=False, repr=False)
class KeyCommand:
    """Gives the key that is good now."""

    store: redis.Redis
    command: Sequence[str]  # the program and its arguments
    _: KW_ONLY
    name: str = "OPENAI_KEY_COMMAND"  # of the setting that says so, for people
    # Gives what the program prints within so many seconds. Raises what `printed_by` raises.
    run: Callable[[Sequence[str], float], bytes] = field(default_factory=lambda: printed_by)
    clock: Callable[[], float] = time.monotonic  # seconds

    def __post_init__(self) -> None:
        digest = hashlib.sha256("\0".join(self.command).encode()).hexdigest()[:16]
        self._lies_at, self._right = printed_key(digest), printing_key(digest)
        self._known: _Key | None = None
        self._lock = threading.Lock()

    def current(self) -> str:
        """The key; costs nothing until it is about to expire.

        Raises:
            TrippingError: there is none, with the reason in words.
            redis.RedisError: nobody knows.
        """
        known, now = self._known, self.clock()
        if known is not None and now < known.renew_at:
            return known.text
        is_good = known is not None and now < known.until
        if not self._lock.acquire(blocking=not is_good):  # another thread is at it, and this key will do
            return known.text  # type: ignore[union-attr]
        try:
            if self._known is None or self.clock() >= self._known.renew_at:
                self._known = self._renewed()
        except TrippingError as error:
            if not is_good or known is None:
                raise
            log.warning("%s; the last key is good for a while", error)
            self._known = replace(known, renew_at=self.clock() + FAILED_FOR)
        finally:
            self._lock.release()
        return self._known.text

    def refused(self, text: str) -> bool:
        """The endpoint refuses this key: whether there is another one now. Raises as `current`.

        One that was fetched a moment ago for this reason is refused for another.
        """
        with self._lock:
            known = self._known
            if known is not None and known.text == text:
                if known.replaces and self.clock() < known.since + YOUNG:
                    return False
                self._known = replace(known, renew_at=0.0, until=0.0)  # the other threads wait for the new one
                self._known = self._renewed(instead_of=text)
            return self._known is None or self._known.text != text

    def _renewed(self, *, instead_of: str | None = None) -> _Key:
        while True:
            is_ours = self.store.set(self._right, "_", nx=True, px=int((WITHIN + FAILED_FOR) * 1000))
            found = self._found()
            if found is not None and found.text != instead_of and self.clock() < found.renew_at:
                if is_ours:
                    self.store.delete(self._right)
                return found
            if is_ours:
                return self._fetched(replaces=instead_of is not None)
            if self.store.get(self._right) == _FAILED:
                raise TrippingError(f"{self.name} gave no key to another worker a moment ago", "credentials")
            time.sleep(LOOK_EVERY)

    def _found(self) -> _Key | None:
        with self.store.pipeline(transaction=True) as pipe:
            pipe.get(self._lies_at)
            pipe.pttl(self._lies_at)
            kept, left = pipe.execute()
        return None if kept is None or left <= 0 else self._key(*json.loads(kept), left=left / 1000)

    def _key(self, text: str, lasts: float, replaces: bool, *, left: float) -> _Key:
        until = self.clock() + left
        return _Key(text, until - lasts, until - min(EARLY * lasts, EARLIEST), until, replaces)

    def _fetched(self, *, replaces: bool) -> _Key:
        try:
            text, lasts = _read(self.run(self.command, WITHIN))
        except ValueError as error:
            self.store.set(self._right, _FAILED, px=int(FAILED_FOR * 1000))
            if replaces:
                self.store.delete(self._lies_at)
            raise TrippingError(f"{self.name} {error}", "credentials") from None
        with self.store.pipeline(transaction=True) as pipe:
            pipe.set(self._lies_at, json.dumps([text, lasts, replaces]), px=max(1, int(lasts * 1000)))
            pipe.delete(self._right)
            pipe.execute()
        log.info("%s gave a key for %g s", self.name, lasts)
        return self._key(text, lasts, replaces, left=lasts)


def printed_by(command: Sequence[str], seconds: float) -> bytes:
    """What a program prints.

    Raises:
        ValueError: it cannot be run, fails, takes longer, or prints more than `LONGEST` bytes. It says so in words, and
            nothing of what was printed.
    """
    ends_at = time.monotonic() + seconds
    try:
        program = subprocess.Popen(  # noqa: S603 # the operator's own, without a shell
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, start_new_session=True
        )
    except OSError as error:
        raise ValueError(f"cannot be run: {error.strerror}") from None
    has_ended = False
    with program:
        try:
            printed = _read_all(program.stdout, ends_at)
            program.wait(max(0.0, ends_at - time.monotonic()))
            has_ended = True
        except (TimeoutError, subprocess.TimeoutExpired):
            raise ValueError(f"did not end within {seconds:g} s") from None
        finally:
            if not has_ended:
                with contextlib.suppress(ProcessLookupError):  # with what it has started
                    os.killpg(program.pid, signal.SIGKILL)
    if program.returncode:
        raise ValueError(f"ended with code {program.returncode}")
    return printed


def _read_all(pipe: IO[bytes] | None, ends_at: float) -> bytes:
    """What comes before the pipe is closed, which a child in a session of its own may hold open after all have ended.

    Raises:
        TimeoutError: it was not by `ends_at`.
        ValueError: as `printed_by`.
    """
    assert pipe is not None  # noqa: S101 # for mypy
    printed = b""
    with selectors.DefaultSelector() as ready:
        ready.register(pipe, selectors.EVENT_READ)
        while (left := ends_at - time.monotonic()) > 0 and ready.select(left):
            part = os.read(pipe.fileno(), LONGEST)
            printed += part
            if len(printed) > LONGEST:
                raise ValueError("printed more than any key is long")
            if not part:
                return printed
    raise TimeoutError


def _read(printed: bytes) -> tuple[str, float]:
    """The key that was printed, and for how many seconds it is good.

    Raises:
        ValueError: it is none; says so without a word of it.
    """
    try:
        text, lasts = printed.decode().strip(), KEPT
        if text.startswith("{"):
            said = json.loads(text)
            text, lasts = said["key"], said.get("expires_in", KEPT)
        is_key = isinstance(text, str) and text.isascii() and text.isprintable()
        is_key = is_key and text != "null" and {" ", '"', "'"}.isdisjoint(text)  # as `jq` says that there is none
        is_time = isinstance(lasts, int | float) and not isinstance(lasts, bool) and lasts > 0
    except (ValueError, KeyError, RecursionError):
        raise ValueError('printed neither a key nor {"key": …, "expires_in": seconds}') from None
    if not text:
        raise ValueError("printed nothing")
    if not is_key:
        raise ValueError("printed something that no key looks like")
    if not is_time:
        raise ValueError("printed an `expires_in` that is no number of seconds above 0")
    return text, min(lasts, KEPT)
