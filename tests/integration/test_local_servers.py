"""The servers that tests, benchmarks and the demo start for themselves."""

from __future__ import annotations

import os
import signal
import subprocess
import sys

import pytest
import redis
from confluent_kafka import Consumer, Producer
from confluent_kafka.admin import AdminClient, NewTopic

from dev.kafka_server import MockKafka, silent
from dev.processes import ChildProcess, running
from dev.redis_sentinel import SentinelRedis
from dev.redis_server import RedisServer
from tests.support.samples import until


def test_redis_remembers_after_a_kill(private_redis):
    """A Redis that was killed comes back at the same address with what it was told."""
    with redis.Redis.from_url(private_redis.url) as client:
        client.set("remembered", "yes")
        client.connection_pool.disconnect()
        private_redis.kill()
        private_redis.start()
        assert client.get("remembered") == b"yes"


def test_redis_without_aof_forgets(tmp_path):
    """Without its append-only file a killed Redis comes back empty: the loss that we must survive."""
    with running(RedisServer(tmp_path, aof=False)) as server, redis.Redis.from_url(server.url) as client:
        client.set("remembered", "no")
        client.connection_pool.disconnect()
        server.kill()
        server.start()
        assert client.get("remembered") is None


def test_redis_is_rolled_back(private_redis, tmp_path):
    """A backup that is put back takes with it what was said since: the loss that a kill cannot show."""
    with private_redis.client() as client:
        client.set("said", "before")
        private_redis.copy_data(tmp_path / "backup")
        client.set("said", "after")
    private_redis.roll_back(tmp_path / "backup")
    with private_redis.client() as client:
        assert client.get("said") == b"before"


def test_a_held_back_replica_forgets(tmp_path):
    """A replica that missed the last writes is promoted without them; a backup reaches both servers."""
    with running(SentinelRedis(tmp_path)) as server:
        with server.primary.client() as client:
            client.set("said", "before")
        server.await_replica()
        server.primary.copy_data(tmp_path / "backup")
        server.hold_replica_back()
        dead = server.primary
        with dead.client() as client:
            client.set("said", "after")
        dead.kill()
        server.await_failover(dead)
        with server.primary.client() as client:
            assert client.get("said") == b"before"
            client.set("said", "later")
        dead.start()
        server.await_replica()
        server.roll_back(tmp_path / "backup")
        server.await_replica()
        with server.replica.client() as client:
            assert client.get("said") == b"before"


def test_redis_refuses_rather_than_evicts(private_redis):
    """The local Redis never throws keys away, like the one in production."""
    with redis.Redis.from_url(private_redis.url) as client:
        assert client.config_get("maxmemory-policy") == {"maxmemory-policy": "noeviction"}


def test_a_paused_redis_is_deaf_until_resumed(private_redis):
    """A paused Redis times out; a resumed one answers with its data still there."""
    with redis.Redis.from_url(private_redis.url, socket_timeout=0.2, retry=None) as client:
        client.set("kept", "yes")
        private_redis.pause()
        with pytest.raises(redis.TimeoutError):
            client.get("kept")
        private_redis.resume()
        client.connection_pool.disconnect()
        assert client.get("kept") == b"yes"


def test_each_test_has_an_empty_database(redis_client):
    """A test finds nothing in its database that another one left."""
    assert redis_client.dbsize() == 0


def test_kafka_topics_survive_a_kill(private_kafka):
    """A Kafka that was killed comes back at the same address with its messages."""
    admin = AdminClient({"bootstrap.servers": private_kafka.bootstrap}, logger=silent)
    admin.create_topics([NewTopic("kept", 1, 1)])["kept"].result(timeout=30)
    _send(private_kafka.bootstrap, "kept", b"message")
    private_kafka.kill()
    private_kafka.start()
    assert _first_message(private_kafka.bootstrap, "kept") == b"message"


def test_kafka_topics_are_new_and_have_one_partition(kafka, topics):
    """Topics of the same name do not meet, and have one partition unless more are asked for."""
    (first,), (second,) = topics("input"), topics("input", partitions=3)
    assert first != second
    admin = AdminClient({"bootstrap.servers": kafka})

    def partitions():
        described = admin.list_topics(timeout=10).topics  # a broker tells of a topic a moment after it was made
        return [len(described[name].partitions) for name in (first, second) if name in described]

    until(lambda: partitions() == [1, 3])


def test_the_imitation_of_kafka_carries_a_message(tmp_path):
    """Another process can write to and read from the mock cluster that the demo starts without a JDK."""
    with running(MockKafka(tmp_path)) as server:
        _send(server.bootstrap, "any", b"message")
        assert _first_message(server.bootstrap, "any") == b"message"


def test_stopping_leaves_no_process_behind(tmp_path):
    """A stopped server's process is gone, with all of its group."""
    server = RedisServer(tmp_path)
    server.start()
    group = server.pid
    server.stop()
    assert subprocess.run(["pgrep", "--pgroup", str(group)], check=False).returncode == 1


class InterruptedPopen(subprocess.Popen):
    """A Popen in whose midst Ctrl-C arrives: the child is there, and nobody has been told of it."""

    def __init__(self, *args, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        signal.raise_signal(signal.SIGINT)


def test_an_interrupt_in_the_midst_of_a_start_loses_no_child(tmp_path, monkeypatch):
    """Ctrl-C while a process is being forked ends the program, and the process can still be stopped."""
    child = ChildProcess("a child", ["sleep", "60"], log_file=tmp_path / "child.log")
    monkeypatch.setattr(subprocess, "Popen", InterruptedPopen)
    with pytest.raises(KeyboardInterrupt):
        child.start()
    assert child.is_running
    child.kill()
    assert not child.is_running
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


STARTS_A_CHILD = """
import pathlib, signal, sys
from dev.processes import ChildProcess
child = ChildProcess("a child", ["sleep", "600"], log_file=pathlib.Path(sys.argv[1]))
child.start()
print(child.pid, flush=True)
signal.pause()
"""


def test_a_terminated_program_leaves_no_child(tmp_path):
    """SIGTERM, as `timeout` and a closed terminal's shell send it, ends what a program has started."""
    command = [sys.executable, "-c", STARTS_A_CHILD, str(tmp_path / "child.log")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as program:
        child = int(program.stdout.readline())
        program.terminate()
        assert program.wait(timeout=60) == 128 + signal.SIGTERM
    with pytest.raises(ProcessLookupError):
        os.kill(child, 0)


def test_a_child_can_be_interrupted(tmp_path):
    """A child does not inherit what its parent does to signals while it starts it."""
    child = ChildProcess("a child", ["sleep", "60"], log_file=tmp_path / "child.log")
    child.start()
    child.send(signal.SIGTERM)
    assert child.wait(timeout=30) == -signal.SIGTERM


def test_apache_kafka_keeps_its_address(private_kafka):
    """A restarted Kafka is found where it was."""
    before = private_kafka.bootstrap
    private_kafka.restart()
    assert private_kafka.bootstrap == before
    assert AdminClient({"bootstrap.servers": before}).list_topics(timeout=10).brokers


def _send(bootstrap: str, topic: str, value: bytes) -> None:
    producer = Producer({"bootstrap.servers": bootstrap})
    producer.produce(topic, value)
    assert producer.flush(20) == 0


def _first_message(bootstrap: str, topic: str) -> bytes | None:
    consumer = Consumer({"bootstrap.servers": bootstrap, "group.id": "any", "auto.offset.reset": "earliest"})
    consumer.subscribe([topic])
    try:
        message = consumer.poll(30)
        return message.value() if message else None
    finally:
        consumer.close()
