"""The second look: the model sees the criteria and the quotes that stand, and nothing else of the resume.

An injection has no room there but in a quote, which has to stand in the resume. The lower of the two levels counts.
"""

from collections.abc import Sequence
from typing import Any, Final

from pydantic import BaseModel

from contract import SUITABLE
from worker.assessment.grading import Level
from worker.assessment.json_answer import BrokenAnswer, read_answer, strict_schema
from worker.assessment.judgement import Judgement, concluded
from worker.assessment.prompt import fenced, messages, system_prompt
from worker.assessment.proof import Lowering, Proof

SECOND_LOOK_VERSION: Final = "1"
SYSTEM: Final = system_prompt("second_look")
_TOKENS_AROUND, _TOKENS_PER_LEVEL = 20, 15


class SecondLevel(BaseModel):
    """What the quotes of one criterion prove."""

    id: int
    level: Level


class SecondLook(BaseModel):
    """What the model is asked for."""

    proofs: list[SecondLevel]


RESPONSE_FORMAT: Final[dict[str, Any]] = strict_schema("proofs", SecondLook)


def looked_at(judgement: Judgement) -> list[Proof]:
    """The proofs that have something to lose; none where the verdict has not."""
    proofs = judgement.proofs if judgement.result.verdict == SUITABLE else ()
    return [proof for proof in proofs if proof.level is not Level.NONE]


def second_look_text(proofs: Sequence[Proof]) -> str:
    """The criteria and their quotes, numbered as they are."""
    lines = []
    for proof in proofs:
        lines.append(f"{proof.criterion.id}. {proof.criterion.text}")
        lines += [f"   «{' '.join(quote.split())}»" for quote in proof.quotes]
    return "\n".join(lines)


def second_look_messages(text: str, *, delimiter: str) -> list[dict[str, str]]:
    """The chat messages that ask what quotes alone prove; `delimiter` as for a resume."""
    return messages(SYSTEM, fenced("QUOTES", "Требования и цитаты", text, delimiter))


def answer_tokens(proofs: Sequence[Proof]) -> int:
    """The output cap that so many levels need."""
    return _TOKENS_AROUND + _TOKENS_PER_LEVEL * len(proofs)


def parse_second_look(content: str, proofs: Sequence[Proof]) -> SecondLook:
    """Read an answer.

    Raises:
        BrokenAnswer: it cannot be read, or does not have exactly the ids that were asked for.
    """
    found = read_answer(content, SecondLook, "proofs")
    if sorted({one.id for one in found.proofs}) != sorted(proof.criterion.id for proof in proofs):
        raise BrokenAnswer("other ids than were asked for")
    return found


def after_second_look(judgement: Judgement, second: SecondLook, *, threshold: int) -> Judgement:
    """The judgement with the lower level of the two for each criterion; the suspicions stay."""
    levels = {one.id: one.level for one in sorted(second.proofs, key=lambda one: -one.level.points)}  # the lowest last
    proofs = (proof.lowered({Lowering.SECOND_LOOK}, levels.get(proof.criterion.id)) for proof in judgement.proofs)
    return concluded(judgement.criteria, tuple(proofs), judgement.suspicions, threshold=threshold)
