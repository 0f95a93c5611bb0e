"""Where quotes stand in a text, letter for letter, so that a page can mark them. Pure; time is linear in the text.

Whether a quote *counts* is decided in `assessment/proof.py`, which also finds quotes with changed endings. Those are
not marked here: a page that marks too little misleads nobody.
"""

from bisect import bisect_left
from collections.abc import Iterable, Iterator
from itertools import accumulate


def pieces(text: str, quotes: Iterable[tuple[int, str]]) -> Iterator[tuple[str, int | None]]:
    """The text in pieces: what a quote covers, with its criterion's number, and what lies between, with None.

    Args:
        text: is given back whole, piece by piece.
        quotes: (number of the criterion, quote); of quotes that overlap, the one that begins first is marked.
    """
    spans = list(_words(text))
    words = [_folded(text[start:end]) for start, end in spans]
    stream = " " + "".join(f"{word} " for word in words)
    starts = list(accumulate((len(word) + 1 for word in words), initial=1))
    places = []
    for number, quote in quotes:
        wanted = [_folded(quote[start:end]) for start, end in _words(quote)]
        target = f" {' '.join(wanted)} "
        place = stream.find(target) if wanted else -1
        if place >= 0:
            first = bisect_left(starts, place + 1)
            places.append((spans[first][0], spans[first + len(wanted) - 1][1], number))
    at = 0
    for start, end, number in sorted(places):
        if start < at:
            continue
        if start > at:
            yield text[at:start], None
        yield text[start:end], number
        at = end
    if at < len(text):
        yield text[at:], None


def _words(text: str) -> Iterator[tuple[int, int]]:
    """Where each run of letters and digits begins and ends."""
    start = None
    for at, character in enumerate(text):
        if character.isalnum():
            start = at if start is None else start
        elif start is not None:
            yield start, at
            start = None
    if start is not None:
        yield start, len(text)


def _folded(word: str) -> str:
    return word.casefold().replace("ё", "е")
