"""Where a person lives, said without a label: streets, houses and places in the personal part of a resume.

A line's parts between commas are judged one by one. What is plainly an address, or a known place, is taken, and with
it whatever stands beside it on the line and is no common word: «Тверь, Заволжский район, Спартака 44-3».
"""

import re
from typing import Final

from worker.assessment.redaction.head import is_told
from worker.assessment.redaction.morphology import Reading, readings
from worker.assessment.redaction.name_word import Word, word_of
from worker.assessment.redaction.placeholders import ANY, JOINT, SYMBOLS, Kind, Span
from worker.assessment.redaction.word_list import pattern, terms

_PART: Final = re.compile(rf"(?:[^ \n,;|•\t()/:{ANY}—]+| (?! )|(?<=\w)/(?=\w))+")
_LINE: Final = re.compile(r"[^\n]+")
_WORD: Final = re.compile(r"(?<![\d-])[^\W\d_]+(?:['\-.]?[^\W\d_]+)*")
_BULLET: Final = re.compile(r"^(?:[^\w\n]*(?:\d{1,2}(?:\.\d{1,2})+\.?|\d{1,2}[.)]) |[^\w\n]+)(?=\w)")
# «ООО «Школьное питание», Казань»; a part of a line is all that it looks at.
_EMPLOYER: Final = re.compile(r"\b(?:[ОПЗНТ]?[ОА]О|ИП|ГК|LLC|Ltd|Inc|GmbH|Holding)\b[^,\n]*[,:] ?$")
_NONE, _MAY_BE, _IS = range(3)


def find_homes(zone: str) -> list[Span]:
    """The spans of a resume's personal part (`sheet`) that say where the person lives, but for labelled ones."""
    if not is_told(zone):
        return []
    found: list[Span] = []
    for match in (match for line in _LINE.finditer(zone) for match in _PART.finditer(zone, *line.span())):
        start, end = match.span()
        judged = _judged(match)
        if judged == _IS or (judged == _MAY_BE and _is_near_one(zone, start, end)):
            said = match[0]
            begin = end - len(_BULLET.sub("", said).lstrip(' .-—>#*"'))
            found.append((begin, start + len(said.rstrip(' ."-—')), Kind.ADDRESS))
    return found


def _is_near_one(zone: str, start: int, end: int) -> bool:
    signs = zone[max(0, start - 3) : start].rstrip(" ,/(")[-1:] + zone[end : end + 3].lstrip(" ,/()")[:1]
    return SYMBOLS[Kind.ADDRESS] in signs


def _judged(match: re.Match[str]) -> int:
    said = _BULLET.sub("", match[0]).replace(JOINT, "").strip(' .-—>#*"')
    found = [word_of(word) for word in _WORD.findall(said)]
    if not said or any(_is_strange(word, named=True) for word in found):
        return _NONE  # most parts, and patterns cost more than words
    judged = _judged_alone(said, found)
    if judged == _NONE:
        return _NONE
    before = match.string[max(0, match.start() - 60) : match.start()].rpartition("\n")[2]
    sign = before[-2:].rstrip(" ")[-1:]
    at_work = any(pattern("works beside").search(part) for part in (before, said))
    elsewhere = sign == ":" and pattern("other places").search(before)
    return _NONE if at_work or elsewhere or (sign in {":", ","} and _EMPLOYER.search(before)) else judged


def _judged_alone(said: str, found: list[Word]) -> int:
    """The same of a part whatever is said before it."""
    digits = any(map(str.isdigit, said))
    two_numbers = digits and pattern("streets and two numbers").fullmatch(said)  # «Ново-Садовая 3-14»
    sure = bool(two_numbers or pattern("addresses").search(said))
    house = digits and pattern("houses").fullmatch(said) is not None
    if any(_is_strange(word, named=sure or house) for word in found):
        return _NONE
    if sure or digits:
        return _IS if sure else _MAY_BE if house else _NONE
    names = [word for word in found if (word.capital or _is_a_place(word)) and len(word.text) > 1]
    if not names or any(word.abbreviation for word in found):
        return _NONE
    return _IS if len(names) == len(found) and any(word.capital and _is_a_place(word) for word in names) else _MAY_BE


def _is_strange(word: Word, *, named: bool) -> bool:
    """Whether it stands in no address; a street that is `named` so may be called after anything."""
    if word.lower.rstrip(".") in terms("words of addresses"):
        return False
    street = word.capital and named and not word.abbreviation
    return word.people or (word.common and not _is_a_place(word) and not street)


def _is_a_place(word: Word) -> bool:
    return Reading.PLACE in readings(word.lower) or word.lower in terms("cities, in English")
