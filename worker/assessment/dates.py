"""Periods that a text states ("03.2019 — по н. в.", "с 2016 по 2024 год", "May 2020 - present"), and their union.

A period is counted in whole months. Years without months count from January to January: "2019 — 2022" is three years,
not four, since a doubt does not favour the candidate. Periods that end before they begin or begin in the future count
for nothing; one that ends in the future ends today.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

import re2

from worker.assessment.plain_text import fold

_MONTHS: Final = {
    name: number
    for number, names in enumerate(
        (
            "янв* jan*", "фев* feb*", "мар* mar*", "апр* apr*", "мая май маи may", "июн* jun*", "июл* jul*",
            "авг* aug*", "сен* sep*", "окт* oct*", "ноя* nov*", "дек* dec*",
        ),
        start=1,
    )
    for name in fold(names).replace("*", "").split()
}  # fmt: skip
_MONTH = rf"(?:({'|'.join(_MONTHS)})[\pL]*\.?,? )"
_DATE = rf"(?:{_MONTH}|(?:\d?\d[./])?(\d?\d)[./])?((?:19|20)\d\d)(?: ?(?:гг?\b\.?|года|год|г\.))?"
_NOW = fold("настоящ|наст|н\\. ?в|нв|по сей|сей день|сейчас|сегодня|present|now|current|today|date")
_OPEN = fold("с|со|начиная с|since|from")
_PERIOD: Final = re2.compile(
    rf"(?:^|[^\d./\pL])(?:(?:{_OPEN}) )?{_DATE} ?(?:-|‐|–|—|по|до|to|till|until) ?(?:по )?(?:{_DATE}|({_NOW}))"
    rf"|(?:^|[^\pL])(?:{_OPEN}) {_DATE}"
)


@dataclass(frozen=True, slots=True)
class Span:
    """From the month `start` up to, not including, the month `end` (months since year 0); None: until today."""

    start: int
    end: int | None


def month(year: int, number: int) -> int:
    """The month `number` (1..12) of a year as a count since year 0."""
    return year * 12 + number - 1


def spans_of(folded: str) -> tuple[Span, ...]:
    """The periods stated in a folded sentence, in order, sensible or not."""
    if "19" not in folded and "20" not in folded:
        return ()
    return tuple(_span(match) for match in _PERIOD.finditer(folded))


def _span(match: Any) -> Span:
    from_name, from_number, from_year, to_name, to_number, to_year, now, open_name, open_number, open_year = (
        match.groups()
    )
    if open_year:
        return Span(_month(open_name, open_number, open_year), None)
    start = _month(from_name, from_number, from_year)
    if now or not to_year:
        return Span(start, None)
    end = _month(to_name, to_number, to_year)
    return Span(start, end + 1 if to_name or to_number else end)  # "по июнь 2023" includes June


def _month(name: str | None, number: str | None, year: str) -> int:
    which = _MONTHS.get(name, 1) if name else int(number) if number and 1 <= int(number) <= 12 else 1
    return month(int(year), which)


def possible(span: Span, today: int) -> bool:
    """Whether a period began, and did not end before that."""
    return span.start <= today and (span.end is None or span.end >= span.start)


def months(spans: Iterable[Span], today: int) -> int:
    """How many months the possible ones of the periods cover together; none counts twice."""
    total, reached = 0, 0
    for span in sorted((span for span in spans if possible(span, today)), key=lambda span: span.start):
        end = today if span.end is None else min(span.end, today)
        start = max(span.start, reached)
        total += max(0, end - start)
        reached = max(reached, end)
    return total
