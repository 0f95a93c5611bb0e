"""The lists of words beside the code: `words.txt` has one a line, its name before a colon.

They are for what no dictionary tells: names that the Russian one lacks or that are written in Latin letters, and what
only looks like a name or a handle.
"""

from pathlib import Path
from typing import Final

_LISTS: Final = dict(
    line.split(": ", 1) for line in Path(__file__).with_name("words.txt").read_text(encoding="utf-8").splitlines()
)


def words(name: str) -> frozenset[str]:
    """The words of a list."""
    return frozenset(_LISTS[name].split())


def phrases(name: str) -> frozenset[str]:
    """The same of a list whose entries are of several words, with commas between."""
    return frozenset(_LISTS[name].split(", "))
