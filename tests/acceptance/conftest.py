"""The service as real processes, for tests that send it signals."""

from __future__ import annotations

import time

import pytest

from dev.openai_standin.server import StandIn
from dev.processes import running
from dev.redis_server import RedisServer
from tests.support.fleet import Fleet
from tests.support.stage import Stage

AMPLE = {"rpm": 60_000, "rpd": 20_000_000, "tpm": 200_000_000}


@pytest.fixture
def standin():
    """The stand-in for OpenAI, with more than enough quota."""
    with StandIn(**AMPLE, latency=0.02) as server:
        yield server


@pytest.fixture(scope="module")
def own_redis(tmp_path_factory):
    """The address of an empty database on a Redis that is this module's alone."""
    with running(RedisServer(tmp_path_factory.mktemp("redis"))) as server:
        yield f"{server.url}/1"


@pytest.fixture
def make_fleet(tmp_path, kafka, redis_url, standin):
    """Makes services of their own on the shared Kafka and Redis; whatever they start is stopped at the end."""
    fleets = []

    def make(*, kafka=kafka, redis_url=redis_url, partitions=1, forked=True, **settings):
        folder = tmp_path / f"fleet-{len(fleets)}"
        fleet = Fleet(
            folder, kafka=kafka, redis_url=redis_url, standin_url=standin.url, partitions=partitions, settings=settings,
            forked=forked,
        )  # fmt: skip
        fleets.append(fleet)
        return fleet

    yield make
    for fleet in fleets:
        fleet.stop()


@pytest.fixture
def stage(make_fleet, standin, eventually):
    """Sets a stage, with the settings that a test needs."""
    return lambda **settings: Stage(make_fleet(**settings), standin, eventually)


@pytest.fixture
def eventually():
    """Waits until something is so, and fails with `what` when it is not in time."""

    def wait(is_so, what, seconds=60.0):
        deadline = time.monotonic() + seconds
        while not is_so():
            assert time.monotonic() < deadline, f"not within {seconds:g} s: {what}"
            time.sleep(0.05)

    return wait
