"""The head of a resume: what stands before its first section, its first period or its first sentence about work.

That is where the person is. A date, a year, a number, a place or a street there, alone in its segment and beside
what has been redacted already, is the person's.
"""

from typing import Any, Final

from worker.assessment.redaction.labels import SIGN
from worker.assessment.redaction.linear_pattern import linear
from worker.assessment.redaction.morphology import Reading, readings
from worker.assessment.redaction.particulars import DATE, METRO, YEAR_WORD, ends_a_segment, is_an_age
from worker.assessment.redaction.placeholders import ANY, KIND_OF, SYMBOLS, Kind
from worker.assessment.redaction.rules import Rule
from worker.assessment.redaction.sheet import JOINT, ZONES
from worker.assessment.redaction.word_list import alternatives, words

_LONGEST: Final = 1_500  # characters
_WORK: Final = linear("(?im)" + alternatives("work begins", beginning=alternatives("beginnings of work")))
_PEOPLE_ARE_BORN: Final = range(1930, 2012)
_OF_A_PERIOD: Final = linear(r"(?i)(?:^|[^\p{L}])(?:с|со|по|от|до|from|since|to|till|until|№|-|—) ?$")
_YEAR: Final = linear(r"(?:19|20)\d\d")
_SETTLEMENTS: Final = frozenset(("г", "гор", "город", "пос", "с", "дер"))
_REGIONS: Final = frozenset(("область", "край", "район"))
_CITIES: Final = words("cities, in English")


def end_of_head(look: str) -> int:
    """How many characters of a text are its head."""
    found = _WORK.search(look[:_LONGEST])
    return found.start() if found is not None else min(len(look), _LONGEST)


def _is_a_birth_date(match: Any) -> bool:
    text, end = match.string, match.end()
    behind = text[end : end + 3].strip(" .")
    before = text[max(0, match.start(1) - 8) : match.start(1)]
    if (behind[:1] in {"-", "—"} and behind != "—") or _OF_A_PERIOD.search(before):
        return False
    digits = "".join(sign if sign.isdigit() else " " for sign in match[1]).split()
    year = next((int(number) for number in digits if len(number) == 4), 1900 + int(digits[-1]) if digits else 0)
    return year in _PEOPLE_ARE_BORN and any(sign in KIND_OF for sign in text)


def _is_the_persons(match: Any) -> bool:
    work = match[1].isupper() or _YEAR.search(match[1])  # «DIN EN ISO 9606-1»
    return not work and ends_a_segment(match) and any(sign in KIND_OF for sign in match.string)


def _is_a_place(match: Any) -> bool:
    return _is_home(match) and (match.group().endswith(tuple(KIND_OF)) or ends_a_segment(match))


def _is_home(match: Any) -> bool:
    places = match[1].replace(" и ", ",").split(",")
    return any(sign in KIND_OF for sign in match.string) and all(_names_a_place(part.split()) for part in places)


def _names_a_place(part: list[str]) -> bool:
    known = [Reading.PLACE in readings(word.lower()) or word.lower() in _CITIES for word in part]
    return any(known) or (len(part) > 1 and (part[0].lower().rstrip(".") in _SETTLEMENTS or part[-1] in _REGIONS))


_BEFORE: Final = rf"(?:^|[\n\t,;|•(/>{ANY}]|[{ANY}:.] |  )[ \t—>#-]*"
_BESIDE: Final = rf"[{ANY}][ \t\n,;|•(.—-]{{0,24}}"
_PART: Final = (
    r"(?:(?:г|гор|пос|с|дер)\.? ?|город )?\p{Lu}[\p{L}\-]+"
    r"(?: (?:\p{Lu}[\p{L}\-]+|de|of|область|обл\.?|край|район|р-н)){0,2}"
)
_PLACE: Final = rf"({_PART}(?:(?:, ?| и ){_PART}){{0,3}})"
_SURNAME: Final = alternatives("surnames' endings")
HEAD: Final = (
    Rule(Kind.LINK, rf"(?i){_BEFORE}\[?([a-z0-9{JOINT}\-]{{4,}}(?:\.co)?\.{ZONES})", group=1, accepts=_is_the_persons),
    Rule(Kind.PHONE, rf"{_BEFORE}(9\d{{9}})", group=1, accepts=ends_a_segment),
    Rule(Kind.HANDLE, rf"{_BEFORE}(@[A-Za-z][A-Za-z0-9_.]+)", group=1, accepts=_is_the_persons),
    Rule(Kind.ADDRESS, rf"(?im)(?:^|[{{,])[ \t•\"]*({alternatives('label, place')}{SIGN}[^\n|;\t\"{ANY}]+)", group=1),
    Rule(Kind.BIRTH_DATE, rf"(?i)(?:^|[^\d.])({DATE}{YEAR_WORD}\.?)", group=1, accepts=_is_a_birth_date),
    Rule(Kind.BIRTH_DATE,
         r"(?i)(?:^|[^\d.])(\d{1,2}[. \-]{0,2}(?:de )?\p{L}{3,10}\.?(?: de)?,? \d{4}|\d{4}, \d{1,2} \p{L}{3,9}|"
         r"\d{1,2} ?/ ?[IVX]{1,4} ?/ ?\d{4}|\d{4}年\d{1,2}月\d{1,2}日|\d{4}-?\p{L}{3,4} \d{1,2}-\p{L}{3,9})",
         group=1, accepts=_is_a_birth_date),
    Rule(Kind.BIRTH_DATE, rf"{_BESIDE}(\d{{4}}{YEAR_WORD})", group=1, accepts=_is_a_birth_date),
    Rule(Kind.AGE, rf"[{ANY}][ ,;|(\n]{{1,3}}(\d{{2}})", group=1, accepts=is_an_age),
    Rule(Kind.ADDRESS,
         rf"{_BEFORE}((?:\p{{Lu}}[\p{{L}}.\-]+,? |\d{{1,2}} (?:лет|мкр\.?|микрорайон),? ){{1,4}}"
         rf"(?:д\.? ?)?\d{{1,4}}(?:к\d|\p{{L}})?"
         r"(?:(?: ?[\-/—,] ?|,? (?:корп|кв|к|стр|ap|apt|flat)\.? ?)\d{1,4}){1,3})",
         group=1, accepts=_is_the_persons),
    Rule(Kind.ADDRESS, rf"{_BEFORE}({_PART}(?:, ?{_PART}){{1,4}},? \d{{1,4}}\p{{L}}?(?:[\-/]\d{{1,4}})?)",
         group=1, accepts=_is_the_persons),
    Rule(Kind.ADDRESS, rf"(?m)^[ \t]*{_PLACE}[ \t]*$", group=1, accepts=_is_a_place),
    Rule(Kind.ADDRESS, rf"{_BEFORE}({METRO})", group=1, accepts=_is_the_persons),
    Rule(Kind.ADDRESS, r"(\d[^\n,]{3,40}(?:, ?\p{L}[\p{L} ]+)? [A-Z]{1,2}\d{1,2}[A-Z]? \d[A-Z]{2})", group=1),
    Rule(Kind.ADDRESS, r"(?m)^[ \t]*((?:\p{L} +){2,}\p{L} +, +(?:[\p{L}\d.,\-] +){3,}\d)[ \t]*$", group=1),
    Rule(Kind.BIRTH_DATE, r"((?:\d ){1,2}[./] (?:\d ){1,2}[./] (?:1 9|2 0) \d \d)", group=1),
    Rule(Kind.ADDRESS, rf"(?m)^{_PLACE}[,.;] (?:не )?(?:готов|переезд|ready|willing)", group=1, accepts=_is_home),
    Rule(Kind.NAME, rf"(?i){SYMBOLS[Kind.NAME]} ?\(((?:[а-я\-.]+ )?{_SURNAME})\)", group=1),
    Rule(Kind.ADDRESS, rf"{_BESIDE}{_PLACE}", group=1, accepts=_is_a_place),
    Rule(Kind.ADDRESS, rf"(?m)(?:^|[\n\t,;|•(])[ \t]*{_PLACE}[ \t\n,;|•).—-]{{1,4}}[{ANY}]",
         group=1, accepts=_is_a_place),
)  # fmt: skip
