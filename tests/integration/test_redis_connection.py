"""How Redis is reached: one server, or behind Sentinel; and what is refused. TLS is in test_tls.py."""

from __future__ import annotations

import os
import re
import socketserver
import subprocess
import sys
import threading
import time

import kombu
import pytest
import redis
from kombu.exceptions import OperationalError

from bridge.commands.check.finding import State
from bridge.commands.check.store import look_at_redis
from config import Settings
from dev.kafka_server import CHECKOUT
from dev.processes import free_port
from dev.redis_sentinel import MASTER, SentinelRedis
from dev.redis_server import RedisServer
from servers.redis_connection import CLUSTER, RedisConnection
from servers.redis_trouble import short
from startup import meet_redis

PASSWORD, SENTINEL_PASSWORD = "of redis", "of the sentinels"


@pytest.fixture
def behind_sentinel(tmp_path):
    """A primary, its replica and a sentinel, all with passwords, and the connection to them by way of the sentinel.

    The first of the two sentinels that the connection knows is not there.
    """
    server = SentinelRedis(tmp_path, password=PASSWORD, sentinel_password=SENTINEL_PASSWORD)
    server.start()
    alive = int(server.settings["REDIS_SENTINELS"].rpartition(":")[2])
    yield (
        server,
        RedisConnection(
            f"redis://:{PASSWORD.replace(' ', '%20')}@ignored/1",
            sentinels=(("127.0.0.1", free_port()), ("127.0.0.1", alive)),
            master=MASTER,
            sentinel_password=SENTINEL_PASSWORD,
        ),
    )
    server.stop()


def broker(connection):
    """A connection as Celery makes it."""
    return kombu.Connection(
        connection.broker_url, transport_options=connection.broker_transport_options, ssl=connection.broker_use_ssl
    )


def put_hint(hints, text):
    with hints.SimpleQueue("hints") as queue:
        queue.put(text)


def again(what):
    """What a caller's loop does: try until it goes."""
    deadline = time.monotonic() + 30
    while True:
        try:
            return what()
        except (redis.RedisError, kombu.exceptions.OperationalError):
            if time.monotonic() > deadline:
                raise
            time.sleep(0.1)


def test_both_kinds_of_clients_follow_the_primary(behind_sentinel):
    """When the primary dies, and again when it is demoted alive, ours and Celery's go on at the new one."""
    server, connection = behind_sentinel
    ours = connection.client()
    with broker(connection) as hints:

        def arrives(text):
            # Not how often: what was said before may be lost, and what failed may have been done.
            again(lambda: at_primary(lambda client: client.delete("said", "hints")))
            again(lambda: ours.set("said", text))
            again(lambda: put_hint(hints, text))
            return again(lambda: at_primary(lambda client: (client.get("said"), client.llen("hints") > 0))) == (
                text.encode(),
                True,
            )

        def at_primary(what):
            with server.primary.client() as client:
                client.select(1)
                return what(client)

        assert arrives("before")
        server.await_replica()
        dead = server.primary
        dead.kill()
        server.await_failover(dead)
        assert arrives("after a death")
        dead.start()
        server.await_replica()
        server.fail_over()
        assert arrives("after a change")


def test_the_check_finds_redis_behind_sentinel(behind_sentinel):
    """`python -m bridge check` looks at the primary, and says which settings to correct when it is not found."""
    server, _ = behind_sentinel

    def findings(**more):
        places = server.settings["REDIS_SENTINELS"]
        given = {"redis_sentinels": places, "redis_password": PASSWORD, "redis_sentinel_password": SENTINEL_PASSWORD}
        found = look_at_redis(Settings(redis_sentinel_master=MASTER, **{**given, **more}))
        return {finding.what: finding for finding in found}

    assert findings()["Redis"].state is State.OK
    for wrong in ({"redis_sentinel_password": "x"}, {"redis_sentinels": f"127.0.0.1:{free_port()}"}):
        lost = findings(**wrong)["Redis"]
        assert lost.state is State.WRONG
        assert "REDIS_SENTINEL_PASSWORD" in lost.advice


def test_who_speaks_to_a_former_primary_connects_again(private_redis):
    """READONLY closes the connection: behind a name that moves, the next one finds the new primary."""
    client = RedisConnection(f"{private_redis.url}/1").client()
    before = client.client_id()
    client.replicaof("127.0.0.1", str(free_port()))
    with pytest.raises(redis.exceptions.ReadOnlyError):
        client.set("said", "too late")
    assert client.client_id() != before


def test_a_frozen_redis_is_given_up(private_redis):
    """A call over a connection that was good comes back with an error, and is not repeated in secret."""
    client = RedisConnection(f"{private_redis.url}/1").client()
    client.set("said", "before")
    private_redis.pause()
    with pytest.raises(redis.TimeoutError):
        client.incr("counted")
    private_redis.resume()
    assert int(again(lambda: client.get("counted"))) == 1


class ClusterNode(RedisServer):
    """A Redis that believes to be one of a cluster."""

    def _command(self):
        return [*super()._command(), "--cluster-enabled", "yes", "--cluster-port", str(free_port())]


@pytest.fixture
def cluster(tmp_path):
    """The only node of a Redis Cluster."""
    server = ClusterNode(tmp_path)
    server.start()
    yield server
    server.stop()


@pytest.mark.parametrize("database", [0, 1])
def test_a_cluster_is_recognised(cluster, database):
    """Whichever database is ours: most clusters refuse any but the first."""
    assert RedisConnection(f"{cluster.url}/{database}").refusal() == CLUSTER


def test_one_server_is_no_cluster(redis_url):
    """A Redis that is away is not judged: whoever asks goes on and waits for it."""
    assert RedisConnection(redis_url).refusal() is None
    with pytest.raises(redis.ConnectionError):
        RedisConnection(f"redis://127.0.0.1:{free_port()}/1").refusal()


class OldRedis(socketserver.StreamRequestHandler):
    """Answers as much as a client asks before its first command."""

    greeting, version = b"%1\r\n$5\r\nproto\r\n:3\r\n", b"redis_version:6.0.16"

    def handle(self):
        while line := self.rfile.readline():
            words = [self.rfile.read(int(self.rfile.readline()[1:]) + 2)[:-2] for _ in range(int(line[1:]))]
            answers = {b"HELLO": self.greeting, b"PING": b"+PONG\r\n", b"INFO": b"$%d\r\n%s\r\n"}
            answer = answers.get(words[0], b"+OK\r\n")
            self.wfile.write(answer % (len(self.version), self.version) if words[0] == b"INFO" else answer)


@pytest.mark.parametrize(("greeting", "version"), [(OldRedis.greeting, "6.0.16"), (b"-ERR unknown command\r\n", "5")])
def test_a_redis_that_is_too_old_is_refused(greeting, version):
    """The bridge does not start on it, and the check says why: both versions are named."""
    handler = type("Handler", (OldRedis,), {"greeting": greeting})
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        connection = Settings(redis_port=server.server_address[1], redis_host="127.0.0.1").redis_connection
        expected = f"version {version} is too old: Redis 6.2 is the oldest that it works with"
        assert connection.refusal() == expected
        with pytest.raises(SystemExit, match=re.escape(expected)):
            meet_redis(connection)
        found, *_ = look_at_redis(Settings(redis_port=server.server_address[1], redis_host="127.0.0.1"))
        assert (found.state, found.found.endswith(expected)) == (State.WRONG, True)
        server.shutdown()


@pytest.mark.parametrize(
    ("said", "line"),
    [
        (redis.ConnectionError("Error 111 connecting to r:1. Connection refused."),
         "Error 111 connecting to r:1. Connection refused. -> is it running, and are REDIS_HOST and REDIS_PORT "),
        (redis.AuthenticationError("Authentication required."),
         "Authentication required. -> correct REDIS_USERNAME and REDIS_PASSWORD"),
        (redis.ResponseError("Command # 1 (SET key СЕКРЕТ) of pipeline caused error: syntax error"),
         "it answers, and refuses: syntax error -> run `python -m bridge check`"),
        (redis.ResponseError("unknown command 'X', with args beginning with: 'СЕКРЕТ'"),
         "it answers, and refuses: unknown command 'X' -> run `python -m bridge check`"),
        (redis.ResponseError("Error running script: @user_script: 5: -OOM command not allowed when used memory"),
         "it answers, and its memory is full (OOM) -> raise its `maxmemory`; `noeviction` is right"),
        (redis.ResponseError("DB index is out of range"),
         "it answers, and refuses: DB index is out of range -> this Redis has fewer databases: lower REDIS_DB"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_redis_is_one_line(said, line):
    """A Redis that refuses is not called away, and nothing that was asked is told."""
    assert short(said).startswith(line)
    wrapped = OperationalError("kombu's")
    wrapped.__cause__ = said
    assert short(wrapped) == short(said)


@pytest.mark.parametrize("program", [["bridge"], ["celery", "-A", "worker", "worker"]], ids=["bridge", "worker"])
def test_nothing_starts_on_a_cluster(cluster, program):
    """The bridge and the worker say in one line that Redis Cluster is not supported, and end."""
    environment = {**os.environ, "OPENAI_KEY": "sk-fake", "REDIS_URL": f"{cluster.url}/1", "LOG_FILE": "none"}
    ended = subprocess.run(
        [sys.executable, "-m", *program],
        env=environment, cwd=CHECKOUT, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    said = ended.stdout + ended.stderr
    assert ended.returncode == 1, said
    assert "Redis Cluster is not supported" in said
    assert "Traceback" not in said


def test_replies_are_parsed_in_c(redis_url):
    """The C parser is taken where it is installed: a requirement that is gone would be noticed by the CPU alone."""
    with RedisConnection(redis_url).client() as client:
        connection = client.connection_pool.make_connection()
        assert "hiredis" in type(connection._parser).__name__.lower()
