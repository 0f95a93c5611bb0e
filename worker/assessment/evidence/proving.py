"""Is a quote evidence of a criterion, and of how much? All grades of one resume are proved side by side.

Nothing is deleted from the resume, and a sentence that one criterion may not use is as good as any for the next.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from itertools import islice
from typing import Final

from worker.assessment.criteria import Criterion
from worker.assessment.evidence.gates import worth
from worker.assessment.evidence.passage import Passage, key_stems, passages_of
from worker.assessment.evidence.proof import Proof, Reason
from worker.assessment.evidence.shortfall import shortfall
from worker.assessment.grading import Grade, Level
from worker.assessment.reading import Reading
from worker.assessment.stems import stem
from worker.assessment.vacancy import Vacancy


def prove(
    criteria: Sequence[Criterion], grades: Iterable[Grade], resume: Reading, vacancy: Vacancy, *, today: int
) -> tuple[Proof, ...]:
    """Check every quote of every grade; one proof for each criterion, in order.

    Args:
        criteria: what was asked.
        grades: what the model answered, at most one for each id.
        resume: the text that was sent, read.
        vacancy: read; a resume that repeats it proves nothing.
        today: the current month, as `dates.month` counts.
    """
    by_id = {grade.id: grade for grade in grades if grade.level is not Level.NONE}
    found = {number: tuple(passages_of(grade, resume)) for number, grade in by_id.items()}
    used = Counter(key for passages in found.values() for key in {passage.key for passage in passages})
    weighed = {
        criterion.id: [
            (passage, *worth(criterion, passage, used, vacancy, len(criteria), today))
            for passage in found.get(criterion.id, ())
        ]
        for criterion in criteria
    }
    limits = _unrelated(criteria, weighed, resume)
    templated = _templated(criteria, weighed)
    return tuple(
        _proof(
            criterion,
            by_id.get(criterion.id),
            weighed[criterion.id],
            resume,
            limits.get(criterion.id),
            today,
            templated,
        )
        for criterion in criteria
    )


Weighed = tuple[Passage, Level, set[Reason]]


def _proof(
    criterion: Criterion,
    grade: Grade | None,
    weighed: Sequence[Weighed],
    resume: Reading,
    unrelated: Level | None,
    today: int,
    templated: frozenset[int],
) -> Proof:
    if grade is None:
        return Proof(criterion, Level.NONE, Level.NONE, ())
    admitted = _admitted(criterion, weighed)
    best, reasons = Level.NONE, set(_why_none(criterion, weighed))
    for _, limit, why in admitted:
        if _rank(limit) > _rank(best):
            best, reasons = limit, set(why)
    if best is Level.STRONG and criterion.id in templated:
        best, reasons = Level.PARTIAL, reasons | {Reason.TEMPLATED}
    if best is not Level.NONE and unrelated is not None:
        best, reasons = min(best, unrelated, key=_rank), reasons | {Reason.UNRELATED}
    if best is not Level.NONE:
        short = set(shortfall(criterion, [passage for passage, _, _ in admitted], resume, today))
        if short:
            best, reasons = Level.PARTIAL, reasons | short
    level = min(grade.level, best, key=_rank)
    lowering = tuple(sorted(reasons)) if _rank(level) < _rank(grade.level) else ()
    return Proof(criterion, grade.level, level, tuple(grade.quotes), lowering)


def _admitted(criterion: Criterion, weighed: Sequence[Weighed]) -> list[Weighed]:
    """The passages that are evidence: of those that name the criterion, if there are any; else of the others.

    Where the resume denies what is asked, no quote about something else makes up for it.
    """
    return [one for one in _relevant(criterion, weighed) if one[1] is not Level.NONE]


def _relevant(criterion: Criterion, weighed: Sequence[Weighed]) -> Sequence[Weighed]:
    keys = key_stems(criterion)
    return [one for one in weighed if keys & one[0].stems] or weighed


def _why_none(criterion: Criterion, weighed: Sequence[Weighed]) -> set[Reason]:
    """Why there is no evidence: what barred the first passage that could have been some."""
    return next((why for _, limit, why in _relevant(criterion, weighed) if limit is Level.NONE), {Reason.ABSENT})


_RANKS: Final = {level: rank for rank, level in enumerate(Level)}


def _rank(level: Level) -> int:
    return _RANKS[level]


def _unrelated(
    criteria: Sequence[Criterion], weighed: Mapping[int, Sequence[Weighed]], resume: Reading
) -> dict[int, Level]:
    """What criteria may earn at most whose evidence does not name them.

    Words differ where people mean the same, so a few such quotes are honest, unless they name another criterion. Where
    they are more than a third, the quotes were not chosen for what they say. A resume in another language than the
    vacancy is left to the model.
    """
    proved = {one.id: [passage for passage, _, _ in _admitted(one, weighed[one.id])] for one in criteria}
    keys = {one.id: key_stems(one) for one in criteria}
    strangers = [
        one.id
        for one in criteria
        if proved[one.id]
        and keys[one.id]
        and not any(keys[one.id] & passage.stems for passage in proved[one.id])
        and not _other_language(one, resume)
    ]
    count = sum(map(bool, proved.values()))
    if len(strangers) >= 2 and 3 * len(strangers) > count:
        return dict.fromkeys(strangers, Level.NONE if 2 * len(strangers) > count else Level.PARTIAL)
    named = frozenset[str]().union(*keys.values())
    # A quote in other words is believed where most of the others are good.
    good = sum(any(limit is Level.STRONG for _, limit, _ in weighed[number]) for number in proved if proved[number])
    doubtful = 2 * (good - 1) < count - 1
    return {
        number: Level.PARTIAL
        for number in strangers
        if doubtful or all(named & passage.stems for passage in proved[number])
    }


_LONGEST_TEMPLATE: Final = 4  # words beside the skill's name
_FEWEST_SKILLS: Final = 3


def _templated(criteria: Sequence[Criterion], weighed: Mapping[int, Sequence[Weighed]]) -> frozenset[int]:
    """The criteria whose evidence is one short phrase, said of one skill after another: "Делал X проекты"."""
    named = frozenset[str]().union(*(key_stems(one) for one in criteria))
    phrases: dict[tuple[str, ...], dict[tuple[str, ...], set[int]]] = {}
    for one in criteria:
        for passage, _, _ in _admitted(one, weighed[one.id]):
            others = (word for word in passage.key if stem(word) not in named)
            rest = tuple(islice(others, _LONGEST_TEMPLATE + 1))  # one too many is as bad as all of them
            if 0 < len(rest) <= _LONGEST_TEMPLATE:
                phrases.setdefault(rest, {}).setdefault(passage.key, set()).add(one.id)
    repeated = (said for said in phrases.values() if len(said) >= _FEWEST_SKILLS)
    return frozenset(number for said in repeated for numbers in said.values() for number in numbers)


def _other_language(criterion: Criterion, resume: Reading) -> bool:
    """Whether the resume as a whole is written in another alphabet than the criterion.

    Names of products are the same in all languages.
    """
    if criterion.text.isascii() and not any(word[0].islower() for word in criterion.text.split()):
        return False
    return resume.russian_share > 0.5 if criterion.text.isascii() else resume.russian_share < 0.12
