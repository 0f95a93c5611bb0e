"""Worker parts on real connections, which must not go on when their test is over."""

from importlib.util import find_spec

import pytest

from dev.kafka_server import why_no_apache_kafka
from dev.processes import ProcessFailedError, running
from dev.redis_server import redis_version
from tests.conftest import needs, skip
from tests.support.bridge_stage import Stage as BridgeStage
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

    def make(*, proxy=None, connections=4, ca_location=None):
        route = Route(proxy=proxy, connections=connections, ca_location=ca_location)
        made.append(route)
        return route

    yield make
    for route in made:
        route.close()


@pytest.fixture(scope="session")
def authority(tmp_path_factory):
    for package in ("trustme", "cryptography"):
        if find_spec(package) is None:
            skip(needs(package))
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="session")
def stranger(tmp_path_factory):
    """An authority that has signed nothing that is in use here."""
    return Authority(tmp_path_factory.mktemp("stranger"))


@pytest.fixture(scope="session")
def secure_redis(tmp_path_factory, authority):
    server = SecureRedis(tmp_path_factory.mktemp("secure-redis"), authority)
    try:
        server.start()
    except ProcessFailedError as failed:
        if "TLS support" not in str(failed):
            raise
        skip(f"{redis_version()} was built without TLS: apt-get install redis-server")
    yield server
    server.stop()


@pytest.fixture(scope="session")
def secure_kafka(tmp_path_factory, authority):
    if reason := why_no_apache_kafka():
        skip(f"needs a Kafka of its own: {reason}")
    with running(SecureKafka(tmp_path_factory.mktemp("secure-kafka"), authority)) as server:
        yield server


@pytest.fixture
def stage(kafka, topics, redis_client, redis_url, tmp_path):
    """Makes stages with bridges in threads, which end with the test."""
    stages = []

    def make(**settings):
        stages.append(BridgeStage(kafka, topics, redis_client, redis_url, tmp_path, **settings))
        return stages[-1]

    yield make
    for each in stages:
        each.stop()
        each.celery.close()
