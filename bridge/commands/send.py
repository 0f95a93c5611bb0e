"""Sends a file's requests to the input topic, and prints their notifications: `python -m bridge send FILE`.

Exit codes: 0 scored, 1 a setting or Kafka is wrong, 2 the file holds something that is no valid request, or a
processing id that is answered already, 4 one failed, 5 no answer in time, 130 Ctrl-C. The requests themselves go on
whatever becomes of this command.
"""

import argparse
import json
import sys
import textwrap
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import redis
from confluent_kafka import Consumer, KafkaError, KafkaException, Producer, TopicPartition
from pydantic import ValidationError

from bridge.commands import say, say_aside
from bridge.kafka import KAFKA_TIMEOUT, offset_ranges, produce
from bridge.request_file import WrittenRequest, WrongRequest, requests_in
from config import Settings
from contract import DIALECT, REQUEST_KEY, Dialect, Notification, ScoredResponse, processed_mark

WRONG_REQUEST = 2
FAILED = 4
NO_ANSWER = 5
INTERRUPTED = 130

WIDTH = 100  # characters of a line of the table


def arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m bridge send", add_help=False)
    parser.add_argument("file", metavar="FILE", help="a JSON object, or one on each line; `-`: standard input")
    parser.add_argument("--processing-id", type=int, metavar="ID", help="send it under this id instead of its own")
    parser.add_argument("--timeout", type=float, default=120.0, metavar="SECONDS", help="of waiting; 120 by default")
    parser.add_argument("--json", action="store_true", help="print the notification as it is on Kafka")
    return parser


def run(options: argparse.Namespace, settings: Settings, reader: Consumer, producer: Producer) -> int:
    """Send them with a producer without transactions; the topic of the answers must exist."""
    try:
        written = chosen(_read(options.file), options.processing_id, settings.dialect)
    except WrongRequest as wrong:
        say_aside(f"{options.file}: {wrong}")
        return WRONG_REQUEST
    waited_for = [each.request.processing_id for each in written]
    if over := ", ".join(map(str, _answered(settings, waited_for))):
        say_aside(f"{over} is answered already, and an id has one answer: give another (--processing-id)")
        return WRONG_REQUEST
    ids = ", ".join(map(str, waited_for))
    code = 0
    try:
        # From where the topic ends before a request is sent: what stands there now cannot be its answer.
        ends = offset_ranges(reader, settings.kafka_topic_for_notifications)
        reader.assign([TopicPartition(part.topic, part.partition, part.end) for part in ends])
        _send(producer, settings.kafka_topic_for_ai_handler, [each.value for each in written])
        say_aside(f"{ids} sent to {settings.kafka_topic_for_ai_handler}; waiting for at most {options.timeout:g} s")
        for body, notification in _answers(reader, waited_for, options.timeout, settings.dialect):
            say(body if options.json else "\n".join(table(notification)))
            code = code if notification.success else FAILED
    except KeyboardInterrupt:
        say_aside(f"no longer waiting; {', '.join(map(str, waited_for))} goes on")
        return INTERRUPTED
    finally:
        reader.close()
    if waited_for:
        say_aside(f"no answer in {options.timeout:g} s; {', '.join(map(str, waited_for))} goes on")
        return NO_ANSWER
    return code


def chosen(content: bytes, processing_id: int | None, dialect: Dialect = DIALECT) -> list[WrittenRequest]:
    """What is to be sent of a file's content; a processing id that is given replaces the request's own.

    Raises:
        WrongRequest: the bridge would not accept it, or one id is given for several.
    """
    written = requests_in(content, dialect)
    if processing_id is None:
        return written
    if len(written) > 1:
        raise WrongRequest(f"it holds {len(written)} requests, and --processing-id is for one")
    changed = {**json.loads(written[0].value), "processing_id": processing_id}
    return requests_in(json.dumps(changed, ensure_ascii=False).encode(), dialect)


def table(notification: Notification) -> list[str]:
    """What a notification says, in lines for a person."""
    response = notification.response
    rows = [("processing_id", [str(response.processing_id)])]
    if isinstance(response, ScoredResponse):
        rows += [
            ("score", [f"{response.score} of 100"]),
            ("verdict", [response.verdict]),
            ("matches", list(response.matches)),
            ("recommendation", [response.recommendation]),
        ]
    else:
        rows += [("failed", [notification.message_error or ""])]
        if notification.wait_seconds is not None:
            rows += [("wait_seconds", [str(notification.wait_seconds)])]
    indent = max(len(name) for name, _ in rows) + 2
    lines: list[str] = []
    for name, texts in rows:
        wrapped = [line for text in texts for line in textwrap.wrap(printable(text), WIDTH - indent)]
        for number, line in enumerate(wrapped or ["–"]):
            lines.append(f"{'' if number else name:<{indent}}{line}")
    return lines


def printable(text: str) -> str:
    """A stranger's text with blanks for what is no sign: an escape sequence would be an order to the terminal."""
    return "".join(character if character.isprintable() else " " for character in text)


def _read(file: str) -> bytes:
    try:
        return sys.stdin.buffer.read() if file == "-" else Path(file).read_bytes()
    except OSError as error:
        raise WrongRequest(f"cannot be read: {error.strerror}") from None


def _answered(settings: Settings, processing_ids: Sequence[int]) -> list[int]:
    """Those of which Redis knows that they were answered; where it cannot be asked, nobody knows."""
    with settings.redis_connection.client() as client, client.pipeline(transaction=False) as pipe:
        for processing_id in processing_ids:
            pipe.exists(processed_mark(processing_id))
        try:
            return [each for each, is_there in zip(processing_ids, pipe.execute(), strict=True) if is_there]
        except redis.RedisError:
            return []


def _send(producer: Producer, topic: str, values: Sequence[bytes]) -> None:
    faults: list[KafkaError] = []
    for value in values:
        produce(producer, topic, REQUEST_KEY, value, faults)
    left = producer.flush(KAFKA_TIMEOUT)
    if faults:
        raise KafkaException(faults[0])
    if left:
        raise KafkaException(KafkaError(KafkaError._TIMED_OUT, f"took no request in {KAFKA_TIMEOUT:g} s"))  # noqa: SLF001


def _answers(
    reader: Consumer, waited_for: list[int], seconds: float, dialect: Dialect
) -> Iterator[tuple[str, Notification]]:
    """Each notification's text and content, as they come; takes their ids out of `waited_for`, until time is up."""
    deadline = time.monotonic() + seconds
    while waited_for and (left := deadline - time.monotonic()) > 0:
        message = reader.poll(min(left, 0.5))
        if message is None or message.error():
            continue
        try:
            body = (message.value() or b"").decode()
            notification = dialect.heard(body)
        except (UnicodeDecodeError, ValidationError):
            continue  # somebody else's
        if notification.response.processing_id in waited_for:
            waited_for.remove(notification.response.processing_id)
            yield body, notification
