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
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from confluent_kafka import Consumer, KafkaError, KafkaException, Message, Producer, TopicPartition
from pydantic import ValidationError

from bridge.kafka import KAFKA_TIMEOUT, offset_ranges
from bridge.request_file import WrittenRequest, WrongRequest, requests_in
from contract import DIALECT, REQUEST_KEY, Dialect, Notification, ScoredResponse

WRONG_REQUEST = 2
FAILED = 4
NO_ANSWER = 5
INTERRUPTED = 130

WIDTH = 100  # characters of a line of the table


def arguments() -> argparse.ArgumentParser:
    """The command's arguments, as a parent of its parser."""
    parser = argparse.ArgumentParser(prog="python -m bridge send", add_help=False)
    parser.add_argument("file", metavar="FILE", help="a JSON object, or one on each line; `-`: standard input")
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
    answered: Callable[[Sequence[int]], list[int]],
    dialect: Dialect = DIALECT,
) -> int:
    """Run the command.

    Args:
        options: what `arguments` has parsed.
        requests: the input topic.
        notifications: the topic of the answers; must exist.
        reader: joins no group; closed at the end.
        producer: without transactions.
        answered: those of these processing ids that are, so that there will be no further answer.
        dialect: of the platform's contract.

    Returns:
        The exit code.

    Raises:
        KafkaException: the brokers are away or refuse.
    """
    try:
        written = chosen(_read(options.file), options.processing_id, dialect)
    except WrongRequest as wrong:
        _say(f"{options.file}: {wrong}")
        return WRONG_REQUEST
    waited_for = [each.request.processing_id for each in written]
    if over := ", ".join(map(str, answered(waited_for))):
        _say(f"{over} is answered already, and an id has one answer: give another (--processing-id)")
        return WRONG_REQUEST
    ids = ", ".join(map(str, waited_for))
    code = 0
    try:
        # From where the topic ends before a request is sent: what stands there now cannot be its answer.
        reader.assign(
            [TopicPartition(part.topic, part.partition, part.end) for part in offset_ranges(reader, notifications)]
        )
        _send(producer, requests, [each.value for each in written])
        _say(f"{ids} sent to {requests}; waiting for at most {options.timeout:g} s")
        for body, notification in _answers(reader, waited_for, options.timeout, dialect):
            print(body if options.json else "\n".join(table(notification)))  # noqa: T201 # the answer goes to its user
            code = code if notification.success else FAILED
    except KeyboardInterrupt:
        _say(f"no longer waiting; {', '.join(map(str, waited_for))} goes on")
        return INTERRUPTED
    finally:
        reader.close()
    if waited_for:
        _say(f"no answer in {options.timeout:g} s; {', '.join(map(str, waited_for))} goes on")
        return NO_ANSWER
    return code


def chosen(content: bytes, processing_id: int | None, dialect: Dialect = DIALECT) -> list[WrittenRequest]:
    """What is to be sent.

    Args:
        content: what the file holds.
        processing_id: replaces the request's own, where it is given.
        dialect: of the request.

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


def _send(producer: Producer, topic: str, values: Sequence[bytes]) -> None:
    faults: list[KafkaException] = []

    def on_delivery(error: object, _message: Message) -> None:
        if error is not None:
            faults.append(KafkaException(error))

    for value in values:
        producer.produce(topic, key=REQUEST_KEY, value=value, on_delivery=on_delivery)
    left = producer.flush(KAFKA_TIMEOUT)
    if faults:
        raise faults[0]
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


def _say(line: str) -> None:
    print(line, file=sys.stderr)  # noqa: T201 # standard output is for the answer
