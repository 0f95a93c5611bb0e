"""Worker parts on real connections, which must not go on when their test is over."""

import pytest

from dev.kafka_server import why_no_apache_kafka
from tests.conftest import needs, skip
from tests.support.fleets import FakeFleet, RedisFleet
from tests.support.secure_servers import Authority, SecureKafka, SecureRedis
from worker.asking.route import Route
from worker.leases import Leases


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


@pytest.fixture(scope="session")
def authority(tmp_path_factory):
    pytest.importorskip("trustme", reason=needs("trustme"))

    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="session")
def stranger(tmp_path_factory):
    """An authority that has signed nothing that is in use here."""
    return Authority(tmp_path_factory.mktemp("stranger"))


@pytest.fixture(scope="session")
def secure_redis(tmp_path_factory, authority):

    server = SecureRedis(tmp_path_factory.mktemp("secure-redis"), authority)
    server.start()
    yield server
    server.stop()


@pytest.fixture(scope="session")
def secure_kafka(tmp_path_factory, authority):

    if reason := why_no_apache_kafka():
        skip(f"needs a Kafka of its own: {reason}")
    server = SecureKafka(tmp_path_factory.mktemp("secure-kafka"), authority)
    server.start()
    yield server
    server.stop()
