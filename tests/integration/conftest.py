"""Worker parts on real connections, which must not go on when their test is over."""

import pytest

from worker.leases import Leases
from worker.route import Route


@pytest.fixture
def make_leases():
    """Makes Leases; after the test their heartbeats find nothing to renew."""
    made = []

    def make(store, seconds):
        leases = Leases(store, seconds)
        made.append(leases)
        return leases

    yield make
    for leases in made:
        leases._held.clear()


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
