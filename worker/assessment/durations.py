"""How long somebody did something: the years that are asked for, claimed in words, or proven by dates.

A period is counted in whole months. Years without months are subtracted ("2019 - 2022" is three years); where only
one end has a month, the year at the other end counts whole.
"""

import re
from collections.abc import Iterable
from functools import cached_property
from typing import Annotated, Final

from pydantic import BaseModel, BeforeValidator, Field

from contract import plural
from worker.assessment.plain_text import unmarked

_NUMERALS: Final = {
    1: "один|одного|одним|одной|полтора|полутора|one", 2: "два|двух|двумя|две|two", 3: "три|трех|тремя|three",
    4: "четыре|четырех|четырьмя|four", 5: "пять|пяти|пятью|five", 6: "шесть|шести|six", 7: "семь|семи|seven",
    8: "восемь|восьми|eight", 9: "девять|девяти|nine", 10: "десять|десяти|ten", 11: "одиннадцать|одиннадцати|eleven",
    12: "двенадцать|двенадцати|twelve", 15: "пятнадцать|пятнадцати|fifteen", 20: "двадцать|двадцати|twenty",
    30: "тридцать|тридцати|thirty", 40: "сорок|сорока|forty",
}  # fmt: skip
_SIMPLE: Final = [(word, number) for number, words in _NUMERALS.items() for word in words.split("|")]
_TENS, _ONES = [one for one in _SIMPLE if one[1] >= 20], [one for one in _SIMPLE if one[1] < 10]
_NUMBER_OF: Final = dict(_SIMPLE) | {f"{ten} {one}": tens + ones for ten, tens in _TENS for one, ones in _ONES}
_COUNT: Final = (
    r"(?:(?<!\d)(\d{1,2})(?:[.,]\d)?(?:[ -]?(?:[xх]|ти|и|го|ех))?|"
    rf"\b({'|'.join(sorted(_NUMBER_OF, key=len, reverse=True))}))[ +»\"-]*(?:plus )?(?:[(/][^)/]{{1,12}}[)/] ?)?"
    r"(?:с половинои )?(?:(?:и|or|and|и/или) (?:более|больше|выше|more|over) )?"
    r"(?:полных |календарных |full |consecutive )?"
)
_YEAR_UNIT: Final = r"(?:лет|год|years?|yrs?)"
_BARE: Final = re.compile(_COUNT + r"(?!\d)")
_YEARS: Final = re.compile(rf"{_COUNT}(?:{_YEAR_UNIT}|л\b|г\.? ?(?=\d{{1,2}} ?мес))")
_RANGE: Final = re.compile(rf"{_COUNT}(?:(?:[–—-]|до|to|and) ?{_COUNT})?(?:{_YEAR_UNIT}|г\b|л\b)")
_MONTHS: Final = re.compile(_COUNT + r"(?:месяц|мес|months?)")
_A_YEAR: Final = re.compile(
    r"\b(?:более|больше|свыше|около|почти|от|менее|минимум|at least|over) (?:года?\b|a year)|\bгодичн|\bопыт\w* год"
)
_HALF: Final = re.compile(r"полутора|полтора|половинои|and a half|\d[.,][5-9] (?:лет|год|year)")
_MONTH_NAMES: Final = (
    "янв jan зим", "фев feb зим", "мар mar весн", "апр apr весн", "маи мая may весн", "июн jun лето", "июл jul лето",
    "авг aug лето", "сен sep осен", "окт oct осен", "ноя nov осен", "дек dec зим",
)  # fmt: skip
_MONTH_NAME: Final = re.compile(rf"\b(?:{'|'.join(' '.join(_MONTH_NAMES).split())})")
_YEAR: Final = re.compile(r"(?<!\d)(?:19|20)\d\d(?!\d)")
_SHORT_YEAR: Final = re.compile(
    rf"(?:\d ?[./–—-]|['’`]|\b(?:c|с|по|до)|{_MONTH_NAME.pattern}\w*) ?(\d\d)(?![\d./])(?! ?(?:лет|мес|час))"
)
_MONTH_NUMBER: Final = re.compile(
    r"(?<!\d)(\d\d?)[./-](?= ?(?:(?:19|20)\d\d|\d\d)(?!\d))|(?:19|20)\d\d ?[./-] ?(\d\d)(?!\d)"
)
_NOW: Final = re.compile(r"now|present|current|today|ongoing|наст|текущ|н ?[./]? ?в|сеичас|сегодня|сеи день|null|^\W*$")
_LAST_CENTURY: Final = 69  # two digits above this are of the twentieth
_AGE: Final = re.compile(
    r"\b(?:мне|возраст\w*|ребенку|сыну|дочери|aged?)\W{1,2}\d\d? (?:лет|год|year)|\b\d\d years? old"
)
_DIGITS: Final = re.compile(r"\d{4}[-./](\d\d?)(?!\d)|(?<!\d)(\d\d?)[-./]\d{4}")


class Period(BaseModel, frozen=True, validate_by_name=True, serialize_by_alias=True):
    """From and to as the model wrote them: "YYYY", "YYYY-MM" or "now" as a rule, and whatever else names them."""

    since: Annotated[str, BeforeValidator(str)] = Field(alias="from")
    until: Annotated[str, BeforeValidator(lambda until: str(until or "now"))] = Field("now", alias="to")


def asks_for_years(span: str, years: int | None) -> bool:
    """Whether a requirement's words name that number of years, as digits or as a word; of a range its lower end."""
    if not years:
        return False
    folded = unmarked(span)
    named = {12 * _number(match) for match in _RANGE.finditer(folded)} | set(map(_number, _MONTHS.finditer(folded)))
    named = named or {12 * _number(match) for match in _BARE.finditer(folded)}  # "опыт 3+"
    return 12 * years in named or (years == 1 and bool(_A_YEAR.search(folded)))


def months_claimed(text: str) -> int:
    """The longest duration that a text states in words ("5 лет 3 месяца"), in months; 0: none."""
    folded = _AGE.sub("", unmarked(text))
    years = max(map(_number, _YEARS.finditer(folded)), default=int(bool(_A_YEAR.search(folded))))
    months = max(map(_number, _MONTHS.finditer(folded)), default=0)
    if not years:
        return months
    return 12 * years + (months if months < 12 else 0) + (6 if _HALF.search(folded) else 0)


def _number(match: re.Match[str]) -> int:
    return int(match[1]) if match[1] else _NUMBER_OF[match[2]]


def month(year: int, number: int) -> int:
    """The month `number` (1..12) of a year as a count since year 0."""
    return year * 12 + number - 1


class Dates:
    """The years and months that a folded text names."""

    def __init__(self, folded: str) -> None:
        self._folded = folded

    @cached_property
    def _years(self) -> set[int]:
        short = map(int, _SHORT_YEAR.findall(self._folded))
        whole = {year + (1900 if year > _LAST_CENTURY else 2000) for year in short}
        return whole.union(map(int, _YEAR.findall(self._folded)))

    @cached_property
    def months(self) -> set[int]:
        """1..12."""
        named = set(_MONTH_NAME.findall(self._folded))
        numbers = {int(before or after) for before, after in _MONTH_NUMBER.findall(self._folded)}
        return {n for n, names in enumerate(_MONTH_NAMES, 1) if n in numbers or named & set(names.split())}

    def proven(self, periods: Iterable[Period], today: int) -> int:
        """How many months the periods cover together whose dates stand in the text; none counts twice.

        No period goes on behind `today`, the current month as `month` counts; reversed ones count for nothing.
        """
        spans = sorted(span for period in periods if (span := self._span(period, today)))
        total, reached = 0, 0
        for start, end in spans:
            total += max(0, end - max(start, reached))
            reached = max(reached, end)
        return total

    def _span(self, period: Period, today: int) -> tuple[int, int] | None:
        """From one month up to, not including, another."""
        since, until = self._date(period.since), self._date(period.until)
        is_now = bool(_NOW.search(unmarked(period.until))) or period.until.startswith(str(today // 12))
        if since is None or (until is None and not is_now):
            return None
        start, end = month(since[0], since[1] or 1), today
        if until is not None:
            whole = since[1] is not None or since[0] == until[0]
            end = min(today, month(until[0], until[1]) + 1 if until[1] else month(until[0] + whole, 1))
        return (start, end) if start < end else None

    def _date(self, date: str) -> tuple[int, int | None] | None:
        """Year and month, if the year stands in the text; a month that does not is left out."""
        folded = unmarked(date[:40])
        if (year := next((year for year in map(int, _YEAR.findall(folded)) if year in self._years), None)) is None:
            return None
        digits = _DIGITS.search(folded)
        months = {int(digits[1] or digits[2])} if digits else Dates(folded).months
        return year, min(months & self.months, default=None)


def in_words(months: int) -> str:
    """A duration for people: «2 года 3 мес.»."""
    years, rest = divmod(months, 12)
    said = f"{years} {plural(years, ('год', 'года', 'лет'))}" if years else ""
    return said if years and not rest else f"{said} {rest} мес.".lstrip()
