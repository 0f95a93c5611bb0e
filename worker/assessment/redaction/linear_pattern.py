r"""Patterns that are safe over a stranger's text: RE2, whose time is linear in the text whatever the pattern.

Three things differ from `re`. There is no look-around. `\b`, `\w` and `\s` are ASCII only. And a class such as
`\p{L}` costs hundreds of instructions each time it stands in a pattern; a program of some tens of thousands
outgrows RE2's memory for its automaton and falls back to a machine that is linear too but fifty times slower. So
here `\p{L}`, `\p{Lu}` and `\p{Ll}` mean the letters of the Latin and Cyrillic blocks, a few instructions each.
"""

from typing import Any, Final

import re2

_UPPER: Final = "A-ZÀ-ÖØ-ÞЀ-ЯҐҒҚҢҮҰӘӨҺ"
_LOWER: Final = "a-zß-öø-ÿа-џґғқңүұәөһ"
_CLASSES: Final = {r"\p{L}": "A-Za-zÀ-ÖØ-öø-ɏЀ-ӿḀ-ỿ", r"\p{Lu}": _UPPER, r"\p{Ll}": _LOWER, r"\p{N}": "0-9"}


def linear(pattern: str) -> Any:
    r"""Compile for RE2 (`re2` has no types), with `\p{L}`, `\p{Lu}`, `\p{Ll}` and `\p{N}` as said above."""
    pieces: list[str] = []
    in_class = False
    at = 0
    while at < len(pattern):
        name = next((name for name in _CLASSES if pattern.startswith(name, at)), None)
        if name is not None:
            pieces.append(_CLASSES[name] if in_class else f"[{_CLASSES[name]}]")
            at += len(name)
            continue
        width = 2 if pattern[at] == "\\" else 1
        if width == 1 and pattern[at] in "[]":
            # A bracket inside of a class must be written with a backslash.
            in_class = pattern[at] == "["
        pieces.append(pattern[at : at + width])
        at += width
    return re2.compile("".join(pieces))
