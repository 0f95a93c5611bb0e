"""When a provider that fails answers nobody."""

from contextlib import ExitStack

import pytest

from worker.asking.silence import FEWEST, MOST, Silence


@pytest.mark.parametrize(("under_way", "enough"), [(1, FEWEST), (4, 4), (500, MOST)])
def test_as_many_failures_in_a_row_as_calls_were_under_way_are_an_outage(under_way, enough):
    """A worker with much in hand meets one stumble after another, a worker with little knows as little."""
    silence = Silence()
    with ExitStack() as calls:
        for _ in range(under_way):
            calls.enter_context(silence.call())
        told = [silence.met(outage=True) for _ in range(enough)]
    assert told == [False] * (enough - 1) + [True]


def test_one_answer_ends_the_silence():
    """Among calls that are answered a failure is a stumble."""
    silence = Silence()
    told = [silence.met(outage=number % FEWEST != 0) for number in range(100)]
    assert not any(told)


def test_a_call_that_has_ended_is_not_under_way():
    """However it ended."""
    silence = Silence()
    for _ in range(50):
        with pytest.raises(ValueError, match="x"), silence.call():
            raise ValueError("x")
    assert [silence.met(outage=True) for _ in range(FEWEST)][-1]
