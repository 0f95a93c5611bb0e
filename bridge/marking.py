"""The processed marks as one partition's work needs them: set after each transaction, caught up with, moved on."""

import logging
import time
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass

from confluent_kafka import KafkaException

from bridge import metrics
from bridge.marks import ProcessedMarks

log = logging.getLogger(__name__)

MOVE_ON_EVERY = 60.0  # seconds between two moves of the marks' positions
SLICE = 0.25  # seconds of reading between two polls


@dataclass(eq=False)
class Marking:
    """Keeps the marks in step with what is published, a little at a time. Every method may raise `redis.RedisError`."""

    marks: ProcessedMarks  # in Redis
    name: str  # of the input partition, for the log
    clock: Callable[[], float]  # seconds, monotonic

    def __post_init__(self) -> None:
        self._moving_on: Iterator[object] | None = None
        self._move_on_at = self.clock() + MOVE_ON_EVERY
        self.forget()

    def forget(self) -> None:
        """The marks have been caught up with from outside."""
        self._unmarked: list[int] = []
        self._catching_up: Iterator[object] | None = None

    @property
    def is_behind(self) -> bool:
        """Whether marks are missing, so that nothing may be said before `catch_up` is done."""
        return self._catching_up is not None

    def mark(self, published: Collection[int] = ()) -> None:
        """Mark what is published. A bridge that dies before this is made good by its successor's `catch_up`."""
        self._unmarked += published
        if self._unmarked:
            complete = self.marks.finish(self._unmarked)
            self._unmarked.clear()
            if not complete:
                self.distrust()

    def distrust(self) -> None:
        log.warning("%s: Redis was emptied or rolled back: reading from Kafka what is finished", self.name)
        metrics.REDIS_REFILLS.inc()
        self._catching_up = self.marks.catch_up()

    def catch_up(self) -> bool:
        """Read on; whether the marks are complete again. Raises `KafkaException` too: start again later."""
        assert self._catching_up is not None  # noqa: S101 # its caller has looked
        try:
            if not advance(self._catching_up, SLICE):
                return False
        except BaseException:
            self._catching_up = self.marks.catch_up()
            raise
        self._catching_up = None
        return True

    def move_on(self, now: float) -> None:
        """Once a minute move the marks' positions on, a little at a time; nothing depends on it."""
        if self._moving_on is None and now >= self._move_on_at:
            self._moving_on = self.marks.move_on()
        if self._moving_on is None:
            return
        try:
            done = advance(self._moving_on, 0.0)
        except KafkaException as error:
            log.warning("%s: the marks' positions stay where they are (%s)", self.name, error)
            done = True
        if done:
            self._moving_on = None
            self._move_on_at = self.clock() + MOVE_ON_EVERY


def advance(steps: Iterator[object], seconds: float) -> bool:
    """Go on for so long, and for one step at least; whether they have come to their end."""
    until = time.monotonic() + seconds
    return all(time.monotonic() < until for _ in steps)
