"""Finding the vacancy, the criteria and the resume in a prompt: each is fenced by a line with a delimiter."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

_FENCED = re.compile(
    r"^<<<(?P<what>VACANCY|CRITERIA|RESUME|QUOTES) (?P<token>[0-9A-Za-z_-]+)[ \t]*\n(?P<text>.*?)"
    r"^(?P=what) (?P=token)>>>",
    re.DOTALL | re.MULTILINE,
)
_CRITERION = re.compile(r"^(\d{1,3})\. (.+)$", re.MULTILINE)


@dataclass(frozen=True)
class VacancyCase:
    """A vacancy whose requirements are to be copied."""

    vacancy: str


@dataclass(frozen=True)
class PlainCase:
    """A vacancy and a resume in one call, as services ask that let the model pick the requirements."""

    vacancy: str
    resume: str


@dataclass(frozen=True)
class Case:
    """A resume that is to be graded by criteria: their ids and words."""

    criteria: tuple[tuple[int, str], ...]
    resume: str


@dataclass(frozen=True)
class QuotesCase:
    """Criteria, each with its quotes, that are to be graded by those alone."""

    cases: tuple[Case, ...]


def find_case(messages: Iterable[tuple[str, str]]) -> VacancyCase | PlainCase | Case | QuotesCase | None:
    """What the fenced texts of the user's ``(role, content)`` messages ask for; None if nothing we know.

    The first of each fence counts. Fences forged inside a fenced text lie within its match, so they are not seen.
    """
    found: dict[str, str] = {}
    for role, content in messages:
        if role == "user":
            for fenced in _FENCED.finditer(content):
                found.setdefault(fenced["what"], fenced["text"].strip())
    if {"CRITERIA", "RESUME"} <= found.keys():
        listed = tuple((int(number), text) for number, text in _CRITERION.findall(found["CRITERIA"]))
        return Case(listed, found["RESUME"])
    if "QUOTES" in found:
        parts = _CRITERION.split(found["QUOTES"])[1:]  # id, words, quotes, id, words, quotes ...
        every = zip(parts[::3], parts[1::3], parts[2::3], strict=True)
        return QuotesCase(tuple(Case(((int(number), text),), quotes) for number, text, quotes in every))
    if {"VACANCY", "RESUME"} <= found.keys():
        return PlainCase(found["VACANCY"], found["RESUME"])
    return VacancyCase(found["VACANCY"]) if "VACANCY" in found else None
