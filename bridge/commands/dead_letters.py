"""Shows the last dead letters, newest first: `python -m bridge dead-letters`.

Of each: its offset, when it was written, the reason, the field that it is about, and where the original stood. Nothing
of what is in it is shown; `python -m bridge replay` sends them again.
"""

import argparse
import logging
from datetime import UTC, datetime

from confluent_kafka import Consumer, Message

from bridge.commands import say
from bridge.commands.send import printable
from bridge.dead_letter import HEADER_FIELD, HEADER_OFFSET, HEADER_PARTITION, HEADER_REASON, HEADER_TOPIC
from bridge.kafka import LIBRDKAFKA_LOG, OffsetRange, header, offset_ranges, read_range

LAST = 20
OFFSETS_EACH = 4  # a letter's transaction takes an offset too; where that was too little, more is read


def arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m bridge dead-letters", add_help=False)
    parser.add_argument("--last", type=int, default=LAST, metavar="N", help=f"how many; {LAST} by default")
    return parser


def run(options: argparse.Namespace, topic: str, reader: Consumer) -> int:
    """Show the last of a topic, which may be missing."""
    LIBRDKAFKA_LOG.setLevel(logging.CRITICAL)  # what is wrong is said once, at the end
    try:
        places = offset_ranges(reader, topic, may_be_missing=True)
        found = [letter for part in places for letter in _last(reader, part, options.last)]
    finally:
        reader.close()
    newest = sorted(found, key=lambda letter: (letter.timestamp()[1], letter.offset() or 0), reverse=True)
    for line in table(newest[: options.last]) if newest else [f"{topic}: none"]:
        say(line)
    return 0


def table(letters: list[Message]) -> list[str]:
    rows = [("offset", "written", "reason", "field", "original")]
    rows += [
        (
            f"{letter.partition()}/{letter.offset()}",
            datetime.fromtimestamp(letter.timestamp()[1] / 1000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
            _told(letter, HEADER_REASON),
            _told(letter, HEADER_FIELD),
            f"{_told(letter, HEADER_TOPIC)}-{_told(letter, HEADER_PARTITION)} {_told(letter, HEADER_OFFSET)}",
        )
        for letter in letters
    ]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]


def _told(letter: Message, name: str) -> str:
    """A header of ours as text; somebody else may have written it."""
    return printable((header(letter, name) or b"-").decode(errors="replace")[:100])


def _last(reader: Consumer, part: OffsetRange, count: int) -> list[Message]:
    back = OFFSETS_EACH * count
    while True:
        start = max(part.start, part.end - back)
        letters = list(read_range(reader, part._replace(start=start)))
        if len(letters) >= count or start == part.start:
            return letters[-count:]
        back *= OFFSETS_EACH
