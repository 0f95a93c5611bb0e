"""What things are called, beside the code: `words.txt` has a list or a part of a pattern a line, behind its name.

Lists are what no dictionary tells. In a pattern (`linear_pattern`) `<name>` stands for another line as a group, `<any>`
and `<KIND>` for placeholders, `<joint>` for a line end within something.
"""

import re
from pathlib import Path
from typing import Any, Final

from worker.assessment.redaction.linear_pattern import linear
from worker.assessment.redaction.placeholders import ANY, JOINT, SYMBOLS

_TEXT: Final = Path(__file__).with_name("words.txt").read_text(encoding="utf-8")
_LISTS: Final = dict(line.split(": ", 1) for line in _TEXT.splitlines())
_REFERENCE: Final = re.compile(r"<([A-Za-z][\w ,.']*)>")
_SIGNS: Final = {"any": ANY, "joint": JOINT, **{kind.name: symbol for kind, symbol in SYMBOLS.items()}}


def words(name: str) -> frozenset[str]:
    """The words of a list."""
    return frozenset(_LISTS[name].split())


def phrases(name: str, sign: str = ", ") -> frozenset[str]:
    """The same of a list whose entries are of several words."""
    return frozenset(_LISTS[name].split(sign))


def pattern(name: str) -> Any:
    """A line of `words.txt`, compiled."""
    return linear(written_out(_LISTS[name]))


def written_out(text: str) -> str:
    """A pattern without references."""
    return _REFERENCE.sub(lambda match: _SIGNS.get(match[1]) or f"(?:{written_out(_LISTS[match[1]])})", text)
