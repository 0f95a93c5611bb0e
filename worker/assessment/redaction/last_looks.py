"""A last look at what a rule found (`rules.txt`), and at what stands beside it: RE2 has no look-around.

A word alone ("дети") is a trade's as often as a person's, and so is a number: of an order, of a standard, of money.
"""

import re
from collections.abc import Iterator
from typing import Any, Final

from worker.assessment.redaction.head import is_told
from worker.assessment.redaction.morphology import Reading, readings
from worker.assessment.redaction.name_word import word_of
from worker.assessment.redaction.placeholders import MATCH, Kind, Span
from worker.assessment.redaction.sheet import Sheet
from worker.assessment.redaction.word_list import pattern, terms

_SHORTEST_HANDLE: Final = 5
_PRODUCT_SITES: Final = ("asp.net", "ado.net", "vb.net", "ml.net")
_NUMBERS: Final = re.compile(r"\d+")
_PAIRS: Final = re.compile(r"\d\d-\d\d-\d\d")
_OF_WORK: Final = re.compile(
    r"(?<!\d)(?:19|20)\d\d ?[-—/.] ?(?:(?:19|20)\d\d|[01]?\d)(?!\d)|[01]?\d[./](?:19|20)\d\d(?!\d)"  # periods
    r"|\((?:19|20)\d\d$|^\d{1,3}(?:\.\d{1,3}){3}(?:/\d+)?$|^[1-9]\d{0,2}(?: 000)+$"
    r"|^[^\W\d]+-\d{1,3}[-/]\d{1,3}(?!\d)"  # «ПТ-60-130/13»
)


def is_unnumbered(match: Any, prefix: str = "") -> bool:
    """Whether nothing before it says that it is the number of a thing: «Серийный номер 112-233-445 95»."""
    start = match.start(bool(prefix))
    return not pattern("numbers of things").search(match.string[max(0, start - 30) : start] + prefix.strip())


def lacks(name: str, match: Any) -> bool:
    """Whether a pattern, in which <match> stands for its beginning, matches neither it nor what is before it."""
    return not pattern(name).search(f"{_line_before(match)}{MATCH}{match[0]}")


def is_a_surname(match: Any, *, given: bool = False) -> bool:
    word = word_of(match[1])
    named = word.surname or (given and word.only_given)
    return named and not (word.place or word.people or word.abbreviation)


def is_somebody(match: Any) -> bool:
    return is_a_surname(match, given=True)


def is_a_given_name(match: Any) -> bool:
    return Reading.GIVEN in readings(match[1].lower())


def ends_a_segment(match: Any) -> bool:
    """Whether nothing but a sign, or nothing at all, stands behind a match."""
    rest = match.string[match.end() : match.end() + 8].lstrip(" .")
    return not rest or (not rest[0].isalnum() and rest[0] not in '«"-—/') or rest.startswith("— ")


def is_a_street(match: Any) -> bool:
    measured = pattern("measured").search(match[0] + match.string[match.end() : match.end() + 6])
    return not (measured or pattern("works before").search(_line_before(match)))


def _line_before(match: Any) -> str:
    return str(match.string[max(0, match.start() - 60) : match.start()].rpartition("\n")[2])


def is_a_link(match: Any) -> bool:
    """Whether it is no page of work: documentation, a program on this machine, a firm's page that somebody ran."""
    said = match[0].partition("://")[2] or match[0]
    at_work = pattern("sites of work before").search(_line_before(match))
    if pattern("pages of work").match(said) or (at_work and not pattern("personal host").match(said)):
        return False
    return lacks("pages that one ran", match)


def is_a_path(match: Any) -> bool:
    host, _, path = match[0].partition("/")
    file = host.lower().rpartition(".")[2] in terms("endings of files")  # «Node.js/React»
    # "Mail.ru/VK" are two employers.
    return not file and any(letter.islower() or letter.isdigit() for letter in path) and is_a_link(match)


def is_a_handle(match: Any) -> bool:
    text, start, end, name = match.string, match.start(), match.end(), match[0][1:]
    if (start and (text[start - 1].isalnum() or text[start - 1] in "@/._-")) or text[end : end + 1] in ("/", "(", "-"):
        return False
    if name.lower().partition(".")[0] in terms("annotations") or not lacks("pages that one ran", match):
        return False
    # @RestController is an annotation; a person's handle may be written so too, but then a messenger is named.
    return len(name) > 2 and (not any(map(str.isupper, name)) or any(map(str.isdigit, name)) or name.isupper())


def is_a_phone(match: Any) -> bool:
    text, start, end, found = match.string, match.start(), match.end(), match[0]
    before, behind = text[max(0, start - 2) : start], text[end : end + 2]
    # A part of a longer number, a date, a version or an amount of money is none.
    if before[-1:].isdigit() or behind[:1].isdigit():
        return False
    joined = before[:1].isdigit() and before[1:] in {".", "-", "/"}
    if joined or (behind[:1] in {".", "-", "/", ","} and behind[1:].isdigit()):
        return False
    if found[0] != "+" and not is_unnumbered(match):
        return False
    digits = sum(map(str.isdigit, found.partition(",")[0].partition("доб")[0]))
    if found[0] == "0" and (digits < 10 or before.rstrip(" ")[-1:].isdigit()):
        return False
    unit = pattern("units behind").match(text[end : end + 8])
    if pattern("thousands").fullmatch(found):
        # "+1 200 000 руб." is money; "+376 712 345" is Andorra.
        return not unit and (digits > 10 or (found.startswith("+") and digits == 9))
    # "89 123 456 789 руб." is money, too.
    return not (unit and found[0].isdigit() and found.replace(" ", "").isdigit())


def is_spoken(match: Any) -> bool:
    words = re.split("[ ,-]+", match[0])
    return sum(map(str.isdigit, match[0])) + sum(map(str.isalpha, words)) >= 7


def is_a_birth_date(match: Any) -> bool:
    text, start = match.string, match.start(1)
    numbers = _NUMBERS.findall(match[1])
    year = next((int(number) for number in numbers if len(number) == 4), 1900 + int(numbers[-1]))
    of_a_period = pattern("of a period").search(text[max(0, start - 8) : start] + MATCH)
    return 1930 <= year < 2012 and is_told(text) and not of_a_period


def is_the_persons(match: Any) -> bool:
    return ends_a_segment(match) and is_told(match.string)


def is_the_persons_handle(match: Any) -> bool:
    """Whether what stands behind a site's name is no word: «Git Docker»."""
    plain = match[2].isalpha() and not match[1].strip(" ") and not ends_a_segment(match)
    return is_told(match.string) and not plain and match[2].lower() not in terms("English, common")


def is_the_persons_site(match: Any) -> bool:
    behind = match.string[match.end() : match.end() + 1]
    return not match[0].lower().endswith(_PRODUCT_SITES) and behind not in ("/", "@") and is_told(match.string)


def is_the_persons_number(match: Any) -> bool:
    """Seven digits and more that are no period, sum, date or standard."""
    said, text = match[1], match.string
    least = 7 - (said[0].isalpha() or _PAIRS.fullmatch(said) is not None)
    if sum(map(str.isdigit, said)) < least or not is_told(text) or _OF_WORK.search(said):
        return False
    prefix = _NUMBERS.split(said, 1)[0].strip("№ ") or " "
    return is_unnumbered(match, prefix) and not pattern("units behind").match(text[match.end(1) : match.end(1) + 8])


def find_handles(sheet: Sheet) -> Iterator[Span]:
    """A handle, or the end of a link, wherever else it stands: «formerly known as plat0sha»."""
    look = sheet.look.lower() if sheet.contacts else ""
    for said in sheet.contacts if len(look) == len(sheet.look) else ():
        name = said.rstrip("/").rpartition("/")[2].strip("@")
        at = look.find(name) if len(name) >= _SHORTEST_HANDLE and not name.isalpha() and "@" not in name else -1
        while at >= 0:
            if stands_alone(look, at, at + len(name)):
                yield at, at + len(name), Kind.HANDLE
            at = look.find(name, at + len(name))


def stands_alone(text: str, start: int, end: int) -> bool:
    """Whether no letter or digit touches the span where it has one itself."""
    before = start > 0 and text[start].isalnum() and text[start - 1].isalnum()
    behind = end < len(text) and text[end - 1].isalnum() and text[end].isalnum()
    return not (before or behind)
