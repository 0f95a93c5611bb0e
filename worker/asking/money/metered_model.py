"""The model, with a meter beside it: how long calls take, how they end, what they cost."""

import time
from collections.abc import Callable

from worker import metrics
from worker.asking.money.prices import Price
from worker.errors import CallError, DeniedError
from worker.ports import Answer, Call, Model, Usage


class MeteredModel:
    """Asks another model, and counts.

    Args:
        model: the one that is asked.
        name: its name, a metric's label.
        provider: whose it is, likewise; empty: that of `.env`.
        price: of its tokens; None: nobody has said.
        spend: is told what each answer cost, in US dollars; an answer that is of no use is billed too.
        clock: seconds, monotonic.
    """

    def __init__(
        self,
        model: Model,
        name: str,
        price: Price | None,
        spend: Callable[[float], None],
        provider: str = "",
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._model = model
        self._name = name
        self._provider = provider
        self._price = price
        self._spend = spend
        self._clock = clock

    def tokens(self, call: Call) -> int:
        """As the model says."""
        return self._model.tokens(call)

    def ask(self, call: Call) -> Answer:
        """Ask once. Raises what the model raises."""
        started = self._clock()
        try:
            answer = self._model.ask(call)
        except CallError as error:
            metrics.CALLS.labels(self._provider, type(error).__name__).inc()
            metrics.CALL_SECONDS.labels("failure").observe(self._clock() - started)
            if isinstance(error, DeniedError):
                metrics.DENIALS.labels(self._provider, error.denial.bucket or "unknown").inc()
            if error.usage is not None:
                self._count(error.usage)
            raise
        metrics.CALLS.labels(self._provider, "answer").inc()
        metrics.CALL_SECONDS.labels("answer").observe(self._clock() - started)
        self._count(answer)
        return answer

    def _count(self, usage: Usage) -> None:
        for kind in metrics.TOKEN_KINDS:
            metrics.TOKENS.labels(self._provider, self._name, kind).inc(getattr(usage, f"{kind}_tokens"))
        if self._price is not None:
            dollars = self._price.of(usage)
            metrics.SPENT.labels(self._provider, self._name).inc(dollars)
            self._spend(dollars)
