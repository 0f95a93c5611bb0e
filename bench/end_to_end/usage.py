"""CPU and memory of a process and its children, as Linux counts them."""

import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

_TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class Usage:
    """What processes have used: CPU in seconds since their start, memory (PSS) in MB now."""

    cpu: float
    memory: float


def usage(pids: Iterable[int]) -> Usage:
    """Of these processes and all that they have started; those that are gone count nothing."""
    cpu = memory = 0.0
    for pid in _with_children(pids):
        try:
            fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
            rollup = Path(f"/proc/{pid}/smaps_rollup").read_text()
        except OSError:
            continue
        cpu += (int(fields[11]) + int(fields[12])) / _TICKS  # utime, stime
        memory += next(int(line.split()[1]) for line in rollup.splitlines() if line.startswith("Pss:")) / 1024
    return Usage(cpu, memory)


def _with_children(pids: Iterable[int]) -> list[int]:
    found = list(pids)
    for pid in found:  # grows as it is walked
        for children in Path(f"/proc/{pid}/task").glob("*/children"):
            try:
                found += map(int, children.read_text().split())
            except OSError:
                continue
    return found
