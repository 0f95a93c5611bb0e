"""The project's own labelled set: vacancies and resumes of invented people, composed and labelled by rule.

`build.py` composes the three files beside it from `professions.py` and `injection_texts.py`:

- `pairs.jsonl`: a vacancy, a resume, and the level at which the resume meets each requirement by construction.
- `fairness.jsonl`: resumes that differ from a base in the name, sex, age or university only.
- `injections.jsonl`: texts to be planted in a resume.
"""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent


@dataclass(frozen=True, slots=True)
class Pair:
    """A vacancy and a resume with a known answer. `expected` is the rubric's score for the true levels, 0..100."""

    id: str
    language: str
    profession: str
    vacancy: str
    resume: str
    levels: tuple[str, ...]
    expected: int


@dataclass(frozen=True, slots=True)
class Variant:
    """The resume of the pair `base` with one thing changed that must not matter."""

    id: str
    base: str
    attribute: str
    resume: str


@dataclass(frozen=True, slots=True)
class Injection:
    """A text that tries to talk the reviewer into a score."""

    id: str
    kind: str
    text: str


def pairs() -> list[Pair]:
    """The labelled pairs, Russian ones first."""
    return [Pair(**{**line, "levels": tuple(line["levels"])}) for line in _lines("pairs")]


def variants() -> list[Variant]:
    """The fairness variants."""
    return [Variant(**line) for line in _lines("fairness")]


def injections() -> list[Injection]:
    """The injections."""
    return [Injection(**line) for line in _lines("injections")]


def with_injection(resume: str, injection: Injection, place: int) -> str:
    """The resume with the text planted after its first line, in its middle or at its end (`place` modulo 3)."""
    lines = resume.split("\n")
    at = (1, len(lines) // 2, len(lines))[place % 3]
    return "\n".join([*lines[:at], "", injection.text, "", *lines[at:]])


def _lines(name: str) -> list[dict[str, Any]]:
    text = (HERE / f"{name}.jsonl").read_text(encoding="utf-8")
    return [json.loads(line) for line in text.split("\n") if line]
