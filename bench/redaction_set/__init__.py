"""Synthetic people for measuring redaction: nobody here exists.

`people` names them, `layouts` writes their resumes, `lookalikes` lists what must stay as it is, `variants` writes
resumes that must become the same text. Their texts lie in `tests/data/redaction`.

The people, layouts and look-alikes were written before the rules. The held-out part was looked at once the rules stood:
98.3 % of the names, all of the rest. What it showed was mended, so more people and look-alikes were made up after that
and looked at once: 98.5 % of the names, all of the rest, and 1 of 74 look-alikes redacted. That was mended as well.
"""

import json
from pathlib import Path
from typing import Any, Final

_DATA = Path(__file__).parents[2] / "tests/data/redaction"


def lines_of(file: str) -> tuple[str, ...]:
    """The lines of `tests/data/redaction/FILE.txt`."""
    return tuple((_DATA / f"{file}.txt").read_text(encoding="utf-8").splitlines())


FIELDS: Final[dict[str, Any]] = json.loads((_DATA / "fields.json").read_text(encoding="utf-8"))
