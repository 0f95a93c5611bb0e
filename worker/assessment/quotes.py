"""Is this quote really in the resume?

The model must prove each match with the resume's own words; this module decides whether it did. Both texts
are folded (`plain_text.fold`), punctuation and dashes become word breaks, and then the quote's words must
stand in the resume side by side, in the same order, from word boundary to word boundary.

Near-quotes: models drop or change an ending ("разработка сервис"). A word may differ in its ending only, and
only **one word of a quote, or one in four of a longer one**: both spellings share the first three fifths and
at least three letters, and at most three letters differ; in English only inflections (-s, -es, -e, -d, -ed,
-ing) count as endings, so `SQL` is not `SQLite` and `React` is not `Reactor`. Words with digits, `C++` and
`C#` must match exactly.

An ellipsis joins at most three passages; each must hold by itself, in the order of the resume.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import takewhile
from typing import Self

from worker.assessment.plain_text import fold

MAX_PASSAGES = 3
_WORDS_PER_CHANGED_ENDING = 4
_LONGEST_ENDING = 3
_SHORTEST_STEM = 3

# C++, C#, F#: there the sign is half of the name. "5+" and "#1" are numbers with punctuation.
_WORD = re.compile(r"[^\W_]*[^\W\d_](?:\+\+|#)|[^\W_]+")
_ELLIPSIS = re.compile(r"[\[(]?\s*(?:\.{2,}|…)\s*[\])]?")
_HYPHEN_AT_LINE_END = re.compile(r"(?<=[^\W\d_])[-‐¬][ \t]*\n[ \t]*(?=[^\W\d_])")
_ENGLISH_ENDINGS = frozenset({"", "s", "es", "e", "d", "ed", "ing"})
_FUNCTION_WORDS = frozenset(
    word
    for line in (
        "а без был была было были в во все для до его ее же за и из или их к как ко на над не но о об он она",
        "от по под при с со так то у что это я",
        "an and are as at be by for from had has have he her his in is it its my of on or she that the they",
        "this to was were with you",
    )
    for word in line.split()
)
# Cutting a quote off right behind one of these turns its meaning round ...
_NEGATIONS = frozenset({"не", "без", "not", "without"})
# ... except that "не только Python" does not deny Python.
_NOT_NEGATED = frozenset({"только", "просто", "менее", "более", "only", "just", "less", "more"})

_BARRIER = ""  # no word is empty, so no quote reaches over it


@dataclass(frozen=True, slots=True)
class NormalisedResume:
    """The words of a resume, made ready for looking up quotes. Compute it once per resume with `of`.

    A hyphen at a line's end may belong to the word ("бизнес-аналитик") or to the line ("разра-ботка"), so the
    words are kept under both readings.
    """

    joined: tuple[str, ...]
    split: tuple[str, ...]

    @classmethod
    def of(cls, *passages: str) -> Self:
        """The resume given as one text, or as passages that no quote may reach across."""
        joined: list[str] = []
        split: list[str] = []
        for passage in passages:
            joined += [*words(passage, join_hyphenated=True), _BARRIER]
            split += [*words(passage), _BARRIER]
        return cls(tuple(joined), tuple(split))

    def __repr__(self) -> str:
        """Without the words: this may end in a log."""
        return f"NormalisedResume({len(self.split)} words)"


def words(text: str, *, join_hyphenated: bool = False) -> list[str]:
    """The folded words of a text; `join_hyphenated` mends those that were broken at a line's end."""
    folded = fold(text)
    if join_hyphenated:
        folded = _HYPHEN_AT_LINE_END.sub("", folded)
    return _WORD.findall(folded)


def quote_holds(quote: str, resume: NormalisedResume) -> bool:
    """Whether the quote stands in the resume, verbatim or within the bound stated above.

    A quote that says nothing earns nothing: every passage needs a word of two or more characters with a
    letter among them ("Go", "1С", "C#") that is not a mere function word.
    """
    return _holds_among(resume.joined, quote, join_hyphenated=True) or _holds_among(
        resume.split, quote, join_hyphenated=False
    )


def _holds_among(resume: tuple[str, ...], quote: str, *, join_hyphenated: bool) -> bool:
    whole = words(quote, join_hyphenated=join_hyphenated)
    parts = [words(part, join_hyphenated=join_hyphenated) for part in _ELLIPSIS.split(quote)]
    # The dots may also be the resume's own.
    return _hold_in_order(resume, [whole]) or _hold_in_order(resume, [part for part in parts if part])


def _hold_in_order(resume: tuple[str, ...], passages: list[list[str]]) -> bool:
    if not 0 < len(passages) <= MAX_PASSAGES or not all(_says_something(passage) for passage in passages):
        return False
    start = 0
    for passage in passages:
        found = next(_places(resume, passage, start), None)
        if found is None:
            return False
        start = found + len(passage)
    return True


def _says_something(passage: list[str]) -> bool:
    return any(len(word) > 1 and word not in _FUNCTION_WORDS and any(map(str.isalpha, word)) for word in passage)


def _places(resume: tuple[str, ...], passage: list[str], start: int) -> Iterator[int]:
    """Where in the resume's words the passage stands, from `start` on."""
    allowance = max(1, len(passage) // _WORDS_PER_CHANGED_ENDING)
    for place in range(start, len(resume) - len(passage) + 1):
        if _matches_at(resume, place, passage, allowance) and not _negated(resume, place):
            yield place


def _matches_at(resume: tuple[str, ...], place: int, passage: list[str], allowance: int) -> bool:
    changed = 0
    for offset, word in enumerate(passage):
        there = resume[place + offset]
        if there == word:
            continue
        changed += 1
        if changed > allowance or not _differ_in_ending(word, there):
            return False
    return True


def _differ_in_ending(one: str, other: str) -> bool:
    if not (one.isalpha() and other.isalpha()):
        return False
    stem = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(one, other, strict=False)))
    longer = max(len(one), len(other))
    if stem < _SHORTEST_STEM or longer - stem > _LONGEST_ENDING or 5 * stem < 3 * longer:
        return False
    if one.isascii() and other.isascii():
        return one[stem:] in _ENGLISH_ENDINGS and other[stem:] in _ENGLISH_ENDINGS
    return True


def _negated(resume: tuple[str, ...], place: int) -> bool:
    return place > 0 and resume[place - 1] in _NEGATIONS and resume[place] not in _NOT_NEGATED
