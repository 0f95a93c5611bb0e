"""What the fleet has spent today, and the budget that opens the circuit breaker until the next day.

A day is one of UTC, as on the provider's billing page. The budget is a brake and no guarantee: calls that are under way
when it is reached are paid for as well, an answer that never arrives is not counted, and a Redis that forgets what was
spent begins at zero.
"""

import logging
import time
from collections.abc import Callable
from dataclasses import KW_ONLY, dataclass

import redis

from contract import day_of, of_provider, spent_key
from worker.ports import Breaker

log = logging.getLogger(__name__)

DAY = 86_400.0  # seconds
KEPT = 7 * 86_400  # seconds that a day's sum is kept for whoever asks
REASON = "budget"


@dataclass(eq=False, repr=False)
class Spending:
    store: redis.Redis
    breaker: Breaker  # what the budget opens
    _: KW_ONLY
    budget: float  # US dollars a day; 0: there is none
    provider: str = ""  # its name, where there are several: each has a sum and a budget of its own
    clock: Callable[[], float] = time.time  # Unix time in seconds

    def add(self, dollars: float) -> None:
        """Count what a call has cost. A Redis that is away loses it: the answer is paid for, and goes on."""
        key = self._key()
        try:
            with self.store.pipeline(transaction=False) as pipe:
                pipe.incrbyfloat(key, dollars)
                pipe.expire(key, KEPT)
                spent = float(pipe.execute()[0])
            if self.budget and spent >= self.budget and REASON not in self.breaker.state():
                log.error("%.2f of %.2f US dollars are spent today: nothing is sent until midnight UTC",
                          spent, self.budget)  # fmt: skip
                self.breaker.trip(REASON, DAY - self.clock() % DAY)
        except redis.RedisError as error:
            log.warning("%.6f US dollars are not counted: %s", dollars, error)

    def look_again(self) -> None:
        """Close what the budget opened, if there is money left: the budget was raised, or the day is over.

        Raises:
            redis.RedisError: Redis is away.
        """
        if REASON in self.breaker.state() and not (self.budget and self.today() >= self.budget):
            self.breaker.reset(REASON)

    def today(self) -> float:
        """US dollars that the fleet has spent since midnight. Raises `redis.RedisError`."""
        return float(self.store.get(self._key()) or 0)

    def state(self) -> dict[str, object]:
        """For operators: what is spent and what may be, in US dollars. Raises `redis.RedisError`."""
        return {"spent_today": round(self.today(), 6), "budget": self.budget or "none"}

    def _key(self) -> str:
        return of_provider(spent_key(day_of(self.clock())), self.provider)
