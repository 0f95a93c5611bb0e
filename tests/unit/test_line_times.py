"""When those who wait will start, as operators are told."""

import pytest

from worker.ports import Waiting
from worker.running.line import BUSIEST, seconds_until, starts


def turns(waiting):
    """Of each user, the numbers of the next and of the last start."""
    return {each["user_id"]: (each["next_in"], each["last_in"]) for each in starts(waiting, float)}


def test_users_take_turns():
    """Who waits with one request starts within one turn of all; the last of many starts when all others are done."""
    assert turns(Waiting({1: (100, 1.0), 2: (10, 1.0), 3: (1, 1.0)})) == {1: (3, 111), 2: (3, 21), 3: (3, 3)}


def test_weights_shorten_the_wait():
    """A user of weight 3 lets a third of the others' requests go before."""
    assert turns(Waiting({1: (90, 1.0), 7: (30, 3.0)})) == {1: (4, 120), 7: (2, 40)}


def test_without_fair_shares_all_may_be_before():
    """In the topic's order nobody knows who is before whom."""
    assert turns(Waiting({1: (9, 1.0), 2: (1, 1.0)}, fair=False)) == {1: (2, 10), 2: (10, 10)}


def test_the_busiest_are_shown():
    """The list stays readable with a thousand users."""
    shown = starts(Waiting({user: (user + 1, 1.0) for user in range(1_000)}), float)
    assert [each["user_id"] for each in shown] == list(range(999, 999 - BUSIEST, -1))


@pytest.mark.parametrize(("number", "seconds"), [(1, 5.0), (2, 20.0), (30, 870.0)])
def test_the_scarcest_bucket_decides(number, seconds):
    """What is left, what refills and what one request takes: as the limiter plans, on average."""
    limits = {
        "blocked": 5.0,
        "mean_tokens": 1_000.0,
        "buckets": {
            "rpm": {"limit": 3, "level": 1.0, "rate": 0.05},
            "rpd": {"limit": "unlimited", "level": 0, "rate": 0},
            "tpm": {"limit": 2_000, "level": 1_000.0, "rate": 1_000 / 30},
        },
        "calls": {"limit": "unlimited", "under_way": 0, "seconds": 1.0},
    }
    assert seconds_until(limits, number) == pytest.approx(max(seconds, (number - 1) * 30))


def test_calls_under_way_may_decide():
    """Ten at once that take five seconds each are two starts a second, behind those that are under way."""
    limits = {"blocked": 0, "mean_tokens": 1.0, "buckets": {}, "calls": {"limit": 10, "under_way": 8, "seconds": 5.0}}
    assert [seconds_until(limits, number) for number in (1, 2, 3, 102)] == [0.0, 0.0, 0.5, 50.0]
