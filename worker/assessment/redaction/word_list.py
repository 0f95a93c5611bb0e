r"""What things are called, beside the code: `words.txt` has a list or a part of a pattern a line, behind its name.

Lists are what no dictionary tells. In a pattern (`word_list`) `<name>` stands for another line as a group, `<any>`
and `<KIND>` for placeholders, `<joint>` for a line end within something.

Patterns are RE2's, safe over a stranger's text: its time is linear whatever the pattern. There is no look-around, and
`\b`, `\w` and `\s` are ASCII only. A class such as `\p{L}` costs hundreds of instructions each time it stands in one,
and a program of some tens of thousands outgrows RE2's memory and runs fifty times slower. So here `\p{L}`, `\p{Lu}` and
`\p{Ll}` mean the letters of the Latin and Cyrillic blocks.
"""

import re
from functools import cache
from pathlib import Path
from typing import Any, Final

import re2

from worker.assessment.redaction.placeholders import ANY, JOINT, MATCH, SYMBOLS

# `[^\W\d_]` of the basic plane, for classes of `re`, which look a letter up in half the time.
LETTERS: Final = "".join(f"{run[0]}-{run[-1]}" for run in re.findall(r"[^\W\d_]+", "".join(map(chr, range(0x10000)))))
_UPPER: Final = "A-ZÀ-ÖØ-ÞЀ-ЯҐҒҚҢҮҰӘӨҺ"
_LOWER: Final = "a-zß-öø-ÿа-џґғқңүұәөһ"
_CLASSES: Final = {r"\p{L}": "\ue0feA-Za-zÀ-ÖØ-öø-ɏЀ-ӿḀ-ỿ", r"\p{Lu}": _UPPER, r"\p{Ll}": _LOWER, r"\p{N}": "0-9"}
_PART: Final = re.compile(r"\\p\{\w+\}|\\.|[\[\]]")
_TEXT: Final = Path(__file__).with_name("words.txt").read_text(encoding="utf-8")
_LISTS: Final = dict(line.split(": ", 1) for line in _TEXT.splitlines())
_REFERENCE: Final = re.compile(r"<([A-Za-z][\w ,.']*)>")
_SIGNS: Final = {"any": ANY, "joint": JOINT, "match": MATCH, **{kind.name: symbol for kind, symbol in SYMBOLS.items()}}


@cache
def terms(name: str) -> frozenset[str]:
    """The words of a list; a bar may part them, where a pattern refers to it."""
    return frozenset(_LISTS[name].replace("|", " ").split())


@cache
def pattern(name: str) -> Any:
    """A line of `words.txt`, compiled."""
    return linear(written_out(_LISTS[name]))


def written_out(text: str) -> str:
    """A pattern without references."""
    return _REFERENCE.sub(lambda match: _SIGNS.get(match[1]) or f"(?:{written_out(_LISTS[match[1]])})", text)


def linear(pattern: str) -> Any:
    r"""Compile for RE2 (`re2` has no types), with `\p{L}`, `\p{Lu}`, `\p{Ll}` and `\p{N}` as said above."""
    in_class = False

    def written(match: re.Match[str]) -> str:
        nonlocal in_class
        part = match[0]
        if part in "[]":  # a bracket inside of a class must be written with a backslash
            in_class = part == "["
        letters = _CLASSES.get(part, part)
        return letters if in_class or letters == part else f"[{letters}]"

    return re2.compile(_PART.sub(written, pattern))
