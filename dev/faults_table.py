"""`python -m dev.faults_table` writes into docs/limits.md what follows from what comes back instead of an answer."""

import re
from typing import Final

from dev.kafka_server import CHECKOUT
from worker.asking.after_call import MOST_REFUSED, REFUSED_WAIT
from worker.asking.circuit_breaker import LONGEST, OPEN_FOR
from worker.asking.faults import ANSWERS, ERRORS, Follows, Row

PAGE: Final = CHECKOUT / "docs" / "limits.md"
HEAD: Final = "| what comes back | what follows | the user is told | the operator sees | calls |"

_AT_DEADLINE: Final = "nothing; `OUT_OF_TIME` at the deadline"
# what follows, what the user is told, what the operator sees, how many calls it costs
_TOLD: Final = {
    Follows.LESSON: (
        "*lesson*: the next call goes otherwise, at once",
        "nothing",
        "a line in the log; `inspect limits` shows the profile",
        "one refused call a lesson, in a day and for the fleet",
    ),
    Follows.LIMITS: (
        "*wait for limits*, at the same place",
        "nothing; `QUEUE_TOO_LONG` if it cannot come in time",
        "`ai_handler_denials_total`",
        "none is paid",
    ),
    Follows.PROVIDER: (
        "*wait for the provider*: back-off, `Retry-After`; where nobody is answered *open the breaker*",
        _AT_DEADLINE,
        f"breaker `provider`: a tiny call after {OPEN_FOR['provider']:.0f} to {LONGEST['provider']:.0f} s asks for all",
        "one each",
    ),
    Follows.BREAKER: (
        "*open the breaker*",
        _AT_DEADLINE,
        "breaker `{reason}`, with the setting to mend: a tiny call every {every:.0f} s",
        "one each of those under way",
    ),
    Follows.AGAIN: ("*one more try, then fail*", "`{reason}`", "`ai_handler_outcomes_total`", "`MAX_ATTEMPTS`"),
    Follows.END: ("*fail at once*", "`{reason}`", "`ai_handler_outcomes_total`", "one"),
    Follows.COMPARE: (
        f"again after {REFUSED_WAIT:.0f} s if others pass, then *fail*; else *open the breaker*",
        "`REFUSED` if others passed; else nothing, `OUT_OF_TIME` at the deadline",
        "breaker `{reason}`: one request every {every:.0f} s",
        f"{MOST_REFUSED}",
    ),
}


def table() -> str:
    """A row for each row of the table in worker/asking/faults.py."""
    return "\n".join([HEAD, "| --- | --- | --- | --- | --- |", *map(_line, (*ERRORS, *ANSWERS))])


def page(text: str) -> str:
    """The page with its table anew."""
    return re.sub(rf"{re.escape(HEAD)}\n(?:\|.*\n)*", lambda _: table() + "\n", text)


def _line(row: Row) -> str:
    told = (part.format(reason=row.reason, every=OPEN_FOR.get(row.reason, 0)) for part in _TOLD[row.follows])
    return f"| {row.what} | {' | '.join(told)} |"


def main() -> None:
    """Write the page."""
    PAGE.write_text(page(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
    print("wrote docs/limits.md")


if __name__ == "__main__":
    main()
