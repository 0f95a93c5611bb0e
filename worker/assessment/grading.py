"""What the model is asked to return for a resume, and how its answer is read.

It grades the criteria by their ids: a level and up to two quotes for each. It writes no requirement's words and no
recommendation, so nothing of what it writes can be published. An id that it leaves out counts `none`; one that does
not exist makes the answer unusable.

Neither reader ever puts the answer's text into an exception: the answer quotes the resume.
"""

import json
from collections.abc import Collection
from enum import StrEnum
from typing import Any, Final

from pydantic import BaseModel, ConfigDict, ValidationError

from worker.assessment.json_answer import complaint, find_object, strict_schema

MAX_QUOTES: Final = 2
_TOKENS_PER_GRADE: Final = 100  # a level, an id and two quotes of the length that the prompt allows; measured
_TOKENS_AROUND: Final = 60


class BrokenGrading(ValueError):
    """The model's answer is not a grading of these criteria. The message says which rule it breaks, never quotes it."""


class Level(StrEnum):
    """How far the resume meets one criterion."""

    NONE = "none"
    PARTIAL = "partial"
    STRONG = "strong"


# Lengths are checked after parsing and not by Field: strict-schema endpoints differ in whether they accept maxItems
# and minLength, and one that does not refuses every request.
class Grade(BaseModel):
    # A docstring here would travel to the model as the schema's description.
    # The quotes stand before the level: the model finds its evidence first and grades second.
    model_config = ConfigDict(frozen=True, extra="forbid")

    id: int
    quotes: list[str]
    level: Level

    def __repr__(self) -> str:
        """Without the texts: this may end in a log."""
        return f"Grade(id={self.id}, level={self.level.value})"

    __str__ = __repr__


class Grading(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    grades: list[Grade]

    def __repr__(self) -> str:
        """Without the texts: this may end in a log."""
        return f"Grading({self.grades!r})"

    __str__ = __repr__


class DatedGrading(Grading):
    """A grading as it is kept: with the month in which the model answered, up to which "until today" counts."""

    year: int
    month: int


RESPONSE_FORMAT: Final[dict[str, Any]] = strict_schema("grading", Grading)


def answer_tokens(criteria: int) -> int:
    """The output cap that so many criteria need: it is charged in full at admission, so it is kept tight."""
    return _TOKENS_AROUND + _TOKENS_PER_GRADE * criteria


def parse_grading(content: str, ids: Collection[int], *, strict: bool) -> Grading:
    """Read an answer.

    Args:
        content: the answer.
        ids: of the criteria that were asked for.
        strict: the endpoint promised the schema. Otherwise forgiven are code fences and prose around the object,
            trailing commas, raw line breaks in strings, keys we did not ask for, one quote that is no list, a missing
            one, levels in another case or in Russian.

    Returns:
        At most one grade for each id, in the order of `ids`; the lower one where an id was graded twice.

    Raises:
        BrokenGrading: it is not JSON, or not of the schema, or grades an id that was not asked for, or none at all.
    """
    try:
        body = content if strict else json.dumps(_mended(json.loads(find_object(content, "grades"))))
        grading = Grading.model_validate_json(body, strict=True)
    except ValidationError as error:
        broken = complaint(error)
    except UnicodeEncodeError:
        broken = "lone surrogates"
    except RecursionError:
        broken = "the answer cannot be read"
    except ValueError as error:
        broken = str(error)
    else:
        return _by_id(grading, ids)
    # Raised outside of the handler: a chained ValidationError would carry the answer's text into tracebacks.
    raise BrokenGrading(broken)


def _by_id(grading: Grading, ids: Collection[int]) -> Grading:
    levels = list(Level)
    graded: dict[int, Grade] = {}
    for grade in grading.grades:
        if grade.id not in ids:
            raise BrokenGrading("an id that was not asked for")
        known = graded.get(grade.id)
        if known is None or levels.index(grade.level) < levels.index(known.level):
            graded[grade.id] = grade.model_copy(update={"quotes": grade.quotes[:MAX_QUOTES]})
    if not graded:
        raise BrokenGrading("no id at all")
    return Grading(grades=[graded[number] for number in ids if number in graded])


# --- the tolerant path ---

_LEVELS: Final = {
    **dict.fromkeys(("none", "no", "absent", "missing", "нет", "отсутствует", "не соответствует"), Level.NONE),
    **dict.fromkeys(("partial", "частично", "частичное", "частичный"), Level.PARTIAL),
    **dict.fromkeys(("strong", "full", "полностью", "полное", "полный", "сильно", "сильное", "сильный"), Level.STRONG),
}


def _mended(answer: dict[str, Any]) -> dict[str, Any]:
    grades = answer["grades"]
    return {"grades": [_mended_grade(grade) for grade in grades] if isinstance(grades, list) else grades}


def _mended_grade(grade: Any) -> Any:
    if not isinstance(grade, dict):
        return grade
    number, level = grade.get("id"), grade.get("level")
    quotes = grade.get("quotes", grade.get("quote"))
    known = level.strip().lower() if isinstance(level, str) else "none" if level is None else ""
    return {
        "id": int(number) if isinstance(number, str) and number.isdecimal() and len(number) < 4 else number,
        "quotes": [] if quotes is None else [quotes] if isinstance(quotes, str) else quotes,
        "level": _LEVELS.get(known, level),
    }
