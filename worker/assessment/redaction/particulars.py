"""What a resume says of a person besides the name and the contacts.

Documents, birth dates, ages, sex, family, citizenship, addresses. A word alone ("дети", "пол", "паспорт") is a trade's
as often as a person's, so a rule wants a label with a value, a segment of its own, or a redacted neighbour.
"""

from typing import Any, Final

from worker.assessment.redaction.linear_pattern import linear
from worker.assessment.redaction.morphology import Reading, readings
from worker.assessment.redaction.rules import rules
from worker.assessment.redaction.word_list import pattern

_NUMBERED = pattern("numbers of things")
UNIT: Final = pattern("units behind")


def is_unnumbered(match: Any) -> bool:
    """Whether it is no number of a thing: «Серийный номер 112-233-445 95»."""
    return not is_numbered(match.string[: match.start()])


def is_numbered(before: str) -> bool:
    """Whether what stands before a number says that it is one of a thing, or of a standard."""
    return _NUMBERED.search(before[-30:]) is not None


def _is_no_patent(match: Any) -> bool:
    return not match[0].startswith("РФ") and not _OF_WORK.search(match.string[max(0, match.start() - 60) : match.end()])


_OF_WORK: Final = linear(r"(?i)программ|эвм|изобретени|полезн|товарн")
DOCUMENTS: Final = rules("documents", is_unnumbered, _is_no_patent)


def is_an_age(match: Any) -> bool:
    """Whether the match's number is one; "31–45 лет" is a range, "25 лет в продажах" a career."""
    text, end = match.string, match.end()
    rest = text[end : end + 4].lstrip(" \t")[:1]
    number = int("".join(filter(str.isdigit, match[0]))[-2:])
    return 14 <= number <= 90 and not (rest.isalnum() or rest in {"—", "-", "%"})


BIRTH: Final = rules("birth", is_an_age)


def ends_a_segment(match: Any) -> bool:
    """Whether nothing but a sign, or nothing at all, stands behind a match."""
    text, end = match.string, match.end()
    rest = text[end : end + 8].lstrip(" ")
    rest = rest if rest[:1] == "\t" else rest.lstrip(" .")
    return not rest or (not rest[0].isalnum() and rest[0] not in '«"-—/') or rest.startswith("— ")


SEX: Final = rules("sex", ends_a_segment)


FAMILY: Final = rules("family", ends_a_segment)

CITIZENSHIP: Final = rules("citizenship", ends_a_segment)

_MEASURED: Final = linear(r"(?i)(?:квартал|площад)\p{L}*,? ?\d[^дД]*$")  # «квартал, 1С», «площадь 1200 кв. м, 3 этажа»
_LENGTHS: Final = ("км", "м ", "м²", "кв. м", "шт")


def _is_a_street(match: Any) -> bool:
    behind = match.string[match.end() : match.end() + 4].lstrip(" ")
    return not _MEASURED.search(match[0]) and not behind.startswith(_LENGTHS)


ADDRESSES: Final = rules("addresses", _is_a_street)


def _is_given(match: Any) -> bool:
    return ends_a_segment(match) and Reading.GIVEN in readings(match[1].lower())


NEIGHBOURS: Final = rules("neighbours", ends_a_segment, _is_given, is_an_age)
