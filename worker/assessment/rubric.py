"""Grades to score: integer arithmetic and nothing else, so that the same grades always give the same score.

The platform's rules, in the order in which they apply:

1. A grade earns points (strong 2, partial 1, none 0) only if its quote is really in the resume.
2. The score is the share of the points that could be had: `100 * points // (2 * requirements)`.
3. A requirement *holds* if it earned a point. Fewer than three held: at most 40; none or one: at most 20.
4. The verdict is `Подходит` from the threshold upwards.

A requirement that the model named twice counts once, with the lower of its points: no benefit of the doubt,
and still the score depends on no order and never falls when a grade rises.
"""

import re
from dataclasses import dataclass, field
from typing import Final

from worker.assessment.grading import Grade, Grading, Level
from worker.assessment.plain_text import one_line, visible
from worker.assessment.quotes import NormalisedResume, quote_holds, words
from worker.assessment.untrusted_text import passages

RUBRIC_VERSION: Final = "1"

SUITABLE: Final = "Подходит"
UNSUITABLE: Final = "Не подходит"

# What the storage service can hold (`recommendation VARCHAR(700)`), and what a person can read in a list.
MAX_RECOMMENDATION: Final = 700
MAX_SENTENCES: Final = 2
MAX_MATCH: Final = 100

_POINTS: Final = {Level.NONE: 0, Level.PARTIAL: 1, Level.STRONG: 2}
_MOST_POINTS: Final = max(_POINTS.values())


@dataclass(frozen=True, slots=True)
class CheckedGrade:
    """One requirement as the model graded it, and what that was worth.

    `level` and `quote` are the model's claims; `verified` tells whether the quote is in the resume; `points`
    is 0, 1 or 2.
    """

    requirement: str = field(repr=False)
    level: Level
    quote: str = field(repr=False)
    verified: bool
    points: int


@dataclass(frozen=True, slots=True)
class Score:
    """What is published, and what explains it.

    The score is `100 * points // (2 * len(grades))`, unless `cap` says what lowered it.
    """

    score: int
    verdict: str
    matches: tuple[str, ...] = field(repr=False)
    recommendation: str = field(repr=False)
    grades: tuple[CheckedGrade, ...]
    cap: str | None

    @property
    def points(self) -> int:
        """The points earned by all the grades."""
        return sum(grade.points for grade in self.grades)

    @property
    def held(self) -> int:
        """How many requirements held."""
        return sum(grade.points > 0 for grade in self.grades)


def score(grading: Grading, resume: str, *, threshold: int) -> Score:
    """Check every quote against the resume (the text as it came) and do the sum.

    `threshold` is the lowest score, 0..100, whose verdict is `Подходит`.
    """
    source = NormalisedResume.of(*passages(resume))
    grades = _one_per_requirement([_check(grade, source) for grade in grading.requirements])
    points = sum(grade.points for grade in grades)
    held = [grade.requirement for grade in grades if grade.points]
    share = 100 * points // (_MOST_POINTS * len(grades))
    limit = _limit(len(held))
    total = min(share, limit)
    return Score(
        score=total,
        verdict=SUITABLE if total >= threshold else UNSUITABLE,
        matches=_matches(held),
        recommendation=_recommendation(grading.recommendation, held=len(held), of=len(grades)),
        grades=grades,
        cap=f"{len(held)} of {len(grades)} requirements held: at most {limit}" if share > limit else None,
    )


def _check(grade: Grade, source: NormalisedResume) -> CheckedGrade:
    verified = quote_holds(grade.quote, source)
    return CheckedGrade(
        requirement=grade.requirement,
        level=grade.level,
        quote=grade.quote,
        verified=verified,
        points=_POINTS[grade.level] if verified else 0,
    )


def _one_per_requirement(grades: list[CheckedGrade]) -> tuple[CheckedGrade, ...]:
    lowest: dict[str, CheckedGrade] = {}
    for grade in grades:
        name = " ".join(words(grade.requirement)) or one_line(grade.requirement)
        if name not in lowest or grade.points < lowest[name].points:
            lowest[name] = grade
    return tuple(lowest.values())


def _limit(held: int) -> int:
    if held <= 1:
        return 20
    return 40 if held == 2 else 100


# --- words that fit downstream ---


def _matches(held: list[str]) -> tuple[str, ...]:
    names = (_shortened(one_line(name), MAX_MATCH) for name in held)
    return tuple(dict.fromkeys(name for name in names if name))


_LINK = re.compile(r"(?:https?://|www\.)\S+", re.IGNORECASE)
_SENTENCE_END = re.compile(r"[.!?…]+[»”\")]*(?=\s+[«“\"(]?[A-ZА-ЯЁ]|$)")
# A full stop behind one or two letters ("г. Казань", "т. д.") belongs to an abbreviation.
_ABBREVIATION = re.compile(r"(?:^|\W)[^\W\d_]{1,2}$")


def _recommendation(text: str, *, held: int, of: int) -> str:
    # The recruiter's page shows it, and a link in it can only come from a stranger's text.
    cleaned = one_line(_LINK.sub("", visible(text)))
    if not words(cleaned):
        return f"Подтверждено резюме требований: {held} из {of}. Решение принято по тексту резюме."
    ends = [end for end in _sentence_ends(cleaned) if end <= MAX_RECOMMENDATION]
    if len(ends) >= MAX_SENTENCES:
        return cleaned[: ends[MAX_SENTENCES - 1]]
    if len(cleaned) > MAX_RECOMMENDATION and ends:
        return cleaned[: ends[-1]]
    return _shortened(cleaned, MAX_RECOMMENDATION)


def _sentence_ends(text: str) -> list[int]:
    return [
        match.end()
        for match in _SENTENCE_END.finditer(text)
        if match[0] != "." or match.end() == len(text) or not _ABBREVIATION.search(text[: match.start()])
    ]


def _shortened(text: str, limit: int) -> str:
    """The text in at most `limit` characters, cut between words where there is a gap."""
    if len(text) <= limit:
        return text
    head = text[: limit - 1]
    if not text[limit - 1].isspace() and " " in head:
        head = head[: head.rindex(" ")]
    return head.rstrip(" ,;:—–-") + "…"
