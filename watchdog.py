"""Ends a process whose orderly stop does not come to an end, before its supervisor kills it.

A stop waits for others: kombu's retry of an event while Redis is away, a Kafka client's farewell to brokers that
do not answer, the exit of a thread pool. None of that is worth waiting for. A hard exit loses nothing: the record
of work is the uncommitted Kafka offset, an open transaction is ended by the next owner of its id, claims expire
with their leases.
"""

import logging
import math
import os
import select
import signal
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import KW_ONLY, dataclass, field

log = logging.getLogger(__name__)

LOOK_EVERY = 0.2  # seconds
FLUSH_WITHIN = 2.0  # seconds for the last lines of the log: its disk may be what hangs


@dataclass
class Watchdog:
    """Watches a stop from a thread of its own."""

    within: float  # seconds from the request to stop until the end, whatever is in hand
    _: KW_ONLY
    idle: float = math.inf  # seconds that the stop may take after nothing is in hand any more
    busy: Callable[[], bool] = lambda: True  # whether something is in hand
    clock: Callable[[], float] = time.monotonic
    end: Callable[[int], object] = os._exit  # ends the process; is handed the exit code
    _asked_at: float | None = field(default=None, init=False)
    _idle_since: float | None = field(default=None, init=False)

    def start(self, *signals: int) -> None:
        """Begin to watch; called by the main thread.

        These signals ask for the stop, too, whose handlers wait for the main thread to come back from a C library.
        """
        ear, mouth = os.pipe()
        os.set_blocking(mouth, False)
        if signals:
            signal.set_wakeup_fd(mouth, warn_on_full_buffer=False)
        threading.Thread(target=self._watch, args=(ear, set(signals)), name="watchdog", daemon=True).start()

    def stop_asked(self) -> None:
        """The process should end. Safe in a signal handler: it takes no lock that the main thread may hold."""
        if self._asked_at is None:
            self._asked_at = self.clock()

    def look(self) -> bool:
        """End the process if it is time; whether it was."""
        if self._asked_at is None:
            return False
        now = self.clock()
        if self.busy():
            self._idle_since = None
        elif self._idle_since is None:
            self._idle_since = now
        idle = 0.0 if self._idle_since is None else now - self._idle_since
        if now - self._asked_at < self.within and idle < self.idle:
            return False
        log.warning("the stop hangs in %s: ending without it", _where_main_is())
        _write_the_last_lines()
        self.end(0)
        return True

    def _watch(self, ear: int, signals: set[int]) -> None:
        while not self.look():
            if select.select([ear], [], [], LOOK_EVERY)[0] and not signals.isdisjoint(os.read(ear, 100)):
                self.stop_asked()


def _write_the_last_lines() -> None:
    """A hard exit writes nothing that is still queued (logs.QueuedHandler)."""
    threads = [threading.Thread(target=handler.flush, daemon=True) for handler in logging.getLogger().handlers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(FLUSH_WITHIN)


def _where_main_is() -> str:
    """The place in the code that the main thread is at."""
    frame = sys._current_frames().get(threading.main_thread().ident or 0)  # noqa: SLF001 # there is no other way
    return "?" if frame is None else f"{frame.f_code.co_filename}:{frame.f_lineno}"
