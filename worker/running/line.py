"""Who waits, and when they start, for `celery -A worker inspect line`.

The bridges say who, the limiter says how fast.
"""

import json
import math
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import redis

from contract import LINE_KEPT, LINE_KEY
from worker.ports import Waiting

BUSIEST = 20  # users


@dataclass(eq=False, repr=False)
class Line:
    store: redis.Redis
    clock: Callable[[], float] = time.time  # Unix time, seconds

    def waiting(self) -> Waiting:
        """Who waits, over all partitions; those of which nobody has told of late are left out."""
        users: dict[int, tuple[int, float]] = {}
        fair = True
        for told in self.store.hvals(LINE_KEY):
            partition = json.loads(told)
            if self.clock() - partition["at"] > LINE_KEPT:
                continue
            fair = fair and partition["fair"]
            for user, count, weight in partition["users"]:
                users[user] = (users.get(user, (0, weight))[0] + count, weight)
        return Waiting(users, fair)


def starts(waiting: Waiting, seconds_until: Callable[[int], float]) -> list[dict[str, Any]]:
    """For the busiest users: how many wait, and in how many seconds the next and the last start at the latest.

    `seconds_until` tells that of the n-th start from now.
    """
    busiest = sorted(waiting.users.items(), key=lambda item: -item[1][0])[:BUSIEST]
    everybody = sum(count for count, _ in waiting.users.values())

    def before(user: int, requests: int) -> int:
        """How many of others start before so many of this user."""
        if not waiting.fair:
            return everybody - waiting.users[user][0]
        own = waiting.users[user][1]
        others = (each for other, each in waiting.users.items() if other != user)
        return sum(min(count, math.ceil(requests * weight / own)) for count, weight in others)

    return [
        {
            "user_id": user,
            "waiting": count,
            "next_in": round(seconds_until(1 + before(user, 1)), 1),
            "last_in": round(seconds_until(count + before(user, count)), 1),
        }
        for user, (count, _) in busiest
    ]


def seconds_until(limits: Mapping[str, Any], number: int) -> float:
    """Seconds until the start that is the `number`-th from now, a call for each; `limits` is the limiter's snapshot."""
    wait = float(limits["blocked"])
    for name, bucket in limits["buckets"].items():
        if isinstance(bucket["limit"], int | float) and bucket["rate"] > 0:
            cost = number * (limits["mean_tokens"] if name == "tpm" else 1)
            wait = max(wait, (cost - bucket["level"]) / bucket["rate"])
    calls = limits["calls"]
    if isinstance(calls["limit"], int | float):
        wait = max(wait, (number - calls["limit"] + calls["under_way"]) * calls["seconds"] / calls["limit"])
    return wait
