"""What a message of the input topic is: a request, somebody else's, or something nobody can work on. Pure."""

import json
from collections import Counter
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, NoReturn

from pydantic import ValidationError

from contract import DIALECT, MAX_RESUME, Dialect, Recipient, Request

# The senders' shared cache keeps a resume as such an object, and hands it out as it is.
_WRAPPER = {"resume_id", "resume"}
_WRAPPER_MAY_HAVE = _WRAPPER | {"user_id"}
# Each round of the cache wraps once more; beyond this it is no accident.
_MAX_WRAPPERS = 3
# One character as JSON escapes it, a surrogate pair, and the wrapper around; what is longer is too long anyway.
_MAX_WRAPPED = 12 * MAX_RESUME + 1_000


class Reason(StrEnum):
    """Why a message is a dead letter; goes into its `reason` header."""

    MISSING_KEY = "missing_key"
    EMPTY_VALUE = "empty_value"
    NOT_UTF8 = "not_utf8"
    NOT_JSON = "not_json"
    DUPLICATE_FIELD = "duplicate_field"
    NOT_AN_OBJECT = "not_an_object"
    MISSING_FIELD = "missing_field"
    INVALID_FIELD = "invalid_field"
    BLANK_TEXT = "blank_text"
    OVERSIZE_TEXT = "oversize_text"
    BAD_CALLBACK_URL = "bad_callback_url"
    UNPUBLISHABLE = "unpublishable"  # the notifications topic takes neither its outcome nor a failure


# What the end user reads when ids and callback could still be read.
MESSAGES = {
    Reason.MISSING_KEY: "Запрос передан с ошибкой. Отправьте его ещё раз.",
    Reason.MISSING_FIELD: "В запросе не хватает обязательных данных. Проверьте вакансию и резюме и отправьте снова.",
    Reason.INVALID_FIELD: "Данные запроса заполнены неверно. Проверьте вакансию и резюме и отправьте снова.",
    Reason.BLANK_TEXT: "Текст вакансии или резюме пуст. Заполните его и отправьте запрос снова.",
    Reason.OVERSIZE_TEXT: "Текст вакансии или резюме слишком длинный. Сократите его и отправьте запрос снова.",
    Reason.BAD_CALLBACK_URL: "Адрес для ответа указан неверно: нужен адрес http или https.",
}


@dataclass(frozen=True, slots=True)
class Accepted:
    request: Request


@dataclass(frozen=True, slots=True)
class Rejected:
    """A dead letter."""

    reason: Reason  # why
    addressee: Recipient | None = None  # whom to tell, None where ids or callback could not be read
    # The one of the request's fields that it is about; empty where it is about none, or about a stranger's.
    field: str = ""


@dataclass(frozen=True, slots=True)
class NotOurs:
    """A message with another key: skipped."""


class _DuplicateField(ValueError):
    """A JSON object names a field twice; which one counts depends on the parser."""


def read(key: bytes | None, value: bytes | None, dialect: Dialect = DIALECT) -> Accepted | Rejected | NotOurs:
    """Tell what a message is. Never raises, whatever the bytes."""
    if key and dialect.request_key not in (key, None):
        return NotOurs()
    content = _parse(value, dialect)
    if isinstance(content, Rejected):
        return content
    if not key and dialect.request_key is not None:
        return Rejected(Reason.MISSING_KEY, _addressee(content, dialect))
    if isinstance(resume := content.get("resume"), str):
        content["resume"] = unwrapped(resume)
    try:
        return Accepted(dialect.request.model_validate(content))
    except ValidationError as error:
        reason, field = _reason(error)
        return Rejected(reason, _addressee(content, dialect), field)


def unwrapped(resume: str) -> str:
    """The resume inside, where the text is itself the JSON object `{"resume_id": …, "resume": "…"}`.

    Any other text, JSON or not, is a resume as it stands. Linear in the text's length, and at most
    `_MAX_WRAPPERS` rounds.
    """
    for _ in range(_MAX_WRAPPERS):
        if len(resume) > _MAX_WRAPPED or not resume.lstrip().startswith("{"):
            break
        try:
            inside = json.loads(resume, object_pairs_hook=_unique_fields, parse_constant=_no_constants)
        except (ValueError, RecursionError):
            break
        if not _WRAPPER <= inside.keys() <= _WRAPPER_MAY_HAVE or not isinstance(inside["resume"], str):
            break
        resume = inside["resume"]
    return resume


def _parse(value: bytes | None, dialect: Dialect) -> dict[str, Any] | Rejected:
    if not value or not value.strip():
        return Rejected(Reason.EMPTY_VALUE)
    try:
        text = value.decode("utf-8")
    except UnicodeDecodeError:
        return Rejected(Reason.NOT_UTF8)
    try:
        content = json.loads(text, object_pairs_hook=_unique_fields, parse_constant=_no_constants)
    except _DuplicateField as error:
        name = str(error)
        return Rejected(Reason.DUPLICATE_FIELD, field=name if name in dialect.fields else "")
    except (ValueError, RecursionError):  # also integers of thousands of digits, and nesting beyond the stack
        return Rejected(Reason.NOT_JSON)
    return content if isinstance(content, dict) else Rejected(Reason.NOT_AN_OBJECT)


def _unique_fields(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    fields = dict(pairs)
    if len(fields) != len(pairs):
        raise _DuplicateField(next(name for name, count in Counter(name for name, _ in pairs).items() if count > 1))
    return fields


def _no_constants(name: str) -> NoReturn:
    raise ValueError(name)  # NaN and Infinity parse by default, and are not JSON


def _addressee(content: dict[str, Any], dialect: Dialect) -> Recipient | None:
    try:
        return dialect.recipient.model_validate(content)
    except ValidationError:
        return None


def _reason(error: ValidationError) -> tuple[Reason, str]:
    """The reason, and the field that it is about."""
    # hide everything of the error but types and places: its text quotes the input
    faults = error.errors(include_input=False, include_url=False, include_context=False)
    for fault in faults:
        field, kind = str(fault["loc"][0]), fault["type"]
        if kind == "missing":
            return Reason.MISSING_FIELD, field
        if field == "callback_url":
            return Reason.BAD_CALLBACK_URL, field
        if kind == "string_too_long":
            return Reason.OVERSIZE_TEXT, field
        if kind == "value_error":
            return Reason.BLANK_TEXT, field
    return Reason.INVALID_FIELD, str(faults[0]["loc"][0])
