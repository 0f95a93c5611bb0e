"""Grounds on which nobody may be refused work, so that no vacancy's words on them are graded.

The list follows the Labour Code of the Russian Federation, articles 3 and 64, and the EU's directives 2000/43, 2000/78
and 2006/54. The model names such words; the patterns here stand behind it, so precise that no lawful requirement
is hit: a trade may have the same words for its subject (teaching children, migration law, women's clothes). Health is a
ground only where the job does not ask for it by law: a medical book or an examination may stay.
"""

import re
from collections.abc import Mapping
from enum import StrEnum
from typing import Final

from worker.assessment.phrases import lists
from worker.assessment.plain_text import unmarked


class Ground(StrEnum):
    """What a person may not be chosen by."""

    SEX = "пол"
    AGE = "возраст"
    LOOKS = "внешность"
    FAMILY = "семья"
    CITIZENSHIP = "гражданство"
    NATIONALITY = "национальность"
    RELIGION = "религия"
    HEALTH = "здоровье"
    RESIDENCE = "место жительства"


# The patterns stand beside the code, one list a ground.
_LISTS: Final = lists("grounds.txt")


def _compiled(patterns: str) -> re.Pattern[str]:
    """The pattern, going on to the end of the last word."""
    joined = "|".join(patterns.replace("AGE", r"(?:1[6-9]|[2-6]\d)").replace("WHO", _LISTS["WHO"].strip()).splitlines())
    return re.compile(rf"(?:{joined})\w*")


_FORBIDDEN: Final = {ground: _compiled(_LISTS[ground].split("---")[0]) for ground in Ground}
_AGREES: Final = {ground: _compiled(_LISTS[ground].replace("--- ", "")) for ground in Ground}
_OF_A_TRADE, _PAPERS_FOR_OTHERS = _compiled(_LISTS["trade"]), _compiled(_LISTS["papers for others"])
# What is lawful beside forbidden words stays: work, a paper, or a name in Latin letters within a Russian text.
_LAWFUL: Final = _compiled(_LISTS["trade"] + _LISTS["one's own papers"])
_PARTS: Final = re.compile(r"[^,;.\s](?:[^,;.]|\.(?! ))*")


def parted(text: str, named: Mapping[str, Ground], ground: Ground | None = None) -> tuple[dict[str, Ground], list[str]]:
    """What is forbidden in a requirement's words, at most a few hundred characters, and what of them is lawful.

    `named` are folded stretches known to be forbidden; `ground` is what a model says of these words: it counts if one
    of them is of that ground. The result: folded stretches, and the pieces between that say something, or the text.
    """
    folded = unmarked(text)
    found: dict[tuple[int, int], Ground] = {}
    for stretch, why in named.items():
        found |= {match.span(): why for match in re.finditer(rf"\b{re.escape(stretch)}\b", folded)}
    for part in _PARTS.finditer(folded):
        for why, pattern in _FORBIDDEN.items() if ground is None else [(ground, _AGREES[ground])]:
            for match in pattern.finditer(part[0]):
                before = part[0][: match.start()] if why is Ground.SEX else part[0]
                others = why in (Ground.CITIZENSHIP, Ground.RESIDENCE) and _PAPERS_FOR_OTHERS.search(folded)
                if not others and not _OF_A_TRADE.search(before):
                    found.setdefault((part.start() + match.start(), part.start() + match.end()), why)
    if not found:
        return {}, [text]
    pieces, at = [], 0
    for start, end in [*sorted(found), (len(folded), len(folded))]:
        pieces.append(folded[at:start].strip(" ,;.:—–-"))
        at = max(at, end)
    rest = [
        piece for piece in pieces if _LAWFUL.search(piece) or (re.search(r"\b[a-z]{2}", piece) and not folded.isascii())
    ]
    stretches = {folded[start:end].strip(): why for (start, end), why in found.items()}
    return stretches if rest else {folded: next(iter(found.values()))}, rest
