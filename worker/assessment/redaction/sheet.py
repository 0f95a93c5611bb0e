"""The one form in which rules look at a resume, beside the text that will be sent.

The form has the text's length, character for character: dashes, blanks, apostrophes and bullets of one kind each
(`even`), and no line end inside of an address, a number or a date. What is found in it is replaced in both.
"""

import re
from collections.abc import Iterable
from typing import Final, NamedTuple, Self

import re2

from worker.assessment.redaction.even import even

JOINT: Final = "\ue0fe"
"""A line end inside of an e-mail address or a link, as it is looked at: of Unicode's private use area."""

ZONES: Final = (
    "com|ru|org|io|me|dev|net|su|info|pro|site|online|app|by|kz|uz|ua|az|am|ge|kg|tj|md|de|uk|co|cc|ai|tech|design|art|"
    "page|link|bio|eu|us|xyz|club|store|work|рф"
)
_MONTH: Final = r"(?:янв|фев|мар|апр|ма[йя]|июн|июл|авг|сен|окт|ноя|дек)[а-я]*"
# What may stand at both ends of a line end inside of one thing.
_ENDS: Final = frozenset("0123456789@/.-—_=&?%+#()№")
_BEGINS: Final = frozenset("@./_?=&-(№")
_BLANKS: Final = frozenset(" \t")
_MONTHS_BEGIN: Final = frozenset("яфмаисонд")
_SHORT: Final = 30  # characters of a local part
_SHORTEST: Final = 6  # characters on both lines
_MOST_LOOKS: Final = 400  # at line ends that may be inside of something
_WINDOW: Final = 70  # characters to both sides
_T: Final = r"[^\s|,;<>()\"«»]"
_HOST: Final = rf"(?:://|www\.|\.(?:{ZONES})/)"
_BROKEN_ADDRESS: Final = re2.compile(
    r"[\w.%+-]@\n[\w-]+\.|[\w.%+-]\n@[\w-]+\.[a-z]|@[\w.-]+\n\.[a-z]{2}|@[\w.-]*-\n[\w-]*\.[a-z]{2}|"
    rf"@[\w-]+\.\n(?:[\w-]+\.[a-z]{{2}}|(?:{ZONES})(?:[^\w]|$))|[\w.+-]@[\w-]+\n[\w-]*\.(?:{ZONES})(?:[^\w.]|$)|"
    r"[\w][._+-]\n[\w.+-]*@[\w-]+\.|://\n[a-z0-9]|"
    rf"{_HOST}{_T}*[-_=?&%#]\n[a-z0-9]|{_HOST}(?:{_T}*[/.])?\n[a-z0-9_@]{_T}*[ \t]*(?:$|[|,;)])|"
    rf"{_HOST}{_T}*\n(?:[/?=&][a-z0-9]|[-_]{_T}*\d{_T}*[ \t]*$)|[a-z0-9]\.(?:{ZONES})\n/[a-z0-9]|"
    r"(?:^|[^\w])(?:t|vk|ok|hh|wa|github|gitlab|linkedin|behance|facebook|instagram)(?:\.\n|\n\.)(?:me|com|ru|net)/"
)
_BROKEN_DATE: Final = re2.compile(
    r"(?:^|[^\d])(?:\d{1,2}[./-]\d{1,2}(?:[./-]\n|\n[./-])|\d{1,2}(?:[./-]\n|\n[./-])\d{1,2}[./-])(?:19|"
    r"20)?\d{2}(?:[^\d]|$)|"
    r"(?:^|[^\d])(?:19|20)\d{2}-(?:\d{2}-\n|\n\d{2}-)\d{2}(?:[^\d]|$)|"
    rf"(?:^|[^\d])\d{{1,2}}(?:\n| ){_MONTH}(?:\n| )(?:19|20)\d{{2}}(?:[^\d]|$)"
)
_BROKEN_DOCUMENT: Final = re2.compile(
    r"(?:^|[^\d])\d{2} ?\d{2}[ ,]*\n ?(?:№|N|номер)? ?\d{6}(?:[^\d]|$)|\d{3}-(?:\d{3}-)?\n\d{3}[- ]|"
    r"\d{3}-\d{3}-\d{3}[- ]?\n ?\d{2}(?:[^\d]|$)|"
    r"(?i:инн|inn|снилс|иин)[ :№\t]*\d[\d -]*\n\d[\d -]*"
)
_NUMBER_BEFORE: Final = re.compile(r"[+(]?\d[\d ()\-—.•\t_=/]{0,30}$|\+$")
# Digits of a whole number, its country's code included.
_LENGTHS: Final = {"+7": (11,), "+1": (11,), "+99": (12,), "+38": (12,), "+375": (12,), "+37": (11,), "+44": (12,)}


class Sheet(NamedTuple):
    """A resume while the person is taken out of it.

    Attributes:
        text: what will be sent.
        look: the same as the rules look at it, of the same length.
    """

    text: str
    look: str

    @classmethod
    def of(cls, text: str) -> Self:
        """Make the form of a visible text."""
        return cls(text, _bridged(even(text)))

    def changed(self, changes: Iterable[tuple[int, int, str]]) -> Self:
        """The same with other words for some stretches (start, end, words), which are in order and do not overlap."""
        texts: list[str] = []
        looks: list[str] = []
        done = 0
        for start, end, words in changes:
            texts += (self.text[done:start], words)
            looks += (self.look[done:start], words)
            done = end
        if not texts:
            return self
        return type(self)("".join((*texts, self.text[done:])), "".join((*looks, self.look[done:])))


def _bridged(look: str) -> str:
    pieces: list[str] = []
    done = 0
    at = look.find("\n")
    left = _MOST_LOOKS
    while at >= 0 and left:
        start, end = at - (look[at - 1 : at] in _BLANKS), at + 1 + (look[at + 1 : at + 2] in _BLANKS)
        last, first = look[start - 1 : start], look[end : end + 1]
        if _may_be_one(last, first) or (first.isascii() and "@" in look[max(0, start - _SHORT) : start]):
            left -= 1
            before = look[max(0, start - _WINDOW) : start].rpartition("\n")[2]
            sign = _sign(before, look[end : end + _WINDOW].partition("\n")[0])
            if sign:
                pieces += (look[done:start], sign * (end - start))
                done = end
        at = look.find("\n", at + 1)
    return "".join((*pieces, look[done:])) if pieces else look


def _may_be_one(last: str, first: str) -> bool:
    if first.isalnum() and first.isascii():
        return last in _ENDS or (first in "12" and last.islower())
    return (first in _BEGINS and last.isalnum() and last.isascii()) or (last.isdigit() and first in _MONTHS_BEGIN)


def _sign(before: str, behind: str) -> str:
    """What stands for a line end between two pieces of one thing; nothing: they are two things."""
    both = f"{before}\n{behind}"
    if len(both) < _SHORTEST or "\n" in (both[0], both[-1]):
        return ""
    if _BROKEN_ADDRESS.search(both):
        return JOINT
    if behind[:1].isalpha() or not _is_broken_phone(before, behind):
        return " " if _BROKEN_DATE.search(both) or _BROKEN_DOCUMENT.search(both) else ""
    return " "


def _is_broken_phone(before: str, behind: str) -> bool:
    match = _NUMBER_BEFORE.search(before)
    if match is None:
        return False
    digits = "".join(filter(str.isdigit, match[0]))
    lengths: tuple[int, ...]
    if match[0][0] == "+":
        there = digits + "".join(filter(str.isdigit, behind[:14]))
        lengths = next((found for code, found in _LENGTHS.items() if f"+{there}".startswith(code)), (11, 12, 13))
    elif match[0][0] == "(":
        lengths = (10, 11)
    else:
        lengths = (11,) if digits[0] in "78" else (7, 10) if match[0].rstrip()[-1] in "-—" else ()
    return any(_has_digits(behind, length - len(digits)) for length in lengths)


def _has_digits(text: str, count: int) -> bool:
    """Whether a number of exactly so many digits begins a text, with no more than three signs between two of them."""
    gap = 0
    if count < 1:
        return False
    for sign in text:
        if sign.isdigit():
            gap = 0
            count -= 1
            if count < 0:
                return False
        elif count == 0:
            return True
        elif sign in " ()-—.•\t_=/" and gap < 3:
            gap += 1
        else:
            return False
    return count == 0
