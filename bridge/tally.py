"""How requests ended within the last day, counted in Redis for `python -m bridge status`.

One hash of at most 145 slots of ten minutes, however many requests there are. What a crash or an absent Redis keeps
from being counted is not made up for: Kafka's topics are exact.
"""

import json
import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import redis

from contract import TALLY_KEY, Failure, Outcome

SLOT = 600  # seconds
DAY_SLOTS = 144
KEPT = 90_000  # seconds
LONGEST = 16  # digits of a number of ours, generously

DEAD_LETTER = "dead_letter:"  # and its reason
SCORED = "scored"
REJECTED = "rejected"  # a dead letter whose sender could be told


@dataclass(eq=False)
class Tally:
    """Counts for all bridges."""

    store: redis.Redis
    clock: Callable[[], float] = time.time  # Unix time, seconds

    def __post_init__(self) -> None:
        self._slot = 0

    def add(self, ends: Iterable[str]) -> None:
        """Count endings, each by its name; a Redis that is away does not hear of them."""
        counts = Counter(ends)
        if not counts:
            return
        slot = int(self.clock() // SLOT)
        try:
            if slot != self._slot:
                self._forget_before(slot - DAY_SLOTS)
            with self.store.pipeline(transaction=False) as pipe:
                for end, count in counts.items():
                    pipe.hincrby(TALLY_KEY, f"{slot} {end}", count)
                pipe.expire(TALLY_KEY, KEPT)
                pipe.execute()
        except redis.RedisError:
            return
        self._slot = slot

    def _forget_before(self, slot: int) -> None:
        fields: Any = self.store.hkeys(TALLY_KEY)
        if old := [field for field in fields if (found := _slot(field)) is not None and found < slot]:
            self.store.hdel(TALLY_KEY, *old)


def how(outcome: Outcome) -> str:
    """The name under which an outcome is counted: `scored`, the failure's, or `rejected`."""
    if outcome.success:
        return SCORED
    said = json.loads(outcome.notification)["message_error"]
    return next((failure.name.lower() for failure in Failure if said.startswith(failure.value)), REJECTED)


def within(tally: Mapping[bytes, bytes], now: float, slots: int) -> dict[str, int]:
    """What the hash says of the last so many slots, the one that is under way included."""
    counts: Counter[str] = Counter()
    first = int(now // SLOT) - slots + 1
    for field, count in tally.items():
        slot = _slot(field)
        if slot is not None and slot >= first and count.isdigit() and len(count) < LONGEST:
            counts[field.decode().partition(" ")[2]] += int(count)
    return dict(counts)


def _slot(field: bytes) -> int | None:
    """When that was; None: somebody else's field."""
    number, _, end = field.partition(b" ")
    return int(number) if number.isdigit() and len(number) < LONGEST and end.isascii() else None
