"""Proofs to score: integer arithmetic and nothing else, so that the same grades always give the same score.

The platform's rules, in the order in which they apply:

1. A criterion earns points: strong 2, partial 1, none 0. A `must` weighs 2, a `nice` 1; a `gate` stands outside.
2. The score is the share of the points that could be had: `100 * sum(weight * points) // (2 * sum(weight))`.
3. A criterion *holds* if it earned a point, a gate if it is confirmed (strong). Where at least three are asked, fewer
   than three that hold give at most 40; where at least two are, none or one gives at most 20.
4. A gate that is not confirmed keeps the score below the threshold.
5. The verdict is `Подходит` from the threshold upwards, so score and verdict never disagree.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from contract import SUITABLE, UNSUITABLE, Verdict
from worker.assessment.criteria import Kind
from worker.assessment.grading import Level
from worker.assessment.proof import Proof

RUBRIC_VERSION: Final = "3"

WEIGHTS: Final = {Kind.MUST: 2, Kind.NICE: 1, Kind.GATE: 0}
POINTS: Final = {Level.NONE: 0, Level.PARTIAL: 1, Level.STRONG: 2}
_MOST_POINTS: Final = max(POINTS.values())


@dataclass(frozen=True, slots=True)
class Score:
    """The score, its verdict, and the sum behind them.

    Attributes:
        score: 0..100.
        verdict: `Подходит` or `Не подходит`.
        points: weighted points that were earned.
        of: weighted points that could be had.
        cap: the highest score that the rules allowed; 100: none of them lowered it.
        closed: the gates that are not confirmed.
    """

    score: int
    verdict: Verdict
    points: int
    of: int
    cap: int
    closed: tuple[Proof, ...]


def score(proofs: Sequence[Proof], *, threshold: int) -> Score:
    """Do the sum. `threshold` is the lowest score, 1..100, whose verdict is `Подходит`."""
    points = sum(WEIGHTS[proof.criterion.kind] * POINTS[proof.level] for proof in proofs)
    of = _MOST_POINTS * sum(WEIGHTS[proof.criterion.kind] for proof in proofs)
    closed = tuple(proof for proof in proofs if is_gate(proof) and not holds(proof))
    cap = _cap(sum(map(holds, proofs)), len(proofs))
    if closed:
        cap = min(cap, threshold - 1)
    # Where a vacancy asks for papers alone, they are all there is to have.
    share = 100 * points // of if of else 100
    total = min(share, cap)
    return Score(
        score=total,
        verdict=SUITABLE if total >= threshold else UNSUITABLE,
        points=points,
        of=of,
        cap=cap if share > cap else 100,
        closed=closed,
    )


def is_gate(proof: Proof) -> bool:
    """Whether the criterion is a paper that one has or has not."""
    return proof.criterion.kind is Kind.GATE


def holds(proof: Proof) -> bool:
    """Whether the criterion is met at least in part, or, if it is a gate, in full."""
    return proof.level is Level.STRONG if is_gate(proof) else proof.level is not Level.NONE


def _cap(held: int, asked: int) -> int:
    if held <= 1 and asked >= 2:
        return 20
    return 40 if held <= 2 and asked >= 3 else 100
