"""One resume judged: the model's grades through the gates to the score and the words that are published.

Pure: no I/O, no clock. The same arguments always give the same judgement.
"""

from dataclasses import dataclass
from typing import Any

from worker.assessment.criteria import Criteria
from worker.assessment.dates import month
from worker.assessment.evidence import Proof, Reason, prove
from worker.assessment.grading import Grading
from worker.assessment.reading import Reading
from worker.assessment.rubric import POINTS, WEIGHTS, Score, score
from worker.assessment.vacancy import Vacancy
from worker.assessment.wording import matches, recommendation


@dataclass(frozen=True, slots=True)
class Judgement:
    """What is published, and what explains it."""

    result: Score
    matches: tuple[str, ...]
    recommendation: str
    proofs: tuple[Proof, ...]
    criteria: Criteria
    flags: tuple[str, ...]

    def record(self) -> dict[str, Any]:
        """The decision without any text of the resume: what may be kept for long."""
        return {
            "score": self.result.score,
            "verdict": self.result.verdict,
            "cap": self.result.cap,
            "points": self.result.points,
            "of": self.result.of,
            "criteria_digest": self.criteria.digest,
            "criteria": [
                {
                    "id": proof.criterion.id,
                    "kind": proof.criterion.kind.value,
                    "weight": WEIGHTS[proof.criterion.kind],
                    "claimed": proof.claimed.value,
                    "level": proof.level.value,
                    "points": POINTS[proof.level],
                    "reasons": [reason.value for reason in proof.reasons],
                }
                for proof in self.proofs
            ],
            "dropped": [dropped.ground for dropped in self.criteria.dropped],
            "flags": list(self.flags),
            "vacancy_flags": list(self.criteria.flags),
        }

    def explanation(self) -> dict[str, Any]:
        """The record with the words of the criteria and the quotes: personal data, kept for a short time."""
        record = self.record()
        for entry, proof in zip(record["criteria"], self.proofs, strict=True):
            entry["text"] = proof.criterion.text
            entry["quotes"] = list(proof.quotes)
        return record

    @property
    def unverified_quotes(self) -> int:
        """How many grades rested on quotes that are not in the resume."""
        return sum(Reason.ABSENT in proof.reasons for proof in self.proofs)


def judge(
    criteria: Criteria,
    grading: Grading,
    resume: Reading,
    vacancy: Vacancy,
    *,
    threshold: int,
    graded_in: tuple[int, int],
) -> Judgement:
    """Judge a resume.

    Args:
        criteria: of the vacancy.
        grading: the model's answer.
        resume: the text that was sent, read.
        vacancy: read.
        threshold: the lowest score, 1..100, whose verdict is `Подходит`.
        graded_in: year and month (1..12) of the model's answer; up to then periods count that go on "until today".
    """
    today = month(*graded_in)
    proofs = prove(criteria.items, grading.grades, resume, vacancy, today=today)
    result = score(proofs, threshold=threshold)
    return Judgement(
        result=result,
        matches=matches(proofs),
        recommendation=recommendation(proofs, result, threshold=threshold, flagged=bool(resume.flags)),
        proofs=proofs,
        criteria=criteria,
        flags=resume.flags,
    )
