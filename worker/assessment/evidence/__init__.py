"""What the quotes of a resume prove: gates, one by one, and what they leave of a grade."""

from worker.assessment.evidence.proof import Proof, Reason
from worker.assessment.evidence.proving import prove

__all__ = ["Proof", "Reason", "prove"]
