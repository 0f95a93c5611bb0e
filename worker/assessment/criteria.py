"""A vacancy's criteria: which of its own words are graded, of which kind, and how many years they ask for.

The model copies spans of the vacancy; the code finds each again and keeps the vacancy's words, so nothing can be
invented, reworded or softened, and the vacancy's layout does not matter. A slip of the model is snapped to what the
vacancy says. What the law forbids to grade by is reported and not graded.
"""

import hashlib
import json
from collections.abc import Iterator
from enum import StrEnum
from typing import Any, Final, Literal

from pydantic import BaseModel, ConfigDict

from worker.assessment.durations import asks_for_years
from worker.assessment.grounds import Ground, forbidden_ground
from worker.assessment.json_answer import BrokenAnswer, listed, read_answer, strict_schema, whole_number
from worker.assessment.vacancy import Vacancy

CRITERIA_VERSION: Final = "3"
MAX_CRITERIA: Final = 12
MAX_LISTED: Final = 40  # criteria that an answer may name
MAX_ANSWER_TOKENS: Final = 700
"""The output cap of the call: twelve spans of twenty tokens, their keys, and what is forbidden."""


class Kind(StrEnum):
    """How much a criterion weighs: a `gate` is never averaged away."""

    GATE = "gate"
    MUST = "must"
    NICE = "nice"


class Criterion(BaseModel):
    """One requirement as it is graded; `text` is the vacancy's own words, `years` of experience that they ask for."""

    model_config = ConfigDict(frozen=True)

    id: int
    text: str
    kind: Kind
    years: int | None = None

    def __repr__(self) -> str:
        """Without the words: this may end in a log."""
        return f"Criterion(id={self.id}, kind={self.kind.value})"

    __str__ = __repr__


class Forbidden(BaseModel):
    """Words of a vacancy that the law forbids to grade by."""

    model_config = ConfigDict(frozen=True)

    text: str
    ground: Ground


class Criteria(BaseModel):
    """All that the resumes for one vacancy are measured by: none, if nothing in it can be checked.

    `lost` is how many spans of the model's answer are not in the vacancy.
    """

    model_config = ConfigDict(frozen=True)

    items: tuple[Criterion, ...]
    forbidden: tuple[Forbidden, ...] = ()
    lost: int = 0

    @property
    def digest(self) -> str:
        """What two sets of criteria share if and only if they measure the same."""
        body = json.dumps([item.model_dump() for item in self.items], ensure_ascii=False, sort_keys=True)
        return hashlib.sha256(f"{CRITERIA_VERSION} {body}".encode()).hexdigest()[:16]


class _Listed(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    text: str
    kind: Literal["gate", "must", "nice"]
    years: int | None


class _Unlawful(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    text: str
    ground: Ground


class _Answer(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    criteria: list[_Listed]
    forbidden: list[_Unlawful]


RESPONSE_FORMAT: Final[dict[str, Any]] = strict_schema("criteria", _Answer)


def parse_criteria(content: str, vacancy: Vacancy, *, strict: bool) -> Criteria:
    """Read the model's answer and make the criteria of it.

    Args:
        content: the answer.
        vacancy: the one that was asked about.
        strict: the endpoint promised the schema; otherwise missing keys and numbers as strings are forgiven.

    Raises:
        BrokenAnswer: it is not JSON, not of the schema, names too many spans, or more than a third of them are not
            in the vacancy.
    """
    answer = read_answer(content, _Answer, "criteria", _mended, strict=strict)
    if len(answer.criteria) > MAX_LISTED or len(answer.forbidden) > MAX_LISTED:
        raise BrokenAnswer("far too many spans")
    found = [(one, vacancy.span(one.text)) for one in answer.criteria]
    lost = sum(span is None for _, span in found)
    if 3 * lost > len(found):
        raise BrokenAnswer("more than a third of the spans are not in the vacancy")
    forbidden = {span: one.ground for one in answer.forbidden if (span := vacancy.span(one.text))}
    graded: dict[str, tuple[Kind, int | None]] = {}
    for one, span in found:
        if not span or span in forbidden:
            continue
        ground = forbidden_ground(span)
        if ground is not None:
            forbidden[span] = ground
        else:
            graded.setdefault(span, (Kind(one.kind), one.years))
    return Criteria(
        items=tuple(_most_important(graded)),
        forbidden=tuple(Forbidden(text=span, ground=ground) for span, ground in forbidden.items()),
        lost=lost,
    )


def _most_important(graded: dict[str, tuple[Kind, int | None]]) -> Iterator[Criterion]:
    """At most twelve, gates first, then musts, each kind in the model's order."""
    order = list(Kind)
    chosen = sorted(graded.items(), key=lambda one: order.index(one[1][0]))[:MAX_CRITERIA]
    for number, (span, (kind, years)) in enumerate(chosen, start=1):
        asked = years if years is not None and years > 0 and asks_for_years(span, years) else None
        yield Criterion(id=number, text=span, kind=kind, years=asked)


def _mended(answer: dict[str, Any]) -> dict[str, Any]:
    return {
        "criteria": [
            {"text": one.get("text"), "kind": str(one.get("kind")).lower(), "years": whole_number(one.get("years"))}
            for one in listed(answer.get("criteria"))
        ],
        "forbidden": [
            {"text": one.get("text"), "ground": one["ground"]}
            for one in listed(answer.get("forbidden"))
            if one.get("ground") in set(Ground)
        ],
    }
