"""`python -m dev.metrics_table`: writes docs/metrics.md, made from the metrics' declarations.

A test compares the file with what this would write.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

from prometheus_client.metrics import MetricWrapperBase

import bridge.metrics
import worker.metrics
from worker.running.fleet_metrics import FleetMetrics

CHECKOUT = Path(__file__).resolve().parent.parent
PAGE = CHECKOUT / "docs" / "metrics.md"

HEAD = """\
# Metrics

What a bridge serves on `BRIDGE_METRICS_PORT` and a worker on `WORKER_METRICS_PORT`, at `METRICS_HOST`. Labels never
carry ids or text. A histogram has the series `_bucket`, `_sum` and `_count`. [monitoring.md](monitoring.md) says how
to look at them, [runbook.md](runbook.md) what to do when they raise an alarm.

This page is made by `python -m dev.metrics_table` from the declarations in `bridge/metrics.py`, `worker/metrics.py` and
`worker/running/fleet_metrics.py`."""


@dataclass(frozen=True)
class Declared:
    """One metric as it is scraped; of a histogram, the name that its series begin with."""

    name: str
    kind: str
    labels: tuple[str, ...]
    meaning: str

    @property
    def series(self) -> tuple[str, ...]:
        """What a query may name."""
        if self.kind != "histogram":
            return (self.name,)
        return tuple(f"{self.name}_{end}" for end in ("bucket", "sum", "count"))


def of_module(module: ModuleType) -> Iterator[Declared]:
    """The metrics that a module declares."""
    for each in vars(module).values():
        if isinstance(each, MetricWrapperBase):
            for family in each.describe():
                yield _declared(family, each._labelnames)  # noqa: SLF001 # nothing public tells them


def _declared(family: Any, labels: tuple[str, ...]) -> Declared:
    ending = "_total" if family.type == "counter" else ""
    return Declared(family.name + ending, family.type, tuple(labels), family.documentation)


def on_scrape(collector: Any) -> Iterator[Declared]:
    """The metrics that are read on scrape."""
    for family in collector.describe():
        yield _declared(family, family._labelnames)  # noqa: SLF001 # likewise


def nothing() -> Any:
    """Stands for what a collector would read; describing reads nothing."""


def declared() -> dict[str, list[Declared]]:
    """All metrics, under who serves them."""
    return {
        "The bridge": [*of_module(bridge.metrics)],
        "Each worker, of itself": [*of_module(worker.metrics)],
        "Each worker, of the whole fleet (take `max`)": [*on_scrape(FleetMetrics(nothing, nothing))],
    }


def page() -> str:
    """The whole of docs/metrics.md."""
    lines = [HEAD]
    for heading, metrics in declared().items():
        lines += ["", f"## {heading}", "", "| metric | kind | labels | meaning |", "| --- | --- | --- | --- |"]
        for metric in metrics:
            labels = ", ".join(f"`{label}`" for label in metric.labels)
            lines.append(f"| `{metric.name}` | {metric.kind} | {labels} | {metric.meaning} |")
    return "\n".join([*lines, ""])


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
    print(f"wrote {PAGE.relative_to(CHECKOUT)}")
