"""When a request is dispatched again, and when it is given up."""

import pytest

from bridge.supervision import LONGEST_PAUSE, MAX_LOST_CLAIMS, Decision, DispatchHistory
from bridge.supervision import decide as decide_purely

AFTER = 5.0


def decide(history, now=100.0, *, claimed=False, drained=True):
    history.note_claim(alive=claimed)
    return decide_purely(history, now=now, queue_drained=drained, redispatch_after=AFTER)


@pytest.mark.parametrize(
    ("history", "seconds", "claimed", "drained", "expected"),
    [
        pytest.param({"dispatched_at": None}, 0, False, True, Decision.DISPATCH, id="new"),
        pytest.param(
            {"dispatched_at": None}, 0, True, True, Decision.WAIT, id="new to us, and a worker has it already"
        ),
        pytest.param({}, 1, True, True, Decision.WAIT, id="in a worker's hand"),
        pytest.param({}, 1e6, True, True, Decision.WAIT, id="in a worker's hand for very long"),
        pytest.param({}, 4.9, False, True, Decision.WAIT, id="the hint may be on its way"),
        pytest.param({}, 5.0, False, True, Decision.DISPATCH, id="the hint is gone"),
        pytest.param({}, 1e6, False, False, Decision.WAIT, id="the hint waits in the queue"),
        pytest.param({"dispatches": 2}, 9.9, False, True, Decision.WAIT, id="the second pause is twice as long"),
        pytest.param({"dispatches": 2}, 10.0, False, True, Decision.DISPATCH, id="and ends"),
        pytest.param({"dispatches": 30}, LONGEST_PAUSE, False, True, Decision.DISPATCH, id="pauses are bounded"),
        pytest.param({"claimed": True}, 0.1, False, False, Decision.DISPATCH, id="its worker died: no pause, no queue"),
    ],
)
def test_the_policy(history, seconds, claimed, drained, expected):
    """A killed worker's request goes to another at once, a lost hint after a pause, and no hint is sent in vain."""
    history = DispatchHistory(**{"dispatched_at": 100.0, "dispatches": 1, **history})
    assert decide(history, 100.0 + seconds, claimed=claimed, drained=drained) is expected


def test_a_deadly_request_is_given_up():
    """A request that took down twenty workers is not given to another one."""
    history = DispatchHistory()
    for lost in range(1, MAX_LOST_CLAIMS + 1):
        history.note_dispatch(100.0)
        assert decide(history, claimed=True) is Decision.WAIT
        decision = decide(history)
        assert decision is (Decision.DISPATCH if lost < MAX_LOST_CLAIMS else Decision.GIVE_UP)
    assert MAX_LOST_CLAIMS == 20


def test_one_lost_claim_is_counted_once():
    """A worker that died is replaced by one hint, not by one a second."""
    history = DispatchHistory()
    history.note_dispatch(100.0)
    decide(history, claimed=True)
    assert decide(history, 101.0) is Decision.DISPATCH
    assert decide(history, 101.5) is Decision.WAIT
    history.note_dispatch(101.5)
    assert decide(history, 102.0) is Decision.WAIT
    assert history.lost_claims == 1
