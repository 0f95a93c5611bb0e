"""Does the evidence reach the years, the rank, the group, the level that a criterion asks for?"""

from collections.abc import Iterator, Sequence
from typing import Final

from worker.assessment.criteria import Criterion
from worker.assessment.dates import Span, months
from worker.assessment.evidence.passage import Passage
from worker.assessment.evidence.proof import Reason
from worker.assessment.reading import Reading
from worker.assessment.thresholds import LANGUAGE_LEVELS, language_level, stated_group, stated_months, stated_rank

_HEADER_REACHES: Final = 12  # sentences: a dated line speaks of the tasks that are listed below it


def shortfall(criterion: Criterion, passages: Sequence[Passage], resume: Reading, today: int) -> Iterator[Reason]:
    """What the admitted passages state is less than the criterion asks for."""
    asked = criterion.threshold
    if asked.months and not _long_enough(asked.months, passages, resume, today):
        yield Reason.YEARS_SHORT
    stated = " . ".join(passage.folded for passage in passages)
    if asked.rank and (stated_rank(stated) or 0) < asked.rank:
        yield Reason.BELOW_GRADE
    if asked.group and (stated_group(stated) or 0) < asked.group:
        yield Reason.BELOW_GRADE
    letters = _categories(criterion.text)
    if letters and not letters <= _categories(" ".join(p.folded for p in passages).upper(), anywhere=True):
        yield Reason.BELOW_GRADE
    if asked.language:
        found = language_level(stated)
        if found is None or LANGUAGE_LEVELS.index(found) < LANGUAGE_LEVELS.index(asked.language):
            yield Reason.BELOW_GRADE


_LIKE_LATIN: Final = str.maketrans("АВСЕДМ", "ABCEDM")


def _categories(text: str, *, anywhere: bool = False) -> frozenset[str]:
    """The letters of driving and loading categories ("C и E", "CE"), if the text speaks of categories."""
    if not anywhere and "категори" not in text.lower():
        return frozenset()
    found = (word.strip(",.;()«»").translate(_LIKE_LATIN) for word in text.replace("/", " ").split())
    return frozenset(letter for word in found if 0 < len(word) <= 2 and set(word) <= set("ABCDEM") for letter in word)


def _long_enough(asked: int, passages: Sequence[Passage], resume: Reading, today: int) -> bool:
    spans = [span for passage in passages for span in _spans(passage, resume)]
    if months(spans, today) >= asked:
        return True
    # A duration that is only claimed counts where the dates of the whole resume leave room for it.
    claimed = max((stated_months(sentence.folded) for p in passages for sentence in p.sentences), default=0)
    return claimed >= asked and months(resume.months_worked, today) >= asked


def _spans(passage: Passage, resume: Reading) -> tuple[Span, ...]:
    """The periods of the passage itself, or else of the dated line above it."""
    own = tuple(span for sentence in passage.sentences for span in sentence.spans)
    if own or any(stated_months(sentence.folded) for sentence in passage.sentences):
        return own
    first = passage.numbers.start
    for number in range(first - 1, max(-1, first - 1 - _HEADER_REACHES), -1):
        header = resume.sentences[number]
        if header.spans:
            return () if header.bullet and resume.sentences[first].bullet else header.spans
    return ()
