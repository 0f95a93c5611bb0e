"""The parts of a resume that are about the person.

The head is what stands before its first section, its first period or its first sentence about work; a date, a number,
a handle or a place there is the person's unless it is plainly work. So it is beside contacts, papers and flats.
"""

from collections.abc import Iterator
from itertools import islice
from typing import Final

from worker.assessment.redaction.placeholders import KIND_OF, SYMBOLS, Kind
from worker.assessment.redaction.word_list import pattern

_LONGEST: Final = 1_500  # characters
_TOLD: Final = frozenset(KIND_OF) - {SYMBOLS[Kind.LINK]}
_BESIDE_IT: Final = 90  # characters to both sides
_PARTED: Final = ("\n", ";", "   ")


def end_of_head(look: str) -> int:
    """How many characters of a text are its head."""
    found = pattern("work begins").search(look[:_LONGEST])
    return found.start() if found is not None else min(len(look), _LONGEST)


def _clauses(look: str, end: int) -> Iterator[tuple[int, int]]:
    """What stands beside a contact, a paper or a flat."""
    for found in islice(pattern("telling").finditer(look, end), 20):
        start, stop = max(end, found.start() - _BESIDE_IT), found.end() + _BESIDE_IT
        begins = max(look.rfind(sign, start, found.start()) for sign in _PARTED) + 1
        ends = (look.find(sign, found.end(), stop) for sign in _PARTED)
        yield max(start, begins), min((place for place in ends if place >= 0), default=min(stop, len(look)))


def is_told(text: str) -> bool:
    """Whether something of a person was found in a text; a link may be one of work."""
    return not _TOLD.isdisjoint(text)


def personal(look: str, end: int) -> str:
    """A text's parts about the person, whose head ends at `end`; nothing but line ends stands where its work does."""
    pieces, done = [look[:end]], end
    for start, stop in _clauses(look, end):
        if stop > done:
            pieces += ["\n" * (start - done), look[max(start, done) : stop]]
            done = stop
    return "".join(pieces)
