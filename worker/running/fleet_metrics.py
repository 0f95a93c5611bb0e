"""What is true of the whole fleet, read on scrape from what the workers share: limiter, circuit breaker, money, queue.

Every worker says the same, so a query takes `max` over them. What is the own of one of several providers has the label
`provider` too. Where Redis is away, only `ai_handler_redis_up` is there.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Final

import redis
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from worker.asking.circuit_breaker import OPEN_FOR
from worker.ports import Ports, Way

# name: its meaning, and its label if it has one
GAUGES: Final[dict[str, tuple[str, str | None]]] = {
    "ai_handler_redis_up": ("1 while Redis answers", None),
    "ai_handler_limiter_limit": ("The limit that counts now: requests or tokens; none where it is unlimited", "bucket"),
    "ai_handler_limiter_level": ("What is left of it now", "bucket"),
    "ai_handler_limiter_waiting": ("Requests that wait for a start", None),
    "ai_handler_limiter_next_start_seconds": ("Seconds until a newcomer could start", None),
    "ai_handler_limiter_blocked_seconds": ("Seconds until anybody may start, after a denial", None),
    "ai_handler_circuit_breaker_open": ("1 while it is open or half open for this reason", "reason"),
    "ai_handler_spent_today_usd": ("US dollars that the fleet has spent since midnight UTC", None),
    "ai_handler_budget_usd": ("US dollars that it may spend a day; none where there is no budget", None),
    "ai_handler_queued_hints": ("Hints that no worker has taken yet", None),
}
_OF_THE_LIMITER: Final = {
    "ai_handler_limiter_waiting": "waiting",
    "ai_handler_limiter_next_start_seconds": "next_free_start",
    "ai_handler_limiter_blocked_seconds": "blocked",
}
_OF_ALL: Final = {"ai_handler_redis_up", "ai_handler_queued_hints"}


@dataclass(eq=False, repr=False)
class FleetMetrics(Collector):
    """Reads on scrape; for the names alone, which the registry wants, nothing is read."""

    ports: Callable[[], Ports]  # gives this process' adapters
    queued: Callable[[], int]  # how many hints are in the queue

    def describe(self) -> Iterable[GaugeMetricFamily]:
        return _families().values()

    def collect(self) -> Iterable[GaugeMetricFamily]:
        ways = self.ports().ways
        families = _families(several=bool(ways[0].name))
        try:
            for way in ways:
                _read(way, families, [way.name] if way.name else [])
            families["ai_handler_queued_hints"].add_metric([], self.queued())
        except redis.RedisError:
            families = _families()
            families["ai_handler_redis_up"].add_metric([], 0)
        else:
            families["ai_handler_redis_up"].add_metric([], 1)
        return families.values()


def _read(way: Way, families: dict[str, GaugeMetricFamily], name: list[str]) -> None:
    view: dict[str, Any] = way.limiter.snapshot()
    for limit, bucket in view.get("buckets", {}).items():
        if isinstance(bucket["limit"], int | float):
            for what in ("limit", "level"):
                families[f"ai_handler_limiter_{what}"].add_metric([*name, limit], bucket[what])
    for metric, field in _OF_THE_LIMITER.items():
        if field in view:
            families[metric].add_metric(name, view[field])
    opened = way.breaker.state()
    for reason in OPEN_FOR:
        families["ai_handler_circuit_breaker_open"].add_metric([*name, reason], reason in opened)
    money = way.spending.state() if way.spending is not None else {}
    for what in ("spent_today", "budget"):
        if isinstance(value := money.get(what), int | float):
            families[f"ai_handler_{what}_usd"].add_metric(name, value)


def _families(*, several: bool = False) -> dict[str, GaugeMetricFamily]:
    return {
        name: GaugeMetricFamily(
            name, meaning, labels=["provider"] * (several and name not in _OF_ALL) + ([label] if label else [])
        )
        for name, (meaning, label) in GAUGES.items()
    }
