"""`python -m bridge replay`: sends dead letters to the input topic again, as they came.

A dead letter stays in its topic whether it was replayed or not, so narrow the choice by reason and time. What
is still unreadable becomes a new dead letter; what was notified already stays silent (processed marks).
"""

import argparse
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime

from confluent_kafka import Consumer, KafkaError, KafkaException, Message, Producer, TopicPartition

from bridge.dead_letter import HEADER_REASON
from bridge.intake import Reason
from bridge.kafka import header
from config import Settings

KAFKA_TIMEOUT = 10.0  # seconds


def main(arguments: list[str], settings: Settings, reader: Consumer, producer: Producer) -> int:
    """Run the command; its exit code: 0 done, 1 some could not be sent, 2 wrong arguments."""
    options = _parser().parse_args(arguments)
    found: Counter[str] = Counter()
    chosen: Counter[str] = Counter()
    failures: list[KafkaError] = []
    for letter in _letters(reader, settings.dead_letter_topic):
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


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m bridge replay", description=__doc__)
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


def _letters(reader: Consumer, topic: str) -> Iterator[Message]:
    """All dead letters that are there now."""
    metadata = reader.list_topics(topic, timeout=KAFKA_TIMEOUT).topics[topic]
    if metadata.error is not None:
        raise KafkaException(metadata.error)
    for number in metadata.partitions:
        partition = TopicPartition(topic, number)
        low, end = reader.get_watermark_offsets(partition, timeout=KAFKA_TIMEOUT)
        partition.offset = low
        reader.assign([partition])
        at_end = low >= end
        while not at_end:
            for message in reader.consume(500, timeout=1.0):
                error = message.error()
                if error is None and (message.offset() or 0) < end:
                    yield message
                elif error is not None and error.code() != KafkaError._PARTITION_EOF:  # noqa: SLF001 # librdkafka's own codes are spelt so
                    raise KafkaException(error)
                else:
                    at_end = True  # the end of the partition, or what was written since we began


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
