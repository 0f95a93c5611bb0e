"""What the model is asked to return for a resume, and how its answer is read.

It grades the criteria by their ids: a level, up to two quotes, and the periods where a criterion asks for years. It
writes no requirement's words and no recommendation, so nothing of what it writes can be published. An id that it
leaves out counts `none`; one that does not exist makes the answer unusable.
"""

from collections.abc import Collection, Sequence
from enum import StrEnum
from typing import Annotated, Any, Final, Self

from pydantic import AliasChoices, BaseModel, BeforeValidator, Field

from worker.assessment.criteria import Criterion
from worker.assessment.durations import Period
from worker.assessment.json_answer import BrokenAnswer, read_answer, strict_schema, with_key
from worker.assessment.source_text import MAX_QUOTE

MAX_QUOTES: Final = 2
MAX_PERIODS: Final = 20
# A grade: a level, an id and two quotes of fifteen long words, measured; and seven periods.
_TOKENS_AROUND, _TOKENS_PER_GRADE, _TOKENS_OF_PERIODS = 60, 85, 100
_OTHER_WORDS: Final = {
    "none": "no|absent|missing|нет|отсутствует|не соответствует|не подтверждено",
    "partial": "частично|частичное|частичный",
    "strong": "full|полностью|полное|полный|сильно|сильное|сильный",
}


class Level(StrEnum):
    """How far the resume meets one criterion."""

    NONE = "none"
    PARTIAL = "partial"
    STRONG = "strong"

    @property
    def points(self) -> int:
        """What it earns: 0, 1, 2."""
        return list(Level).index(self)

    @classmethod
    def _missing_(cls, value: object) -> Self | None:
        """The level that another word means: where no schema is enforced, models find their own."""
        word = str(value or "none").strip(" .!").lower()
        return next((cls(level) for level, words in _OTHER_WORDS.items() if word in (level, *words.split("|"))), None)


def _quotes(found: object) -> list[str]:
    """What of it is text. A long one is cut where a word ends, so that what is kept is what was checked."""
    texts = [found] if isinstance(found, str) else found if isinstance(found, list) else []
    quotes = [one for one in texts if isinstance(one, str)]
    return [one if len(one) <= MAX_QUOTE else one[: MAX_QUOTE + 1].rsplit(" ", 1)[0] for one in quotes]


# Lengths are checked after parsing and not by Field: strict-schema endpoints differ in whether they accept maxItems
# and minLength, and one that does not refuses every request. The quotes stand before the level: the model finds its
# evidence first and grades second.
class Grade(BaseModel, frozen=True):
    """One criterion's grade."""

    id: int
    quotes: Annotated[list[str], BeforeValidator(_quotes)] = Field(
        [], repr=False, validation_alias=AliasChoices("quotes", "quote")
    )
    level: Level
    periods: Annotated[list[Period], BeforeValidator(with_key("from"))] = []


class Grading(BaseModel, frozen=True):
    """All grades of a resume."""

    grades: list[Grade]


class DatedGrading(Grading):
    """A grading as it is kept: with the month in which the model answered, up to which "until today" counts."""

    year: int
    month: int


RESPONSE_FORMAT: Final[dict[str, Any]] = strict_schema("grading", Grading)


def answer_tokens(criteria: Sequence[Criterion]) -> int:
    """The output cap that these criteria need: it is charged in full at admission, so it is kept tight."""
    dated = sum(criterion.years is not None for criterion in criteria)
    return _TOKENS_AROUND + _TOKENS_PER_GRADE * len(criteria) + _TOKENS_OF_PERIODS * dated


def parse_grading(content: str, ids: Collection[int]) -> Grading:
    """Read an answer to criteria with these ids.

    Returns:
        At most one grade for each id, in the order of `ids`; the lower one where an id was graded twice.

    Raises:
        BrokenAnswer: it cannot be read, grades an id that was not asked for, or none at all.
    """
    grades = read_answer(content, Grading, "grades").grades
    graded = {grade.id: grade for grade in sorted(grades, key=lambda one: -one.level.points)}
    if not graded or graded.keys() - set(ids):
        raise BrokenAnswer("no id at all, or one that was not asked for")
    return Grading(
        grades=[
            grade.model_copy(update={"quotes": grade.quotes[:MAX_QUOTES], "periods": grade.periods[:MAX_PERIODS]})
            for number in ids
            if (grade := graded.get(number))
        ]
    )
