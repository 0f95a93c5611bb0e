"""The state for a terminal: 80 columns, with colour where there is one."""

import textwrap
from collections.abc import Iterator
from typing import Final

from bridge.status.wording import Section, Told

WIDTH: Final = 80
_COLOURS: Final = {"good": "\x1b[1;32m", "look": "\x1b[1;33m", "bad": "\x1b[1;31m"}
_BOLD: Final = "\x1b[1m"
_PLAIN: Final = "\x1b[0m"
CLEAR: Final = "\x1b[H\x1b[2J"


def lines(told: Told, *, colour: bool) -> Iterator[str]:
    """The lines, none of them longer than `WIDTH` characters."""
    for line in textwrap.wrap(told.sentence, WIDTH):
        yield f"{_COLOURS[told.mood]}{line}{_PLAIN}" if colour else line
    for section in told.sections:
        yield ""
        yield f"{_BOLD}{section.title}{_PLAIN}" if colour else section.title
        yield from _rows(section)


def _rows(section: Section) -> Iterator[str]:
    widths = [
        max(len(row[n]) for row in section.rows if len(row) > n + 1) for n in range(max(map(len, section.rows)) - 1)
    ]
    for row in section.rows:
        line = "  " + "".join(f"{cell:{width}}  " for cell, width in zip(row[:-1], widths, strict=False))
        indent = min(len(line), WIDTH // 2)
        wrapped = textwrap.wrap(line + row[-1], WIDTH, subsequent_indent=" " * indent, drop_whitespace=True)
        yield from wrapped or [""]
