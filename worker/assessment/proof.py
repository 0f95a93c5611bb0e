"""What is left of the model's grades once the code has checked what can be proven, and why.

A grade is lowered on proof alone, never on suspicion: a rule stands here only if an honest resume practically never
breaks it, however it is laid out. All grades of one resume are checked side by side.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from worker.assessment.criteria import Criterion
from worker.assessment.durations import months_claimed
from worker.assessment.grading import Grade, Level
from worker.assessment.plain_text import fold
from worker.assessment.resume import Resume
from worker.assessment.source_text import PRIVATE, says_something, words_in

_NEGATIONS: Final = frozenset(["не", "ни", "нет", "нету", "без", "not", "no", "never", "without", "cannot"])
# "Не только", "не менее": no denial of what follows.
_NOT_DENIED: Final = frozenset(
    fold("только просто лишь менее меньше ниже хуже раз один одна одно стал only just less fewer more").split()
)
_ELLIPSIS: Final = re.compile(r"\.{2,}|…")
_MOST_PASSAGES: Final = 3
_FEWEST_SHARED: Final = 3  # criteria
_SAME: Final = 0.8  # of the words of two stretches, taken together, that both have


class Lowering(StrEnum):
    """Why a grade counts for less than the model said."""

    ABSENT = "absent"  # to none: the quote is not in the resume
    PRIVATE = "private"  # to none: there is nothing in it but placeholders
    CUT_OFF = "cut_off"  # to none: cut right behind a negation
    TO_REVIEWER = "to_reviewer"  # to none: its clause talks to the reviewer
    ONE_FOR_MOST = "one_for_most"  # to partial: the same stretch of words for more than half of the criteria
    YEARS_SHORT = "years_short"  # to partial: the dates add up to less than is asked for
    YEARS_UNDATED = "years_undated"  # to partial: no date and no words tell how long
    SECOND_LOOK = "second_look"  # the model itself, seeing nothing but the quotes


@dataclass(frozen=True, slots=True)
class Proof:
    """What is left of one grade.

    Attributes:
        claimed: the model's level.
        level: the level that counts.
        quotes: the model's quotes that stand; all of them where none does.
        stretches: where they stand, as numbers of the resume's words.
        reasons: why `level` is below `claimed`; sorted.
        months: how long, where the criterion asks for years: by dates, or as claimed in words where those say less.
        undated: the duration was believed without dates.
    """

    criterion: Criterion
    claimed: Level
    level: Level
    quotes: tuple[str, ...] = field(default=(), repr=False)
    stretches: tuple[range, ...] = ()
    reasons: tuple[Lowering, ...] = ()
    months: int | None = None
    undated: bool = False


def prove(criteria: Sequence[Criterion], grades: Iterable[Grade], resume: Resume, *, today: int) -> tuple[Proof, ...]:
    """Check every grade; one proof for each criterion, in order.

    Args:
        criteria: what was asked.
        grades: what the model answered, at most one for each id.
        resume: the text that was sent, read.
        today: the current month, as `durations.month` counts.
    """
    by_id = {grade.id: grade for grade in grades if grade.level is not Level.NONE}
    places = {number: {quote: _places(quote, resume) for quote in grade.quotes} for number, grade in by_id.items()}
    standing = {
        number: [place for found in of.values() if isinstance(found, tuple) for place in found]
        for number, of in places.items()
    }
    return tuple(
        _proof(one, by_id[one.id], places[one.id], resume, today, for_most=_rests_with_most(one.id, standing, criteria))
        if one.id in by_id
        else Proof(one, Level.NONE, Level.NONE)
        for one in criteria
    )


def _places(quote: str, resume: Resume) -> tuple[range, ...] | Lowering:
    """Where a quote stands, or why it proves nothing; passages that an ellipsis joins stand each by itself."""
    joined = ".." in quote or "…" in quote
    parts = ([part for part in _ELLIPSIS.split(quote) if words_in(part)] if joined else []) or [quote]
    found = [_place(part, resume) for part in parts[:_MOST_PASSAGES]]
    reason = next((place for place in found if isinstance(place, Lowering)), None)
    return reason or tuple(place for place in found if isinstance(place, range))


def _place(passage: str, resume: Resume) -> range | Lowering:
    """Of several places the first that is good counts."""
    places = resume.source.find(passage)
    if not places:
        words = words_in(passage)
        return Lowering.PRIVATE if PRIVATE in words and not says_something(words) else Lowering.ABSENT
    faults = [_fault(stretch, resume) for stretch in places]
    return places[faults.index(None)] if None in faults else faults[0] or Lowering.ABSENT


def _fault(stretch: range, resume: Resume) -> Lowering | None:
    if any(stretch.start < clause.stop and clause.start < stretch.stop for clause in resume.barred):
        return Lowering.TO_REVIEWER
    return Lowering.CUT_OFF if _is_cut_off(stretch, resume) else None


def _is_cut_off(stretch: range, resume: Resume) -> bool:
    """Whether the word right before the quote, in its clause, denies it."""
    words, clause = resume.source.words, resume.source.clause_of(stretch)
    return (
        clause.start < stretch.start
        and (words[stretch.start - 1] in _NEGATIONS or _is_contracted(words[max(0, stretch.start - 2) : stretch.start]))
        and words[stretch.start] not in _NOT_DENIED
    )


def _is_contracted(words: Sequence[str]) -> bool:
    return len(words) == 2 and words[0].endswith("n") and words[1] == "t"  # "don't"


def _proof(
    criterion: Criterion,
    grade: Grade,
    places: Mapping[str, tuple[range, ...] | Lowering],
    resume: Resume,
    today: int,
    *,
    for_most: bool,
) -> Proof:
    good = {quote: place for quote, place in places.items() if isinstance(place, tuple)}
    if not good:
        reasons = {place for place in places.values() if isinstance(place, Lowering)} or {Lowering.ABSENT}
        return Proof(criterion, grade.level, Level.NONE, tuple(grade.quotes), reasons=tuple(sorted(reasons)))
    lowering = {Lowering.ONE_FOR_MOST} if for_most else set()
    months, undated = None, False
    if criterion.years is not None:
        proven = resume.dates.proven(grade.periods, today)
        claimed = max(map(months_claimed, good))
        undated = proven < 12 * criterion.years <= claimed
        months = claimed if undated else proven or claimed
        if months < 12 * criterion.years:
            lowering.add(Lowering.YEARS_SHORT if months else Lowering.YEARS_UNDATED)
    level = grade.level
    if lowering and level is Level.STRONG:
        level = Level.PARTIAL
    reasons = lowering if level is not grade.level else set()
    stretches = tuple(stretch for place in good.values() for stretch in place)
    return Proof(criterion, grade.level, level, tuple(good), stretches, tuple(sorted(reasons)), months, undated)


def _rests_with_most(number: int, standing: Mapping[int, Sequence[range]], criteria: Sequence[Criterion]) -> bool:
    """Whether a criterion and most of the others rest on one and the same stretch alone."""
    if not standing[number]:
        return False
    one, *others = standing[number]
    alone = [all(same(one, other) for other in stretches) for stretches in standing.values() if stretches]
    return all(same(one, other) for other in others) and sum(alone) >= max(_FEWEST_SHARED, len(criteria) // 2 + 1)


def same(one: range, other: range) -> bool:
    """Whether two stretches are one and the same, give or take a word."""
    both = max(0, min(one.stop, other.stop) - max(one.start, other.start))
    return both >= _SAME * (len(one) + len(other) - both)
