"""Signals, and brokers that are emptied or restarted: everything is still delivered once, and soon."""

from __future__ import annotations

import signal

import redis
from confluent_kafka import Producer

SOON = 15.0  # seconds: after the death of a worker all is finished within this


def test_a_worker_dies_or_freezes_in_mid_call(stage, standin, eventually):
    """What it had in hand is finished by another within seconds; when a frozen one wakes up, it publishes nothing."""
    it = stage()
    it.fleet.bridge()
    killed = it.fleet.worker(name="killed")
    standin.set(latency=8.0)
    it.send(4)
    it.await_calls(1 + 4)  # the vacancy's criteria, and the grades
    killed.kill()
    frozen = it.fleet.worker(name="frozen")
    it.await_calls(1 + 8)  # the other one has taken them: nobody waited for Celery's hour
    frozen.pause()
    standin.set(latency=0.02)
    it.fleet.worker(name="last")
    it.await_notified(4, seconds=SOON)
    frozen.resume()
    eventually(lambda: frozen.log_text().count("claim lost") == 4, "the frozen one sees that it lost its claims")
    report = it.report()
    assert report.clean, report.rows()
    assert report.failed == []
    assert report.asked == {3: 4}


def test_bridges_die_and_leave(stage, standin):
    """Of two bridges one is killed, then all that is left is asked to stop: nothing is lost, nothing done twice."""
    it = stage(partitions=3, forked=False)
    first, second = it.fleet.bridge(name="first"), it.fleet.bridge(name="second")
    worker = it.fleet.worker()
    standin.set(latency=0.5)
    it.send(30)
    it.await_notified(5)
    first.kill()
    it.await_notified()
    standin.set(latency=2.0)
    it.send(12)
    it.await_calls(30 + 12)
    second.send(signal.SIGTERM)
    worker.send(signal.SIGTERM)
    assert second.wait(25) == 0
    assert it.group_is_empty(), "it left the group, so nobody waits for its session to end"
    assert worker.wait(35) == 0
    it.fleet.bridge(name="third")
    it.await_notified(seconds=10)  # the worker had finished its calls: their outcomes only have to be published
    report = it.report()
    assert report.clean, report.rows()
    assert report.failed == []
    assert report.asked == {1: 42}


def test_redis_drops_everybody_dies_and_forgets(stage, standin, private_redis):
    """Redis cuts every connection, is killed, and forgets everything, in mid-run: all is finished once all the same."""
    it = stage(redis_url=f"{private_redis.url}/1", WORKER_CONCURRENCY="8")
    it.fleet.bridge()
    it.fleet.worker()
    standin.set(latency=5.0)
    it.send(4)
    it.await_calls(4)
    with redis.Redis.from_url(private_redis.url) as client:
        client.client_kill_filter(_type="normal", skipme=True)
        client.client_kill_filter(_type="pubsub", skipme=True)
    it.await_notified()
    # Celery runs again what was running when its connection went; the claims stop that.
    assert it.report().asked == {1: 4}
    standin.set(latency=1.0)
    it.send(8)
    it.await_calls(8)
    private_redis.kill()
    private_redis.start()
    it.await_notified(seconds=60)
    it.send(16)
    it.await_notified(16)
    with redis.Redis.from_url(private_redis.url) as client:
        client.flushall()
    it.await_notified(seconds=60)
    report = it.report()
    assert report.clean, report.rows()
    assert report.failed == []


def test_a_busy_worker_outlives_its_connections(stage, standin, private_redis, eventually):
    """When Redis hangs up and takes no calls, subscriptions first, a worker with calls in hand waits and goes on."""
    it = stage(redis_url=f"{private_redis.url}/1")
    it.fleet.bridge()
    worker = it.fleet.worker()
    standin.set(latency=4.0)
    it.send(4)
    it.await_calls(4)
    with redis.Redis.from_url(private_redis.url) as client, client.pipeline(transaction=False) as pipe:
        pipe.config_set("maxclients", 1)
        pipe.client_kill_filter(_type="pubsub")
        pipe.client_kill_filter(_type="normal", skipme=True)
        pipe.execute()
        eventually(lambda: "Trying to re-establish" in worker.log_text(), "the worker has noticed")
        client.config_set("maxclients", 1_000)
    it.await_notified()
    report = it.report()
    assert report.clean, report.rows()
    assert worker.is_running, worker.log_text()


def test_a_retry_behind_an_open_transaction(stage, redis_client, eventually):
    """What a dead bridge's open transaction hides is not taken for unsaid, even beside an emptied Redis."""
    it = stage()
    it.fleet.worker(wait=False)
    bridge = it.fleet.bridge()
    eventually(lambda: "starting at offset" in bridge.log_text(), "the bridge has its partition")
    dead = Producer({"bootstrap.servers": it.fleet.kafka, "transactional.id": it.fleet.names.group})
    dead.init_transactions(10)
    dead.begin_transaction()
    dead.produce(it.fleet.names.notifications, b"never said")
    dead.flush(10)
    it.send(3)
    assert it.fleet.drained(30)
    redis_client.flushdb()
    it.fleet.send(it.sent)
    eventually(lambda: it.fleet.lag() == 0 or "open transaction" in bridge.log_text(), "the bridge has seen them again")
    dead.abort_transaction(10)
    report = it.report()
    assert report.clean, report.rows()


def test_kafka_is_restarted(stage, standin, private_kafka):
    """Kafka goes away in mid-run and comes back: no transaction is left half done."""
    it = stage(kafka=private_kafka.bootstrap, WORKER_CONCURRENCY="4")
    it.fleet.bridge()
    it.fleet.worker()
    standin.set(latency=0.4)
    it.send(30)
    it.await_notified(4)
    private_kafka.restart()
    it.await_notified(seconds=60)
    report = it.report()
    assert report.clean, report.rows()
    assert report.failed == []
    assert report.asked == {1: 30}


def test_several_workers_stay_within_the_limit_together(stage, standin):
    """Three workers, one quota: the provider turns nobody away, and nobody waits for ever."""
    standin.set(rpm=60)
    it = stage(RPM="60")
    it.fleet.bridge()
    for number in range(3):
        it.fleet.worker(name=f"worker-{number}", wait=False)
    it.send(66)
    it.await_notified(seconds=60)
    report = it.report()
    assert report.clean, report.rows()
    assert report.asked == {1: 66}
    assert [attempt for attempt in standin.attempts() if attempt["status"] != 200] == []
