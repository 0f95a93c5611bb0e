"""Sends dead letters to the input topic again, as they came: `python -m bridge replay`.

A dead letter stays in its topic whether it was replayed or not, so narrow the choice by reason and time. What
is still unreadable becomes a new dead letter; what was notified already stays silent (processed marks).
"""

import argparse
from collections import Counter
from datetime import UTC, datetime

from confluent_kafka import Consumer, KafkaError, Message, Producer

from bridge.dead_letter import HEADER_REASON
from bridge.intake import Reason
from bridge.kafka import header, read_span, spans
from config import Settings


def run(options: argparse.Namespace, settings: Settings, reader: Consumer, producer: Producer) -> int:
    """Run the command.

    Args:
        options: what `arguments` has parsed.
        settings: for the topics' names.
        reader: joins no group; closed at the end.
        producer: without transactions.

    Returns:
        The exit code: 0 done, 1 some could not be sent.
    """
    found: Counter[str] = Counter()
    chosen: Counter[str] = Counter()
    failures: list[KafkaError] = []
    letters = (letter for span in spans(reader, settings.dead_letter_topic) for letter in read_span(reader, span))
    for letter in letters:
        reason = _reason(letter)
        found[reason] += 1
        if not _is_chosen(letter, reason, options) or chosen.total() >= options.limit:
            continue
        chosen[reason] += 1
        if not options.dry_run:
            _send(producer, settings.kafka_topic_for_ai_handler, letter, failures)
    left = producer.flush(60)
    reader.close()
    what = "would replay" if options.dry_run else "replayed"
    for reason, number in sorted(found.items()):
        _say(f"{reason}: {number} dead letters, {what} {chosen[reason]}")
    sent = chosen.total() - len(failures) - left
    _say(f"{what} {sent} of {found.total()} dead letters to {settings.kafka_topic_for_ai_handler}")
    if failures or left:
        _say(f"{len(failures) + left} could not be sent: {failures[0].str() if failures else 'time ran out'}")
        return 1
    return 0


def arguments() -> argparse.ArgumentParser:
    """The command's arguments, as a parent of its parser."""
    parser = argparse.ArgumentParser(prog="python -m bridge replay", add_help=False)
    parser.add_argument("--dry-run", action="store_true", help="say what would be replayed, send nothing")
    parser.add_argument(
        "--reason",
        action="append",
        choices=[reason.value for reason in Reason],
        help="only these; repeatable",
    )
    parser.add_argument("--since", type=_time, help="ISO time (UTC unless it says otherwise) they were written at")
    parser.add_argument("--until", type=_time, help="ISO time, exclusive")
    parser.add_argument("--limit", type=int, default=10**9, help="at most so many")
    return parser


def _time(text: str) -> datetime:
    time = datetime.fromisoformat(text)
    return time if time.tzinfo else time.replace(tzinfo=UTC)


def _reason(letter: Message) -> str:
    return (header(letter, HEADER_REASON) or b"unknown").decode()


def _is_chosen(letter: Message, reason: str, options: argparse.Namespace) -> bool:
    written = datetime.fromtimestamp(letter.timestamp()[1] / 1000, UTC)
    return not (
        (options.reason and reason not in options.reason)
        or (options.since and written < options.since)
        or (options.until and written >= options.until)
    )


def _send(producer: Producer, topic: str, letter: Message, failures: list[KafkaError]) -> None:
    def on_delivery(error: KafkaError | None, _message: Message) -> None:
        if error is not None:
            failures.append(error)

    while True:
        try:
            producer.produce(topic, key=letter.key(), value=letter.value(), on_delivery=on_delivery)
        except BufferError:
            producer.poll(0.5)  # the local queue is full
        else:
            return


def _say(line: str) -> None:
    print(line)  # noqa: T201 # a command's answer goes to its user
