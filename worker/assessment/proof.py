"""What is left of the model's grades once the code has checked what can be proven, and why.

A grade is lowered on proof alone, never on suspicion: a rule stands here only if an honest resume practically never
breaks it, however it is laid out. All grades of one resume are checked side by side.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from itertools import chain
from typing import Final

from worker.assessment.criteria import Criterion
from worker.assessment.durations import months_claimed
from worker.assessment.grading import Grade, Level
from worker.assessment.naming import names
from worker.assessment.resume import Resume
from worker.assessment.source_text import PRIVATE, says_something, words_in

# Only what cannot be a field's value ("Судимость: нет", "Smoking: no"), and only before a verb or a word of experience.
_DENIED: Final = re.compile(
    r"(?<!пока )(?<!чтобы )(?<!чтобы я )(?<!только )(?<!могу )(?<!мог )(?<!могла )(?<!нельзя )(?<!невозможно )\bне "
    r"\w+(?:л|ла|ли|лся|лась|ю|у|юсь|усь|ть|ться)$|\b(?:без|не имею) (?:опыта|навыков|знани\w+|стажа)$|"
    r"\bwithout (?:any )?(?:experience|knowledge)$|"
    r"\b(?:not|never|t|cannot) (?!only|just|less|fewer|more|until)[a-z]+$"
)
_ELLIPSIS: Final = re.compile(r"\.{2,}|…")
_MOST_PASSAGES: Final = 6  # that an ellipsis may join: all are looked at, and a quote of more is not there
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
    """What is left of one grade."""

    criterion: Criterion
    claimed: Level  # by the model
    level: Level  # that counts
    quotes: tuple[str, ...] = field(default=(), repr=False)  # that stand; all of them where none does
    stretches: tuple[range, ...] = ()  # where they stand, as numbers of the resume's words
    reasons: tuple[Lowering, ...] = ()  # why `level` is below `claimed`; sorted
    months: int | None = None  # how long, where years are asked for: by dates, or in words where those say less
    undated: bool = False  # the duration was believed without dates

    def lowered(self, reasons: set[Lowering], level: Level | None) -> "Proof":
        """The same with a lower level, and why; itself if the level is none, or not lower."""
        if level is None or level.points >= self.level.points:
            return self
        return replace(self, level=level, reasons=tuple(sorted({*self.reasons, *reasons})))


def prove(criteria: Sequence[Criterion], grades: Iterable[Grade], resume: Resume, *, today: int) -> tuple[Proof, ...]:
    """Check every grade; one proof for each criterion, in order.

    There is at most one grade for each id; `today` is the current month, as `durations.month` counts.
    """
    by_id = {grade.id: grade for grade in grades if grade.level is not Level.NONE}
    found = [_found(one, by_id.get(one.id), resume) for one in criteria]
    return tuple(_weighed(proof, found, by_id.get(proof.criterion.id), resume, today) for proof in found)


def _found(criterion: Criterion, grade: Grade | None, resume: Resume) -> Proof:
    """The grade with the quotes that stand; those whose passages, which an ellipsis joins, all stand."""
    if grade is None:
        return Proof(criterion, Level.NONE, Level.NONE)
    good: dict[str, list[range]] = {}
    faults = set()
    for quote in grade.quotes:
        passages = [part for part in _ELLIPSIS.split(quote) if any(map(str.isalnum, part))] or [quote]
        places = [_place(one, resume) for one in passages] if len(passages) <= _MOST_PASSAGES else [Lowering.ABSENT]
        good[quote] = [place for place in places if isinstance(place, range)]
        if fault := next((place for place in places if isinstance(place, Lowering)), None):
            faults.add(fault)
            del good[quote]
    if not good:
        reasons = tuple(sorted(faults or {Lowering.ABSENT}))
        return Proof(criterion, grade.level, Level.NONE, tuple(grade.quotes), reasons=reasons)
    return Proof(criterion, grade.level, grade.level, tuple(good), tuple(chain.from_iterable(good.values())))


def _place(passage: str, resume: Resume) -> range | Lowering:
    """Where a passage stands, or why it proves nothing. Of several places the first that is good counts."""
    places = resume.source.find(passage)
    if not places:
        words = words_in(passage)
        return Lowering.PRIVATE if PRIVATE in words and not says_something(words) else Lowering.ABSENT
    faults = [_fault(stretch, passage, resume) for stretch in places]
    return places[faults.index(None)] if None in faults else faults[0] or Lowering.ABSENT


def _fault(stretch: range, passage: str, resume: Resume) -> Lowering | None:
    if any(stretch.start < clause.stop and clause.start < stretch.stop for clause in resume.barred):
        return Lowering.TO_REVIEWER
    # Whether the words right before the quote deny it: in its clause, and no more than that is quoted.
    clause, words = resume.source.clause_of(stretch), resume.source.words
    begins_a_field = passage.isascii() and passage.lstrip(" \"'(")[:1].isupper()
    if begins_a_field or resume.source.clause_of(range(stretch.start, stretch.start + 1)).stop < stretch.stop:
        return None
    before = words[max(clause.start, stretch.start - 3) : stretch.start + 1]
    return Lowering.CUT_OFF if _DENIED.search(" ".join(before)) else None


def _weighed(proof: Proof, proofs: Sequence[Proof], grade: Grade | None, resume: Resume, today: int) -> Proof:
    """What is left of a proof beside the others, and of the years that it claims."""
    if grade is None or not proof.stretches:
        return proof
    lowering = {Lowering.ONE_FOR_MOST} if _rests_with_most(proof, proofs, resume) else set()
    if years := proof.criterion.years:
        proven, claimed = resume.dates.proven(grade.periods, today), max(map(months_claimed, proof.quotes))
        undated = proven < 12 * years <= claimed
        months = claimed if undated else proven or claimed
        proof = replace(proof, months=months, undated=undated)
        if months < 12 * years:
            lowering.add(Lowering.YEARS_SHORT if months else Lowering.YEARS_UNDATED)
    return proof.lowered(lowering, Level.PARTIAL) if lowering else proof


def _rests_with_most(proof: Proof, proofs: Sequence[Proof], resume: Resume) -> bool:
    """Whether a criterion and most of the others rest on one stretch alone, which names none of them."""
    one = proof.stretches[0]
    alone = [other for other in proofs if other.stretches and all(same(one, stretch) for stretch in other.stretches)]
    fewest = max(_FEWEST_SHARED, len(proofs) // 2 + 1)
    if proof not in alone or len(alone) < fewest or is_named(proof, resume):
        return False
    return sum(not is_named(other, resume) for other in alone) >= fewest


def is_named(proof: Proof, resume: Resume) -> bool:
    """Whether a proof's quotes share a word with its criterion."""
    quoted = chain.from_iterable(resume.source.words[one.start : one.stop] for one in proof.stretches)
    return names(quoted, proof.criterion.text)


def same(one: range, other: range) -> bool:
    """Whether two stretches are one and the same, give or take a word."""
    both = max(0, min(one.stop, other.stop) - max(one.start, other.start))
    return both >= _SAME * (len(one) + len(other) - both)
