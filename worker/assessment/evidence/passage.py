"""A quote where it stands in the resume, and the words by which a sentence speaks of a criterion."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import chain

from worker.assessment.criteria import Criterion
from worker.assessment.grading import Grade
from worker.assessment.quotes import MAX_QUOTE, find_quote
from worker.assessment.reading import Reading, Sentence, redacted_words
from worker.assessment.stems import stems_of


@dataclass(frozen=True)
class Passage:
    """A quote where it stands: its words, and the sentences around it."""

    words: tuple[str, ...]
    numbers: range
    sentences: tuple[Sentence, ...]

    @cached_property
    def folded(self) -> str:
        return " . ".join(sentence.folded for sentence in self.sentences)

    @cached_property
    def key(self) -> tuple[str, ...]:
        """All the words; the same for the same sentence, wherever it is repeated."""
        return tuple(chain.from_iterable(sentence.words for sentence in self.sentences))

    @cached_property
    def stems(self) -> frozenset[str]:
        return frozenset[str]().union(*(sentence.stems for sentence in self.sentences))


def passages_of(grade: Grade, resume: Reading) -> Iterator[Passage]:
    """Where the grade's quotes stand; a sentence that is repeated is looked at once."""
    seen = set()
    for quote in grade.quotes:
        quoted = tuple(redacted_words(quote)) if len(quote) <= MAX_QUOTE else ()
        for numbers in find_quote(quote, quoted, resume):
            passage = Passage(quoted, numbers, resume.sentences[numbers.start : numbers.stop])
            if (quoted, passage.key) not in seen:
                seen.add((quoted, passage.key))
                yield passage


def key_stems(criterion: Criterion) -> frozenset[str]:
    """The stems by which a sentence is known to speak of the criterion."""
    return _key_stems(criterion.text)


@lru_cache(maxsize=2_000)
def _key_stems(requirement: str) -> frozenset[str]:
    return stems_of(word for word in redacted_words(requirement) if not word.isdecimal())
