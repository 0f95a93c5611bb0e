"""Proofs to score: integer arithmetic and nothing else, so that the same grades always give the same score.

1. A criterion earns points: strong 2, partial 1, none 0. A `must` weighs 2, a `nice` 1; a `gate` stands outside.
2. The score is the share of the points that could be had: `100 * sum(weight * points) // (2 * sum(weight))`.
3. A criterion *holds* if it earned a point, a gate if it is strong. Where at least three are asked, fewer than three
   that hold give at most 40; where at least two are, none or one gives at most 20.
4. A gate that is not strong keeps the score below the threshold, from which upwards the verdict is `Подходит`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from contract import SUITABLE, UNSUITABLE, Verdict
from worker.assessment.criteria import CriterionKind
from worker.assessment.grading import Level
from worker.assessment.proof import Proof

RUBRIC_VERSION: Final = "4"

WEIGHTS: Final = {CriterionKind.MUST: 2, CriterionKind.NICE: 1, CriterionKind.GATE: 0}

FEW_HOLD: Final = {20: (1, 2), 40: (2, 3)}  # caps: where at most so many hold of at least so many that are asked


@dataclass(frozen=True, slots=True)
class Score:
    """The score, its verdict, and the sum behind them."""

    score: int  # 0..100
    verdict: Verdict
    points: int  # weighted, that were earned
    of: int  # that could be had
    cap: int  # the highest score that the rules allowed; 100: none of them lowered it
    few: bool  # too little holds
    closed: tuple[Proof, ...]  # the gates that are not confirmed


def score(proofs: Sequence[Proof], *, threshold: int) -> Score:
    """Do the sum. `threshold` is the lowest score, 1..100, whose verdict is `Подходит`."""
    points = sum(WEIGHTS[proof.criterion.kind] * proof.level.points for proof in proofs)
    of = 2 * sum(WEIGHTS[proof.criterion.kind] for proof in proofs)
    gates = [proof for proof in proofs if proof.criterion.kind is CriterionKind.GATE]
    closed = tuple(proof for proof in gates if proof.level is not Level.STRONG)
    held = sum(proof.level is not Level.NONE for proof in proofs) - sum(proof.level is Level.PARTIAL for proof in gates)
    of_few = next((cap for cap, (most, asked) in FEW_HOLD.items() if held <= most and len(proofs) >= asked), 100)
    cap = min(of_few, threshold - 1) if closed else of_few
    # Where a vacancy asks for papers alone, they are all there is to have.
    share = 100 * points // of if of else 100
    total = min(share, cap)
    return Score(
        score=total,
        verdict=SUITABLE if total >= threshold else UNSUITABLE,
        points=points,
        of=of,
        cap=cap if share > cap else 100,
        few=of_few < 100 and share > cap,
        closed=closed,
    )
