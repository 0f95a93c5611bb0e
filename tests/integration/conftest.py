"""Worker parts on real connections, which must not go on when their test is over."""

import pytest

from tests.support.fleets import FakeFleet, RedisFleet
from worker.leases import Leases
from worker.route import Route


@pytest.fixture
def make_leases():
    """Makes Leases; after the test their heartbeats end."""
    made = []

    def make(store, seconds):
        leases = Leases(store, seconds)
        made.append(leases)
        return leases

    yield make
    for leases in made:
        leases.close()


@pytest.fixture(params=["redis", "fake"])
def fleet(request):
    """What several workers share, real and fake: a test that takes this runs over both."""
    if request.param == "fake":
        return FakeFleet()
    return RedisFleet(request.getfixturevalue("redis_client"), request.getfixturevalue("make_leases"))


@pytest.fixture
def make_route():
    """Makes ways out; after the test their connections and threads end."""
    made = []

    def make(*, proxy=None, connections=4):
        route = Route(proxy=proxy, connections=connections)
        made.append(route)
        return route

    yield make
    for route in made:
        route.close()
