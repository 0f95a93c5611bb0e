"""A text's words, what stands beside them, and which of them name somebody: in any grammatical case and alphabet."""

import re
from bisect import bisect_left
from collections.abc import Iterable, Iterator
from itertools import pairwise
from typing import Final

from worker.assessment.redaction import name_lists as lists
from worker.assessment.redaction.name_word import Word, word_of
from worker.assessment.redaction.placeholders import JOINT, Kind, Span
from worker.assessment.redaction.word_list import LETTERS, terms

# One class of characters and a plus, joined by a character outside of it: linear in any engine.
_WORD: Final = re.compile(rf"[{LETTERS}]+(?:['\-{JOINT}]+[{LETTERS}]+)*")


def stem(name: str) -> str:
    """What the grammatical cases of a lower-case Cyrillic name have in common; «Иванов» is no form of «Иван»."""
    name = name.replace("ё", "е")
    for length in range(min(3, len(name) - 2), 0, -1):
        if name[-length:] in terms("endings of names"):
            return name[:-length]
    return f"{name[:-2]}ц" if name.endswith("ец") else name  # «Кравец», «Кравца»


class Mentions:
    """Knows a word that is a form of one of the names, or of a part of one."""

    def __init__(self, names: Iterable[Word]) -> None:
        known = [word for word in names if len(word.text) > 1 and word.lower not in terms("particles, Turkic")]
        self._keys = {lists.latin_key(word.lower) for word in known}
        told = [word for word in known if word.cyrillic and (word.surname or not word.patronymic)]
        self._stems = {stem(part) for word in told for part in word.lower.split("-")}
        self._beginnings = {found[:2] for found in self._stems | self._keys}

    def among(self, words: Iterable[Word]) -> set[Word]:
        """Those that mention one of them; whoever does begins like it."""
        return set(filter(self._has, {word for word in words if word.beginning in self._beginnings}))

    def _has(self, word: Word) -> bool:
        lower = word.lower
        if not word.cyrillic:
            fits = len(lower) > 4 - word.capital and not word.common
            return fits and word.key in self._keys
        fits = word.capital or (len(lower) > 4 and not word.common)
        return fits and all(stem(part) in self._stems for part in lower.split("-"))


class NamedText:
    """A text's words by their numbers, and which of them name somebody."""

    def __init__(self, text: str) -> None:
        """Read a text."""
        found = list(_WORD.finditer(text))
        self.text = text
        self.words = list(map(word_of, map(re.Match.group, found)))
        self.starts = list(map(re.Match.start, found))
        self.ends = list(map(re.Match.end, found))
        self.protected: set[int] = set()  # in them no name is looked for
        self.taken: dict[int, None] = {}  # they name somebody, in the order of their finding
        self.extra: list[Span] = []  # other stretches that do: initials

    def span(self, number: int) -> Span:
        """Where a word stands, with the full stop of an initial."""
        end = self.ends[number]
        initial = len(self.words[number].text) == 1 and self.text[end : end + 1] == "."
        return self.starts[number], end + initial, Kind.NAME

    def numbers_in(self, start: int, end: int) -> range:
        """The numbers of the words in a stretch of the text."""
        return range(bisect_left(self.starts, start), bisect_left(self.starts, end))

    def lines(self, start: int = 0) -> Iterator[tuple[int, str, range]]:
        """From a line's beginning on: where each line begins, the line, the numbers of its words."""
        while start <= len(self.text):
            end = self.text.find("\n", start) % (len(self.text) + 1)  # none: the text's own
            yield start, self.text[start:end], self.numbers_in(start, end)
            start = end + 1

    def those(self, numbers: range) -> list[Word]:
        """The words of these numbers."""
        return self.words[numbers.start : numbers.stop]

    def take(self, *numbers: int) -> None:
        """Note that these words name somebody."""
        self.taken.update(dict.fromkeys(numbers))

    def stand_together(self, numbers: range) -> bool:
        """Whether only spaces are between the words, and no employer's name is among them."""
        gaps = (self.text[self.ends[one] : self.starts[other]] for one, other in pairwise(numbers))
        return self.protected.isdisjoint(numbers) and not any(gap.strip(" .") for gap in gaps)

    def beside(self, number: int, step: int, *, small: bool = False) -> int | None:
        """The number of the next word of the same alphabet, if only spaces are between; `small`, without a capital."""
        other = number + step
        if not 0 <= other < len(self.words) or other in self.protected:
            return None
        word, neighbour = self.words[number], self.words[other]
        if self.text[self.ends[min(number, other)] : self.starts[max(number, other)]].strip(" \t"):
            return None
        fits = len(neighbour.text) > 1 and (neighbour.capital or small)
        return other if fits and neighbour.cyrillic == word.cyrillic else None

    def within_a_phrase(self, number: int) -> bool:
        """Whether a word stands right before it."""
        start = self.starts[number]
        return start > 1 and self.text[start - 1] == " " and self.text[start - 2].isalpha()
