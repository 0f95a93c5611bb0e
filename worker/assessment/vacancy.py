"""A vacancy cut into numbered fragments: the only words that can become a criterion.

The code cuts, the model chooses numbers: so it can invent, reword or soften nothing, and its answer is a few dozen
tokens. Numbers proved more stable than spans that a model copies, which differ by a word from run to run.

Lines that cannot be a requirement keep no number: headings, the job's title, sentences that address a reviewer.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from typing import Final

import re2

from worker.assessment.plain_text import fold, visible
from worker.assessment.reading import Reading, read, redacted_words
from worker.assessment.stems import FUNCTION_WORDS, stem

MAX_FRAGMENTS: Final = 80
MAX_FRAGMENT: Final = 240  # characters; a longer one is cut at a comma or between words
_MAX_HEADING: Final = 60  # characters
_MAX_TITLE: Final = 90  # characters
_SHORTEST_LIST: Final = 3  # lines of a vacancy whose first line is a title
_BULLET: Final = re2.compile(r"^\s*(?:[-–—*•·▪●◦+>]+|\(?\d{1,2}[.)])\s*")
_TITLE: Final = re2.compile(r"^(?:вакансия|должность|компания|vacancy|position|job title|role|company)\s*:")
_HEADING: Final = re2.compile(
    r"^(?:(?:основные|обязательные|ключевые|наши|желательные|важные|дополнительные) )?"
    r"(?:требования|обязательно|обязанности|условия|задачи|ожидаем|мы ожидаем|ждем|нужно|необходимо|требуется|"
    r"будет плюсом|плюсом будет|желательно|преимущества|преимуществом будет|мы предлагаем|предлагаем|стек|"
    r"квалификация|образование и опыт|навыки|must have|nice to have|requirements|responsibilities|qualifications|"
    r"skills|terms|we offer|benefits|preferred|a plus|you will|we expect|about us|о компании|о нас|график|зарплата)"
    r"[^:]{0,40}:"
)
_SENTENCE_END: Final = re2.compile(r"[.!?](?:\s+)")


@dataclass(frozen=True, slots=True)
class Fragment:
    """A line of a vacancy as the model sees it; `number` is None where it cannot be a requirement."""

    number: int | None
    text: str = field(repr=False)


@dataclass(frozen=True)
class Vacancy:
    """A vacancy that was read: its fragments, its flags (see `reading`), and its words by fragment."""

    fragments: tuple[Fragment, ...]
    reading: Reading

    def fragment(self, number: int) -> str | None:
        """The text of a numbered fragment, or None."""
        return self._numbered.get(number)

    @cached_property
    def stems_by_sentence(self) -> tuple[frozenset[str], ...]:
        """The stems of the words that say something, for each sentence."""
        return tuple(sentence.stems for sentence in self.reading.sentences)

    @cached_property
    def runs(self) -> frozenset[tuple[str, ...]]:
        """Every run of three words, as stems: a resume that shares them copies."""
        return frozenset(run for sentence in self.reading.sentences for run in runs_of_three(sentence.words))

    @cached_property
    def _numbered(self) -> dict[int, str]:
        return {fragment.number: fragment.text for fragment in self.fragments if fragment.number is not None}

    @property
    def flags(self) -> tuple[str, ...]:
        """Reason codes of what looks like an attempt to steer the reviewer."""
        return self.reading.flags


def runs_of_three(words: Sequence[str]) -> list[tuple[str, str, str]]:
    """Every three words in a row, as stems."""
    stems = list(map(stem, words))
    return list(zip(stems, stems[1:], stems[2:], strict=False))


@lru_cache(maxsize=256)
def read_vacancy(text: str) -> Vacancy:
    """Read and cut a vacancy; those of late are kept, since many resumes share one."""
    fragments: list[Fragment] = []
    number = 0
    for line, may_count in _lines(visible(text)):
        shown = " ".join(line.split())
        if may_count and number < MAX_FRAGMENTS and _says_something(shown) and not read(shown).flags:
            number += 1
            fragments.append(Fragment(number, shown))
        elif shown:
            fragments.append(Fragment(None, shown))
    return Vacancy(tuple(fragments), read(text))


def _says_something(shown: str) -> bool:
    # Only the words: reading every line of a list of thousands costs ten times what the vacancy costs.
    return any(len(word) > 1 and word not in FUNCTION_WORDS for word in redacted_words(shown))


def _lines(shown: str) -> Iterator[tuple[str, bool]]:
    """Pieces of a vacancy, and whether each may be a requirement."""
    lines = [line for line in shown.split("\n") if line.strip()]
    for place, line in enumerate(lines):
        bare = str(_BULLET.sub("", line)).strip()
        if not bare:
            continue
        folded = fold(bare)
        # Above a list the first line names the job.
        titled = place == 0 and len(lines) > _SHORTEST_LIST and bare == line.strip() and len(bare) <= _MAX_TITLE
        if _TITLE.match(folded) or (titled and not _HEADING.match(folded)):
            yield bare, False
            continue
        if bare.endswith(":") and len(bare) <= _MAX_HEADING:
            yield bare, False
            continue
        heading = _HEADING.match(folded)
        if heading and bare[heading.end() - 1 : heading.end()] == ":":
            yield bare[: heading.end()], False
            for part in _sentences(bare[heading.end() :]):
                yield from ((piece, True) for piece in _outside_brackets(part, ","))
            continue
        yield from ((piece, True) for piece in _sentences(bare))


def _sentences(line: str) -> Iterator[str]:
    for piece in _outside_brackets(line, ";"):
        start = 0
        for end in _SENTENCE_END.finditer(piece):
            # A full stop behind one or two letters belongs to an abbreviation ("и т. д.", "г. Казань").
            if _abbreviates(piece, end.start()):
                continue
            yield from _bounded(piece[start : end.start()])
            start = end.end()
        yield from _bounded(piece[start:].rstrip(".!? "))


def _abbreviates(piece: str, at: int) -> bool:
    last = piece[max(0, at - 4) : at].rsplit(None, 1)
    return bool(last) and len(last[-1]) <= 2 and last[-1].isalpha() and last[-1].islower()


def _outside_brackets(text: str, sign: str) -> Iterator[str]:
    """The parts between `sign`s that stand in no brackets and no quotation marks."""
    if sign not in text:
        yield text
        return
    depth = 0
    pending: list[str] = []
    for part in text.split(sign):
        pending.append(part)
        depth += sum(part.count(mark) for mark in "(«[") - sum(part.count(mark) for mark in ")»]")
        if depth <= 0:
            yield sign.join(pending)
            pending, depth = [], 0
    if pending:
        yield from pending


def _bounded(piece: str) -> Iterator[str]:
    rest = piece.strip(" \t,;")
    while len(rest) > MAX_FRAGMENT:
        cut = max(rest.rfind(", ", 0, MAX_FRAGMENT), 0) or max(rest.rfind(" ", 0, MAX_FRAGMENT), 0) or MAX_FRAGMENT
        yield rest[:cut].strip(" ,")
        rest = rest[cut:].strip(" ,")
    if rest:
        yield rest
