"""`python -m dev.faults_table` writes into docs/limits.md what follows from what comes back instead of an answer."""

import re
from collections.abc import Iterable
from itertools import groupby
from typing import Final

from dev.kafka_server import CHECKOUT
from worker.asking.after_call import MOST_REFUSED, REFUSED_WAIT
from worker.asking.circuit_breaker import LONGEST, OPEN_FOR
from worker.asking.faults import ANSWERS, ERRORS, Follows

PAGE: Final = CHECKOUT / "docs" / "limits.md"
HEAD: Final = "What follows, and from what:"
HEAD_OF_MEANINGS: Final = "What that is:"

_NAMES: Final = {
    Follows.LESSON: "*lesson*",
    Follows.LIMITS: "*limits*",
    Follows.PROVIDER: "*outage*",
    Follows.BREAKER: "*breaker* `{reason}`",
    Follows.AGAIN: "*again*, then `{reason}`",
    Follows.END: "*fails*, `{reason}`",
    Follows.COMPARE: "*compared*",
}
_EVERY: Final = ", ".join(
    f"`{row.reason}` {OPEN_FOR[row.reason]:.0f} s"
    for row in {row.reason: row for row in ERRORS if row.follows is Follows.BREAKER}.values()
)
_OUTAGE: Final = f"{OPEN_FOR['provider']:.0f} to {LONGEST['provider']:.0f} s"
_REFUSED: Final = f"*breaker* `refused`, {OPEN_FOR['refused']:.0f} s"
_SILENT: Final = "The user is told nothing before `OUT_OF_TIME` at the deadline."
_MEANINGS: Final = {
    "lesson": "the next call goes otherwise, at once, for the fleet and a day. The log says so.",
    "limits": "it waits at the same place. The user is told nothing, or `QUEUE_TOO_LONG` if its turn comes too late.",
    "outage": f"back-off (`Retry-After`); where nobody is answered *breaker* `provider`, {_OUTAGE}. {_SILENT}",
    "breaker": f"it opens, and names the setting to mend; a tiny call tries it: {_EVERY}. {_SILENT}",
    "again": "one more try, then the user is told.",
    "fails": "at once.",
    "compared": f"{MOST_REFUSED} calls, {REFUSED_WAIT:.0f} s apart, then `REFUSED`, if others pass; else {_REFUSED}.",
}


def lists() -> dict[str, str]:
    """Under their heads: the rows of worker/asking/faults.py in their order, and what the things that follow are."""
    rows = groupby((*ERRORS, *ANSWERS), lambda row: _NAMES[row.follows].format(reason=row.reason))
    return {
        HEAD: "\n".join(f"* {name}: {_joined(row.what for row in same)}" for name, same in rows),
        HEAD_OF_MEANINGS: "\n".join(f"* *{name}*: {meaning}" for name, meaning in _MEANINGS.items()),
    }


def page(text: str) -> str:
    """The page with its lists anew."""
    for head, items in lists().items():
        before, _, after = text.partition(f"{head}\n")
        rest = re.sub(r"^\n(?:\* .*\n)*\n?", "", after)
        text = f"{before}{head}\n\n{items}\n\n{rest}"
    return text


def _joined(whats: Iterable[str]) -> str:
    first, *others = whats
    return "; ".join((first, *(what.removeprefix("HTTP 200, ") for what in others)))


def main() -> None:
    """Write the page."""
    PAGE.write_text(page(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
    print("wrote docs/limits.md")


if __name__ == "__main__":
    main()
