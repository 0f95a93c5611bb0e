"""Why a request got its score: the grades and quotes behind it, kept for operators, and their readable table."""

from typing import Literal

import redis
from pydantic import BaseModel, ConfigDict, Field

from contract import Verdict, decision_key, explanation_key
from worker.assessment.criteria import Criteria


class CriterionExplanation(BaseModel):
    """One criterion: its words, kind and weight, the model's level and quotes, and what the gates left of it."""

    model_config = ConfigDict(frozen=True, hide_input_in_errors=True)

    id: int
    text: str = Field("", repr=False)
    kind: Literal["gate", "must", "nice"]
    weight: int
    claimed: Literal["none", "partial", "strong"]
    level: Literal["none", "partial", "strong"]
    points: int = Field(ge=0, le=2)
    reasons: tuple[str, ...] = ()
    quotes: tuple[str, ...] = Field((), repr=False)


class Explanation(BaseModel):
    """What a score was made of. Without its texts it is the decision record, which is kept for longer."""

    model_config = ConfigDict(frozen=True, hide_input_in_errors=True)

    score: int
    verdict: Verdict
    threshold: int
    cap: int = 100  # the highest score that the rules allowed
    points: int
    of: int
    criteria: tuple[CriterionExplanation, ...]
    criteria_digest: str
    dropped: tuple[str, ...] = ()  # forbidden grounds in the vacancy
    flags: tuple[str, ...] = ()  # of the resume
    vacancy_flags: tuple[str, ...] = ()
    question: str  # the digest under which the model's answer is cached
    model: str
    prompt_version: str
    rubric_version: str
    redaction_version: str | None = None
    graded_in: str  # year and month
    cached: bool = False
    prompt_tokens: int | None = None
    completion_tokens: int | None = None

    def without_texts(self) -> str:
        """The decision record as JSON: no words of the vacancy, no quotes."""
        return self.model_dump_json(exclude_none=True, exclude={"criteria": {"__all__": {"text", "quotes"}}})


class ExplanationStore:
    """Reads the explanations that `OutcomeStore.finish` has kept.

    Args:
        store: Redis.
    """

    def __init__(self, store: redis.Redis) -> None:
        self._redis = store

    def read(self, processing_id: int) -> Explanation | None:
        """What a score was made of, or the decision alone, if it is still kept.

        Raises:
            redis.RedisError: Redis is away.
        """
        body = self._redis.get(explanation_key(processing_id)) or self._redis.get(decision_key(processing_id))
        return None if body is None else Explanation.model_validate_json(body)


def table(processing_id: int, explanation: Explanation) -> list[str]:
    """The lines that explain a score: what was asked, what was found, what it earned, and the sum."""
    lines = [f"processing_id {processing_id}: {explanation.score} of 100, {explanation.verdict}", ""]
    for one in explanation.criteria:
        earned = "a gate" if one.kind == "gate" else f"{one.kind}, {one.points} of 2 points, weight {one.weight}"
        lines.append(f"{one.id}. {one.text or '(words no longer kept)'}: {one.level}, {earned}")
        lines += [f"   «{quote}»" for quote in one.quotes]
        if one.reasons:
            lines.append(f"   the model said {one.claimed}; lowered by: {', '.join(one.reasons)}")
    lines.append("")
    if explanation.of:
        share = 100 * explanation.points // explanation.of
        lines.append(f"sum: 100 * {explanation.points} // {explanation.of} = {share}")
    if explanation.cap < 100:
        lines.append(f"cap: at most {explanation.cap}")
    lines.append(f"verdict: «Подходит» from {explanation.threshold}")
    if explanation.flags:
        lines.append(f"the resume addresses the reviewer: {', '.join(explanation.flags)}")
    if explanation.vacancy_flags:
        lines.append(f"so does the vacancy: {', '.join(explanation.vacancy_flags)}")
    if explanation.dropped:
        lines.append(f"forbidden grounds dropped from the vacancy: {', '.join(explanation.dropped)}")
    source = "answer from the cache" if explanation.cached else "answered by the model"
    lines.append(
        f"{source}: {explanation.model}, prompt {explanation.prompt_version}, rubric {explanation.rubric_version}, "
        f"criteria {explanation.criteria_digest}"
    )
    return lines


def criteria_table(criteria: Criteria) -> list[str]:
    """The lines that show what the resumes for a vacancy are measured by, and what was dropped from it."""
    lines = [f"criteria {criteria.digest}"]
    for one in criteria.items:
        asked = one.threshold.model_dump(exclude_none=True)
        lines.append(f"{one.id}. [{one.kind}] {one.text}" + (f"  (at least {asked})" if asked else ""))
    if not criteria.items:
        lines.append("nothing in this vacancy can be checked: its requests fail")
    lines += [f"dropped, the law forbids it ({one.ground}): {one.text}" for one in criteria.dropped]
    if criteria.flags:
        lines.append(f"the vacancy addresses the reviewer: {', '.join(criteria.flags)}")
    return lines
