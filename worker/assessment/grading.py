"""What the model is asked to return for a resume, and how its answer is read.

It grades the criteria by their ids: a level, up to two quotes, and the periods where a criterion asks for years. It
writes no requirement's words and no recommendation, so nothing of what it writes can be published. An id that it
leaves out counts `none`; one that does not exist makes the answer unusable.

No reader ever puts the answer's text into an exception: the answer quotes the resume.
"""

from collections.abc import Collection, Sequence
from enum import StrEnum
from typing import Any, Final

from pydantic import BaseModel, ConfigDict

from worker.assessment.criteria import Criterion
from worker.assessment.durations import NOW, Period
from worker.assessment.json_answer import BrokenAnswer, listed, read_answer, strict_schema, whole_number

MAX_QUOTES: Final = 2
MAX_PERIODS: Final = 20
_TOKENS_AROUND: Final = 60
_TOKENS_PER_GRADE: Final = 80  # a level, an id and a quote or two of the length that the prompt allows; measured
_TOKENS_OF_PERIODS: Final = 50  # three of them


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
    periods: list[Period]

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


def answer_tokens(criteria: Sequence[Criterion]) -> int:
    """The output cap that these criteria need: it is charged in full at admission, so it is kept tight."""
    dated = sum(criterion.years is not None for criterion in criteria)
    return _TOKENS_AROUND + _TOKENS_PER_GRADE * len(criteria) + _TOKENS_OF_PERIODS * dated


def parse_grading(content: str, ids: Collection[int], *, strict: bool) -> Grading:
    """Read an answer.

    Args:
        content: the answer.
        ids: of the criteria that were asked for.
        strict: the endpoint promised the schema. Otherwise forgiven are keys that we did not ask for, one quote that
            is no list, missing quotes and periods, levels in another case or in Russian.

    Returns:
        At most one grade for each id, in the order of `ids`; the lower one where an id was graded twice.

    Raises:
        BrokenAnswer: it is not JSON, or not of the schema, or grades an id that was not asked for, or none at all.
    """
    return _by_id(read_answer(content, Grading, "grades", _mended, strict=strict), ids)


def _by_id(grading: Grading, ids: Collection[int]) -> Grading:
    levels = list(Level)
    graded: dict[int, Grade] = {}
    for grade in grading.grades:
        if grade.id not in ids:
            raise BrokenAnswer("an id that was not asked for")
        known = graded.get(grade.id)
        if known is None or levels.index(grade.level) < levels.index(known.level):
            cut = {"quotes": grade.quotes[:MAX_QUOTES], "periods": grade.periods[:MAX_PERIODS]}
            graded[grade.id] = grade.model_copy(update=cut)
    if not graded:
        raise BrokenAnswer("no id at all")
    return Grading(grades=[graded[number] for number in ids if number in graded])


# --- the tolerant path ---

_LEVELS: Final = {
    **dict.fromkeys(("none", "no", "absent", "missing", "нет", "отсутствует", "не соответствует"), Level.NONE),
    **dict.fromkeys(("partial", "частично", "частичное", "частичный"), Level.PARTIAL),
    **dict.fromkeys(("strong", "full", "полностью", "полное", "полный", "сильно", "сильное", "сильный"), Level.STRONG),
}


def _mended(answer: dict[str, Any]) -> dict[str, Any]:
    return {"grades": [_mended_grade(grade) for grade in listed(answer["grades"])]}


def _mended_grade(grade: dict[str, Any]) -> dict[str, Any]:
    level = grade.get("level")
    quotes = grade.get("quotes", grade.get("quote"))
    return {
        "id": whole_number(grade.get("id")),
        "quotes": [] if quotes is None else [quotes] if isinstance(quotes, str) else quotes,
        "level": known_level(level),
        "periods": [
            {"from": str(period.get("from", "")), "to": str(period.get("to") or NOW)}
            for period in listed(grade.get("periods"))
        ],
    }


def known_level(level: Any) -> Any:
    """The level that a word of a model without a schema means, or the word itself."""
    return _LEVELS.get(level.strip().lower(), level) if isinstance(level, str) else level or Level.NONE
