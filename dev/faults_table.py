"""`python -m dev.faults_table` writes into docs/limits.md what follows from what comes back instead of an answer."""

import re
from typing import Final

from dev.kafka_server import CHECKOUT
from worker.asking.after_call import MOST_REFUSED, REFUSED_WAIT
from worker.asking.circuit_breaker import LONGEST, OPEN_FOR
from worker.asking.faults import ANSWERS, ERRORS, Follows, Row

PAGE: Final = CHECKOUT / "docs" / "limits.md"
HEAD: Final = "| what comes back | what follows |"
HEAD_OF_MEANINGS: Final = "| what follows | that is | the user is told | calls |"

_NAMES: Final = {
    Follows.LESSON: "*lesson*",
    Follows.LIMITS: "*limits*",
    Follows.PROVIDER: "*outage*",
    Follows.BREAKER: "*breaker* `{reason}`",
    Follows.AGAIN: "*again*, then `{reason}`",
    Follows.END: "*fails*: `{reason}`",
    Follows.COMPARE: "*compared*",
}
_AT_DEADLINE: Final = "nothing; `OUT_OF_TIME` at the deadline"
_EVERY: Final = ", ".join(
    f"`{row.reason}` {OPEN_FOR[row.reason]:.0f} s"
    for row in {row.reason: row for row in ERRORS if row.follows is Follows.BREAKER}.values()
)
_OUTAGE: Final = f"{OPEN_FOR['provider']:.0f} to {LONGEST['provider']:.0f} s"
# that is, what the user is told, how many calls it costs
_MEANINGS: Final = {
    "lesson": ("the next call goes otherwise, at once; logged", "nothing", "one a lesson, a day and the fleet"),
    "limits": ("it waits at the same place", "nothing; `QUEUE_TOO_LONG` if its turn comes too late", "none is paid"),
    "outage": (
        f"it backs off (`Retry-After`); where nobody is answered *breaker* `provider`, {_OUTAGE}",
        _AT_DEADLINE,
        "one each",
    ),
    "breaker": (
        f"it opens, and names the setting to mend; a tiny call tries it: {_EVERY}",
        _AT_DEADLINE,
        "one each of those under way",
    ),
    "again": ("one more try", "the failure", "`MAX_ATTEMPTS`"),
    "fails": ("at once", "the failure", "one"),
    "compared": (
        f"again after {REFUSED_WAIT:.0f} s if others pass; else *breaker* `refused`, {OPEN_FOR['refused']:.0f} s",
        "`REFUSED` if others passed; else as with the breaker",
        f"{MOST_REFUSED}",
    ),
}


def tables() -> dict[str, str]:
    """Under their heads: the rows of worker/asking/faults.py, and what the things that follow are."""
    meanings = (f"| *{name}* | {' | '.join(cells)} |" for name, cells in _MEANINGS.items())
    return {
        HEAD: "\n".join(["| --- | --- |", *map(_line, (*ERRORS, *ANSWERS))]),
        HEAD_OF_MEANINGS: "\n".join(["| --- | --- | --- | --- |", *meanings]),
    }


def page(text: str) -> str:
    """The page with its tables anew."""
    for head, rows in tables().items():
        before, _, after = text.partition(f"{head}\n")
        rest = re.sub(r"^(?:\|.*\n)*", "", after)
        text = f"{before}{head}\n{rows}\n{rest}"
    return text


def _line(row: Row) -> str:
    return f"| {row.what} | {_NAMES[row.follows].format(reason=row.reason)} |"


def main() -> None:
    """Write the page."""
    PAGE.write_text(page(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
    print("wrote docs/limits.md")


if __name__ == "__main__":
    main()
