"""Redis behind Sentinel: a primary dies under load, and a replica that missed the last writes takes over."""

from __future__ import annotations

import pytest

from dev.processes import running
from dev.redis_sentinel import SentinelRedis


@pytest.fixture
def replicated(tmp_path):
    """A primary, its replica and three sentinels."""
    with running(SentinelRedis(tmp_path / "replicated", sentinels=3)) as server:
        yield server


def test_a_replica_takes_over_without_the_last_writes(stage, standin, replicated):
    """What was published and claimed meanwhile is forgotten there; all the same everything is said once."""
    it = stage(redis_url="", **replicated.settings)
    it.fleet.bridge()
    worker = it.fleet.worker()
    it.send(10)
    it.await_notified()
    replicated.await_replica()
    replicated.hold_replica_back()
    it.send(20)
    it.await_notified()  # their marks will be gone
    standin.set(latency=1.5)
    it.send(10)
    it.await_calls(40)  # and so will these claims
    dead = replicated.primary
    dead.kill()
    replicated.await_failover(dead)
    it.fleet.send(it.sent)  # the sender's retry of everything, at once
    it.await_notified(seconds=60)
    dead.start()
    replicated.await_replica()
    it.send(5)
    it.await_notified(seconds=60)
    report = it.report()
    assert report.clean, (report.rows(), it.fleet.logs())
    assert report.failed == []
    assert worker.is_running, worker.log_text()


def test_primary_and_replica_change_places(stage, standin, replicated):
    """An operator moves the primary away under load: bridge and worker follow, and nothing is lost by it."""
    it = stage(redis_url="", **replicated.settings)
    bridge, worker = it.fleet.bridge(), it.fleet.worker()
    standin.set(latency=0.5)
    it.send(30)
    it.await_notified(5)
    replicated.fail_over()
    it.send(10)
    it.await_notified(seconds=60)
    report = it.report()
    assert report.clean, (report.rows(), it.fleet.logs())
    assert report.failed == []
    assert bridge.is_running
    assert worker.is_running, worker.log_text()
