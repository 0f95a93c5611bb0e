"""A vacancy's criteria: which of its own words are graded, of which kind, and how many years they ask for.

The model copies spans of the vacancy; the code finds each again and keeps the vacancy's words, so nothing can be
invented, reworded or softened, and the vacancy's layout does not matter. A slip of the model is snapped to what the
vacancy says. What the law forbids to grade by is reported and not graded.
"""

import hashlib
import json
import re
from enum import StrEnum
from typing import Annotated, Any, Final

from pydantic import BaseModel, BeforeValidator, Field

from worker.assessment.durations import asks_for_years
from worker.assessment.grounds import Ground, parted
from worker.assessment.json_answer import BrokenAnswer, read_answer, strict_schema, with_key
from worker.assessment.vacancy import Vacancy

CRITERIA_VERSION: Final = "4"
MAX_CRITERIA: Final = 12
MAX_LISTED: Final = 24  # spans that an answer may name
MAX_ANSWER_TOKENS: Final = 540  # twelve spans of some twenty tokens, their keys, and what is forbidden


class CriterionKind(StrEnum):
    """How much a criterion weighs: a `gate` is never averaged away."""

    GATE = "gate"
    MUST = "must"
    NICE = "nice"


class Criterion(BaseModel, frozen=True):
    """One requirement as it is graded; `text` is the vacancy's own words, `years` of experience that they ask for."""

    id: int
    text: str = Field(repr=False)
    kind: CriterionKind
    years: int | None = None


class Forbidden(BaseModel, frozen=True):
    """Words of a vacancy that the law forbids to grade by."""

    text: str = Field(repr=False)
    ground: Ground


class Criteria(BaseModel, frozen=True):
    """All that the resumes for one vacancy are measured by: none, if nothing in it can be checked."""

    items: tuple[Criterion, ...]
    forbidden: tuple[Forbidden, ...] = ()
    lost: int = 0  # spans of the model's answer that are not in the vacancy
    made_by: str = ""  # the name of the model, where there are several

    @property
    def digest(self) -> str:
        """What two sets of criteria share if and only if they measure the same."""
        body = json.dumps([item.model_dump() for item in self.items], ensure_ascii=False, sort_keys=True)
        return hashlib.sha256(f"{CRITERIA_VERSION} {body}".encode()).hexdigest()[:16]


_Whole = BeforeValidator(lambda years: int(found[0]) if (found := re.match(r"\d+", str(years))) else None)


class Listed(BaseModel):
    """A span as the model names it."""

    text: str = Field(repr=False)
    kind: CriterionKind
    years: Annotated[int | None, _Whole] = None


class CriteriaAnswer(BaseModel):
    """What the model is asked for."""

    criteria: list[Listed]
    forbidden: Annotated[list[Forbidden], BeforeValidator(with_key("ground", *Ground))] = []


RESPONSE_FORMAT: Final[dict[str, Any]] = strict_schema("criteria", CriteriaAnswer)


def parse_criteria(content: str, vacancy: Vacancy) -> Criteria:
    """Read the model's answer and make the criteria of it: at most twelve, gates first, then musts, as it ordered them.

    Raises:
        BrokenAnswer: it cannot be read, names too many spans, or more than a third of them are not in the vacancy.
    """
    answer = read_answer(content, CriteriaAnswer, "criteria")
    if max(len(answer.criteria), len(answer.forbidden)) > MAX_LISTED:
        raise BrokenAnswer("far too many spans")
    found = [(one, vacancy.span(one.text)) for one in answer.criteria]
    lost = sum(span is None for _, span in found)
    if 3 * lost > len(found):
        raise BrokenAnswer("more than a third of the spans are not in the vacancy")
    forbidden: dict[str, Ground] = {}  # by folded words
    for named in answer.forbidden:
        if span := vacancy.span(named.text):
            forbidden |= parted(span, {}, named.ground)[0]
    graded: dict[str, Listed] = {}
    for one, span in found:
        there, lawful = parted(span, forbidden) if span else ({}, [])
        forbidden |= {new: why for new, why in there.items() if not any(known in new for known in forbidden)}
        if piece := (vacancy.span(max(lawful, key=len)) if there else span) if lawful else None:
            graded.setdefault(piece, one)  # the longest lawful piece
    chosen = sorted(graded.items(), key=lambda item: list(CriterionKind).index(item[1].kind))[:MAX_CRITERIA]
    items = (
        Criterion(id=number, text=span, kind=one.kind, years=one.years if asks_for_years(span, one.years) else None)
        for number, (span, one) in enumerate(chosen, start=1)
    )
    reported = (Forbidden(text=vacancy.span(one) or one, ground=why) for one, why in forbidden.items())
    return Criteria(items=tuple(items), forbidden=tuple(reported), lost=lost)
