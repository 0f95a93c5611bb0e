"""What things are called, beside the code: `words.txt` has one list a line, its name before a colon.

Words are what no dictionary tells; alternatives are parts of patterns: labels, messengers, streets, papers.
"""

from pathlib import Path
from typing import Final

_TEXT: Final = Path(__file__).with_name("words.txt").read_text(encoding="utf-8")
_LISTS: Final = dict(line.split(": ", 1) for line in _TEXT.splitlines())


def words(name: str) -> frozenset[str]:
    """The words of a list."""
    return frozenset(_LISTS[name].split())


def phrases(name: str) -> frozenset[str]:
    """The same of a list whose entries are of several words, with commas between."""
    return frozenset(_LISTS[name].split(", "))


def alternatives(name: str, **parts: str) -> str:
    """A part of a pattern (`linear_pattern`) that is one of a list's entries; `<part>` in them is what `parts` says."""
    entries = _LISTS[name]
    for part, pattern in parts.items():
        entries = entries.replace(f"<{part}>", pattern)
    return f"(?:{entries})"
