"""Requests as people write them into a file: one JSON object, or one on each line.

What the bridge would make a dead letter of is said here, before anything is sent, so that it can be mended: with the
line, the column or the field, and never with what stands there.
"""

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from bridge import intake
from bridge.intake import Accepted, Reason, Rejected
from contract import DIALECT, MAX_REQUIREMENTS, MAX_RESUME, REQUEST_KEY, Dialect, Request
from file_text import NotUtf8Error, file_text

_IDS = {"processing_id", "user_id", "resume_id", "requirements_id", "requirement_id"}
_LONGEST = {"requirements": MAX_REQUIREMENTS, "requirement": MAX_REQUIREMENTS, "resume": MAX_RESUME}


class WrongRequest(ValueError):
    """The file holds something that cannot be sent; the text says where and why, without quoting it."""


@dataclass(frozen=True, slots=True)
class WrittenRequest:
    """One request, and the bytes that it is sent as."""

    request: Request
    value: bytes


def requests_in(content: bytes, dialect: Dialect = DIALECT) -> list[WrittenRequest]:
    """All requests of a file, in the platform's words.

    Raises:
        WrongRequest: about the first that cannot be sent.
    """
    try:
        text = file_text(content)
    except NotUtf8Error as error:
        raise WrongRequest(str(error)) from None
    if not text.strip():
        raise WrongRequest("it is empty: it must hold one JSON object, or one on each line")
    found = [_request(line, number, dialect) for number, line in _objects(text)]
    ids = [written.request.processing_id for written in found]
    twice = next((number for number, count in Counter(ids).items() if count > 1), None)
    if twice is not None:
        raise WrongRequest(f"`processing_id` {twice} stands there twice: an id has one answer")
    return found


def _objects(text: str) -> Iterator[tuple[int, str]]:
    """Each object's text, and the number of the line that it begins on."""
    lines = [(number, line) for number, line in enumerate(text.split("\n"), start=1) if line.strip()]
    if len(lines) > 1 and (all(line.strip().startswith("{") for _, line in lines) or _is_whole(lines[0][1])):
        yield from lines
    else:
        yield lines[0][0], text


def _is_whole(line: str) -> bool:
    """Whether this line is an object by itself, and those after it have to be."""
    try:
        return isinstance(json.loads(line), dict)
    except (ValueError, RecursionError):
        return False


def _request(text: str, line: int, dialect: Dialect) -> WrittenRequest:
    try:
        content = json.loads(text)
    except json.JSONDecodeError as error:
        raise WrongRequest(_broken(error, line)) from None
    except (ValueError, RecursionError):  # digits without end, nesting without end
        raise WrongRequest(f"line {line} is no JSON that can be read") from None
    if isinstance(content, list):
        raise WrongRequest(f"line {line} begins a list: leave the brackets out, with one request on each line")
    value = text.encode()
    match intake.read(REQUEST_KEY, value, dialect):
        case Accepted(request=request):
            return WrittenRequest(request, value)
        case Rejected(reason=reason, field=field):
            raise WrongRequest(f"line {line}: {_sentence(reason, field)}")
        case _:
            raise AssertionError("our own key is ours")


def _broken(error: json.JSONDecodeError, first_line: int) -> str:
    # The line that an object begins on counts as its first, whatever empty ones stand before it in its text.
    ahead = error.doc[: len(error.doc) - len(error.doc.lstrip())].count("\n")
    place = f"line {first_line - 1 + error.lineno - ahead} column {error.colno}"
    before = error.doc[: error.pos].rstrip()[-1:]
    here = error.doc[error.pos : error.pos + 1]
    if (here in ("}", "]") and before == ",") or error.msg.startswith("Illegal trailing comma"):
        return f"{place}: a comma too many: nothing follows it"
    return f"{place}: no JSON: {error.msg[0].lower()}{error.msg[1:]}"


def _sentence(reason: Reason, field: str) -> str:
    named = f"`{field}`" if field else "a field"
    kind = "a whole number from 0 to 2147483647, without quotes" if field in _IDS else "a text in quotes"
    sentences = {
        Reason.MISSING_FIELD: f"{named} is missing",
        Reason.INVALID_FIELD: f"{named} must be {kind}",
        Reason.BLANK_TEXT: f"{named} is blank",
        Reason.OVERSIZE_TEXT: f"{named} is longer than {_LONGEST.get(field)} characters",
        Reason.BAD_CALLBACK_URL: f"{named} must be an http or https address",
        Reason.DUPLICATE_FIELD: f"{named} stands there twice",
        Reason.NOT_JSON: "NaN, Infinity or a number without end stands there, which is no JSON",
        Reason.NOT_AN_OBJECT: "it must be a JSON object: { … }",
    }
    return sentences.get(reason, f"the bridge would not accept it: {reason.value}")
