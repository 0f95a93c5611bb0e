"""The head of a resume: what stands before its first section, its first period or its first sentence about work.

That is where the person is. A date, a year, a number, a place or a street there, alone in its segment and beside
what has been redacted already, is the person's.
"""

import re
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any, Final

from worker.assessment.redaction.linear_pattern import linear
from worker.assessment.redaction.name_lists import ENGLISH_COMMON
from worker.assessment.redaction.particulars import UNIT, ends_a_segment, is_an_age, is_numbered
from worker.assessment.redaction.placeholders import KIND_OF, SYMBOLS, Kind
from worker.assessment.redaction.rules import rules
from worker.assessment.redaction.word_list import pattern, words

_LONGEST: Final = 1_500  # characters
_WORK: Final = pattern("work begins")
_SECTION: Final = pattern("personal sections")
CHANNEL: Final = pattern("channels")
PRODUCT_SITES: Final = ("asp.net", "ado.net", "vb.net", "ml.net")
NOT_HANDLES: Final = words("no handles")
_TOLD: Final = frozenset(KIND_OF) - {SYMBOLS[Kind.LINK]}
_TELLING: Final = pattern("telling")
_MOST_CLAUSES: Final = 20
_BESIDE_IT: Final = 90  # characters to both sides
_MOST_SECTIONS: Final = 8
_LONGEST_SECTION: Final = 700  # characters
_PEOPLE_ARE_BORN: Final = range(1930, 2012)
_OF_A_PERIOD: Final = linear(r"(?i)(?:^|[^\p{L}])(?:с|со|по|от|до|from|since|to|till|until|№|-|—) ?$")
YEAR: Final = linear(r"(?:19|20)\d\d")
_NUMBERS: Final = re.compile(r"\d+")
_DIGITS_OF_A_YEAR: Final = 4
_PARTS_OF_A_DATE: Final = 3
_MONTHS: Final = 12
_FEWEST_DIGITS: Final = 7  # of a telephone without a label
_DIGIT: Final = linear(r"\d")
_PAIRS: Final = re.compile(r"\d\d-\d\d-\d\d")
_OF_WORK: Final = re.compile(
    r"(?<!\d)(?:19|20)\d\d ?[-—/.] ?(?:(?:19|20)\d\d|[01]?\d)(?!\d)|[01]?\d[./](?:19|20)\d\d(?!\d)"  # periods, dates
    r"|^\d{1,3}(?:\.\d{1,3}){3}$|^[1-9]\d{0,2}(?: 000)+$"
)


def end_of_head(look: str) -> int:
    """How many characters of a text are its head."""
    found = _WORK.search(look[:_LONGEST])
    return found.start() if found is not None else min(len(look), _LONGEST)


def _sections(look: str, end: int) -> Iterator[tuple[int, int]]:
    for found in islice(_SECTION.finditer(look, end), _MOST_SECTIONS):
        start = found.end()
        work = _WORK.search(look[start : start + _LONGEST_SECTION])
        yield start, start + work.start() if work is not None else min(len(look), start + _LONGEST_SECTION)


def _clauses(look: str, end: int) -> Iterator[tuple[int, int]]:
    """What stands beside a contact, a paper or a flat."""
    for found in islice(_TELLING.finditer(look, end), _MOST_CLAUSES):
        start, stop = max(end, found.start() - _BESIDE_IT), found.end() + _BESIDE_IT
        begins = max(look.rfind(sign, start, found.start()) for sign in "\n;") + 1
        ends = (look.find(sign, found.end(), stop) for sign in "\n;")
        yield max(start, begins), min((place for place in ends if place >= 0), default=min(stop, len(look)))


def is_told(text: str) -> bool:
    """Whether something of a person was found in a text; a link may be one of work."""
    return not _TOLD.isdisjoint(text)


def head(look: str) -> str:
    """A text's head and its later sections about the person; nothing but line ends stands where its work does."""
    end = end_of_head(look)
    return _only(look, end, _sections(look, end))


def personal(look: str) -> str:
    """The same, and what stands beside contacts, papers and flats elsewhere."""
    end = end_of_head(look)
    return _only(look, end, sorted((*_sections(look, end), *_clauses(look, end))))


def _only(look: str, end: int, parts: Iterable[tuple[int, int]]) -> str:
    pieces, done = [look[:end]], end
    for start, stop in parts:
        if stop > done:
            pieces += ["\n" * (start - done), look[max(start, done) : stop]]
            done = stop
    return "".join(pieces)


def _is_a_birth_date(match: Any) -> bool:
    text, end = match.string, match.end(1)
    behind = text[end : end + 3].strip(" .")
    before = text[max(0, match.start(1) - 8) : match.start(1)]
    if (behind[:1] in {"-", "—"} and behind != "—") or _OF_A_PERIOD.search(before):
        return False
    numbers = _NUMBERS.findall(match[1])
    year = next((int(number) for number in numbers if len(number) == _DIGITS_OF_A_YEAR), 1900 + int(numbers[-1]))
    if len(numbers) == _PARTS_OF_A_DATE and not any(map(str.isalpha, match[1])):
        months = sorted(int(number) for number in numbers if len(number) < _DIGITS_OF_A_YEAR)[:2]
        if not 1 <= months[0] <= _MONTHS or (len(numbers[-1]) < _DIGITS_OF_A_YEAR and int(numbers[1]) > _MONTHS):
            return False
    return year in _PEOPLE_ARE_BORN and is_told(text)


def _is_the_persons(match: Any) -> bool:
    work = match[1].isupper() or YEAR.search(match[1])  # «DIN EN ISO 9606-1»
    return not work and ends_a_segment(match) and is_told(match.string)


def _is_the_persons_handle(match: Any) -> bool:
    name, text, start = match[2].lower(), match.string, match.start()
    if (start and text[start].isalnum() and text[start - 1].isalnum()) or text[match.end() : match.end() + 1].isalnum():
        return False
    if set(name.split(".")) & NOT_HANDLES or name.strip("@~") in ENGLISH_COMMON or not is_told(text):
        return False
    if CHANNEL.fullmatch(name):
        return False
    plain = name.isalpha() and not match[1].strip(" ")  # «Git Docker»
    return (not name.isdigit() and (not plain or ends_a_segment(match))) or len(name) >= _FEWEST_DIGITS


def _is_the_persons_site(match: Any) -> bool:
    behind = match.string[match.end() : match.end() + 1]
    return not match[0].lower().endswith(PRODUCT_SITES) and behind not in ("/", "@") and is_told(match.string)


def _is_the_persons_age(match: Any) -> bool:
    return is_an_age(match) and _is_the_persons(match)


def _is_the_persons_number(match: Any) -> bool:
    """Seven digits and more that are no period, sum, date or standard."""
    said, text = match[1], match.string
    digits = sum(map(str.isdigit, said))
    behind = text[match.end(1) : match.end(1) + 8]
    least = _FEWEST_DIGITS - (said[0].isalpha() or _PAIRS.fullmatch(said) is not None)
    return (
        digits >= least
        and is_told(text)
        and not _OF_WORK.search(said)
        and not UNIT.match(behind)
        and not is_numbered(text[: match.start(1)] + said[: _DIGIT.search(said).start()].strip("№ "))
    )


HEAD: Final = rules("head", _is_a_birth_date, is_an_age, _is_the_persons_age)
PERSONAL: Final = rules(
    "personal", _is_the_persons_site, _is_the_persons, _is_the_persons_handle, _is_the_persons_number
)
