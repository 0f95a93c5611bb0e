"""The one form in which rules look at a resume, beside the text that will be sent.

The form has the text's length, character for character: dashes, blanks, apostrophes and bullets of one kind each
(`even`), and no line end inside of an address, a number or a date. What is found in it is replaced in both.
"""

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Final, Self

from worker.assessment.redaction.head import end_of_head, personal
from worker.assessment.redaction.placeholders import JOINT, MARK
from worker.assessment.redaction.word_list import pattern

_DIGITS: Final = str.maketrans("оОoOзЗlIбБ", "0000331166")  # «8-911-6оо-42-17», «+7 9O5 12З 45 67»
_MAY_BE_MISREAD: Final = re.compile("[0-9()-][оОoOзЗlIбБ]+-?[0-9]")  # it begins at no letter: linear
_MISREAD: Final = re.compile(r"(?<![\w-])[+(]{0,2}\d(?:[ ()-]{0,3}[\dоОoOзЗlIбБ]){6,13}(?![\w-])")
_UNEVEN: Final = re.compile(r"[^\n\t -)+-_a-}А-яЁё«»“”„•]+")
_FORMS: Final = {"—": "–—―⸺⸻", "-": "−⁃", " ": "*~", "'": "`ʻʼ‘’´ʹ′", "•": "·∙‣●○▪▫◦■□►▶✓✔", "|": "│┃¦"}

_HYPHENATED: Final = re.compile(r"(?<=[а-яё])-\n *(?=[А-я][а-яё])|(?<=[А-ЯЁ]{2})-\n *(?=[А-ЯЁ]{2})")
# What may stand at both ends of a line end inside of one thing.
_ENDS: Final = frozenset("0123456789@/.-—_=&?%+#()№")
_BEGINS: Final = frozenset("@./_?=&-(№")
_MONTHS_BEGIN: Final = frozenset("яфмаисонд")
_LONGEST_LOCAL: Final = 30  # characters of an e-mail address before the @
_MOST_LOOKS: Final = 400  # at line ends that may be inside of something
_SHORT_WINDOW: Final = 30  # of these, for numbers, other line ends included
_WINDOW: Final = 70  # characters to both sides


@dataclass(frozen=True)
class Sheet:
    """A resume while the person is taken out of it."""

    text: str  # what will be sent
    look: str  # the same as the rules look at it, of the same length
    contacts: frozenset[str] = frozenset()  # those taken out: what their owner is called

    @classmethod
    def of(cls, text: str) -> Self:
        """Make the form of a visible text."""
        look = even(text)
        if "-\n" in look:
            look = _HYPHENATED.sub(lambda match: JOINT * len(match[0]), look)
        return cls(text, _bridged(look))

    @cached_property
    def end_of_head(self) -> int:
        """How many characters are the head."""
        return end_of_head(self.look)

    @cached_property
    def personal(self) -> str:
        """The parts about the person."""
        return personal(self.look, self.end_of_head)

    def changed(self, changes: Iterable[tuple[int, int, str]], contacts: Iterable[str] = ()) -> Self:
        """The same with other words for some stretches (start, end, words), which are in order and do not overlap."""
        texts, looks, done = "", "", 0
        for start, end, words in changes:
            texts += self.text[done:start] + words
            looks += self.look[done:start] + words
            done = end
        known = self.contacts.union(contacts)
        return type(self)(texts + self.text[done:], looks + self.look[done:], known) if done else self


@lru_cache(2)
def places_near_placeholders(look: str) -> list[tuple[int, int]]:
    """Where the first line begins and ends, the lines with a placeholder, and those beside them."""
    places = [(0, look.find("\n") % (len(look) + 1))]
    line = done = 0
    for mark in MARK.finditer(look):
        if mark.start() >= line:
            line = look.find("\n", mark.end()) % (len(look) + 1)
            start = look.rfind("\n", done, max(done, look.rfind("\n", done, mark.start())))
            done = look.find("\n", line + 2) % (len(look) + 1)  # an empty line is none
            places.append((places.pop()[0] if start <= places[-1][1] else start, done))
    return places


@lru_cache(2)
def near_placeholders(look: str) -> str:
    """These lines."""
    return "".join(look[start:end] for start, end in places_near_placeholders(look))


def even(visible_text: str) -> str:
    """The text, character for character, with one form of dashes, blanks, apostrophes, bullets and full-width signs."""
    look = _UNEVEN.sub(lambda match: "".join(map(_form, match[0])), visible_text)
    if not _MAY_BE_MISREAD.search(look):
        return look
    return _MISREAD.sub(lambda match: match[0].translate(_DIGITS), look)


@lru_cache(20_000)
def _form(character: str) -> str:
    form = next((form for form, signs in _FORMS.items() if character in signs), None)
    if form is not None:
        return form
    category = unicodedata.category(character)
    if category in {"Pd", "Zs"}:
        return "-" if category == "Pd" else " "
    folded = unicodedata.normalize("NFKC", character)
    return folded if len(folded) == 1 else character


def _bridged(look: str) -> str:
    pieces: list[str] = []
    done = looks = 0
    at = look.find("\n")
    while at >= 0 and looks < _MOST_LOOKS:
        start, end = at - (look[at - 1 : at] in {" ", "\t"}), at + 1 + (look[at + 1 : at + 2] in {" ", "\t"})
        last, first = look[start - 1 : start], look[end : end + 1]
        if _may_be_one(last, first) or (first.isascii() and "@" in look[max(0, start - _LONGEST_LOCAL) : start]):
            looks += 1
            near = max(done, start - _WINDOW)
            before = ("".join(pieces[-2:])[-_WINDOW:] if near == done else "") + look[near:start]
            before = before[-_WINDOW:].rpartition("\n")[2]
            both = f"{before}\n{look[end : end + _WINDOW].partition(chr(10))[0]}"
            sign = JOINT if pattern("broken addresses").search(both) else ""
            lines = f"{look[max(0, start - _SHORT_WINDOW) : start]}\n{look[end : end + _SHORT_WINDOW]}"
            at_end = min(start, _SHORT_WINDOW)
            if not sign and any(
                one.start() < at_end < one.end() - 1 for one in pattern("broken numbers").finditer(lines)
            ):
                sign = " "
            if sign:
                pieces += (look[done:start], sign * (end - start))
                done = end
        at = look.find("\n", at + 1)
    return "".join((*pieces, look[done:])) if pieces else look


def _may_be_one(last: str, first: str) -> bool:
    if first.isalnum() and first.isascii():
        return last in _ENDS or (first in "12" and last.islower())
    return (first in _BEGINS and last.isalnum() and last.isascii()) or (last.isdigit() and first in _MONTHS_BEGIN)
