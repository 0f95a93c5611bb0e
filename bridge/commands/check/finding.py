"""What a look at one thing found, and the table of all of it."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from functools import partial


class State(StrEnum):
    """How one thing is."""

    OK = "ok"
    NOTE = "note"  # works, and may surprise
    WRONG = "WRONG"  # the service will not do its work
    SKIPPED = "-"


@dataclass(frozen=True, slots=True)
class Finding:
    """One row. `found` and `advice` never hold a secret."""

    state: State
    what: str
    found: str
    advice: str = ""


ok = partial(Finding, State.OK)
note = partial(Finding, State.NOTE)
wrong = partial(Finding, State.WRONG)
skipped = partial(Finding, State.SKIPPED)


def table(findings: Iterable[Finding]) -> Iterator[str]:
    """The rows as lines; what to do stands below what was found."""
    rows = list(findings)
    states = max(len(row.state.value) for row in rows)
    things = max(len(row.what) for row in rows)
    for row in rows:
        yield f"{row.state.value:{states}}  {row.what:{things}}  {row.found}"
        if row.advice:
            yield f"{'':{states}}  {'':{things}}  -> {row.advice}"
    faults = sum(row.state is State.WRONG for row in rows)
    yield ""
    yield f"{faults} of {len(rows)} stand in the way" if faults else "nothing stands in the way"
