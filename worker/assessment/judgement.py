"""One resume judged: the model's grades, what is proven of them, the score, and the words that are published."""

from dataclasses import dataclass
from typing import Final

from worker.assessment.criteria import Criteria
from worker.assessment.durations import month
from worker.assessment.grading import DatedGrading
from worker.assessment.proof import Proof, prove
from worker.assessment.resume import Resume
from worker.assessment.rubric import Score, score
from worker.assessment.suspicion import Suspicion, suspicions
from worker.assessment.vacancy import Vacancy
from worker.assessment.wording import matches, recommendation

NEAR: Final = 5  # points around the threshold at which a person should look


@dataclass(frozen=True, slots=True)
class Judgement:
    """What is published, and what explains it; `suspicions` are what a person should look at."""

    result: Score
    matches: tuple[str, ...]
    recommendation: str
    proofs: tuple[Proof, ...]
    suspicions: tuple[Suspicion, ...]
    criteria: Criteria

    @property
    def doubtful(self) -> bool:
        """Whether something other than the nearness of the threshold is suspicious."""
        return any(suspicion is not Suspicion.NEAR_THRESHOLD for suspicion in self.suspicions)


def judge(criteria: Criteria, grading: DatedGrading, resume: Resume, vacancy: Vacancy, *, threshold: int) -> Judgement:
    """Judge a resume by the model's answer; periods that go on "until today" count up to the answer's month.

    `threshold` is the lowest score, 1..100, whose verdict is `Подходит`.
    """
    proofs = prove(criteria.items, grading.grades, resume, today=month(grading.year, grading.month))
    return concluded(criteria, proofs, suspicions(proofs, resume, vacancy), threshold=threshold)


def concluded(
    criteria: Criteria, proofs: tuple[Proof, ...], found: tuple[Suspicion, ...], *, threshold: int
) -> Judgement:
    """The score of proofs, and what is said of it; whether the threshold is near is found here."""
    result = score(proofs, threshold=threshold)
    is_near = abs(result.score - threshold) <= NEAR and not result.closed
    others = tuple(suspicion for suspicion in found if suspicion is not Suspicion.NEAR_THRESHOLD)
    found = others + (Suspicion.NEAR_THRESHOLD,) * is_near
    return Judgement(result, matches(proofs), recommendation(proofs, result, found), proofs, found, criteria)
