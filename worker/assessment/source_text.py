"""A text that is quoted: its words, and where a quote of it stands.

Texts are compared by their letters and digits alone, folded (`plain_text.fold`), with nothing between them: then case,
punctuation, markup, line breaks, hyphens at line ends, page breaks and spaces that an export put in or left out make no
difference. A quote begins and ends where words do.

Models slip: one word of a quote, or one in four of a longer one, may differ in its ending, or by one letter in the
middle of a long word. With k such words one of k + 1 parts of the quote stands in the text as it is (pigeonhole), and
only around that part words are compared, so that no text takes more than linear time.
"""

import re
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator, Sequence
from functools import cached_property
from itertools import accumulate, islice
from typing import Final

import re2

from worker.assessment.plain_text import between_words, fold, readable, words_of
from worker.assessment.redaction.placeholders import WORDS

MAX_QUOTE: Final = 600  # characters; the prompt asks for fifteen words
MAX_PASSAGES: Final = 3  # that an ellipsis joins
MAX_PLACES: Final = 8  # occurrences of one quote that are looked at
PRIVATE: Final = "приватно"
"""The word that a placeholder becomes."""

_MOST_CANDIDATES: Final = 40  # occurrences of a part around which words are compared
_MOST_LOOKS: Final = 200  # occurrences of a quote's letters, within other words too
_WORDS_FOR_A_SLIP: Final = 4
_LONGEST_ENDING: Final = 3
_LONG_WORD: Final = 6  # letters from which one may be wrong
_ENGLISH_ENDINGS: Final = frozenset({"", "s", "es", "e", "d", "ed", "ing"})
_ELLIPSIS: Final = re2.compile(r"[\[(]?\s*(?:\.{2,}|…)\s*[\])]?")
# A quote may begin or end within one.
_PLACEHOLDER: Final = re2.compile(rf"«?\[?(?:{'|'.join(WORDS.values())})\]»?")
_SENTENCE_END: Final = re.compile(r"[.!?…](?=[\s»\"”)]|$)|\n\s*")
_CLAUSE_END: Final = re.compile(r"(?:[,;:()\[\]•|—–]| - )+")
_CLAUSE, _SENTENCE = "\n", "\n\n"  # an empty clause is the end of a sentence


def words_in(text: str) -> list[str]:
    """The words of a short text as a `SourceText` of it has them."""
    return words_of(between_words(fold(_marked(text))))


def _marked(text: str) -> str:
    shown = readable(text)
    return str(_PLACEHOLDER.sub(lambda _: f" {PRIVATE} ", shown)) if "[" in shown or "]" in shown else shown


class SourceText:
    """A text, read once.

    Attributes:
        folded: the text as it is compared, punctuation and line ends included.
        words: its words, folded, in order. Stretches of the text are ranges of their numbers.
    """

    def __init__(self, text: str) -> None:
        self.folded = fold(_marked(text))
        marked = _CLAUSE_END.sub(_CLAUSE, _SENTENCE_END.sub(_SENTENCE, self.folded))
        self.words: list[str] = []
        self._clauses: list[int] = []  # the number of the word with which each begins
        self._sentences = [0]
        for clause in between_words(marked).split(_CLAUSE):
            found = words_of(clause) if clause else []
            if found:
                self._clauses.append(len(self.words))
                self.words += found
            elif not clause and self._sentences[-1] != len(self.words):
                self._sentences.append(len(self.words))

    @cached_property
    def _glued(self) -> str:
        return "".join(self.words)

    @cached_property
    def _starts(self) -> list[int]:
        """Where in `_glued` each word begins, and the end of the last."""
        return list(accumulate(map(len, self.words), initial=0))

    @cached_property
    def _vocabulary(self) -> frozenset[str]:
        return frozenset(self.words)

    def sentence_of(self, stretch: range) -> range:
        """The sentences in which a stretch lies."""
        return _around(self._sentences, stretch, len(self.words))

    def clause_of(self, stretch: range) -> range:
        """The clauses in which a stretch lies: what punctuation of any kind parts."""
        return _around(self._clauses, stretch, len(self.words))

    @cached_property
    def stream(self) -> tuple[bytes, Callable[[int, int], range]]:
        """The words as `Phrases` looks through them, and which words stand between two of its bytes."""
        pieces = [f"{word} " for word in self.words]
        for start in self._sentences:
            if start < len(pieces):
                pieces[start] = f". {pieces[start]}"
        encoded = "".join(pieces).encode()
        sizes = map(len, pieces) if len(encoded) == sum(map(len, pieces)) else (len(piece.encode()) for piece in pieces)
        starts = list(accumulate(sizes, initial=1))

        def between(start: int, end: int) -> range:
            # A phrase begins with the space before its first word, or with the mark of the sentence.
            return range(bisect_right(starts, start + 1) - 1, bisect_left(starts, end))

        return b" " + encoded + b". ", between

    def find(self, quote: str) -> list[tuple[range, ...]]:
        """The places where a quote stands; none: it is not there, or says nothing.

        A place is one stretch, or up to `MAX_PASSAGES` in a row where the quote joins passages with an ellipsis.
        """
        if len(quote) > MAX_QUOTE:
            return []
        whole = words_in(quote)
        if not says_something(whole):
            return []
        found: list[tuple[range, ...]] = [(stretch,) for stretch in self._stretches(whole)]
        if found or not (".." in quote or "…" in quote):
            return found
        parts = [part for part in map(words_in, _ELLIPSIS.split(quote)) if part]
        if not 1 < len(parts) <= MAX_PASSAGES or not all(map(says_something, parts)):
            return []
        start, passages = 0, list[range]()
        for part in parts:
            stretch = next(self._stretches(part, start), None)
            if stretch is None:
                return []
            passages.append(stretch)
            start = stretch.stop
        return [tuple(passages)]

    def _stretches(self, wanted: Sequence[str], first: int = 0) -> Iterator[range]:
        found = list(islice(self._exact(wanted, first), MAX_PLACES))
        yield from found
        if not found and len(wanted) > 1:
            yield from self._near(wanted, first)

    def _exact(self, wanted: Sequence[str], first: int) -> Iterator[range]:
        """As it stands, from the word number `first` on."""
        if len(wanted) == 1 and wanted[0] in self._vocabulary:
            yield from (range(n, n + 1) for n in range(first, len(self.words)) if self.words[n] == wanted[0])
            return
        glued, starts = "".join(wanted), self._starts
        place = self._glued.find(glued, starts[first])
        for _ in range(_MOST_LOOKS):
            if place < 0:
                return
            begin, end = bisect_left(starts, place), bisect_left(starts, place + len(glued))
            if starts[begin] == place and starts[end] == place + len(glued):
                yield range(begin, end)
            place = self._glued.find(glued, place + 1)

    def _near(self, wanted: Sequence[str], first: int) -> Iterator[range]:
        slips = max(1, len(wanted) // _WORDS_FOR_A_SLIP)
        length = -(-len(wanted) // (slips + 1))
        tried = 0
        for begin in range(0, len(wanted), length):
            for stretch in self._exact(wanted[begin : begin + length], first):
                tried += 1
                start = stretch.start - begin
                there = self.words[max(start, 0) : max(start, 0) + len(wanted)]
                if start >= first and _differ_by_slips(wanted, there, slips):
                    yield range(start, start + len(wanted))
                    return
                if tried == _MOST_CANDIDATES:
                    return


def says_something(words: Sequence[str]) -> bool:
    """Whether there is more in a quote than placeholders and single letters of the Russian alphabet."""
    return any(word != PRIVATE and (len(word) > 1 or word.isascii()) for word in words)


def alike(one: str, other: str) -> bool:
    """Whether two words are one but for its ending, or for a letter in the middle of a long word."""
    if one == other:
        return True
    shorter, longer = sorted((one, other), key=len)
    if not (one.isalpha() and other.isalpha()) or len(longer) - len(shorter) > _LONGEST_ENDING:
        return False
    head = next((at for at, pair in enumerate(zip(one, other, strict=False)) if pair[0] != pair[1]), len(shorter))
    tail = next(
        (at for at, pair in enumerate(zip(one[::-1], other[::-1], strict=False)) if pair[0] != pair[1]), len(shorter)
    )
    if len(shorter) >= _LONG_WORD and head >= 1 and tail >= 1 and head + tail >= len(longer) - 1:
        return True
    if head < _LONGEST_ENDING or len(longer) - head > _LONGEST_ENDING or 5 * head < 3 * len(longer):
        return False
    return not longer.isascii() or {one[head:], other[head:]} <= _ENGLISH_ENDINGS


def _differ_by_slips(wanted: Sequence[str], there: Sequence[str], slips: int) -> bool:
    if len(wanted) != len(there):
        return False
    changed = [(one, other) for one, other in zip(wanted, there, strict=True) if one != other]
    return len(changed) <= slips and all(alike(one, other) for one, other in changed)


def _around(starts: Sequence[int], stretch: range, end: int) -> range:
    first = starts[max(0, bisect_right(starts, stretch.start) - 1)]
    after = bisect_left(starts, stretch.stop)
    return range(first, starts[after] if after < len(starts) else end)
