"""The three systems that are measured: this service, plain Celery, FastStream. Each as real processes."""

import os
import re
import signal
import sys
import time
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Self

from bench.end_to_end.usage import Usage, usage
from dev.kafka_server import CHECKOUT
from dev.processes import ChildProcess

READY = 60.0  # seconds
LIMITS = {"RPM": "1000000", "RPD": "1000000000", "TPM": "1000000000"}  # nothing waits


@dataclass(frozen=True, slots=True)
class Setting:
    """Where a system runs, and how much of it.

    Attributes:
        folder: for its logs.
        bootstrap, redis_url, api: the brokers, and the stand-in's address without `/v1`.
        requests, notifications, uploading: topics of this run's own.
        workers: processes that call the model.
        in_flight: calls that each of them may have under way.
    """

    folder: Path
    bootstrap: str
    redis_url: str
    api: str
    requests: str
    notifications: str
    uploading: str
    workers: int
    in_flight: int

    def environment(self) -> dict[str, str]:
        """Of every process of every system."""
        return {
            **os.environ,
            **LIMITS,
            "ENV_FILE": os.devnull,
            "MODE": "TEST",
            "OPENAI_KEY": "stand-in",
            "OPENAI_BASE_URL": f"{self.api}/v1",
            "EGRESS_TRACE_URL": f"{self.api}/cdn-cgi/trace",
            "REDIS_URL": self.redis_url,
            "KAFKA_BOOTSTRAP_SERVERS": self.bootstrap,
            "KAFKA_GROUP_ID": self.requests,
            "KAFKA_TOPIC_FOR_AI_HANDLER": self.requests,
            "KAFKA_TOPIC_FOR_NOTIFICATIONS": self.notifications,
            "KAFKA_TOPIC_FOR_UPLOADING_DATA": self.uploading,
            "KAFKA_TOPIC_REPLICATION": "1",
            "WORKER_CONCURRENCY": str(self.in_flight),
            "LOG_FILE": str(self.folder / "auth_service.log"),
            "HEALTH_FOLDER": str(self.folder),
        }


class System(ABC):
    """A system that answers requests; a context manager that starts and stops its processes."""

    name: ClassVar[str]

    def __init__(self, setting: Setting) -> None:
        self.setting = setting
        self._processes: list[ChildProcess] = []

    @abstractmethod
    def _start(self) -> None: ...

    def __enter__(self) -> Self:
        try:
            self._start()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        while self._processes:
            self._processes.pop().stop(timeout=30)

    def usage(self) -> dict[str, Usage]:
        """By kind of process; processes of a kind are summed up."""
        kinds: dict[str, list[int]] = {}
        for process in self._processes:
            kinds.setdefault(process.name, []).append(process.pid)
        return {kind: usage(pids) for kind, pids in kinds.items()}

    def _run(self, kind: str, number: int, arguments: list[str], ready: str, **more: str) -> None:
        process = ChildProcess(
            kind,
            [sys.executable, *arguments],
            log_file=self.setting.folder / f"{kind}-{number}.log",
            environment=self._environment(more),
            folder=CHECKOUT,
        )
        self._processes.append(process)
        process.start()
        process.wait_ready(lambda: ready in process.log_text(), timeout=READY)

    def _environment(self, more: Mapping[str, str]) -> dict[str, str]:
        return {**self.setting.environment(), **more}


class ThisService(System):
    """The bridge and Celery workers, as in docker-compose.yml."""

    name = "this service"

    def _environment(self, more: Mapping[str, str]) -> dict[str, str]:
        tunables = re.findall(r"GLIBC_TUNABLES=(\S+)", (CHECKOUT / "Dockerfile").read_text())
        return {**super()._environment(more), "GLIBC_TUNABLES": tunables[0]}

    def _start(self) -> None:
        self._run("bridge", 0, self._program("bridge", "bridge"), "assigned")
        for number in range(self.setting.workers):
            options = ["-A", "worker", "worker", "-n", f"bench{number}@localhost"]
            self._run("worker", number, [*self._program(f"worker-{number}", "celery"), *options], " ready.")

    def _program(self, _name: str, module: str) -> list[str]:
        return ["-m", module]


class ProfiledService(ThisService):
    """The same; each process notes where its CPU went."""

    def snapshot(self, name: str) -> None:
        """Have every process note it, in files whose names end in `name`."""
        for process in self._processes:
            process.send(signal.SIGRTMIN)
        give_up = time.monotonic() + READY
        while len(noted := list(self.setting.folder.glob("*.stages.json"))) < len(self._processes):
            if time.monotonic() > give_up:
                raise TimeoutError("a process did not note where its CPU went")
            time.sleep(0.05)
        for file in noted:
            file.rename(f"{file}.{name}")

    def _program(self, name: str, module: str) -> list[str]:
        return ["-m", "bench.end_to_end.stages", str(self.setting.folder / f"{name}.stages.json"), module]


class PlainCelery(System):
    """A consumer loop, and a Celery task that calls the model and produces the result."""

    name = "plain Celery"

    def _start(self) -> None:
        self._run("consumer", 0, ["-m", "bench.end_to_end.peers.plain_consumer"], "ready.")
        app = "bench.end_to_end.peers.plain_celery"
        for number in range(self.setting.workers):
            options = ["-A", app, "worker", "-n", f"plain{number}@localhost", "--loglevel=INFO"]
            self._run("worker", number, ["-m", "celery", *options], " ready.")


class FastStream(System):
    """FastStream with aiolimiter, as many processes as workers."""

    name = "FastStream"

    def _start(self) -> None:
        for number in range(self.setting.workers):
            app = "bench.end_to_end.peers.faststream_app:app"
            self._run("worker", number, ["-m", "faststream", "run", app], "ready.")


SYSTEMS: tuple[type[System], ...] = (ThisService, PlainCelery, FastStream)
