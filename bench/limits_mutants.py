"""Breaks the limiter's script in small ways, one at a time, and sees whether its tests notice.

    python -m bench.limits_mutants                  a sample of 60, by the deterministic tests
    python -m bench.limits_mutants --sample 0       all of them (an hour)
    python -m bench.limits_mutants --thorough       what survives meets the property tests, too

A mutant is the script with one operator, number or word changed, or one statement left out. Each runs in a copy of
the project, so that nothing of it is touched. Survivors are printed: each is a line that no test defends, or one
whose change makes no difference.
"""

from __future__ import annotations

import argparse
import random
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parent.parent
SCRIPT = Path("worker/limits/rate_limiter.lua")
TESTS = ["tests/integration/test_rate_limiter.py"]
PROPERTIES = ["tests/integration/test_rate_limiter_properties.py"]
LONGEST = 300  # seconds that the tests of one mutant may take

SWAPS = (
    (r" \+ ", " - "),
    (r" - ", " + "),
    (r" \* ", " / "),
    (r" / ", " * "),
    (r" < ", " >= "),
    (r" > ", " <= "),
    (r" <= ", " > "),
    (r" >= ", " < "),
    (r" == ", " ~= "),
    (r" ~= ", " == "),
    (r"\bmax\(", "min("),
    (r"\bmin\(", "max("),
    (r" and ", " or "),
    (r" or ", " and "),
    (r"\bnot ", ""),
    (r"\btrue\b", "false"),
    (r"\bfalse\b", "true"),
)
STATEMENT = re.compile(r"^ +(?:call\(|[a-z_.]+\(|(?:state|bucket|record|burst|buckets\[\w+\])\.[\w., \[\]]+ = )")


@dataclass(frozen=True)
class Mutant:
    """The script with one line changed; `number` counts from 1."""

    number: int
    line: str
    changed: str

    def __str__(self) -> str:
        return f"{SCRIPT}:{self.number}\n  - {self.line.strip()}\n  + {self.changed.strip() or '(left out)'}"

    def of(self, source: str) -> str:
        """The whole script."""
        lines = source.splitlines()
        lines[self.number - 1] = self.changed
        return "\n".join(lines) + "\n"


def mutants(source: str) -> Iterator[Mutant]:
    """All of them, in the order of the lines; comments, names and constants' own lines are left alone."""
    in_code = False
    for number, line in enumerate(source.splitlines(), start=1):
        code = line.split("--", 1)[0]
        in_code = in_code or line.startswith("local function costs")
        if not in_code or not code.strip() or code.startswith("local function"):
            continue
        for pattern, other in SWAPS:
            for found in re.finditer(pattern, code):
                yield Mutant(number, line, code[: found.start()] + other + code[found.end() :])
        for found in re.finditer(r"(?<![\w\[.])\d+(?:\.\d+)?(?![\w\]])", code):
            if float(found[0]) == 0:  # where a sum or a time begins: one more makes no difference
                continue
            yield Mutant(number, line, f"{code[: found.start()]}{float(found[0]) + 1:g}{code[found.end() :]}")
        if STATEMENT.match(code) and code.count("(") == code.count(")") and code.count("{") == code.count("}"):
            yield Mutant(number, line, "")


def survives(folder: Path, tests: list[str]) -> bool:
    """Whether all tests pass in this copy of the project."""
    command = [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", *tests]
    try:
        return subprocess.run(command, cwd=folder, capture_output=True, timeout=LONGEST, check=False).returncode == 0
    except subprocess.TimeoutExpired:
        return False


def main() -> None:
    """Make them, try them, and print the survivors and the share that was noticed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sample", type=int, default=60, help="so many, drawn at random; 0: all")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--thorough", action="store_true", help="survivors meet the property tests, too")
    options = parser.parse_args()
    source = (CHECKOUT / SCRIPT).read_text(encoding="utf-8")
    chosen = every = list(mutants(source))
    if options.sample:
        chosen = sorted(random.Random(options.seed).sample(every, options.sample), key=lambda mutant: mutant.number)
    print(f"{len(chosen)} of {len(every)} mutants of {SCRIPT}", flush=True)
    survivors = 0
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "project"
        shutil.copytree(CHECKOUT, folder, ignore=shutil.ignore_patterns(".*", "run", "logs", "__pycache__"))
        if not survives(folder, TESTS):
            raise SystemExit("the tests fail without any mutant")
        for mutant in chosen:
            (folder / SCRIPT).write_text(mutant.of(source), encoding="utf-8")
            if survives(folder, TESTS) and not (options.thorough and not survives(folder, PROPERTIES)):
                survivors += 1
                print(f"survived: {mutant}", flush=True)
    print(f"{len(chosen) - survivors} of {len(chosen)} noticed: {1 - survivors / len(chosen):.0%}")


if __name__ == "__main__":
    main()
