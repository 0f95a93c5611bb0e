"""Places as bridges share them, in a real Redis."""

import pytest

from bridge.fair_order import TURN
from bridge.places import Places
from contract import REACHED_KEY, USERS_KEY, Dispatch, processed_mark, request_key
from tests.support.samples import dispatch

A, B = 1, 2


@pytest.fixture
def places(redis_client):
    return Places(redis_client)


def keep(redis_client, number, stored):
    redis_client.set(request_key(number), stored.model_dump_json(exclude_none=True))


def test_a_user_in_fifty_partitions_is_one_user(places):
    """Whoever spreads a flood over partitions gets no more turns than in one: each bridge places behind the others'."""
    given = [place for _ in range(50) for place in places.give([(A, TURN, 0.0), (A, TURN, 0.0)], 0.0)]
    assert given == pytest.approx([number * TURN for number in range(100)])
    assert places.give([(B, TURN, 0.0)], 0.0) == [0.0]


def test_weights_are_the_distance_of_places(places):
    """Three places of a user of weight 3 take one turn."""
    assert places.give([(A, TURN / 3, 1.0)] * 4, 0.0) == pytest.approx([1 + n * TURN / 3 for n in range(4)])


def test_users_who_are_behind_are_removed(places, redis_client):
    """Redis' memory does not grow with the users that ever were."""
    places.give([(user, TURN, 0.0) for user in range(100)], 0.0)
    places.give([(A, TURN, 5.0)], 5.0)
    assert redis_client.zrange(USERS_KEY, 0, -1) == [b"%d" % A]


def test_what_was_dispatched_is_told_from_what_is_new(places, redis_client):
    """A bridge that starts anew finds each request's place, whatever a resume contains."""
    plain = dispatch()
    hostile = plain.request.model_copy(update={"resume": 'x","place":7,"y' * 30})
    keep(redis_client, 1, plain.model_copy(update={"place": 3.0000000123}))
    trace = "00-" + 32 * "a" + "-" + 16 * "b" + "-01"
    keep(redis_client, 2, Dispatch(request=hostile, deadline_at=1.7e9 + 0.25, place=3.0000000123, traceparent=trace))
    keep(redis_client, 3, plain.model_copy(update={"place": 1.7e9}))  # of a version before fair shares
    redis_client.set(processed_mark(4), "_")
    found = places.look(range(1, 6), 0.0)
    assert found.places == {1: 3.0000000123, 2: 3.0000000123, 3: 0.0}
    assert found.finished == {4}


def test_hundreds_are_looked_at(places, redis_client):
    """A bridge that starts behind a backlog asks in steps, and mixes nobody up."""
    redis_client.set(processed_mark(700), "_")
    assert places.look(range(1_200), 0.0).finished == {700}


def test_an_emptied_redis_learns_how_far_the_others_are(places, redis_client):
    """The virtual time never goes back, as long as one bridge knows it."""
    redis_client.set(REACHED_KEY, "0.5")
    assert places.look([], 0.0).reached == 0.5
    assert places.look([], 0.25).reached == 0.5
    redis_client.flushdb()
    assert places.look([], 0.5).reached == 0.5
    assert Places(redis_client).look([], 0.0).reached == 0.5
