"""Why a request got its score: the grades and quotes behind it, kept for operators, and their readable table."""

from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field

from contract import Failure, Verdict
from worker.assessment.criteria import Criteria
from worker.assessment.judgement import Judgement
from worker.assessment.prompt import PROMPT_VERSION
from worker.assessment.rubric import RUBRIC_VERSION, WEIGHTS

# What operators read of each failure; its user's sentence has no internals.
FAILED_OF = {
    Failure.TOO_LARGE: "vacancy and resume together need more tokens than TPM allows at once",
    Failure.OUT_OF_TIME: "REQUEST_DEADLINE passed before it could be answered: see what it waited for in the log",
    Failure.QUEUE_TOO_LONG: "its turn under RPM, RPD and TPM would have come after REQUEST_DEADLINE",
    Failure.USER_LIMIT: "its user has had as many as a day allows one user",
    Failure.BROKEN_ANSWER: "the model's answers could not be used, twice: cut off, refused or against the schema",
    Failure.NO_CRITERIA: "nothing in the vacancy can be checked: `python -m worker criteria` shows what was found",
    Failure.REFUSED: "the provider refused this very request, for what is in it",
    Failure.UNAVAILABLE: "the provider did not answer",
    Failure.UNPUBLISHABLE: "no topic takes its outcome: it is too large",
    Failure.INTERNAL: "a fault of ours: the worker's log has it, by this id",
}


class CriterionExplanation(BaseModel):
    """One criterion: its words, kind and weight, the model's level and quotes, and what is proven of it.

    `years` are what it asks for, `months` what the resume has of them.
    """

    model_config = ConfigDict(frozen=True, hide_input_in_errors=True)

    id: int
    text: str = Field("", repr=False)
    kind: Literal["gate", "must", "nice"]
    weight: int
    claimed: Literal["none", "partial", "strong"]
    level: Literal["none", "partial", "strong"]
    points: int = Field(ge=0, le=2)
    reasons: tuple[str, ...] = ()
    years: int | None = None
    months: int | None = None
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
    forbidden: tuple[str, ...] = ()  # grounds in the vacancy that are not graded
    suspicions: tuple[str, ...] = ()  # why a person should look
    second_look: str | None = None  # kept, lowered, missed; None: there was none
    question: str  # the digest under which the model's answer is cached
    model: str
    provider: str | None = None  # where there are several
    prompt_version: str
    rubric_version: str
    redaction_version: str | None = None
    graded_in: str  # year and month
    cached: bool = False
    prompt_tokens: int | None = None
    completion_tokens: int | None = None

    @classmethod
    def from_judgement(cls, judgement: Judgement, **circumstances: Any) -> Self:
        """What a judgement was made of, and the fields that say when, by whom and of which question."""
        result = judgement.result
        return cls(
            score=result.score,
            verdict=result.verdict,
            cap=result.cap,
            points=result.points,
            of=result.of,
            criteria=tuple(
                CriterionExplanation(
                    id=proof.criterion.id,
                    text=proof.criterion.text,
                    kind=proof.criterion.kind.value,
                    weight=WEIGHTS[proof.criterion.kind],
                    claimed=proof.claimed.value,
                    level=proof.level.value,
                    points=proof.level.points,
                    reasons=tuple(proof.reasons),
                    years=proof.criterion.years,
                    months=proof.months,
                    quotes=proof.quotes,
                )
                for proof in judgement.proofs
            ),
            criteria_digest=judgement.criteria.digest,
            forbidden=tuple(forbidden.ground for forbidden in judgement.criteria.forbidden),
            suspicions=tuple(judgement.suspicions),
            prompt_version=PROMPT_VERSION,
            rubric_version=RUBRIC_VERSION,
            **circumstances,
        )

    def without_texts(self) -> str:
        """The decision record as JSON: no words of the vacancy, no quotes."""
        return self.model_dump_json(exclude_none=True, exclude={"criteria": {"__all__": {"text", "quotes"}}})


class FailedExplanation(BaseModel):
    """What a request failed of, instead of a score; has no text of anybody."""

    model_config = ConfigDict(frozen=True)

    failure: str  # the name of a `contract.Failure`
    failed_at: str  # ISO time, UTC


def failure_table(processing_id: int, failed: FailedExplanation) -> list[str]:
    """The lines that say what a request failed of: for operators, and as its user reads it."""
    lines = [f"processing_id {processing_id}: failed at {failed.failed_at}, no score: {failed.failure}"]
    if (failure := Failure.__members__.get(failed.failure)) is not None:
        lines += [f"   {FAILED_OF[failure]}", f"   its user reads: «{failure.value}»"]
    return lines


def table(processing_id: int, explanation: Explanation) -> list[str]:
    """The lines that explain a score: what was asked, what was found, what it earned, and the sum."""
    lines = [f"processing_id {processing_id}: {explanation.score} of 100, {explanation.verdict}", ""]
    for one in explanation.criteria:
        earned = "a gate" if one.kind == "gate" else f"{one.kind}, {one.points} of 2 points, weight {one.weight}"
        lines.append(f"{one.id}. {one.text or '(words no longer kept)'}: {one.level}, {earned}")
        lines += [f"   «{quote}»" for quote in one.quotes]
        if one.years is not None and one.months is not None:
            lines.append(f"   {one.months} months of {12 * one.years} that are asked for")
        if one.reasons:
            lines.append(f"   the model said {one.claimed}; lowered by: {', '.join(one.reasons)}")
    lines.append("")
    if explanation.of:
        share = 100 * explanation.points // explanation.of
        lines.append(f"sum: 100 * {explanation.points} // {explanation.of} = {share}")
    if explanation.cap < 100:
        lines.append(f"cap: at most {explanation.cap}")
    lines.append(f"verdict: «Подходит» from {explanation.threshold}")
    if explanation.suspicions:
        lines.append(f"a person should look: {', '.join(explanation.suspicions)}")
    if explanation.second_look:
        lines.append(f"second look at the quotes: {explanation.second_look}")
    if explanation.forbidden:
        lines.append(f"forbidden grounds in the vacancy, not graded: {', '.join(explanation.forbidden)}")
    source = "answer from the cache" if explanation.cached else "answered by the model"
    by = explanation.model + (f" of {explanation.provider}" if explanation.provider else "")
    lines.append(
        f"{source}: {by}, prompt {explanation.prompt_version}, rubric {explanation.rubric_version}, "
        f"criteria {explanation.criteria_digest}"
    )
    return lines


def criteria_table(criteria: Criteria) -> list[str]:
    """The lines that show what the resumes for a vacancy are measured by, and what the law forbids."""
    lines = [f"criteria {criteria.digest}"]
    lines += [
        f"{one.id}. [{one.kind}] {one.text}" + (f"  (at least {one.years} years)" if one.years else "")
        for one in criteria.items
    ]
    if not criteria.items:
        lines.append("nothing in this vacancy can be checked: its requests fail")
    lines += [f"not graded, the law forbids it ({one.ground}): {one.text}" for one in criteria.forbidden]
    return lines
