"""When a request is dispatched again, and whose doing it is when a worker goes away."""

import pytest

from bridge.supervision import (
    LONGEST_PAUSE,
    MAX_CHARGES,
    SUSPECT_AFTER,
    Decision,
    DispatchHistory,
    HintLatency,
    decide,
    is_charged,
    suspects_to_hold_back,
)

AFTER = 5.0


@pytest.mark.parametrize(
    ("history", "seconds", "expected"),
    [
        pytest.param({"dispatched_at": None}, 0, Decision.DISPATCH, id="new"),
        pytest.param({"dispatched_at": None, "worker": "w"}, 0, Decision.WAIT, id="new to us, and a worker has it"),
        pytest.param({"worker": "w"}, 1e6, Decision.WAIT, id="in a worker's hand for very long"),
        pytest.param({}, 4.9, Decision.WAIT, id="the hint may be on its way"),
        pytest.param({}, 5.0, Decision.DISPATCH, id="the hint is late"),
        pytest.param({"hints": 2}, 9.9, Decision.WAIT, id="the second pause is twice as long"),
        pytest.param({"hints": 2}, 10.0, Decision.DISPATCH, id="and ends"),
        pytest.param({"hints": 3_000}, LONGEST_PAUSE, Decision.DISPATCH, id="pauses are bounded"),
        pytest.param({"charges": MAX_CHARGES}, 0, Decision.GIVE_UP, id="its workers died of it"),
        pytest.param({"lost_claims": 1_000}, 0, Decision.WAIT, id="its workers died of others"),
    ],
)
def test_the_policy(history, seconds, expected):
    """A late hint goes again, however long the queue is, and a request that kills workers goes to no other."""
    history = DispatchHistory(**{"dispatched_at": 100.0, "hints": 1, **history})
    assert decide(history, now=100.0 + seconds, redispatch_after=AFTER) is expected


def test_a_lost_claim_is_dispatched_at_once_until_a_hint_was_sent():
    """A worker that died is replaced by one hint, and by another look where that hint could not be sent."""
    history = DispatchHistory()
    history.note_dispatch(100.0)
    history.note_claim("w")
    history.note_loss(charged=False)
    assert decide(history, now=100.1, redispatch_after=AFTER) is Decision.DISPATCH
    assert decide(history, now=100.2, redispatch_after=AFTER) is Decision.DISPATCH
    history.note_dispatch(100.2)
    assert decide(history, now=100.3, redispatch_after=AFTER) is Decision.WAIT
    assert (history.lost_claims, history.hints) == (1, 1)


def test_hints_that_busy_workers_have_fetched_do_not_look_lost():
    """On an overloaded machine nothing is sent twice only because it waits for as long as the others did."""
    latency = HintLatency()
    assert latency.patience(AFTER, now=0.0) == AFTER
    latency.note(1.0, now=10.0)
    assert latency.patience(AFTER, now=10.0) == AFTER
    latency.note(8.0, now=20.0)
    latency.note(0.1, now=20.0)
    assert latency.patience(AFTER, now=20.0) == 16.0


def test_slow_hints_are_forgotten():
    """Minutes after a jam a lost hint goes again as early as ever."""
    latency = HintLatency()
    latency.note(300.0, now=0.0)
    assert AFTER < latency.patience(AFTER, now=120.0) < 300.0
    assert latency.patience(AFTER, now=600.0) == AFTER


def suspect():
    return DispatchHistory(lost_claims=SUSPECT_AFTER)


@pytest.mark.parametrize(
    ("history", "lives", "beside", "charged"),
    [
        pytest.param(DispatchHistory(), True, [DispatchHistory()], True, id="its worker lives on"),
        pytest.param(DispatchHistory(), False, [], True, id="it was alone there"),
        pytest.param(DispatchHistory(), False, [DispatchHistory()], False, id="it may have been the other one"),
        pytest.param(suspect(), False, [DispatchHistory()] * 15, True, id="the only suspect"),
        pytest.param(DispatchHistory(), False, [suspect()], False, id="beside a suspect"),
        pytest.param(suspect(), False, [suspect()], False, id="one of two suspects"),
    ],
)
def test_who_is_charged(history, lives, beside, charged):
    """Only a request that must have been the reason is charged for a lost claim."""
    assert is_charged(history, worker_lives=lives, beside=beside) is charged


@pytest.mark.parametrize(
    ("out", "waiting", "held_back"), [(0, 0, 0), (0, 1, 0), (0, 5, 4), (1, 5, 5), (0, 100, 90), (7, 93, 90)]
)
def test_few_suspects_run_at_a_time(out, waiting, held_back):
    """One suspect at a time goes to the workers, and a tenth of them where there are many."""
    suspects = [suspect() for _ in range(out + waiting)]
    for each in suspects[:out]:
        each.note_dispatch(100.0)
    assert suspects_to_hold_back(suspects) == held_back
