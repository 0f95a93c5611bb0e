"""Where does this quote stand in the resume?

The model must prove each match with the resume's own words; this module looks them up. Both texts are folded
(`plain_text.fold`), punctuation and dashes become word breaks, and then the quote's words must stand in the resume
side by side, in the same order, from word boundary to word boundary. What the passage is worth is not decided here
but by the gates of `evidence`.

Near-quotes: models drop or change an ending ("разработка сервис"). A word may differ in its ending only, and
only **one word of a quote, or one in four of a longer one**: both spellings share the first three fifths and
at least three letters, and at most three letters differ; in English only inflections (-s, -es, -e, -d, -ed,
-ing) count as endings, so `SQL` is not `SQLite` and `React` is not `Reactor`. Words with digits, `C++` and
`C#` must match exactly. With k such changes in a quote, one of k + 1 equal parts of it stands in the resume as it is
(pigeonhole): that part is looked up with `str.find`, and only around it the endings are compared.

An ellipsis joins at most three passages; each must hold by itself, in the order of the resume.
"""

from collections.abc import Iterator, Sequence
from itertools import takewhile
from typing import Final

import re2

from worker.assessment.plain_text import fold, words
from worker.assessment.reading import Reading
from worker.assessment.stems import FUNCTION_WORDS

MAX_PASSAGES: Final = 3
MAX_QUOTE: Final = 600  # characters; the prompt asks for fifteen words, and a longer quote is no sharper proof
MAX_PLACES: Final = 4  # occurrences of one quote that are looked at
_MOST_CANDIDATES: Final = 40  # occurrences of a part around which endings are compared
_WORDS_PER_CHANGED_ENDING: Final = 4
_LONGEST_ENDING: Final = 3
_SHORTEST_STEM: Final = 3
_SHORTEST_GLUED: Final = 12  # letters that a quote over a broken word must have
_ELLIPSIS: Final = re2.compile(r"[\[(]?\s*(?:\.{2,}|…)\s*[\])]?")
_ENGLISH_ENDINGS: Final = frozenset({"", "s", "es", "e", "d", "ed", "ing"})


def find_quote(quote: str, whole: Sequence[str], resume: Reading) -> list[range]:
    """The places where the quote stands, each as the numbers of the sentences it lies in; none: it is not there.

    A quote of nothing but function words, digits and single letters stands nowhere.

    Args:
        quote: at most `MAX_QUOTE` characters.
        whole: its words, as `reading.redacted_words` returns them.
        resume: where to look.
    """
    if not _says_something(whole):
        return []
    found = [resume.sentences_between(start, end) for start, end in _places(resume.stream, whole)]
    if not found:
        found = _in_parts(quote, resume)
    if not found and resume.hyphenated:
        found = _over_a_broken_word(whole, resume)
    return found


def _in_parts(quote: str, resume: Reading) -> list[range]:
    shown = quote if quote.isascii() else fold(quote)
    if ".." not in shown and "…" not in shown:  # as in most quotes: nothing to split at
        return []
    parts = [part for part in map(words, _ELLIPSIS.split(shown)) if part]
    if not 1 < len(parts) <= MAX_PASSAGES or not all(map(_says_something, parts)):
        return []
    start, found = 0, []
    for part in parts:
        place = next(_places(resume.stream, part, start), None)
        if place is None:
            return []
        found.append(resume.sentences_between(*place))
        start = place[1] - 1
    return found


def _over_a_broken_word(whole: Sequence[str], resume: Reading) -> list[range]:
    glued = "".join(whole)
    start = resume.glued.find(glued) if len(glued) >= _SHORTEST_GLUED else -1
    if start < 0 or not {start, start + len(glued)} <= resume.glued_words:
        return []
    return [resume.sentences_between(start, start + len(glued), glued=True)]


def _says_something(passage: Sequence[str]) -> bool:
    return any(len(word) > 1 and word not in FUNCTION_WORDS and not word.isdecimal() for word in passage)


def _places(stream: str, passage: Sequence[str], start: int = 0) -> Iterator[tuple[int, int]]:
    """Where the passage stands in the stream: from the first letter of its first word to the end of its last."""
    target = f" {' '.join(passage)} "
    place, count = stream.find(target, start), 0
    while place >= 0 and count < MAX_PLACES:
        yield place + 1, place + len(target) - 1
        place, count = stream.find(target, place + 1), count + 1
    if not count and len(passage) > 1:
        yield from _near_places(stream, passage, start)


def _near_places(stream: str, passage: Sequence[str], start: int) -> Iterator[tuple[int, int]]:
    allowance = max(1, len(passage) // _WORDS_PER_CHANGED_ENDING)
    length = -(-len(passage) // (allowance + 1))
    tried = 0
    for first in range(0, len(passage), length):
        part = f" {' '.join(passage[first : first + length])} "
        place = stream.find(part, start)
        while place >= 0 and tried < _MOST_CANDIDATES:
            tried += 1
            found = _around(stream, place, passage, first, allowance)
            if found:
                yield found
                return
            place = stream.find(part, place + 1)


def _around(stream: str, place: int, passage: Sequence[str], first: int, allowance: int) -> tuple[int, int] | None:
    """The stretch around `place` where all of the passage stands, its word number `first` at that place."""
    before = _words_before(stream, place, first)
    after = _words_after(stream, place + 1, len(passage) - first)
    there = [*before, *after]
    if len(there) != len(passage):
        return None
    changed = sum(one != other for one, other in zip(passage, there, strict=True))
    if changed > allowance or not all(
        one == other or _differ_in_ending(one, other) for one, other in zip(passage, there, strict=True)
    ):
        return None
    start = place + 1 - sum(len(word) + 1 for word in before)
    return start, start + len(" ".join(there))


_LONGEST_WORD: Final = 40  # letters; around a candidate place no more is looked at for each word


def _words_before(stream: str, place: int, count: int) -> list[str]:
    return stream[max(0, place - count * _LONGEST_WORD) : place].split()[-count:] if count else []


def _words_after(stream: str, place: int, count: int) -> list[str]:
    return stream[place : place + count * _LONGEST_WORD].split()[:count]


def _differ_in_ending(one: str, other: str) -> bool:
    if not (one.isalpha() and other.isalpha()):
        return False
    shared = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(one, other, strict=False)))
    longer = max(len(one), len(other))
    if shared < _SHORTEST_STEM or longer - shared > _LONGEST_ENDING or 5 * shared < 3 * longer:
        return False
    if one.isascii() and other.isascii():
        return one[shared:] in _ENGLISH_ENDINGS and other[shared:] in _ENGLISH_ENDINGS
    return True
