"""The table of `python -m bench.end_to_end --profile`: CPU by stage, from what each process has noted."""

import json
from collections import defaultdict
from pathlib import Path

from rich.console import Console
from rich.table import Table

BEFORE, AFTER = "before", "after"


def show_profile(console: Console, folder: Path, messages: int) -> None:
    """Print, by stage and by thread, ms of CPU per message between the two snapshots of all processes."""
    spent: dict[str, dict[str, float]] = {"stages": defaultdict(float), "threads": defaultdict(float)}
    calls: dict[str, float] = defaultdict(float)
    whole: dict[str, float] = defaultdict(float)
    for after in sorted(folder.glob(f"*.stages.json.{AFTER}")):
        process = after.name.partition(".")[0]
        end = json.loads(after.read_text())
        start = json.loads(after.with_suffix(f".{BEFORE}").read_text())
        whole[process.partition("-")[0]] += end["process"] - start["process"]
        for name, count in end["calls"].items():
            calls[name] += count - start["calls"].get(name, 0)
        for kind, sums in spent.items():
            for name, seconds in end[kind].items():
                label = name if kind == "stages" else f"{process.partition('-')[0]}: thread {name}"
                sums[label] += seconds - start[kind].get(name, 0.0)
    table = Table(title="ms of CPU and calls per message", title_justify="left")
    table.add_column("where")
    table.add_column("ms", justify="right")
    table.add_column("calls", justify="right")
    for title, sums in (("process", whole), *spent.items()):
        table.add_section()
        for name, seconds in sorted(sums.items(), key=lambda item: -item[1]):
            counted = f"{calls[name] / messages:.2f}" if name in calls else ""
            table.add_row(
                f"{title}: {name}" if title == "process" else name, f"{1_000 * seconds / messages:.2f}", counted
            )
    console.print(table)
