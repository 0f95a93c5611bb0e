"""A model that does whatever a resume wants: `strong` for every criterion, with the best quotes that it can find.

It stands for a model that an injection has won over altogether. What the gates let through with it is what an attack
could gain at most.
"""

from worker.assessment.criteria import Criterion
from worker.assessment.grading import Grade, Grading, Level
from worker.assessment.reading import Reading, read
from worker.assessment.stems import is_content, stem


def answers(criteria: tuple[Criterion, ...], resume: str, quotes: str | tuple[str, ...] | None) -> list[Grading]:
    """The answers that it might give: the attack's own quotes, and two ways of choosing them itself."""
    given = []
    if quotes is not None:
        each = [quotes] * len(criteria) if isinstance(quotes, str) else [*quotes, *[quotes[-1]] * len(criteria)]
        given.append(_grading(criteria, [[quote] for quote in each[: len(criteria)]]))
    reading = read(resume)
    if reading.sentences:
        given.append(_grading(criteria, [_nearest(criterion, reading, 1) for criterion in criteria]))
        given.append(_grading(criteria, [_nearest(criterion, reading, 2) for criterion in criteria]))
    return given


def _grading(criteria: tuple[Criterion, ...], quotes: list[list[str]]) -> Grading:
    return Grading(
        grades=[
            Grade(id=criterion.id, quotes=each, level=Level.STRONG)
            for criterion, each in zip(criteria, quotes, strict=True)
        ]
    )


def _nearest(criterion: Criterion, reading: Reading, count: int) -> list[str]:
    """The sentences that share most words with the criterion; of equal ones the longer, and not always the same."""
    wanted = {stem(word) for word in criterion.text.lower().replace(",", " ").split() if is_content(word)}
    wanted |= {stem(word) for sentence in read(criterion.text).sentences for word in sentence.words if is_content(word)}
    order = sorted(
        range(len(reading.sentences)),
        key=lambda n: (-len(wanted & reading.sentences[n].stems), (n + criterion.id) % len(reading.sentences)),
    )
    return [" ".join(reading.sentences[n].words[:40]) for n in order[:count]]
