"""The service's own processes (bridges, workers, Flower) beside brokers that run already; and a stand-in for OpenAI.

The one harness of the demo, the acceptance tests and the chaos runs.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

from dev.kafka_server import CHECKOUT
from dev.openai_standin.families import FamilyName, family
from dev.processes import ChildProcess, LocalServer, ProcessFailedError, free_port, listens

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path
    from types import TracebackType

READY = 60.0  # seconds
BESIDE_THE_URL = (
    "REDIS_HOST",
    "REDIS_PORT",
    "REDIS_DB",
    "REDIS_USERNAME",
    "REDIS_PASSWORD",
    "REDIS_TLS",
    "REDIS_TLS_CA",
)


@dataclass(frozen=True)
class Names:
    """The consumer group and the topics of one service; the platform's own by default."""

    group: str = "ai-handler"
    requests: str = "AI_handler"
    notifications: str = "notifications"
    uploads: str = "uploading_data"

    @property
    def dead_letters(self) -> str:
        """The topic of what nobody can read."""
        return f"{self.requests}.DLQ"

    @classmethod
    def new(cls) -> Self:
        """Names that nobody else has, so that several services can share a Kafka."""
        suffix = uuid.uuid4().hex[:8]
        return cls(
            f"ai-handler-{suffix}", f"AI_handler-{suffix}", f"notifications-{suffix}", f"uploading_data-{suffix}"
        )


class Service:
    """Starts processes of one service, and stops all of them at the end.

    Example:
        with Service(Path("logs"), kafka="127.0.0.1:9092", redis_url="redis://127.0.0.1:6379/1", standin_url=url) as it:
            it.bridge()
            it.worker()

    Args:
        folder: gets the logs, one file a process.
        kafka: `bootstrap.servers`.
        redis_url: with the database.
        standin_url: of the stand-in for OpenAI, without `/v1`; None: the worker asks whom `.env` names.
        names: of the group and the topics.
        settings: of the service, by the names of their environment variables, over all of the above.
        checkout: whose code is run, with the interpreter `python`; this one's by default.
    """

    def __init__(
        self,
        folder: Path,
        *,
        kafka: str,
        redis_url: str,
        standin_url: str | None,
        names: Names | None = None,
        settings: Mapping[str, str] | None = None,
        checkout: Path = CHECKOUT,
        python: str = sys.executable,
    ) -> None:
        self._checkout = checkout
        self._python = python
        self.folder = folder.resolve()
        self.kafka = kafka
        self.redis_url = redis_url
        self.names = names or Names()
        self.processes: list[ChildProcess] = []
        # Everything about the brokers is said, so that nothing about them is taken from somebody's `.env`.
        self.settings = {
            **dict.fromkeys(BESIDE_THE_URL, ""),
            "REDIS_URL": redis_url,
            "KAFKA_BOOTSTRAP_SERVERS": kafka,
            "KAFKA_SECURITY_PROTOCOL": "PLAINTEXT",
            "KAFKA_SASL_USERNAME": "",
            "KAFKA_SASL_PASSWORD": "",
            "KAFKA_GROUP_ID": self.names.group,
            "KAFKA_TOPIC_FOR_AI_HANDLER": self.names.requests,
            "KAFKA_TOPIC_FOR_NOTIFICATIONS": self.names.notifications,
            "KAFKA_TOPIC_FOR_UPLOADING_DATA": self.names.uploads,
            "KAFKA_CREATE_TOPICS": "on",
            "KAFKA_TOPIC_REPLICATION": "1",
            "LOG_FILE": "none",
            "BRIDGE_METRICS_PORT": "0",
            "WORKER_METRICS_PORT": "0",
            **(standin_settings(standin_url) if standin_url else {}),
            **(settings or {}),
        }
        self.environment = {**os.environ, **self.settings}
        self._turns: dict[str, int] = {}

    def bridge(self, *, name: str = "bridge", launcher: Sequence[str] = ("-m",), wait: bool = True) -> ChildProcess:
        """Start a bridge; `launcher` is what Python is given before `bridge`.

        Raises:
            ProcessFailedError: it did not come up.
        """
        health = self.folder / name / "bridge.health"
        health.unlink(missing_ok=True)
        bridge = self._start(name, [*launcher, "bridge"], {"HEALTH_FOLDER": str(health.parent)})
        if wait:
            bridge.wait_ready(health.exists, timeout=READY)
        return bridge

    def worker(
        self,
        *,
        name: str = "worker",
        launcher: Sequence[str] = ("-m", "celery", "-A", "worker"),
        events: bool = False,
        wait: bool = True,
    ) -> ChildProcess:
        """Start a worker; `launcher` is what Python is given before `worker`.

        With `events` Flower hears of the very first task: by itself it asks for events only after five seconds.

        Raises:
            ProcessFailedError: it did not come up.
        """
        options = ["worker", "-n", f"{name}@{self.names.group}", "--without-mingle", "--without-gossip"]
        options += ["--task-events"] if events else []
        worker = self._start(name, [*launcher, *options], {"HEALTH_FOLDER": str(self.folder / name)})
        if wait:
            worker.wait_ready(lambda: " ready." in worker.log_text(), timeout=READY)
        return worker

    def flower(self, *options: str) -> int:
        """Start Flower on the loopback address; its port, once it listens.

        Raises:
            ProcessFailedError: it did not come up.
        """
        port = free_port()
        flower = self.celery("flower", "--address=127.0.0.1", f"--port={port}", *options, name="flower")
        flower.wait_ready(lambda: listens(port), timeout=READY)
        return port

    def celery(self, *arguments: str, name: str = "celery") -> ChildProcess:
        """Start another `celery -A worker` command."""
        return self._start(name, ["-m", "celery", "-A", "worker", *arguments])

    def check(self) -> None:
        """Raises ProcessFailedError, with the end of its log, when one of the processes has ended."""
        for process in self.processes:
            if not process.is_running:
                raise ProcessFailedError(f"{process.name} ended with code {process.returncode}\n{process.log_tail()}")

    def logs(self) -> str:
        """Everything that every process has printed."""
        return "\n".join(file.read_text(errors="replace") for file in sorted(self.folder.glob("*.log")))

    def stop(self) -> None:
        """Stop whatever still runs: all at once, then wait."""
        for process in self.processes:
            if process.is_running:
                process.resume()
                with contextlib.suppress(ProcessLookupError):
                    process.send(signal.SIGTERM)
        for process in self.processes:
            process.stop()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.stop()

    def _start(self, name: str, arguments: list[str], more: Mapping[str, str] | None = None) -> ChildProcess:
        # A second process by the same name, such as a restarted one, has a log of its own.
        turn = self._turns[name] = self._turns.get(name, 0) + 1
        log_file = self.folder / (f"{name}.log" if turn == 1 else f"{name}.{turn}.log")
        process = self._process(name, arguments, log_file, {**self.environment, **(more or {})})
        self.processes.append(process)
        process.start()
        return process

    def _process(
        self, name: str, arguments: Sequence[str], log_file: Path, environment: Mapping[str, str]
    ) -> ChildProcess:
        command = [self._python, *arguments]
        return ChildProcess(name, command, log_file=log_file, environment=environment, folder=self._checkout)


class StandInServer(LocalServer):
    """The stand-in for OpenAI as a process of its own (tests have it in their own process instead).

    Args:
        folder: for its log.
        limits: its quota: some of `RPM`, `RPD` and `TPM`.
        manners: of which family of models; None: it takes every request.
        log_name: of its log.
    """

    name = "the stand-in for OpenAI"

    def __init__(
        self, folder: Path, limits: Mapping[str, str], manners: FamilyName | None = None, log_name: str = "standin"
    ) -> None:
        super().__init__()
        self._log_name = log_name
        self._folder = folder
        self._limits = limits
        self._manners = manners
        self._port = free_port()

    @property
    def url(self) -> str:
        """Its address, without `/v1`."""
        return f"http://127.0.0.1:{self._port}"

    @property
    def base_url(self) -> str:
        """What a client of the family's API is given."""
        return self.url + family(self._manners).path

    def start(self) -> None:
        """Start it and wait until it listens. Raises ProcessFailedError when it does not."""
        if self._process is None:
            limits = [f"--{name.lower()}={value}" for name, value in self._limits.items()]
            manners = [f"--family={self._manners}"] if self._manners else []
            command = [sys.executable, "-m", "dev.openai_standin", f"--port={self._port}", *limits, *manners]
            self._process = ChildProcess(
                self.name, command, log_file=self._folder / f"{self._log_name}.log", folder=CHECKOUT
            )
        self._process.start()
        self._process.wait_ready(lambda: listens(self._port), timeout=READY)


def write_providers(file: Path, urls: Mapping[str, str], models: Mapping[str, str], more: str = "") -> Path:
    """The file `PROVIDERS` for stand-ins at these addresses, without `/v1`, by their names.

    `models` are of each, `more` stands in each table.
    """
    tables = [
        f'[{name}]\nbase_url = "{url}/v1"\nkey = "stand-in"\nmodel = "{models[name]}"\n'
        f'trace_url = "{url}/cdn-cgi/trace"\n{more}\n'
        for name, url in urls.items()
    ]
    file.write_text("\n".join(tables))
    return file


def standin_settings(url: str) -> dict[str, str]:
    """What makes a worker ask the stand-in at this address, and nobody else."""
    return {
        "ENV_FILE": os.devnull,  # nothing of somebody's `.env`, such as a proxy, which the stand-in is not behind
        "PROVIDERS": "",  # make has it of `make demo PROVIDERS=2`
        "OPENAI_KEY": "stand-in",
        "OPENAI_BASE_URL": f"{url}/v1",
        "EGRESS_TRACE_URL": f"{url}/cdn-cgi/trace",
        "MODE": "TEST",  # and with that, nothing can reach the real OpenAI
    }
