"""When a request is dispatched again, and when it is given up."""

import pytest

from bridge.supervision import LONGEST_PAUSE, MAX_LOST_CLAIMS, Step, Watch, next_step

AFTER = 5.0


def decide(watch, now=100.0, *, claimed=False, drained=True):
    return next_step(watch, now=now, claimed=claimed, queue_drained=drained, redispatch_after=AFTER)


@pytest.mark.parametrize(
    ("history", "seconds", "claimed", "drained", "expected"),
    [
        pytest.param({"dispatched_at": None}, 0, False, True, Step.DISPATCH, id="new"),
        pytest.param({"dispatched_at": None}, 0, True, True, Step.WAIT, id="new to us, and a worker has it already"),
        pytest.param({}, 1, True, True, Step.WAIT, id="in a worker's hand"),
        pytest.param({}, 1e6, True, True, Step.WAIT, id="in a worker's hand for very long"),
        pytest.param({}, 4.9, False, True, Step.WAIT, id="the hint may be on its way"),
        pytest.param({}, 5.0, False, True, Step.DISPATCH, id="the hint is gone"),
        pytest.param({}, 1e6, False, False, Step.WAIT, id="the hint waits in the queue"),
        pytest.param({"dispatches": 2}, 9.9, False, True, Step.WAIT, id="the second pause is twice as long"),
        pytest.param({"dispatches": 2}, 10.0, False, True, Step.DISPATCH, id="and ends"),
        pytest.param({"dispatches": 30}, LONGEST_PAUSE, False, True, Step.DISPATCH, id="pauses are bounded"),
        pytest.param({"claimed": True}, 0.1, False, False, Step.DISPATCH, id="its worker died: no pause, no queue"),
    ],
)
def test_the_policy(history, seconds, claimed, drained, expected):
    """A killed worker's request goes to another at once, a lost hint after a pause, and no hint is sent in vain."""
    watch = Watch(**{"dispatched_at": 100.0, "dispatches": 1, **history})
    assert decide(watch, 100.0 + seconds, claimed=claimed, drained=drained) is expected


def test_a_deadly_request_is_given_up():
    """A request that took down twenty workers is not given to another one."""
    watch = Watch()
    for lost in range(1, MAX_LOST_CLAIMS + 1):
        watch.dispatched(100.0)
        assert decide(watch, claimed=True) is Step.WAIT
        step = decide(watch)
        assert step is (Step.DISPATCH if lost < MAX_LOST_CLAIMS else Step.GIVE_UP)
    assert MAX_LOST_CLAIMS == 20


def test_one_lost_claim_is_counted_once():
    """A worker that died is replaced by one hint, not by one a second."""
    watch = Watch()
    watch.dispatched(100.0)
    decide(watch, claimed=True)
    assert decide(watch, 101.0) is Step.DISPATCH
    assert decide(watch, 101.5) is Step.WAIT
    watch.dispatched(101.5)
    assert decide(watch, 102.0) is Step.WAIT
    assert watch.lost_claims == 1
