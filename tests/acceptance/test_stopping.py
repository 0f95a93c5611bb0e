"""SIGTERM ends bridge and worker in time, whoever else is away, stopped or frozen, and nothing is lost by it."""

from __future__ import annotations

import contextlib
import signal

import pytest

from bridge.app import STOP_WITHIN
from dev.kafka_server import ApacheKafka, why_no_apache_kafka
from dev.processes import running
from tests.conftest import skip
from worker.app import STORE_WITHIN

OPENAI_TIMEOUT = 6.0  # seconds
LATENCY = 3.0  # seconds: what is in hand when the signal comes
SLACK = 5.0  # seconds to notice and to exit


@pytest.fixture(scope="module")
def own_kafka(tmp_path_factory):
    """A Kafka of this module's own, to be killed and frozen."""
    if reason := why_no_apache_kafka():
        skip(f"needs a Kafka that it may kill: {reason}")
    with running(ApacheKafka(tmp_path_factory.mktemp("kafka"))) as server:
        yield server


@contextlib.contextmanager
def outage(server, how):
    """A server that is gone, or frozen, for a while."""
    take_away, give_back = (server.pause, server.resume) if how == "frozen" else (server.kill, server.start)
    take_away()
    try:
        yield
    finally:
        give_back()


@pytest.fixture
def busy(stage, private_redis, own_kafka, standin, how):
    """A service with calls of the model in hand, on brokers that may be taken away."""
    it = stage(
        kafka=own_kafka.bootstrap,
        redis_url=f"{private_redis.url}/1",
        partitions=3,
        forked=how == "frozen",  # the others are what users type
        OPENAI_TIMEOUT=f"{OPENAI_TIMEOUT:g}",
    )
    bridge, worker = it.fleet.bridge(), it.fleet.worker()
    it.send(3)
    it.await_notified(3)
    standin.set(latency=LATENCY)
    it.send(6)
    it.await_calls(3 + 6)
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
def test_without_redis(busy, private_redis, standin, eventually, how):
    """The bridge leaves its group; the worker ends though its heartbeat would wait for Redis for ever."""
    it, bridge, worker = busy
    with outage(private_redis, how):
        eventually(lambda: "waiting" in bridge.log_text(), "the bridge has noticed")
        eventually(lambda: "Redis is away" in worker.log_text(), "the worker has noticed")
        bridge.send(signal.SIGTERM)
        worker.send(signal.SIGTERM)
        assert bridge.wait(STOP_WITHIN + SLACK) == 0
        assert it.group_is_empty(), bridge.log_text()
        assert worker.wait(OPENAI_TIMEOUT + STORE_WITHIN + SLACK) == 0
    assert_nothing_was_lost(it, standin)


@pytest.mark.parametrize("how", ["gone", "frozen"])
def test_without_kafka(busy, own_kafka, standin, how):
    """The bridge says no farewell to brokers that do not answer; the worker does not need them."""
    it, bridge, worker = busy
    with outage(own_kafka, how):
        bridge.send(signal.SIGTERM)
        worker.send(signal.SIGTERM)
        assert bridge.wait(STOP_WITHIN + SLACK) == 0
        assert worker.wait(OPENAI_TIMEOUT + STORE_WITHIN + SLACK) == 0
    assert_nothing_was_lost(it, standin)
