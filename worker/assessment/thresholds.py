"""What a requirement asks as a number or a grade, and what a sentence says of it: read by code, never by the model.

Thresholds: months of experience ("от 3 лет", "at least 2 years", "от полугода"), the lowest rank ("5 разряд"), the
lowest group of electrical safety ("IV группа"), the lowest level of a language (A1..C2).
"""

from functools import lru_cache
from typing import Final

import re2
from pydantic import BaseModel, ConfigDict

from worker.assessment.plain_text import fold

LANGUAGE_LEVELS: Final = ("a1", "a2", "b1", "b2", "c1", "c2")
_LEVEL_NAMES: Final = {
    "upper-intermediate": "b2", "upper intermediate": "b2", "pre-intermediate": "a2", "pre intermediate": "a2",
    "intermediate": "b1", "elementary": "a2", "beginner": "a1", "advanced": "c1", "proficient": "c2", "fluent": "c1",
    "native": "c2", "родной": "c2", "свободн": "c1", "продвинут": "c1", "разговорн": "b1", "средний": "b1",
    "технический": "a2", "со словар": "a2", "базов": "a2", "начальн": "a1",
}  # fmt: skip
_LANGUAGE: Final = re2.compile(
    fold(r"(?:английск|немецк|французск|испанск|китайск|итальянск|английским|english|german|french|spanish|chinese)")
)
_LEVEL: Final = re2.compile(rf"(?:^|[^a-z0-9])([abc][12])(?:[^a-z0-9]|$)|({'|'.join(map(fold, _LEVEL_NAMES))})")
_WORD_NUMBERS: Final = {
    fold(word): number
    for number, words in enumerate(
        ("", "одного один года one", "двух два two", "трех три three", "четырех четыре four", "пяти пять five",
         "шести шесть six", "семи семь seven", "восьми восемь eight", "девяти девять nine", "десяти десять ten")
    )
    for word in words.split()
}  # fmt: skip
_NUMBER = r"(\d{1,2}(?:[.,]5)?|" + "|".join(_WORD_NUMBERS) + ")"
_UNIT = fold(r"(лет|года?|год|years?|месяц[а-я]*|months?)")
_ASKED: Final = re2.compile(
    rf"(?:от|не менее|минимум|более|свыше|не меньше|at least|minimum|min|over|more than) (?:of )?{_NUMBER}"
    rf"(?:-?[а-я]{{1,2}})?(?: (?:-|–|—|до) ?\d{{1,2}})? {_UNIT}"
    rf"|(\d{{1,2}}) ?\+ ?{_UNIT}"
    rf"|(?:от|не менее|минимум) (года|полугода|полутора лет)"
    rf"|(?:опыт|стаж)[^.,;]{{0,40}} (\d{{1,2}}) {_UNIT}"
)
_STATED: Final = re2.compile(rf"(?:^|[^\d.]){_NUMBER}(?:[.,]\d)? ?\+? {_UNIT}")
_RANK: Final = re2.compile(
    fold(r"(\d)(?:-?[а-я]{1,2})? ?(?:-|–|—)?(?:\d)?(?:-?[а-я]{1,2})? разряд|разряд[а-я]*[^\d.,;]{0,20}(\d)")
)
_ROMAN: Final = {"i": 1, "ii": 2, "iii": 3, "iv": 4, "v": 5}
_GROUP: Final = re2.compile(
    fold(
        r"(?:^| )(iii|ii|iv|v|i|[1-5])(?:-?[а-я]{1,2})? (?:групп|гр\.)|"
        r"(?:групп[а-я]*)[^.,;]{0,50}? (iii|ii|iv|v|[2-5])(?:[ ,.;)-]|$)"
    )
)
_ELECTRIC: Final = fold("электробезопасн")


class Threshold(BaseModel):
    """The least that a requirement asks for; None: it asks for nothing of that kind. `months` is of experience."""

    model_config = ConfigDict(frozen=True)

    months: int | None = None
    rank: int | None = None
    group: int | None = None
    language: str | None = None


@lru_cache(maxsize=2_000)
def threshold_of(requirement: str) -> Threshold:
    """Read the threshold from a requirement's own words."""
    folded = fold(requirement)
    return Threshold(
        months=_asked_months(folded),
        rank=_first(_RANK, folded),
        group=_group(folded) if _ELECTRIC in folded else None,
        language=language_level(folded) if _LANGUAGE.search(folded) else None,
    )


def stated_months(folded: str) -> int:
    """The longest duration that a folded sentence claims ("7 лет"), in months; 0: none."""
    return max((_months(number, unit) for number, unit in _STATED.findall(folded)), default=0)


def stated_rank(folded: str) -> int | None:
    """The rank that a folded sentence states."""
    return _first(_RANK, folded)


def stated_group(folded: str) -> int | None:
    """The group of electrical safety that a folded sentence states."""
    return _group(folded)


def language_level(folded: str) -> str | None:
    """The highest level of a language that a folded sentence states."""
    found = [code or _LEVEL_NAMES[_unfolded(name)] for code, name in _LEVEL.findall(folded)]
    return max(found, default=None)


_FOLDED_NAMES: Final = {fold(name): name for name in _LEVEL_NAMES}


def _unfolded(name: str) -> str:
    return _FOLDED_NAMES[name]


def _asked_months(folded: str) -> int | None:
    match = _ASKED.search(folded)
    if match is None:
        return None
    number, unit, plus, plus_unit, word, bare, bare_unit = match.groups()
    if word:
        return {"года": 12, "полугода": 6}.get(word, 18)
    return _months(number or plus or bare, unit or plus_unit or bare_unit)


def _months(number: str, unit: str) -> int:
    count = float(number.replace(",", ".")) if number[0].isdigit() else float(_WORD_NUMBERS[number])
    return int(count if unit.startswith(("мес", "month")) else count * 12)


def _first(pattern: object, folded: str) -> int | None:
    match = pattern.search(folded)  # type: ignore[attr-defined] # RE2 has no types
    return None if match is None else int(match[1] or match[2])


def _group(folded: str) -> int | None:
    match = _GROUP.search(folded)
    if match is None:
        return None
    found = match[1] or match[2]
    return _ROMAN.get(found) or int(found)
