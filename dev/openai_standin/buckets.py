"""OpenAI's rate limits as it runs them: three continuously refilling token buckets.

Capacity is the limit, refill is limit / window, and a denied request is told to wait
``(used + requested - limit) / limit * window``. That reproduces published 429 bodies to the millisecond.

Admission is decided on exact fractions. What is *said* (``Used``, the wait, ``remaining``) speaks of whole
units with ``Used`` rounded up, as in published bodies: at 3 per minute they always read "Used 3 ... 20s",
never a fraction of it.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

BucketName = Literal["rpm", "rpd", "tpm"]

WINDOWS: Mapping[BucketName, float] = {"rpm": 60.0, "rpd": 86_400.0, "tpm": 60.0}

_FLOAT_NOISE = 1e-6


@dataclass(frozen=True)
class Denial:
    """Why a request was not admitted. ``wait`` is in seconds; None means that it can never fit."""

    bucket: BucketName
    limit: int
    used: int
    requested: int
    wait: float | None


@dataclass(frozen=True)
class Level:
    """What the ``x-ratelimit-*`` headers say of a bucket; ``reset`` is the seconds until it is full."""

    limit: int
    remaining: int
    reset: float


class _Bucket:
    def __init__(self, name: BucketName, limit: float, now: float) -> None:
        self.name = name
        self.limit = limit
        self.window = WINDOWS[name]
        self.used = 0.0
        self._seen_at = now

    def refill(self, now: float, foreign_share: float) -> None:
        refilled = (now - self._seen_at) * self.limit / self.window * (1 - foreign_share)
        self.used = max(0.0, self.used - refilled)
        self._seen_at = now

    def denial(self, requested: int) -> Denial | None:
        if requested > self.limit:
            return Denial(self.name, int(self.limit), self.whole_used(), requested, None)
        if self.used + requested <= self.limit + _FLOAT_NOISE:
            return None
        used = self.whole_used()
        wait = (used + requested - self.limit) / self.limit * self.window
        return Denial(self.name, int(self.limit), used, requested, wait)

    def whole_used(self) -> int:
        return math.ceil(self.used - _FLOAT_NOISE)

    def level(self) -> Level:
        remaining = max(0, math.floor(self.limit - self.used + _FLOAT_NOISE))
        return Level(int(self.limit), remaining, self.used / self.limit * self.window)


class Buckets:
    """RPM, RPD and TPM together: all three are checked, then all are charged or none is.

    ``clock`` gives seconds and never goes backwards.
    """

    def __init__(self, limits: Mapping[BucketName, float], clock: Callable[[], float]) -> None:
        self._clock = clock
        self._foreign_share = 0.0
        self._buckets = {name: _Bucket(name, limits[name], clock()) for name in WINDOWS}

    def admit(self, tokens: int) -> Denial | None:
        """Charge one request of ``tokens``, or say why not. Of several reasons, the longest wait is told."""
        self._refill()
        demands = {"rpm": 1, "rpd": 1, "tpm": tokens}
        denials = [denial for name, bucket in self._buckets.items() if (denial := bucket.denial(demands[name]))]
        if denials:
            return max(denials, key=lambda denial: math.inf if denial.wait is None else denial.wait)
        for name, bucket in self._buckets.items():
            bucket.used += demands[name]
        return None

    def refund_tokens(self, tokens: int) -> None:
        """Give back tokens that were charged but not used."""
        self._refill()
        bucket = self._buckets["tpm"]
        bucket.used = max(0.0, bucket.used - tokens)

    def configure(self, limits: Mapping[BucketName, float], foreign_share: float) -> None:
        """Change limits in mid-flight: what was used stays used, but is never more than the new limit."""
        self._refill()
        self._foreign_share = foreign_share
        for name, bucket in self._buckets.items():
            bucket.limit = limits[name]
            bucket.used = min(bucket.used, bucket.limit)

    def set_used(self, used: Mapping[BucketName, float]) -> None:
        """Put buckets into a known state; those not named are left alone."""
        self._refill()
        for name, amount in used.items():
            self._buckets[name].used = amount

    def levels(self) -> dict[BucketName, Level]:
        """The state of every bucket now."""
        self._refill()
        return {name: bucket.level() for name, bucket in self._buckets.items()}

    def _refill(self) -> None:
        now = self._clock()
        for bucket in self._buckets.values():
            bucket.refill(now, self._foreign_share)
