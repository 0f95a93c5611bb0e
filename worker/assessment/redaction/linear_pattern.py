r"""Patterns that are safe over a stranger's text: RE2, whose time is linear in the text whatever the pattern.

There is no look-around, and `\b`, `\w` and `\s` are ASCII only. A class such as `\p{L}` costs hundreds of instructions
each time it stands in a pattern, and a program of some tens of thousands outgrows RE2's memory and runs fifty times
slower. So here `\p{L}`, `\p{Lu}` and `\p{Ll}` mean the letters of the Latin and Cyrillic blocks.
"""

import re
from typing import Any, Final

import re2

_UPPER: Final = "A-ZÀ-ÖØ-ÞЀ-ЯҐҒҚҢҮҰӘӨҺ"
_LOWER: Final = "a-zß-öø-ÿа-џґғқңүұәөһ"
_CLASSES: Final = {r"\p{L}": "\ue0feA-Za-zÀ-ÖØ-öø-ɏЀ-ӿḀ-ỿ", r"\p{Lu}": _UPPER, r"\p{Ll}": _LOWER, r"\p{N}": "0-9"}


_PART: Final = re.compile(r"\\p\{\w+\}|\\.|[\[\]]")


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
