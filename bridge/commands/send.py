"""Sends one request to the input topic, waits for its notification and prints it: `python -m bridge send FILE`.

Exit codes: 0 scored, 1 a setting or Kafka is wrong, 2 the file holds no valid request or its
processing id is answered already, 4 it failed, 5 no answer in time, 130 Ctrl-C. The request itself goes on whatever
becomes of this command.
"""

import argparse
import json
import sys
import textwrap
import time
from collections.abc import Callable
from pathlib import Path

from confluent_kafka import Consumer, KafkaException, Message, Producer, TopicPartition
from pydantic import ValidationError

from bridge import intake
from bridge.intake import Accepted, Rejected
from bridge.kafka import KAFKA_TIMEOUT, spans
from contract import DIALECT, REQUEST_KEY, Dialect, Notification, ScoredResponse

WRONG_REQUEST = 2
FAILED = 4
NO_ANSWER = 5
INTERRUPTED = 130

WIDTH = 100  # characters of a line of the table


class WrongRequest(ValueError):
    """The file holds no request that can be sent; the text says why, without quoting it."""


def arguments() -> argparse.ArgumentParser:
    """The command's arguments, as a parent of its parser."""
    parser = argparse.ArgumentParser(prog="python -m bridge send", add_help=False)
    parser.add_argument("file", metavar="FILE", help="one request, a JSON object; `-`: standard input")
    parser.add_argument("--processing-id", type=int, metavar="ID", help="send it under this id instead of its own")
    parser.add_argument("--timeout", type=float, default=120.0, metavar="SECONDS", help="of waiting; 120 by default")
    parser.add_argument("--json", action="store_true", help="print the notification as it is on Kafka")
    return parser


def run(
    options: argparse.Namespace,
    *,
    requests: str,
    notifications: str,
    reader: Consumer,
    producer: Producer,
    is_processed: Callable[[int], bool],
    dialect: Dialect = DIALECT,
) -> int:
    """Run the command.

    Args:
        options: what `arguments` has parsed.
        requests: the input topic.
        notifications: the topic of the answers; must exist.
        reader: joins no group; closed at the end.
        producer: without transactions.
        is_processed: whether this processing id has been answered, so that there will be no further answer.
        dialect: of the platform's contract.

    Returns:
        The exit code.

    Raises:
        KafkaException: the brokers are away or refuse.
    """
    try:
        value, processing_id = request_of(_read(options.file), options.processing_id, dialect)
    except WrongRequest as wrong:
        _say(str(wrong))
        return WRONG_REQUEST
    if is_processed(processing_id):
        _say(f"{processing_id} is answered already, and an id has one answer: give another with --processing-id")
        return WRONG_REQUEST
    try:
        # From where the topic ends before the request is sent: what stands there now cannot be its answer.
        reader.assign([TopicPartition(span.topic, span.partition, span.end) for span in spans(reader, notifications)])
        _send(producer, requests, value)
        _say(f"{processing_id} sent to {requests}; waiting for at most {options.timeout:g} s")
        answer = _await_answer(reader, processing_id, options.timeout, dialect)
    except KeyboardInterrupt:
        _say(f"no longer waiting; {processing_id} goes on")
        return INTERRUPTED
    finally:
        reader.close()
    if answer is None:
        _say(f"no answer in {options.timeout:g} s; {processing_id} goes on")
        return NO_ANSWER
    body, notification = answer
    print(body if options.json else "\n".join(table(notification)))  # noqa: T201 # a command's answer goes to its user
    return 0 if notification.success else FAILED


def request_of(value: bytes, processing_id: int | None, dialect: Dialect = DIALECT) -> tuple[bytes, int]:
    """The message to send, and its processing id.

    Args:
        value: what the file holds.
        processing_id: replaces the request's own, where it is given.
        dialect: of the request.

    Raises:
        WrongRequest: the bridge would not accept it.
    """
    if processing_id is not None:
        try:
            value = json.dumps({**json.loads(value), "processing_id": processing_id}, ensure_ascii=False).encode()
        except (ValueError, TypeError):
            raise WrongRequest("the file is no JSON object") from None
    match intake.read(REQUEST_KEY, value, dialect):
        case Accepted(request=request):
            return value, request.processing_id
        case Rejected(reason=reason):
            raise WrongRequest(f"the bridge would not accept this request: {reason.value}")
        case _:
            raise AssertionError("our own key is ours")


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
        wrapped = [line for text in texts for line in textwrap.wrap(_printable(text), WIDTH - indent)]
        for number, line in enumerate(wrapped or ["–"]):
            lines.append(f"{'' if number else name:<{indent}}{line}")
    return lines


def _printable(text: str) -> str:
    # Texts of strangers: an escape sequence among them would be an order to the terminal.
    return "".join(character if character.isprintable() else " " for character in text)


def _read(file: str) -> bytes:
    try:
        return sys.stdin.buffer.read() if file == "-" else Path(file).read_bytes()
    except OSError as error:
        raise WrongRequest(f"cannot read {file}: {error.strerror}") from None


def _send(producer: Producer, topic: str, value: bytes) -> None:
    faults: list[KafkaException] = []

    def on_delivery(error: object, _message: Message) -> None:
        if error is not None:
            faults.append(KafkaException(error))

    producer.produce(topic, key=REQUEST_KEY, value=value, on_delivery=on_delivery)
    left = producer.flush(KAFKA_TIMEOUT)
    if faults:
        raise faults[0]
    if left:
        raise KafkaException(f"it did not take the request in {KAFKA_TIMEOUT:g} s")


def _await_answer(
    reader: Consumer, processing_id: int, seconds: float, dialect: Dialect
) -> tuple[str, Notification] | None:
    """The notification's text and content; None after so many seconds."""
    deadline = time.monotonic() + seconds
    while (left := deadline - time.monotonic()) > 0:
        message = reader.poll(min(left, 0.5))
        if message is None or message.error():
            continue
        try:
            body = (message.value() or b"").decode()
            notification = dialect.heard(body)
        except (UnicodeDecodeError, ValidationError):
            continue  # somebody else's
        if notification.response.processing_id == processing_id:
            return body, notification
    return None


def _say(line: str) -> None:
    print(line, file=sys.stderr)  # noqa: T201 # standard output is for the answer
