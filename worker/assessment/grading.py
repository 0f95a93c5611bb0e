"""What the model is asked to return, and how its answer is read.

`parse_grading` is for endpoints that enforce the schema; `parse_grading_tolerantly` for those with JSON mode
only: it mends the usual blemishes and then applies the very same validation. Neither ever puts the answer's
text into an exception: the answer quotes the resume.
"""

import json
import re
from collections.abc import Iterator
from enum import StrEnum
from typing import Annotated, Any, Final

from pydantic import AfterValidator, BaseModel, ConfigDict, ValidationError

MAX_REQUIREMENTS: Final = 7


class BrokenGrading(ValueError):
    """The model's answer is not a grading. The message says which rule it breaks and never quotes it."""


class Level(StrEnum):
    """How far the resume meets one requirement."""

    NONE = "none"
    PARTIAL = "partial"
    STRONG = "strong"


def _not_blank(text: str) -> str:
    if not text.strip():
        raise ValueError("blank")
    return text


def _one_to_seven(grades: list["Grade"]) -> list["Grade"]:
    if not 1 <= len(grades) <= MAX_REQUIREMENTS:
        raise ValueError("the number of requirements is not between 1 and 7")
    return grades


# Lengths are checked by validators and not by Field: strict-schema endpoints differ in whether they accept
# minItems, maxItems and minLength, and one that does not refuses every request.
class Grade(BaseModel):
    # A docstring here would travel to the model as the schema's description.
    # The quote stands before the level: the model finds its evidence first and grades second.
    model_config = ConfigDict(frozen=True, extra="forbid")

    requirement: Annotated[str, AfterValidator(_not_blank)]
    quote: str
    level: Level

    def __repr__(self) -> str:
        """Without the texts: this may end in a log."""
        return f"Grade(level={self.level.value})"

    __str__ = __repr__


class Grading(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    requirements: Annotated[list[Grade], AfterValidator(_one_to_seven)]
    recommendation: str

    def __repr__(self) -> str:
        """Without the texts: this may end in a log."""
        return f"Grading({self.requirements!r})"

    __str__ = __repr__


def _response_format() -> dict[str, Any]:
    # OpenAI's strict mode wants `additionalProperties: false` and every property required, as pydantic writes
    # it for these classes; the titles it adds only cost tokens.
    schema = _without_titles(Grading.model_json_schema())
    return {"type": "json_schema", "json_schema": {"name": "grading", "strict": True, "schema": schema}}


def _without_titles(node: Any) -> Any:
    if isinstance(node, dict):
        return {
            key: _without_titles(value)
            for key, value in node.items()
            if not (key in {"title", "description"} and isinstance(value, str))
        }
    return [_without_titles(item) for item in node] if isinstance(node, list) else node


# Made once: the SDK's .parse() would rebuild it at every call, 7.5 ms of CPU each.
RESPONSE_FORMAT: Final[dict[str, Any]] = _response_format()


def parse_grading(content: str) -> Grading:
    """Read an answer that was made under `RESPONSE_FORMAT`.

    Raises:
        BrokenGrading: it is not JSON, or not of the schema, or names no requirement or more than seven.
    """
    try:
        return Grading.model_validate_json(content, strict=True)
    except ValidationError as error:
        complaint = _complaint(error)
    except UnicodeEncodeError:
        complaint = "lone surrogates"
    # Raised outside of the handler: a chained ValidationError would carry the answer's text into tracebacks.
    raise BrokenGrading(complaint)


def _complaint(error: ValidationError) -> str:
    """Only the kinds of errors: even a field's name in `loc` may be the model's invention."""
    return "the answer breaks the schema: " + ", ".join(sorted({detail["type"] for detail in error.errors()}))


# --- the tolerant path ---

_MAX_OBJECT_STARTS = 20
_MAX_CHARACTERS = 50_000  # several times what the output cap allows; mending takes time for every character
_STRING_OR_TRAILING_COMMA = re.compile(r'("(?:\\.|[^"\\])*")|,(?=\s*[}\]])')
_LEVELS: Final = {
    "none": Level.NONE,
    "no": Level.NONE,
    "absent": Level.NONE,
    "missing": Level.NONE,
    "нет": Level.NONE,
    "отсутствует": Level.NONE,
    "не соответствует": Level.NONE,
    "partial": Level.PARTIAL,
    "частично": Level.PARTIAL,
    "частичное": Level.PARTIAL,
    "частичный": Level.PARTIAL,
    "strong": Level.STRONG,
    "full": Level.STRONG,
    "полностью": Level.STRONG,
    "полное": Level.STRONG,
    "полный": Level.STRONG,
    "сильно": Level.STRONG,
    "сильное": Level.STRONG,
    "сильный": Level.STRONG,
}


def parse_grading_tolerantly(content: str) -> Grading:
    """Read an answer of an endpoint that promises JSON but no schema.

    Forgiven: code fences and prose around the object, trailing commas, raw line breaks in strings, keys we
    did not ask for, a missing or null quote or recommendation, levels in another case or in Russian. Where
    several objects have `requirements` (models that think aloud), the last one counts.

    Raises:
        BrokenGrading: as `parse_grading`.
    """
    if len(content) > _MAX_CHARACTERS:
        raise BrokenGrading("the answer is far too long")
    found: dict[str, Any] | None = None
    for candidate in _objects(content):
        if "requirements" in candidate:
            found = candidate
    if found is None:
        raise BrokenGrading("the answer holds no JSON object with requirements")
    try:
        mended = json.dumps(_mended(found))
    except (RecursionError, ValueError):
        mended = ""
    return parse_grading(mended)


def _objects(content: str) -> Iterator[dict[str, Any]]:
    """The outermost JSON objects in a text, in order."""
    decoder = json.JSONDecoder(strict=False)
    rest = content
    for _ in range(_MAX_OBJECT_STARTS):
        start = rest.find("{")
        if start < 0:
            return
        rest = _STRING_OR_TRAILING_COMMA.sub(lambda match: match[1] or "", rest[start:])
        try:
            value, end = decoder.raw_decode(rest)
        except (ValueError, RecursionError):
            rest = rest[1:]
            continue
        yield value
        rest = rest[end:]


def _mended(answer: dict[str, Any]) -> dict[str, Any]:
    grades = answer["requirements"]
    recommendation = answer.get("recommendation")
    return {
        "requirements": [_mended_grade(grade) for grade in grades] if isinstance(grades, list) else grades,
        "recommendation": "" if recommendation is None else recommendation,
    }


def _mended_grade(grade: Any) -> Any:
    if not isinstance(grade, dict):
        return grade
    quote, level = grade.get("quote"), grade.get("level")
    known = level.strip().lower() if isinstance(level, str) else "none" if level is None else ""
    return {
        "requirement": grade.get("requirement"),
        "quote": "" if quote is None else quote,
        "level": _LEVELS.get(known, level),
    }
