"""A stranger's text, read once: its sentences, its words, and which sentences are no evidence whoever wrote them.

Everything that judges a resume (flags, quotes, evidence gates, years) works on this one reading. Time is linear in the
length of the text: 15,000 characters of anything take what 15,000 ordinary ones take, give or take a factor.
"""

import re
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from itertools import accumulate, chain
from typing import Final

import re2

from worker.assessment.clauses import Clause, clauses_of
from worker.assessment.dates import Span, spans_of
from worker.assessment.injection_patterns import (
    ENCODED,
    MARKUP,
    TALK,
    hides_characters,
    hides_instructions,
    may_hide_instructions,
)
from worker.assessment.other_voices import OTHER_VOICES
from worker.assessment.plain_text import between_words, fold, visible, words, words_of
from worker.assessment.redaction.placeholders import WORDS
from worker.assessment.stems import PRIVATE, stems_of

_LONGEST_SENTENCE: Final = 80  # words; more are cut, so that a text without full stops is not one sentence
_MOST_CHARACTERS: Final = 1_200  # of a sentence; 80 words are as long only where words are made to be
_PLACEHOLDER: Final = re2.compile(rf"«?\[(?:{'|'.join(WORDS.values())})\]»?")
_CUT_PLACEHOLDER: Final = re2.compile(rf"«?\[?(?:{'|'.join(WORDS.values())})\]»?")  # as a quote may begin
_BULLETS: Final = tuple("-–—•*·▪●")
_CYRILLIC: Final = re.compile("[\u0400-\u04ff]+")
_ENDS: Final = tuple((f"{end} ", f"{end}\n") for end in ".!?…")
_SHORTEST_WRAPPED: Final = 30  # characters; a shorter line is an item of a list


@dataclass(frozen=True)
class Sentence:
    """One sentence of a text.

    Attributes:
        folded: its text, as `plain_text.fold` makes it.
        words: its words, in order.
        barred: the reason codes for which nothing of it is evidence: whom it addresses, of whom it speaks.
        spans: the periods that it states, in months.
        bullet: it is an item of a list.
    """

    folded: str = field(repr=False)
    words: tuple[str, ...] = field(repr=False)
    barred: frozenset[str]
    spans: tuple[Span, ...]
    bullet: bool

    @cached_property
    def stems(self) -> frozenset[str]:
        """The stems of the words that say something."""
        return stems_of(self.words)

    @cached_property
    def clauses(self) -> tuple[Clause, ...]:
        """Its clauses, in order."""
        return clauses_of(self.folded)


@dataclass(frozen=True)
class Reading:
    """A text that was read.

    Attributes:
        sentences: in order.
        flags: the sorted reason codes of what looks like an attempt to steer the reviewer; empty as a rule.
        hyphenated: a word is broken over two lines somewhere.
    """

    sentences: tuple[Sentence, ...]
    flags: tuple[str, ...]
    hyphenated: bool

    @cached_property
    def stream(self) -> str:
        """All words, each with a space on either side."""
        return " ".join(("", *chain.from_iterable(sentence.words for sentence in self.sentences), ""))

    @cached_property
    def _starts(self) -> list[int]:
        lengths = (sum(map(len, sentence.words)) + len(sentence.words) for sentence in self.sentences)
        return list(accumulate(lengths, initial=1))[:-1]

    @cached_property
    def glued(self) -> str:
        """All words without anything between them."""
        return self.stream.replace(" ", "")

    @cached_property
    def _glued_starts(self) -> list[int]:
        lengths = (sum(map(len, sentence.words)) for sentence in self.sentences)
        return list(accumulate(lengths, initial=0))[:-1]

    @cached_property
    def glued_words(self) -> frozenset[int]:
        """Where in `glued` a word begins or ends."""
        lengths = (len(word) for sentence in self.sentences for word in sentence.words)
        return frozenset(accumulate(lengths, initial=0))

    def sentences_between(self, start: int, end: int, *, glued: bool = False) -> range:
        """The numbers of the sentences that a stretch of `stream` (or of `glued`) lies in."""
        starts = self._glued_starts if glued else self._starts
        return range(max(0, bisect_right(starts, start) - 1), max(1, bisect_right(starts, end - 1)))

    @cached_property
    def russian_share(self) -> float:
        """How much of the text is written in Cyrillic letters, 0..1."""
        cyrillic = sum(map(len, _CYRILLIC.findall(self.stream)))
        return 1 - (len(self.stream) - cyrillic) / len(self.stream)

    @cached_property
    def months_worked(self) -> tuple[Span, ...]:
        """Every period that the text states."""
        return tuple(span for sentence in self.sentences for span in sentence.spans)


def read(text: str, *, as_it_came: str | None = None) -> Reading:
    """Read a text, as it came or redacted; `as_it_came` is then where hidden characters are looked for."""
    shown = visible(text)
    marked = str(_PLACEHOLDER.sub(_as_word, shown)) if "[" in shown else shown
    lines = list(_sentences(marked))
    raw, folded, worded = _worded(lines)
    barred: list[set[str]] = [set() for _ in folded]
    flags = set(hides_characters(text if as_it_came is None else as_it_came))
    stream, starts = _marked_stream(worded, folded)
    for code, start, end in TALK.find(stream):
        flags.add(code)
        # Who looks for injections by trade quotes them: such a resume is flagged, and its evidence counts.
        if b" injection" not in stream[max(0, start - 60) : start]:
            _bar(barred, starts, start, end, code)
    for code, start, end in OTHER_VOICES.find(stream):
        _bar(barred, starts, start, end, code)
    flags |= _markup(folded, barred)
    flags |= _encoded(raw, barred)
    sentences = tuple(
        Sentence(
            folded=text,
            words=tuple(found),
            barred=frozenset(codes | ({"question"} if text.endswith("?") else set())),
            spans=spans_of(text),
            bullet=line.startswith(_BULLETS),
        )
        for line, text, found, codes in zip(raw, folded, worded, barred, strict=True)
    )
    return Reading(sentences, tuple(sorted(flags)), "-\n" in shown or "‐\n" in shown)


def _as_word(_: object) -> str:
    return f" {PRIVATE} "  # by a function: RE2's wrapper mangles a replacement that is not ASCII


def redacted_words(text: str) -> list[str]:
    """The words of a short text, its placeholders made one word each, as in a reading."""
    if "[" in text or "]" in text:
        text = str(_CUT_PLACEHOLDER.sub(_as_word, visible(text)))
    return words(fold(text))


def _worded(lines: list[str]) -> tuple[list[str], list[str], list[list[str]]]:
    """The sentences that have a word: as they came, folded, and as words."""
    whole = fold("\n".join(lines))
    kept = (
        [
            (raw, folded, words_of(bare))
            for raw, folded, bare in zip(lines, whole.split("\n"), between_words(whole).split("\n"), strict=True)
            if not bare.isspace() and bare
        ]
        if lines
        else []
    )
    return [raw for raw, _, _ in kept], [folded for _, folded, _ in kept], [found for _, _, found in kept]


def _marked_stream(worded: list[list[str]], folded: list[str]) -> tuple[bytes, list[int]]:
    """The words with a mark between sentences, and at which byte each sentence begins."""
    parts = [" . "]
    for found, text in zip(worded, folded, strict=True):
        parts.append(" ".join((*found, "? " if text.endswith("?") else ". ")))
    encoded = [part.encode() for part in parts]
    return b"".join(encoded), list(accumulate(map(len, encoded)))[:-1]


def _bar(barred: list[set[str]], starts: list[int], start: int, end: int, code: str) -> None:
    # A phrase that begins with the mark before its sentence belongs to the sentence behind the mark.
    first = max(0, bisect_right(starts, start + 3) - 1)
    last = max(first, bisect_right(starts, end - 3) - 1)
    for number in range(first, min(last + 1, len(barred))):
        barred[number].add(code)


def _markup(folded: list[str], barred: list[set[str]]) -> set[str]:
    found = set()
    encoded = "\n".join(folded).encode()
    starts = list(accumulate((len(line.encode()) + 1 for line in folded), initial=0))[:-1]
    for code, pattern in MARKUP.items():
        for match in pattern.finditer(encoded):
            found.add(code)
            begin = match.end() - len(match[0].lstrip())  # a line end before it belongs to the sentence before
            first = max(0, bisect_right(starts, begin) - 1)
            last = max(first, bisect_right(starts, match.end() - 1) - 1)
            for number in range(first, last + 1):
                barred[number].add(code)
    return found


def _encoded(raw: list[str], barred: list[set[str]]) -> set[str]:
    found = set[str]()
    if not may_hide_instructions("\n".join(raw)):
        return found
    for number, line in enumerate(raw):
        if hides_instructions(line):
            barred[number].add(ENCODED)
            found.add(ENCODED)
    return found


# --- sentences ---


def _sentences(shown: str) -> Iterator[str]:
    for paragraph in _paragraphs(shown):
        yield from _cut(paragraph)


def _paragraphs(shown: str) -> Iterator[str]:
    """Lines; one that goes on in small letters is joined to the line before it."""
    pending: list[str] = []
    for line in map(str.strip, shown.split("\n")):
        wrapped = pending and len(pending[-1]) >= _SHORTEST_WRAPPED and pending[-1][-1] not in ".!?:;…"
        if wrapped and line and line[0].islower():
            pending.append(line)
            continue
        if pending:
            yield " ".join(pending)
        pending = [line] if line else []
    if pending:
        yield " ".join(pending)


def _cut(paragraph: str) -> Iterator[str]:
    marked = paragraph
    for end, cut in _ENDS:
        marked = marked.replace(end, cut)
    pieces = marked.split("\n")
    for piece in _without_abbreviations(pieces) if len(pieces) > 1 else pieces:
        found = piece.split()
        if found and len(piece) <= _LONGEST_SENTENCE:  # characters: as a rule
            yield " ".join(found)
            continue
        for start in range(0, len(found), _LONGEST_SENTENCE):
            sentence = " ".join(found[start : start + _LONGEST_SENTENCE])
            for first in range(0, len(sentence), _MOST_CHARACTERS):
                yield sentence[first : first + _MOST_CHARACTERS]


def _without_abbreviations(pieces: list[str]) -> Iterator[str]:
    # A full stop behind one or two letters ("г. Казань", "т. д.") belongs to an abbreviation.
    pending: list[str] = []
    for piece in pieces:
        pending.append(piece)
        last = piece.rsplit(None, 1)[-1] if piece.endswith(".") else ""
        if not (1 < len(last) <= 3 and last[:-1].islower()):
            yield " ".join(pending)
            pending = []
    if pending:
        yield " ".join(pending)
