"""What the demo shows of its results: a table with all that was said, and one line a request."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from rich.markup import escape
from rich.table import Table

if TYPE_CHECKING:
    from collections.abc import Iterator

Notification = dict[str, Any]


@dataclass(frozen=True)
class Sample:
    """One line of the file of requests."""

    processing_id: int
    candidate: str
    vacancy: str
    value: bytes


def result_table(samples: list[Sample], results: dict[int, Notification]) -> Table:
    """One row a request, in the order of the file."""
    table = Table(title="Results", show_lines=True, title_justify="left", title_style="bold", expand=True)
    table.add_column("candidate / vacancy", ratio=3)
    table.add_column("score", justify="right", width=5)
    table.add_column("verdict", width=11)
    table.add_column("matches", ratio=4)
    table.add_column("recommendation", ratio=4)
    for sample in samples:
        who = f"[bold]{escape(sample.candidate)}[/]\n[dim]{escape(sample.vacancy)}[/]"
        notification = results.get(sample.processing_id)
        if notification is None:
            table.add_row(who, "–", "[red]no result[/]", "", "")
        elif not notification["success"]:
            table.add_row(who, "–", "[red]failure[/]", "", escape(notification["message_error"]))
        else:
            response = notification["response"]
            colour = "green" if response["verdict"] == "Подходит" else "yellow"
            table.add_row(
                who,
                f"[bold {colour}]{response['score']}[/]",
                f"[{colour}]{response['verdict']}[/]",
                escape(" · ".join(response["matches"])),
                escape(response["recommendation"]),
            )
    return table


def summary(samples: list[Sample], results: dict[int, Notification]) -> Iterator[str]:
    """A line for each request, none longer than 80 columns: its score, its verdict, and whose it is."""
    for sample in samples:
        notification = results.get(sample.processing_id)
        if notification is None or not notification["success"]:
            said = f"  –  {'no result' if notification is None else 'failure':<11}"
        else:
            response = notification["response"]
            said = f"{response['score']:>3}  {response['verdict']:<11}"
        who = f"{sample.candidate}, {sample.vacancy}"
        yield f"  {said}  {who if len(who) <= 60 else who[:59] + '…'}"
