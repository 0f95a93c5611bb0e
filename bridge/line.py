"""Who waits in one partition, told to operators: gauges, and a list in Redis for `celery -A worker inspect line`."""

import json
import time
from collections.abc import Callable, Sequence
from typing import NamedTuple

import redis

from bridge import metrics
from contract import LINE_KEPT, LINE_KEY

TELL_EVERY = 5.0  # seconds


class InLine(NamedTuple):
    """A user with unfinished requests: how many, the user's weight, and since when without an answer, Unix time."""

    user: int
    waiting: int
    weight: float
    since: float


class Line:
    """Tells of one partition.

    Args:
        store: Redis.
        partition: `<topic>-<number>`.
        label: of the metrics.
        fair: users take turns.
        wall_clock: Unix time, seconds.
    """

    def __init__(
        self,
        store: redis.Redis,
        partition: str,
        label: str,
        *,
        fair: bool,
        wall_clock: Callable[[], float] = time.time,
    ) -> None:
        self._redis = store
        self._partition = partition
        self._label = label
        self._fair = fair
        self._wall_clock = wall_clock
        self._tell_at = 0.0

    def tell(self, who: Callable[[], Sequence[InLine]], now: float) -> None:
        """Tell, every few seconds. Raises `redis.RedisError`.

        Args:
            who: waits; called when it is time.
            now: seconds, monotonic.
        """
        if now < self._tell_at:
            return
        line, wall = who(), self._wall_clock()
        metrics.WAITING_USERS.labels(self._label).set(len(line))
        metrics.LONGEST_WAIT.labels(self._label).set(max((wall - each.since for each in line), default=0.0))
        users = [[each.user, each.waiting, each.weight] for each in line]
        with self._redis.pipeline(transaction=False) as pipe:
            pipe.hset(LINE_KEY, self._partition, json.dumps({"at": wall, "fair": self._fair, "users": users}))
            pipe.expire(LINE_KEY, LINE_KEPT)
            pipe.execute()
        self._tell_at = now + TELL_EVERY

    def close(self) -> None:
        """Another bridge tells of the partition from now on."""
        metrics.WAITING_USERS.labels(self._label).set(0)
        metrics.LONGEST_WAIT.labels(self._label).set(0)
