"""A primary Redis, its replica and sentinels of one's own, for tests and chaos runs."""

from __future__ import annotations

import contextlib
import time
from typing import TYPE_CHECKING

import redis

from dev.processes import ChildProcess, LocalServer, ProcessFailedError, free_port
from dev.redis_server import NO_RETRY, RedisServer, find_redis_server

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

MASTER = "ours"  # the sentinels' name for the primary
REPLICA_LOGIN = "replica"  # the user as whom a replica connects to its primary
DOWN_AFTER = 1.0  # seconds of silence after which a sentinel takes a server for dead
PATIENCE = 40.0  # seconds for whatever the sentinels do


class ReplicatedServer(RedisServer):
    """One Redis of the two: a primary, or a replica of another.

    Args:
        data_dir: its data and its log.
        primary_port: of the one that it follows at first; None: it is the primary at first.
        password: of its clients; "" is none.
    """

    def __init__(self, data_dir: Path, primary_port: int | None = None, *, password: str = "") -> None:
        super().__init__(data_dir)
        self._primary_port = primary_port
        self._password = password

    def follow(self, primary_port: int | None) -> None:
        """Be a replica of that one from the next start on; None: be the primary. It must not run now."""
        self._primary_port = primary_port
        self._process = None  # the role is on its command line

    def client(self) -> redis.Redis:
        """A client of this very server, whatever its role; its calls end within a second."""
        return redis.Redis(
            port=self.port, password=self._password, socket_timeout=1, socket_connect_timeout=1, retry=NO_RETRY
        )

    def is_primary(self) -> bool:
        """Whether it believes to be one."""
        with self.client() as client:
            return bool(client.info("replication")["role"] == "master")

    def feeds_a_replica(self) -> bool:
        """Whether a replica is connected and has acknowledged all that this server was told."""
        with self.client() as client:
            state = client.info("replication")
        replica = state.get("slave0", {})
        return bool(replica.get("state") == "online" and replica["offset"] == state["master_repl_offset"])

    def _command(self) -> list[str]:
        command = [
            *super()._command(),
            *("--user", REPLICA_LOGIN, "on", ">copies", "+psync", "+replconf", "+ping"),
            *("--masteruser", REPLICA_LOGIN, "--masterauth", "copies", "--repl-diskless-sync-delay", "0"),
        ]
        if self._password:
            command += ["--requirepass", self._password]
        if self._primary_port is not None:
            command += ["--replicaof", "127.0.0.1", str(self._primary_port)]
        return command


class Sentinel(LocalServer):
    """One sentinel. It keeps what it has learned in its configuration file, so a restart is no new beginning.

    Args:
        data_dir: its configuration and its log.
        primary_port: of the first primary, on the loopback address.
        quorum: how many sentinels must find the primary dead.
        redis_password: of Redis; "" is none.
        password: of this sentinel and of the others; "" is none.
    """

    name = "Sentinel"

    def __init__(self, data_dir: Path, primary_port: int, *, quorum: int, redis_password: str, password: str) -> None:
        super().__init__()
        self.port = free_port()
        self._data_dir = data_dir
        self._password = password
        lines = [
            f"port {self.port}",
            "bind 127.0.0.1",
            f"dir {data_dir.resolve()}",
            f"sentinel monitor {MASTER} 127.0.0.1 {primary_port} {quorum}",
            f"sentinel down-after-milliseconds {MASTER} {DOWN_AFTER * 1000:.0f}",
            f"sentinel failover-timeout {MASTER} 5000",
        ]
        if redis_password:
            lines.append(f'sentinel auth-pass {MASTER} "{redis_password}"')
        if password:
            lines += [f'requirepass "{password}"', f'sentinel sentinel-pass "{password}"']
        data_dir.mkdir(parents=True, exist_ok=True)
        self._file = data_dir / "sentinel.conf"
        self._file.write_text("\n".join([*lines, ""]))

    def start(self) -> None:
        """Start it and wait until it answers. Raises ProcessFailedError when it does not."""
        if self._process is None:
            # The very program that Debian's package `redis-sentinel` calls by that name.
            command = [str(find_redis_server()), str(self._file), "--sentinel"]
            self._process = ChildProcess("Sentinel", command, log_file=self._data_dir / "sentinel.log")
        self._process.start()
        self._process.wait_ready(lambda: self.primary_port() is not None, timeout=PATIENCE)

    def primary_port(self) -> int | None:
        """Where it believes the primary to be; None where it does not answer."""
        with self._client() as client:
            try:
                found = client.execute_command("SENTINEL", "GET-MASTER-ADDR-BY-NAME", MASTER)
            except redis.RedisError:
                return None
        return None if found is None else int(found[1])

    def knows(self, sentinels: int) -> bool:
        """Whether it knows so many sentinels, itself included, and one replica that it could promote."""
        with self._client() as client:
            state = client.sentinel_master(MASTER)
            replicas = client.sentinel_slaves(MASTER)
        return state["num-other-sentinels"] == sentinels - 1 and [
            replica["flags"] == "slave" or replica["flags"] == {"slave"} for replica in replicas
        ] == [True]

    def fail_over(self) -> None:
        """Have it promote the replica now, though the primary is well. Raises redis.ResponseError: not now."""
        with self._client() as client:
            client.execute_command("SENTINEL", "FAILOVER", MASTER)

    def _client(self) -> redis.Redis:
        return redis.Redis(
            port=self.port, password=self._password, socket_timeout=1, socket_connect_timeout=1, retry=NO_RETRY
        )


class SentinelRedis:
    """A primary, one replica, and sentinels that promote the replica when the primary is gone.

    Args:
        data_dir: everybody's data and logs.
        sentinels: how many; more than half of them must agree.
        password: of Redis; "" is none.
        sentinel_password: of the sentinels; "" is none.
    """

    def __init__(self, data_dir: Path, *, sentinels: int = 1, password: str = "", sentinel_password: str = "") -> None:
        first = ReplicatedServer(data_dir / "first", password=password)
        self._servers = [first, ReplicatedServer(data_dir / "second", first.port, password=password)]
        self._sentinels = [
            Sentinel(
                data_dir / f"sentinel-{number}",
                first.port,
                quorum=sentinels // 2 + 1,
                redis_password=password,
                password=sentinel_password,
            )
            for number in range(sentinels)
        ]

    @property
    def settings(self) -> dict[str, str]:
        """The service's settings to find it, but for the passwords."""
        places = ",".join(f"127.0.0.1:{sentinel.port}" for sentinel in self._sentinels)
        return {"REDIS_URL": "", "REDIS_SENTINELS": places, "REDIS_SENTINEL_MASTER": MASTER}

    @property
    def primary(self) -> ReplicatedServer:
        """The server that the sentinels take for the primary. Raises ProcessFailedError when they do not agree."""
        ports = {sentinel.primary_port() for sentinel in self._sentinels}
        for server in self._servers:
            if ports == {server.port}:
                return server
        raise ProcessFailedError(f"the sentinels do not agree on the primary: {ports}")

    @property
    def replica(self) -> ReplicatedServer:
        """The other server."""
        primary = self.primary
        return next(server for server in self._servers if server is not primary)

    def start(self) -> None:
        """Start everybody and wait until a failover is possible. Raises ProcessFailedError when it is not."""
        for server in (*self._servers, *self._sentinels):
            server.start()
        self.await_replica()

    def stop(self) -> None:
        """Stop everybody."""
        for server in (*self._sentinels, *self._servers):
            server.stop()

    def await_replica(self) -> None:
        """Wait until the replica has what the primary has, and every sentinel knows all.

        A replica that was held back may follow again.

        Raises:
            ProcessFailedError: it is not so in time.
        """
        for server in self._servers:
            with server.client() as client, contextlib.suppress(redis.ConnectionError):
                client.acl_setuser(REPLICA_LOGIN, enabled=True)
        _await(
            lambda: self.primary.feeds_a_replica(),  # noqa: PLW0108 # who that is may change while we wait
            "no replica has what the primary has",
        )
        everybody = len(self._sentinels)
        for sentinel in self._sentinels:
            _await(lambda sentinel=sentinel: sentinel.knows(everybody), "a sentinel does not know all")  # type: ignore[misc]

    def hold_replica_back(self) -> None:
        """From now on the replica misses what the primary is told: its link is cut until `await_replica`.

        A sentinel still promotes it as long as this was less than ten times DOWN_AFTER ago.
        """
        with self.primary.client() as client:
            client.acl_setuser(REPLICA_LOGIN, enabled=False)
            client.client_kill_filter(_type="replica")

    def roll_back(self, backup: Path) -> None:
        """Give everybody the data of an older `copy_data` of the primary, as if a backup was restored.

        The sentinels look away meanwhile. The replica follows as soon as it can.
        """
        primary = self.primary
        for sentinel in self._sentinels:
            sentinel.kill()
        for server in self._servers:
            server.kill()
            server.replace_data(backup)
        replicas = [server for server in self._servers if server is not primary]
        # As they were started first, the two may have the other's role, and the backup would be lost to the old data.
        primary.follow(None)
        for replica in replicas:
            replica.follow(primary.port)
        for started in (primary, *replicas, *self._sentinels):
            started.start()

    def fail_over(self) -> None:
        """Have a sentinel promote the replica while the primary is well, and wait until they have changed places.

        What the former primary is told in between, it acknowledges and then forgets.
        """
        before = self.primary
        self._sentinels[0].fail_over()
        self.await_failover(before)
        _await(lambda: not before.is_primary(), "the former primary did not become a replica")

    def await_failover(self, before: ReplicatedServer) -> None:
        """Wait until another server than `before` is the primary. Raises ProcessFailedError: not in time."""

        def promoted() -> bool:
            try:
                now = self.primary
            except ProcessFailedError:
                return False
            return now is not before and now.is_primary()

        _await(promoted, "no other server became the primary")


def _await(is_so: Callable[[], bool], complaint: str) -> None:
    deadline = time.monotonic() + PATIENCE
    while True:
        # A server that changes its role hangs up on everybody, and is slow to answer on a busy machine.
        with contextlib.suppress(redis.ConnectionError, redis.TimeoutError):
            if is_so():
                return
        if time.monotonic() > deadline:
            raise ProcessFailedError(f"within {PATIENCE:g} s {complaint}")
        time.sleep(0.05)
