"""Where quotes stand in a text, so that a page can mark them. Pure.

Whether a quote *counts* is decided in `assessment/proof.py`. A placeholder is a word like any other here.
"""

from collections.abc import Iterable, Iterator

from worker.assessment.source_text import SourceText


def pieces(text: str, quotes: Iterable[tuple[int, str]]) -> Iterator[tuple[str, int | None]]:
    """The text in pieces: what a quote covers, with its criterion's number, and what lies between, with None.

    Args:
        text: is given back whole, piece by piece.
        quotes: (number of the criterion, quote); of quotes that overlap, the one that begins first is marked.
    """
    source = SourceText(text)
    marks = [
        (source.places[found.start][0], source.places[found.stop - 1][1], number)
        for number, quote in quotes
        for found in source.find_words(SourceText(quote).words)[:1]
    ]
    at = 0
    for start, end, number in sorted(marks):
        if start < at:
            continue
        if start > at:
            yield text[at:start], None
        yield text[start:end], number
        at = end
    if at < len(text):
        yield text[at:], None
