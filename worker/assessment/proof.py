"""What is left of the model's grades once the code has checked what can be proven, and why.

A grade is lowered on proof alone, never on suspicion: a rule stands here only if an honest resume practically never
breaks it, however it is laid out. All grades of one resume are checked side by side.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from worker.assessment.criteria import Criterion
from worker.assessment.durations import months_claimed
from worker.assessment.grading import Grade, Level
from worker.assessment.plain_text import fold
from worker.assessment.resume import Resume
from worker.assessment.source_text import says_something, words_in

_NEGATIONS: Final = frozenset("не ни нет нету без not no never without cannot t".split())
# "Не только", "не менее": no denial of what follows.
_NOT_DENIED: Final = frozenset(fold("только просто лишь менее меньше ниже хуже раз only just less fewer more").split())
# Words that may stand between a negation and what it denies: "не работал с", "нет опыта в".
_BETWEEN: Final = frozenset(
    fold(
        "имею имел имела имеет имеется было был была владею владел владела знаю знал знала умею умел умела работал "
        "работала работаю пользовался пользовалась использовал использовала применял применяла опыта опыт навыков "
        "знаний знания с со в на по have had has used worked work done any experience knowledge with in of"
    ).split()
)
_MOST_BETWEEN: Final = 3
_FEWEST_SHARED: Final = 3  # criteria
_SAME: Final = 0.8  # of the words of two stretches, taken together, that both have


class Reason(StrEnum):
    """Why a grade counts for less than the model said."""

    ABSENT = "absent"  # to none: the quote is not in the resume
    PRIVATE = "private"  # to none: there is nothing in it but placeholders
    CUT_OFF = "cut_off"  # to none: cut right behind a negation
    TO_REVIEWER = "to_reviewer"  # to none: its sentence talks to the reviewer
    ONE_FOR_MOST = "one_for_most"  # to partial: the same stretch of words for more than half of the criteria
    YEARS_SHORT = "years_short"  # to partial: the dates add up to less than is asked for
    YEARS_UNDATED = "years_undated"  # to partial: no date and no words tell how long
    SECOND_LOOK = "second_look"  # the model itself, seeing nothing but the quotes


@dataclass(frozen=True, slots=True)
class Proof:
    """What is left of one grade.

    Attributes:
        criterion: what was graded.
        claimed: the model's level.
        level: the level that counts.
        quotes: the model's quotes that stand; all of them where none does.
        stretches: where they stand, as numbers of the resume's words.
        reasons: why `level` is below `claimed`; sorted.
        months: how long, where the criterion asks for years: by dates, or else as claimed in words.
        undated: the duration was believed without dates.
    """

    criterion: Criterion
    claimed: Level
    level: Level
    quotes: tuple[str, ...] = field(default=(), repr=False)
    stretches: tuple[range, ...] = ()
    reasons: tuple[Reason, ...] = ()
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
    checked = {number: [_check(quote, resume) for quote in grade.quotes] for number, grade in by_id.items()}
    standing = {
        number: [stretch for found in checks for stretch in found.stretches] for number, checks in checked.items()
    }
    return tuple(
        _proof(criterion, by_id[criterion.id], checked[criterion.id], standing, len(criteria), resume, today)
        if criterion.id in by_id
        else Proof(criterion, Level.NONE, Level.NONE)
        for criterion in criteria
    )


@dataclass(frozen=True, slots=True)
class _Checked:
    quote: str
    stretches: tuple[range, ...] = ()
    reason: Reason | None = None


def _check(quote: str, resume: Resume) -> _Checked:
    """Where a quote stands, or why it proves nothing; of several places the first that is good counts."""
    places = resume.source.find(quote)
    if not places:
        return _Checked(quote, reason=Reason.ABSENT if says_something(words_in(quote)) else Reason.PRIVATE)
    reason = None
    for place in places:
        reason = _fault(place, resume)
        if reason is None:
            return _Checked(quote, place)
    return _Checked(quote, reason=reason)


def _fault(place: Sequence[range], resume: Resume) -> Reason | None:
    if any(_share(stretch, sentence) for stretch in place for sentence in resume.barred):
        return Reason.TO_REVIEWER
    return Reason.CUT_OFF if any(_is_cut_off(stretch, resume) for stretch in place) else None


def _is_cut_off(stretch: range, resume: Resume) -> bool:
    """Whether the clause denies, right before the quote, what the quote says."""
    words = resume.source.words
    if words[stretch.start] in _NOT_DENIED:
        return False
    clause = resume.source.clause_of(stretch)
    for at in range(stretch.start - 1, max(clause.start, stretch.start - 1 - _MOST_BETWEEN) - 1, -1):
        if words[at] in _NEGATIONS:
            return True
        if words[at] not in _BETWEEN:
            return False
    return False


def _proof(
    criterion: Criterion,
    grade: Grade,
    checks: Sequence[_Checked],
    standing: dict[int, list[range]],
    asked: int,
    resume: Resume,
    today: int,
) -> Proof:
    good = [found for found in checks if found.reason is None]
    stretches = tuple(stretch for found in good for stretch in found.stretches)
    if not good:
        reasons = {found.reason for found in checks if found.reason is not None} or {Reason.ABSENT}
        return Proof(criterion, grade.level, Level.NONE, tuple(grade.quotes), (), tuple(sorted(reasons)))
    level, lowering, months, undated = grade.level, set[Reason](), None, False
    if level is Level.STRONG and all(_is_for_most(stretch, standing, asked) for stretch in stretches):
        level, lowering = Level.PARTIAL, {Reason.ONE_FOR_MOST}
    if criterion.years is not None:
        months = resume.dates.proven(grade.periods, today)
        if not months:
            months = max(months_claimed(found.quote) for found in good)
            undated = months >= 12 * criterion.years
        if grade.level is Level.STRONG and months < 12 * criterion.years:
            level, lowering = Level.PARTIAL, lowering | {Reason.YEARS_SHORT if months else Reason.YEARS_UNDATED}
    quotes = tuple(found.quote for found in good)
    return Proof(criterion, grade.level, level, quotes, stretches, tuple(sorted(lowering)), months, undated)


def _is_for_most(stretch: range, standing: dict[int, list[range]], asked: int) -> bool:
    count = sum(any(same(stretch, other) for other in others) for others in standing.values())
    return count >= _FEWEST_SHARED and 2 * count > asked


def same(one: range, other: range) -> bool:
    """Whether two stretches are one and the same, give or take a word."""
    both = max(0, min(one.stop, other.stop) - max(one.start, other.start))
    return both >= _SAME * (len(one) + len(other) - both)


def _share(one: range, other: range) -> bool:
    return one.start < other.stop and other.start < one.stop
