"""A text that is quoted: its words, and where a quote of it stands.

Texts are compared by their letters and digits alone, folded (`plain_text.fold`), with nothing between them: then case,
punctuation, markup, line breaks, hyphens at line ends, page breaks and spaces that an export put in or left out make no
difference. A quote begins and ends where words do.

Models slip: one word of a quote, or one in four of a longer one, may differ behind its first letters. With k such
words one of k + 1 parts of the quote stands in the text as it is (pigeonhole), and only around that part words are
compared, so that no text takes more than linear time.
"""

import re
from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator, Sequence
from functools import cached_property
from itertools import accumulate, islice
from sys import intern
from typing import Final

import re2

from worker.assessment.plain_text import fold, readable, unmarked
from worker.assessment.redaction.placeholders import WORDS

MAX_QUOTE: Final = 600  # characters; the prompt asks for fifteen words
MAX_PLACES: Final = 8  # occurrences of one quote that are looked at
PRIVATE: Final = "приватно"  # the word that a placeholder becomes
_MOST_CANDIDATES: Final = 40  # occurrences of a part around which words are compared
_MOST_LOOKS: Final = 200  # occurrences of a quote's letters, within other words too
_WORDS_FOR_A_SLIP: Final = 4
_ALIKE: Final = 4  # letters by which two words are taken for forms of one
# Letters and digits; `C++`, `C#` and their like. Elsewhere a sign is punctuation: "5+", "#1". A year
# that an export glued to the next word is a word of its own.
_WORD: Final = re.compile(r"(?:19|20)\d\d(?=[^\W\d_]{3})|[^\W_]+(?:(?<!\d)(?:\+\+|#)(?![^\W_]))?")
_LETTER: Final = re.compile(r"(?<![^\W_])[^\W\d_](?![^\W_+#])")  # alone
# A quote may begin or end within one.
_PLACEHOLDER: Final = re2.compile(rf"«?\[?(?:{'|'.join(WORDS.values())})\]»?")
_SENTENCE_END: Final = re.compile(r"[.!?…](?=[\s»\"”)]|$)|\n\s*")
_CLAUSE_END: Final = re.compile(r"(?:[,;:()\[\]|—–\t•·●▪◦■□►▶→✓✔*]| - | {3,})+")
_PAGE: Final = re.compile(r"(?:страница|стр\.?|page) \d{1,3} ?(?:из|of|/) ?\d{1,3}\b")
_QUOTATION: Final = re.compile(r"[«\"“„][^«»\"“”„\n]{1,200}[»\"”“]")
_MOST_QUOTATIONS: Final = 50
_CLAUSE, _SENTENCE = "\n", "\n\n"  # an empty clause is the end of a sentence


def words_in(text: str) -> list[str]:
    """The words of a short text as a `SourceText` of it has them."""
    return _WORD.findall(_PAGE.sub(" ", fold(marked(text))))


def marked(sent: str) -> str:
    """The text of a resume with `PRIVATE` for every placeholder."""
    return str(_PLACEHOLDER.sub(lambda _: f" {PRIVATE} ", sent)) if "[" in sent or "]" in sent else sent


class SourceText:
    """A text, `readable` and read once. Stretches of it are ranges of the numbers of its words."""

    def __init__(self, text: str) -> None:
        self._text = text
        self.folded = fold(text)
        text = _PAGE.sub(" ", self.folded)
        parted = _CLAUSE_END.sub(_CLAUSE, _SENTENCE_END.sub(_SENTENCE, text))
        self.words: list[str] = []
        self._clauses: list[int] = []  # the number of the word with which each begins
        self._sentences = [0]
        for clause in parted.split(_CLAUSE):
            found = _WORD.findall(clause)
            if found:
                self._clauses.append(len(self.words))
                self.words += map(intern, found)
            elif not clause and self._sentences[-1] != len(self.words):
                self._sentences.append(len(self.words))
        self._vocabulary = frozenset(self.words)
        self._glued = "".join(self.words)
        # Where in it words begin, and the last ends. All this is held for as long as the model thinks.
        self._starts = array("I", accumulate(map(len, self.words), initial=0))

    def sentence_of(self, stretch: range) -> range:
        """The sentences in which a stretch lies."""
        return _around(self._sentences, stretch, len(self.words))

    def clause_of(self, stretch: range) -> range:
        """The clauses in which a stretch lies: what punctuation of any kind parts."""
        return _around(self._clauses, stretch, len(self.words))

    def quoted(self) -> list[range]:
        """The stretches in quotation marks."""
        text = _PAGE.sub(" ", self.folded)  # as its words are numbered
        matches = islice(_QUOTATION.finditer(text), _MOST_QUOTATIONS)
        starts = [word.start() for word in _WORD.finditer(text)]
        return [range(*(bisect_left(starts, end) for end in match.span())) for match in matches]

    @cached_property
    def places(self) -> list[tuple[int, int]]:
        """Where in the text each word begins and ends. Folding makes none, one or several characters of one."""
        folded_as = {character: unmarked(character) for character in set(self._text)}
        owners = [at for at, character in enumerate(self._text) for _ in folded_as[character]]
        places, at = [], 0
        for word in self.words:
            at = self.folded.index(word, at)
            places.append((owners[at], owners[at + len(word) - 1] + 1))
            at += len(word)
        return places

    @cached_property
    def _capitals(self) -> frozenset[str]:
        """The capital letters that stand alone: "R", the category "B"; no preposition but at the beginning."""
        return frozenset(fold(letter) for letter in _LETTER.findall(self._text) if letter.isupper())

    @cached_property
    def stream(self) -> tuple[bytes, Callable[[int, int], range]]:
        """The words as `Phrases` looks through them, and which words stand between two of its bytes."""
        pieces = [f"{word} ".encode() for word in self.words]
        for start in self._sentences:
            if start < len(pieces):
                pieces[start] = b". " + pieces[start]
        starts = array("I", accumulate(map(len, pieces), initial=1))

        def between(start: int, end: int) -> range:
            # A phrase begins with the space before its first word, or with the mark of the sentence.
            return range(bisect_right(starts, start + 1) - 1, bisect_left(starts, end))

        return b" %b. " % b"".join(pieces), between

    def find(self, quote: str) -> list[range]:
        """The stretches where a quote stands; none: it is not there, or says nothing."""
        if len(quote) > MAX_QUOTE:
            return []
        found = self.find_words(words_in(quote))
        # A model may write markup that was in the text before it was made readable.
        return found or (self.find_words(words_in(shown)) if (shown := readable(quote)) != quote else [])

    def find_words(self, wanted: Sequence[str]) -> list[range]:
        """The same for the quote's words."""
        if not says_something(wanted) and not (wanted and self._capitals.issuperset(wanted)):
            return []
        found = list(islice(self._exact(wanted), MAX_PLACES))
        return found or list(islice(self._near(wanted), 1))

    def _exact(self, wanted: Sequence[str]) -> Iterator[range]:
        if len(wanted) == 1 and wanted[0] in self._vocabulary:
            yield from (range(n, n + 1) for n, word in enumerate(self.words) if word == wanted[0])
            return
        glued, starts, place = "".join(wanted), self._starts, -1
        for _ in range(_MOST_LOOKS):
            place = self._glued.find(glued, place + 1)
            if place < 0:
                return
            begin, end = bisect_left(starts, place), bisect_left(starts, place + len(glued))
            if starts[begin] == place and starts[end] == place + len(glued):
                yield range(begin, end)

    def _near(self, wanted: Sequence[str]) -> Iterator[range]:
        slips = max(1, len(wanted) // _WORDS_FOR_A_SLIP)
        length = -(-len(wanted) // (slips + 1))
        parts = ((at, one) for at in range(0, len(wanted), length) for one in self._exact(wanted[at : at + length]))
        for at, stretch in islice(parts, _MOST_CANDIDATES if len(wanted) > 1 else 0):
            start = stretch.start - at
            there = self.words[start : start + len(wanted)] if start >= 0 else []
            if len(there) == len(wanted):
                pairs = list(zip(wanted, there, strict=True))
                if sum(one != other for one, other in pairs) <= slips and all(alike(*pair) for pair in pairs):
                    yield range(start, start + len(wanted))


def says_something(words: Sequence[str]) -> bool:
    """Whether there is more in a quote than placeholders and single letters."""
    return any(word != PRIVATE and (len(word) > 1 or word.isdecimal()) for word in words)


def alike(one: str, other: str, least: int = _ALIKE) -> bool:
    """Whether two words are one but for an ending or a slip behind the first letters; Latin names are exact."""
    return one == other or (
        one[:least] == other[:least]
        and min(len(one), len(other)) >= _ALIKE
        and abs(len(one) - len(other)) < _ALIKE
        and not one.isascii()
    )


def _around(starts: Sequence[int], stretch: range, end: int) -> range:
    first = starts[max(0, bisect_right(starts, stretch.start) - 1)]
    after = bisect_left(starts, stretch.stop)
    return range(first, starts[after] if after < len(starts) else end)
