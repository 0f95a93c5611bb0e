"""Why a request got its score: the grades and quotes behind it, kept for operators, and their readable table."""

from typing import Literal

import redis
from pydantic import BaseModel, ConfigDict, Field

from contract import Verdict, explanation_key


class GradeExplanation(BaseModel):
    """One requirement: the model's level and quote, whether the quote is in the resume, and what it earned."""

    model_config = ConfigDict(frozen=True, from_attributes=True, hide_input_in_errors=True)

    requirement: str = Field(repr=False)
    level: Literal["none", "partial", "strong"]
    quote: str = Field(repr=False)
    verified: bool
    points: int = Field(ge=0, le=2)


class Explanation(BaseModel):
    """What a score was made of."""

    model_config = ConfigDict(frozen=True, hide_input_in_errors=True)

    score: int
    verdict: Verdict
    threshold: int
    cap: str | None = None  # what lowered the score
    grades: tuple[GradeExplanation, ...]
    suspicions: tuple[str, ...]
    model: str
    prompt_version: str
    rubric_version: str
    cached: bool = False
    prompt_tokens: int | None = None
    completion_tokens: int | None = None


class ExplanationStore:
    """Reads the explanations that `OutcomeStore.finish` has kept.

    Args:
        store: Redis.
    """

    def __init__(self, store: redis.Redis) -> None:
        self._redis = store

    def read(self, processing_id: int) -> Explanation | None:
        """What a score was made of, if it is still kept.

        Raises:
            redis.RedisError: Redis is away.
        """
        body = self._redis.get(explanation_key(processing_id))
        return None if body is None else Explanation.model_validate_json(body)


def table(processing_id: int, explanation: Explanation) -> list[str]:
    """The lines that explain a score: what was asked, what was found, what it earned, and the sum."""
    grades = explanation.grades
    points = sum(grade.points for grade in grades)
    lines = [f"processing_id {processing_id}: {explanation.score} of 100, {explanation.verdict}", ""]
    for number, grade in enumerate(grades, start=1):
        proof = f"«{grade.quote}»" if grade.quote else "no quote"
        if grade.quote and not grade.verified:
            proof += "  (not in the resume: earns nothing)"
        lines += [
            f"{number}. {grade.requirement}",
            f"   {grade.level}, {grade.points} of 2 points: {proof}",
        ]
    lines += ["", f"sum: 100 * {points} // (2 * {len(grades)}) = {100 * points // (2 * len(grades))}"]
    if explanation.cap:
        lines.append(f"cap: {explanation.cap}")
    lines.append(f"verdict: «Подходит» from {explanation.threshold}")
    if explanation.suspicions:
        lines.append(f"the resume addresses the reviewer: {', '.join(explanation.suspicions)}")
    source = "answer from the cache" if explanation.cached else "answered by the model"
    lines.append(
        f"{source}: {explanation.model}, prompt {explanation.prompt_version}, rubric {explanation.rubric_version}"
    )
    return lines
