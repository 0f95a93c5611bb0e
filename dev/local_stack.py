"""The whole service on one machine: brokers, the stand-in for OpenAI, bridge and worker as real processes."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Self

from dev.kafka_server import CHECKOUT, ApacheKafka, KafkaServer, MockKafka
from dev.processes import ChildProcess, ProcessFailedError, free_port
from dev.redis_server import RedisServer

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path
    from types import TracebackType

REQUESTS_TOPIC = "AI_handler"
NOTIFICATIONS_TOPIC = "notifications"
UPLOADING_TOPIC = "uploading_data"


class LocalStack:
    """Starts everything in the right order and stops it in the reverse one.

    Example:
        with LocalStack(Path(".demo"), kafka=MockKafka(Path(".demo"))) as stack:
            stack.start()
            Producer({"bootstrap.servers": stack.kafka.bootstrap}).produce(...)

    Args:
        folder: gets the data of the brokers and every log.
        kafka: not started yet.
        standin: start the stand-in and point the worker at it; else the worker talks to what `.env` names.
        settings: of the service, over those in `.env`.
        flower: start Flower too.
        announce: told each step, for a person to read.
    """

    def __init__(
        self,
        folder: Path,
        *,
        kafka: KafkaServer,
        standin: bool = True,
        settings: Mapping[str, str] | None = None,
        flower: bool = False,
        announce: Callable[[str], None] = lambda _: None,
    ) -> None:
        self.folder = folder.resolve()
        self.kafka = kafka
        self.redis = RedisServer(self.folder / "redis")
        self.flower_port = free_port() if flower else None
        self._standin = standin
        self._settings = dict(settings or {})
        self._announce = announce
        self._stops: list[Callable[[], object]] = []
        self._processes: list[ChildProcess] = []

    @property
    def redis_url(self) -> str:
        """The database that the service uses."""
        return f"{self.redis.url}/1"

    @property
    def log_files(self) -> list[Path]:
        """What bridge, worker and the others print."""
        return [process.log_file for process in self._processes]

    def start(self) -> None:
        """Start it all; returns when bridge and worker are at work.

        Raises:
            ProcessFailedError: one of them did not come up.
        """
        self._announce("Redis")
        self._start_server(self.redis)
        self._announce("Apache Kafka" if isinstance(self.kafka, ApacheKafka) else "an imitation of Kafka")
        self._start_server(self.kafka)
        environment = {**os.environ, **self._addresses()}
        if self._standin:
            self._announce("a stand-in for OpenAI")
            environment |= self._standin_settings(self._start_standin())
        environment |= self._settings
        self._announce("the bridge")
        bridge = self._start("bridge", ["-m", "bridge"], environment)
        bridge.wait_ready((self.folder / "bridge.health").exists, timeout=60)
        self._announce("a worker")
        worker = self._start("worker", ["-m", "celery", "-A", "worker", "worker"], environment)
        worker.wait_ready(lambda: " ready." in worker.log_text(), timeout=60)
        if self.flower_port is not None:
            self._announce("Flower")
            options = ["--address=127.0.0.1", f"--port={self.flower_port}"]
            self._start("flower", ["-m", "celery", "-A", "worker", "flower", *options], environment)

    def check(self) -> None:
        """Raises ProcessFailedError, with the end of its log, when one of the processes has ended."""
        for process in self._processes:
            if not process.is_running:
                raise ProcessFailedError(f"{process.name} ended with code {process.returncode}\n{process.log_tail()}")

    def stop(self) -> None:
        """Stop whatever was started, the last first."""
        while self._stops:
            self._stops.pop()()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.stop()

    def _addresses(self) -> dict[str, str]:
        # Everything about the brokers is said, so that nothing about them is taken from somebody's `.env`.
        return {
            "REDIS_URL": self.redis_url,
            "REDIS_HOST": "127.0.0.1",
            "REDIS_PORT": str(self.redis.port),
            "KAFKA_BOOTSTRAP_SERVERS": self.kafka.bootstrap,
            "KAFKA_SECURITY_PROTOCOL": "PLAINTEXT",
            "KAFKA_GROUP_ID": "ai-handler",
            "KAFKA_TOPIC_FOR_AI_HANDLER": REQUESTS_TOPIC,
            "KAFKA_TOPIC_FOR_NOTIFICATIONS": NOTIFICATIONS_TOPIC,
            "KAFKA_TOPIC_FOR_UPLOADING_DATA": UPLOADING_TOPIC,
            "KAFKA_CREATE_TOPICS": "off" if isinstance(self.kafka, MockKafka) else "on",
            "KAFKA_INPUT_PARTITIONS": "1",
            "KAFKA_TOPIC_REPLICATION": "1",
            "LOG_FILE": str(self.folder / "auth_service.log"),
            "HEALTH_FILE": str(self.folder / "bridge.health"),
            "BRIDGE_METRICS_PORT": "0",
            "WORKER_METRICS_PORT": "0",
        }

    def _standin_settings(self, url: str) -> dict[str, str]:
        return {
            "ENV_FILE": os.devnull,  # nothing of somebody's `.env`, such as a proxy, which the stand-in is not behind
            "OPENAI_KEY": "stand-in",
            "OPENAI_BASE_URL": f"{url}/v1",
            "EGRESS_TRACE_URL": f"{url}/cdn-cgi/trace",
            "MODE": "TEST",  # and with that, nothing can reach the real OpenAI
        }

    def _start_standin(self) -> str:
        port = free_port()
        limits = [
            f"--{name.lower()}={self._settings[name]}" for name in ("RPM", "RPD", "TPM") if name in self._settings
        ]
        standin = self._start("standin", ["-m", "dev.openai_standin", f"--port={port}", *limits], os.environ)
        standin.wait_ready(lambda: "listening on" in standin.log_text(), timeout=60)
        return f"http://127.0.0.1:{port}"

    def _start_server(self, server: RedisServer | KafkaServer) -> None:
        # Noted first: a server that fails to come up, or is interrupted, may have to be stopped all the same.
        self._stops.append(server.stop)
        server.start()

    def _start(self, name: str, arguments: list[str], environment: Mapping[str, str]) -> ChildProcess:
        process = ChildProcess(
            name,
            [sys.executable, *arguments],
            log_file=self.folder / f"{name}.log",
            environment=environment,
            folder=CHECKOUT,
        )
        self._stops.append(process.stop)
        self._processes.append(process)
        process.start()
        return process
