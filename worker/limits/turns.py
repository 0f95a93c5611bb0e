"""Which of this process's requests asks the limiter first.

Requests start in the order of their places, so a thread that asks while one before it still counts its
tokens is told to come back, and with many threads in one process most askings were in vain. Here those behind wait for
the foremost, in memory; only across processes is the order still a matter of asking again.
"""

import threading
import time
from bisect import insort
from typing import Self

# Seconds for which the limiter lets nobody pass one who has joined, or is due, and does not come.
JOINED_FOR, DUE_FOR = 1.0, 0.25
# Seconds to wait for those of this process that stand before, first and then; less than the limiter waits.
FIRST_TURN, NEXT_TURN = 0.7 * JOINED_FOR, 0.8 * DUE_FOR


class Turns:
    """The requests of this process that are about to ask, in the order of their places."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._line: list[Turn] = []
        self._needless_until = 0.0  # monotonic

    def enter(self, place: float) -> "Turn":
        """A place in the line, until the context that it is ends."""
        return Turn(self, place)

    def needless(self, seconds: float) -> None:
        """Nobody who comes within so many seconds has to wait for those before: there is enough for all."""
        self._needless_until = time.monotonic() + seconds

    @property
    def needed(self) -> bool:
        """Whether those who come now may have to wait for others."""
        return time.monotonic() >= self._needless_until

    def join(self, turn: "Turn") -> None:
        if not self.needed:
            turn.foremost.set()
            return
        with self._lock:
            insort(self._line, turn, key=lambda other: other.place)
            turn.foremost.clear()
            for behind in self._line[1:2]:
                behind.foremost.clear()
            self._line[0].foremost.set()

    def leave(self, turn: "Turn") -> None:
        """Does nothing for who stands aside already."""
        with self._lock:
            if turn in self._line:
                self._line.remove(turn)
            if self._line:
                self._line[0].foremost.set()


class Turn:
    """One request in the line; a context manager."""

    def __init__(self, turns: Turns, place: float) -> None:
        self._turns = turns
        self.place = place  # in the order of the starts
        self.foremost = threading.Event()  # set once nobody before it is about to ask

    def __enter__(self) -> Self:
        self.step_back()
        return self

    def __exit__(self, *_: object) -> None:
        self.step_aside()

    def wait(self, seconds: float) -> None:
        """Return once nobody before this one is about to ask, after `seconds` at the latest."""
        self.foremost.wait(seconds)

    def step_aside(self) -> None:
        """Let those behind ask: this one will not for a while."""
        self._turns.leave(self)

    def step_back(self) -> None:
        """Be about to ask, at its place."""
        self._turns.leave(self)
        self._turns.join(self)
