"""Finding the vacancy and the resume in a prompt: each is fenced by a line with a random delimiter."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

_FENCED = re.compile(
    r"^<<<(?P<what>VACANCY|RESUME) (?P<token>[0-9A-Za-z_-]+)[ \t]*\n(?P<text>.*?)^(?P=what) (?P=token)>>>",
    re.DOTALL | re.MULTILINE,
)


@dataclass(frozen=True)
class Case:
    """What is to be graded."""

    vacancy: str
    resume: str


def find_case(messages: Iterable[tuple[str, str]]) -> Case | None:
    """The fenced texts of the user's ``(role, content)`` messages; None unless both are there.

    The first of each counts. Fences forged inside a fenced text lie within its match, so they are not seen.
    """
    found: dict[str, str] = {}
    for role, content in messages:
        if role == "user":
            for fenced in _FENCED.finditer(content):
                found.setdefault(fenced["what"], fenced["text"].strip())
    if {"VACANCY", "RESUME"} <= found.keys():
        return Case(found["VACANCY"], found["RESUME"])
    return None
