"""SIGTERM ends bridge and worker in time, whoever else is away, stopped or frozen, and nothing is lost by it."""

from __future__ import annotations

import signal

import pytest

from bridge.app import STOP_WITHIN
from worker.app import STORE_WITHIN

OPENAI_TIMEOUT = 6.0  # seconds
LATENCY = 3.0  # seconds: what is in hand when the signal comes
SLACK = 5.0  # seconds to notice and to exit


@pytest.fixture
def outage(private_redis, private_kafka):
    """Takes one of the two brokers away, or freezes it; `end()` brings it back."""

    class Outage:
        def begin(self, broker, how):
            self.server = {"redis": private_redis, "kafka": private_kafka}[broker]
            self.frozen = how == "frozen"
            if self.frozen:
                self.server.pause()
            else:
                self.server.kill()

        def end(self):
            if self.frozen:
                self.server.resume()
            else:
                self.server.start()

    return Outage()


@pytest.fixture
def busy(stage, private_redis, private_kafka, standin):
    """A service with calls of the model in hand, on brokers that are the test's to take away."""
    it = stage(kafka=private_kafka.bootstrap, redis_url=f"{private_redis.url}/1", OPENAI_TIMEOUT=f"{OPENAI_TIMEOUT:g}")
    bridge, worker = it.fleet.bridge(), it.fleet.worker()
    it.send(2)
    it.await_notified(2)
    standin.set(latency=LATENCY)
    it.send(4)
    it.await_calls(2 + 4)
    return it, bridge, worker


def assert_nothing_was_lost(it, standin):
    standin.set(latency=0.02)
    it.fleet.bridge(name="next-bridge")
    it.fleet.worker(name="next-worker")
    it.await_notified(seconds=60)
    report = it.report()
    assert report.clean, report.rows()
    assert report.failed == []


@pytest.mark.parametrize("how", ["gone", "frozen"])
@pytest.mark.parametrize("broker", ["redis", "kafka"])
def test_the_bridge_stops(busy, outage, standin, eventually, broker, how):
    """In time for compose's grace period; where Kafka is there it also leaves the group."""
    it, bridge, worker = busy
    outage.begin(broker, how)
    if broker == "redis":
        eventually(lambda: "waiting" in bridge.log_text(), "the bridge has noticed")
    bridge.send(signal.SIGTERM)
    assert bridge.wait(STOP_WITHIN + SLACK) == 0
    if broker == "redis":
        assert it.group_is_empty(), bridge.log_text()
    outage.end()
    worker.stop()
    assert_nothing_was_lost(it, standin)


@pytest.mark.parametrize("how", ["gone", "frozen"])
def test_the_worker_stops(busy, outage, standin, eventually, how):
    """In time for compose's grace period, though its heartbeat would wait for Redis for ever."""
    it, bridge, worker = busy
    outage.begin("redis", how)
    eventually(lambda: "Redis is away" in worker.log_text(), "the worker has noticed")
    worker.send(signal.SIGTERM)
    assert worker.wait(OPENAI_TIMEOUT + STORE_WITHIN + SLACK) == 0
    outage.end()
    bridge.stop()
    assert_nothing_was_lost(it, standin)
