"""What follows from a call without an answer: decisions, without anything that acts on them."""

from dataclasses import replace

import pytest

from contract import Failure
from tests.support.fakes import POLICY
from worker.asking.after_call import (
    LONGEST_RETRY_AFTER,
    REFUSED_WAIT,
    AskAgain,
    End,
    WaitForBreaker,
    after_call,
    too_late,
)
from worker.errors import (
    BrokenAnswerError,
    CallError,
    LessonError,
    PostponedError,
    RefusedCallError,
    TransientError,
    TrippingError,
)
from worker.progress import Progress

CALLED = Progress(token="token", calls=1)


def decided(error, progress=CALLED, *, outage=False, others_pass=True, anybody_passes=None):
    anybody_passes = others_pass if anybody_passes is None else anybody_passes
    passing = {"others_pass": others_pass, "anybody_passes": anybody_passes}
    return after_call(error, progress, POLICY, spread=0.5, outage=outage, **passing)


@pytest.mark.parametrize(
    ("error", "decision"),
    [
        (LessonError("400"), AskAgain(0.0, CALLED)),
        (TransientError("500"), AskAgain(5.0, replace(CALLED, faults=1))),
        (TransientError("503", wait=42.0), AskAgain(42.0, replace(CALLED, faults=1))),
        (TransientError("503", wait=1e6), AskAgain(LONGEST_RETRY_AFTER, replace(CALLED, faults=1))),
        (BrokenAnswerError("truncated"), AskAgain(0.0, replace(CALLED, broken=1))),
        (TrippingError("401", "credentials"), WaitForBreaker("credentials", 4.0, replace(CALLED, tripped=1))),
        (LessonError("cut", room=2_048), AskAgain(0.0, replace(CALLED, room=2_048))),
        (
            RefusedCallError("400", failure=Failure.TOO_LARGE, room=900),
            AskAgain(0.0, replace(CALLED, shrunk=1)),
        ),
        (RefusedCallError("413", failure=Failure.TOO_LARGE), End(Failure.TOO_LARGE)),
        (CallError("of a kind that nobody foresaw"), End(Failure.INTERNAL)),
    ],
    ids=lambda value: type(value).__name__,
)
def test_each_kind_of_error_has_its_consequence(error, decision):
    """A first fault, break or refusal leads to what the user is promised for it."""
    assert decided(error) == decision


def test_unusable_answers_come_to_an_end():
    """The last of them ends the request, with the sentence that belongs to it."""
    tired = replace(CALLED, broken=POLICY.max_attempts - 1)
    assert decided(BrokenAnswerError("empty"), tired) == End(Failure.BROKEN_ANSWER)
    assert decided(BrokenAnswerError("cut prompt", failure=Failure.TOO_LARGE), tired) == End(Failure.TOO_LARGE)


def test_an_outage_ends_no_request():
    """However often a request has met it: the attempts do not count that."""
    decision = decided(TransientError("500"), replace(CALLED, faults=5_000))
    assert decision == AskAgain(POLICY.retry_max / 2, replace(CALLED, faults=5_001))


def test_pauses_double_up_to_a_bound():
    """The provider is given more and more time, but never more than the setting says."""
    progress, pauses = CALLED, []
    for _ in range(6):
        decision = decided(TransientError("500"), progress)
        progress = decision.progress
        pauses.append(decision.seconds)
    assert pauses == [5, 10, 20, 30, 30, 30]


def test_one_asks_for_all_in_an_outage():
    """A call that fails among others that are answered is a stumble; several in a row are an outage."""
    decision = decided(TransientError("503", wait=42.0), outage=True)
    assert decision == WaitForBreaker("provider", 5.0, replace(CALLED, faults=1), closed_for=42.0)
    alone = decided(TransientError("503"), others_pass=False)
    assert alone == WaitForBreaker("provider", 5.0, replace(CALLED, faults=1)), "nobody was answered of late"
    tired = decided(TransientError("timeout"), replace(CALLED, faults=50), others_pass=False)
    assert tired.seconds == POLICY.retry_max / 2, "one that times out whenever it is asked costs a call a minute"


def test_who_is_refused_for_nobody_knows_what_is_compared_with_others():
    """It is the request's own fault only if others pass, each time of several."""
    refused = RefusedCallError("400 invalid_value")
    waits = AskAgain(REFUSED_WAIT, replace(CALLED, refused=1))
    assert decided(refused, others_pass=True) == waits
    progress, times = CALLED, 0
    while isinstance(decision := decided(refused, progress, others_pass=True), AskAgain):
        progress, times = decision.progress, times + 1
    assert decision == End(Failure.REFUSED)
    assert times >= 5, "of a gateway's backends one in two may refuse everything"
    alone = decided(refused, waits.progress, others_pass=False)
    assert alone == WaitForBreaker("refused", 4.0, replace(waits.progress, tripped=1))


def test_a_parameter_of_ours_that_only_some_backends_take_is_no_requests_fault():
    """Two behind one address want the cap by different names: whoever meets the other one asks again."""
    refused = RefusedCallError("400", ours=True)
    assert decided(refused, replace(CALLED, refused=100)) == AskAgain(REFUSED_WAIT, replace(CALLED, refused=100))
    assert decided(refused, others_pass=False).reason == "refused"


def test_who_trips_a_breaker_that_has_closed_since_is_compared_with_others():
    """A firewall refuses one text with 403: the tiny call passes, and nobody else has to wait for that text again."""
    forbidden = TrippingError("403", "credentials", doubtful=True)
    first = decided(forbidden)
    assert first == WaitForBreaker("credentials", 4.0, replace(CALLED, tripped=1))
    assert decided(forbidden, first.progress) == AskAgain(REFUSED_WAIT, replace(first.progress, refused=1))
    assert decided(forbidden, first.progress, others_pass=False, anybody_passes=True).reason == "refused"
    assert decided(forbidden, first.progress, others_pass=False).reason == "credentials"


def test_what_a_code_says_is_believed_however_often():
    """A balance that is enough for a tiny call is no fault of a resume."""
    assert decided(TrippingError("402", "quota"), replace(CALLED, tripped=5)).reason == "quota"


def test_a_request_that_is_too_large_with_its_room_goes_on_without():
    """The room is ours: it shrinks for this request alone, and so does what it may teach."""
    progress, rooms = CALLED, []
    while room := progress.room_of(16_000):
        rooms.append(room)
        progress = decided(RefusedCallError("400", failure=Failure.TOO_LARGE, room=room), progress).progress
    assert rooms == [16_000, 4_000, 1_000]
    assert not progress.teaches
    assert decided(RefusedCallError("400", failure=Failure.TOO_LARGE), progress) == End(Failure.TOO_LARGE)


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
