"""Sends dead letters to the input topic again, as they came: `python -m bridge replay`.

A dead letter stays in its topic whether it was replayed or not, so narrow the choice by reason and time. What
is still unreadable becomes a new dead letter; what was notified already stays silent (processed marks).
"""

import argparse
import time
from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from confluent_kafka import Consumer, KafkaError, Message, Producer

from bridge.commands import say
from bridge.dead_letter import CAP_LIMIT, CAP_WINDOW, HEADER_FIELD, HEADER_REASON, HEADER_SIZE
from bridge.intake import Reason
from bridge.kafka import header, offset_ranges, produce, read_range
from config import Settings
from contract import Dialect


def run(options: argparse.Namespace, settings: Settings, reader: Consumer, producer: Producer) -> int:
    """Send them with a producer without transactions; the exit code: 0 done, 1 some could not be sent."""
    fields: defaultdict[str, Counter[str]] = defaultdict(Counter)  # by reason
    chosen: Counter[str] = Counter()
    not_whole = 0
    pace = Pace(CAP_LIMIT, CAP_WINDOW, options.rate)
    failures: list[KafkaError] = []
    places = offset_ranges(reader, settings.dead_letter_topic, may_be_missing=True)
    for letter in (letter for part in places for letter in read_range(reader, part)):
        reason = (header(letter, HEADER_REASON) or b"unknown").decode()
        fields[reason][_field(letter, settings.dialect)] += 1
        if not _is_chosen(letter, reason, options) or chosen.total() >= options.limit:
            continue
        if header(letter, HEADER_SIZE) is not None or reason == Reason.UNPUBLISHABLE:
            not_whole += 1
            continue
        chosen[reason] += 1
        if not options.dry_run:
            time.sleep(pace.wait())
            produce(producer, settings.kafka_topic_for_ai_handler, letter.key(), letter.value(), failures)
    left = producer.flush(60)
    reader.close()
    what = "would replay" if options.dry_run else "replayed"
    for reason, found in sorted(fields.items()):
        named = ", ".join(f"{field} {count}" for field, count in sorted(found.items()) if field)
        say(f"{reason}: {found.total()} dead letters{f' ({named})' if named else ''}, {what} {chosen[reason]}")
    if not fields:
        say(f"{settings.dead_letter_topic}: none")
        return 0
    if not_whole:
        say(f"{not_whole} cannot be replayed: their originals are not kept whole")
    sent = chosen.total() - len(failures) - left
    total = sum(found.total() for found in fields.values())
    say(f"{what} {sent} of {total} dead letters to {settings.kafka_topic_for_ai_handler}")
    if failures or left:
        say(f"{len(failures) + left} could not be sent: {failures[0].str() if failures else 'time ran out'}")
        return 1
    return 0


@dataclass(eq=False)
class Pace:
    """Keeps a replay below the dead letters' cap: if all of it is still unreadable, the bridge does not stop for it.

    A quarter of the limit goes at once, and the rest at a rate that makes half the limit in a window.
    """

    limit: int  # dead letters allowed within the window
    window: float  # seconds
    rate: float | None  # letters a second that the operator prefers; None: the one above
    clock: Callable[[], float] = time.monotonic  # seconds, monotonic

    def __post_init__(self) -> None:
        self._at_once = self.limit // 4 if self.rate is None else 0
        self._seconds_each = 1 / self.rate if self.rate else 2 * self.window / self.limit
        self._due_at: float | None = None

    def wait(self) -> float:
        """Seconds until the next letter may go."""
        if self._at_once > 0:
            self._at_once -= 1
            return 0.0
        now = self.clock()
        due_at = now if self._due_at is None else max(now, self._due_at)
        self._due_at = due_at + self._seconds_each
        return due_at - now


def arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m bridge replay", add_help=False)
    parser.add_argument("--dry-run", action="store_true", help="say what would be replayed, send nothing")
    parser.add_argument("--reason", action="append", choices=[*map(str, Reason)], help="only these; repeatable")
    parser.add_argument("--since", type=_time, help="ISO time (UTC unless it says otherwise) they were written at")
    parser.add_argument("--until", type=_time, help="ISO time, exclusive")
    parser.add_argument(
        "--rate",
        type=_rate,
        help="letters a second; by default so few that the bridge's cap on dead letters is not reached by them",
    )
    parser.add_argument("--limit", type=int, default=10**9, help="at most so many")
    return parser


def _rate(text: str) -> float:
    rate = float(text)
    if not 0 < rate < float("inf"):
        raise argparse.ArgumentTypeError("must be above 0")
    return rate


def _time(text: str) -> datetime:
    time = datetime.fromisoformat(text)
    return time if time.tzinfo else time.replace(tzinfo=UTC)


def _field(letter: Message, dialect: Dialect) -> str:
    """The field that it is about, where it is one of ours: what else stands there is a stranger's."""
    field = (header(letter, HEADER_FIELD) or b"").decode(errors="replace")
    return field if field in dialect.fields else ""


def _is_chosen(letter: Message, reason: str, options: argparse.Namespace) -> bool:
    written = datetime.fromtimestamp(letter.timestamp()[1] / 1000, UTC)
    return not (
        (options.reason and reason not in options.reason)
        or (options.since and written < options.since)
        or (options.until and written >= options.until)
    )
