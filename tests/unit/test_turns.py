"""Requests of one process ask the limiter in the order of the topic, without asking in vain."""

import threading

import pytest

from worker.errors import PostponedError
from worker.limits.turns import Turns

FOR_EVER = 60.0  # seconds; nothing here waits so long


def test_the_foremost_asks_and_the_others_follow_one_by_one():
    """However the threads come, the first in the topic asks first, and each that is granted wakes the next."""
    turns = Turns()
    third, first, second = turns.enter(3.0), turns.enter(1.0), turns.enter(2.0)
    with third:
        assert third.foremost.is_set()
        with second:
            with first:
                assert [turn.foremost.is_set() for turn in (first, second, third)] == [True, False, False]
            assert [turn.foremost.is_set() for turn in (second, third)] == [True, False]
        assert third.foremost.is_set()


def test_a_thread_that_waits_is_woken():
    """A request asks as soon as the one before it is granted."""
    turns = Turns()
    behind = turns.enter(2.0)

    def wait() -> None:
        with behind:
            behind.wait(FOR_EVER)

    with turns.enter(1.0):
        thread = threading.Thread(target=wait)
        thread.start()
    thread.join(FOR_EVER / 2)
    assert not thread.is_alive()


def test_one_that_will_not_ask_for_a_while_lets_the_others_go():
    """A request with a start time minutes away holds nobody up, and keeps its place for later."""
    turns = Turns()
    with turns.enter(1.0) as first, turns.enter(2.0) as second:
        first.step_aside()
        assert second.foremost.is_set()
        first.step_back()
        assert first.foremost.is_set()
        assert not second.foremost.is_set()


def fail_in_turn(turn):
    """What a request does that is parked while it waits."""
    with turn:
        turn.step_aside()
        raise PostponedError("limits", 60.0)


def test_one_that_fails_lets_the_others_go():
    """A request that ends with an error, or is parked, leaves the line."""
    turns = Turns()
    with turns.enter(2.0) as second:
        with pytest.raises(PostponedError):
            fail_in_turn(turns.enter(1.0))
        assert second.foremost.is_set()


def test_where_there_is_enough_for_all_nobody_stands_in_line():
    """Not for each other, nor at the limiter; a moment later they do again."""
    turns = Turns()
    turns.needless(FOR_EVER)
    assert not turns.needed
    with turns.enter(1.0), turns.enter(2.0) as second:
        assert second.foremost.is_set()
    turns.needless(0.0)
    assert turns.needed
    with turns.enter(1.0), turns.enter(2.0) as second:
        assert not second.foremost.is_set()
