"""How many answers a user gets in a day, in a real Redis."""

import pytest

from bridge.user_limit import DAY, UserLimit

NOON = 20_000.5 * DAY
A, B = 1, 2


@pytest.fixture
def limit(redis_client):
    return UserLimit(redis_client, 3, lambda: NOON)


def test_a_user_gets_so_many_a_day(limit):
    """The fourth is refused, another user's is not, and the next day begins anew."""
    assert limit.refused([(number, A, NOON) for number in range(5)]) == {3, 4}
    assert limit.refused([(5, B, NOON), (6, A, NOON)]) == {6}
    assert limit.refused([(7, A, NOON + DAY / 2)]) == set()


def test_a_request_counts_once(limit):
    """A bridge that starts anew sees the same requests again, and refuses none of them."""
    for _ in range(3):
        assert limit.refused([(number, A, NOON) for number in range(3)]) == set()


def test_who_ends_without_an_answer_does_not_count(limit):
    """A failure is no answer: the next request has its place."""
    limit.refused([(number, A, NOON) for number in range(3)])
    limit.give_back([(1, A, NOON), (9, B, NOON)])
    assert limit.refused([(3, A, NOON), (4, A, NOON)]) == {4}


def test_without_a_limit_nothing_is_kept(redis_client):
    """Who sets none pays nothing for it."""
    limit = UserLimit(redis_client, 0)
    assert limit.refused([(1, A, NOON)]) == set()
    limit.give_back([(1, A, NOON)])
    assert redis_client.keys() == []


@pytest.mark.parametrize(("at", "seconds"), [(NOON, DAY / 2), (NOON + DAY / 2 - 1, DAY / 2), (NOON - DAY, 60)])
def test_the_next_day_begins_at_midnight(limit, at, seconds):
    """The user is told how long to wait; a minute where the day is over already."""
    assert limit.wait(at) == seconds


def test_a_day_is_forgotten(limit, redis_client):
    """Redis' memory does not grow with the days."""
    limit.refused([(1, A, NOON)])
    (key,) = redis_client.keys()
    assert 0 < redis_client.ttl(key) <= 3 * DAY
