"""The model, with a meter beside it: how long calls take, how they end, what they cost."""

import time
from collections.abc import Callable
from dataclasses import dataclass

from worker import metrics
from worker.asking.money.prices import Price
from worker.errors import CallError, DeniedError
from worker.ports import Answer, Call, Model, Usage


@dataclass(eq=False, repr=False)
class MeteredModel:
    model: Model  # the one that is asked
    name: str  # its name, a metric's label
    price: Price | None  # of its tokens; None: nobody has said
    # Is told what each answer cost, in US dollars; an answer that is of no use is billed too.
    spend: Callable[[float], None]
    provider: str = ""  # whose it is, likewise; empty: that of `.env`
    clock: Callable[[], float] = time.monotonic  # seconds, monotonic

    def tokens(self, call: Call) -> int:
        return self.model.tokens(call)

    def ask(self, call: Call) -> Answer:
        started = self.clock()
        try:
            answer = self.model.ask(call)
        except CallError as error:
            metrics.CALLS.labels(self.provider, type(error).__name__).inc()
            metrics.CALL_SECONDS.labels("failure").observe(self.clock() - started)
            if isinstance(error, DeniedError):
                metrics.DENIALS.labels(self.provider, error.denial.bucket or "unknown").inc()
            if error.usage is not None:
                self._count(error.usage)
            raise
        metrics.CALLS.labels(self.provider, "answer").inc()
        metrics.CALL_SECONDS.labels("answer").observe(self.clock() - started)
        self._count(answer)
        return answer

    def _count(self, usage: Usage) -> None:
        for kind in metrics.TOKEN_KINDS:
            metrics.TOKENS.labels(self.provider, self.name, kind).inc(getattr(usage, f"{kind}_tokens"))
        if self.price is not None:
            dollars = self.price.of(usage)
            metrics.SPENT.labels(self.provider, self.name).inc(dollars)
            self.spend(dollars)
