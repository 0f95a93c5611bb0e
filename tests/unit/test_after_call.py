"""What follows from a call without an answer: decisions, without anything that acts on them."""

from dataclasses import replace

import pytest

from contract import Failure
from tests.support.fakes import POLICY
from worker.asking.after_call import AskAgain, End, WaitForBreaker, WaitForLimits, after_call, too_late
from worker.errors import (
    BrokenAnswerError,
    CallError,
    DeniedError,
    PostponedError,
    RefusedCallError,
    TransientError,
    TrippingError,
)
from worker.limits.provider_limits import Denial
from worker.progress import Progress

CALLED = Progress(token="token", calls=1)
BURST = Denial("rate_limit", "rpm", 3, 3, 20.0)
SLOW = Denial("slow_down")
TOO_LARGE = Denial("too_large", "tpm", 40_000, None)


@pytest.mark.parametrize(
    ("error", "decision"),
    [
        (TransientError("500"), AskAgain(5.0, replace(CALLED, faults=1))),
        (TransientError("reset", network=True), AskAgain(5.0, replace(CALLED, faults=1), distrust_exit=True)),
        (BrokenAnswerError("truncated"), AskAgain(0.0, replace(CALLED, broken=1))),
        (DeniedError("429", BURST), WaitForLimits(BURST, replace(CALLED, calls=0))),
        (DeniedError("503", SLOW), WaitForLimits(SLOW, replace(CALLED, calls=0), slow_down=15.0)),
        (DeniedError("429", TOO_LARGE), WaitForLimits(TOO_LARGE, replace(CALLED, calls=0))),
        (TrippingError("401", "credentials"), WaitForBreaker("credentials", 4.0, CALLED)),
        (RefusedCallError("400"), End(Failure.REFUSED)),
        (CallError("of a kind that nobody foresaw"), End(Failure.INTERNAL)),
    ],
    ids=lambda value: type(value).__name__,
)
def test_each_kind_of_error_has_its_consequence(error, decision):
    """A first fault, break, denial or refusal leads to what the user is promised for it."""
    assert after_call(error, CALLED, POLICY, spread=0.5) == decision


def test_attempts_end():
    """The last attempt's fault and the second broken answer end the request."""
    tired = replace(CALLED, faults=POLICY.max_attempts - 1, broken=1)
    assert after_call(TransientError("500"), tired, POLICY, spread=1.0) == End(Failure.UNAVAILABLE)
    assert after_call(BrokenAnswerError("refused"), tired, POLICY, spread=1.0) == End(Failure.BROKEN_ANSWER)


@pytest.mark.parametrize(
    ("postponed", "failed"),
    [
        (PostponedError("limits", 50.0, 100.0), None),
        (PostponedError("limits", 50.0, 100.1), (Failure.QUEUE_TOO_LONG, 101)),
        (PostponedError("blocked", 100.1), (Failure.OUT_OF_TIME, None)),
    ],
)
def test_a_wait_past_the_deadline_is_none(postponed, failed):
    """Only a wait for limits tells how long it would be: nobody knows when a fault passes."""
    failure = too_late(postponed, now=1_000.0, deadline_at=1_100.0)
    assert (failure and (failure.failure, failure.wait_seconds)) == failed
