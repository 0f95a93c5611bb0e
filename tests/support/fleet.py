"""Bridges and workers as real processes, as many as one likes, beside brokers that run already.

For tests and chaos runs; `local_stack` starts everything for the demo.
"""

import contextlib
import json
import os
import sys
import time
import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from confluent_kafka import Consumer, Producer, TopicPartition
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewTopic

from contract import REQUEST_KEY
from dev.kafka_server import CHECKOUT, silent
from dev.processes import ChildProcess
from tests.support.delivery_checker import Record
from tests.support.topic_reader import TopicReader, read_topics

READY = 60.0  # seconds
TIMEOUT = 30.0  # seconds


@dataclass(frozen=True)
class Names:
    """The topics and the consumer group of one service; new ones each time, so that runs can share a Kafka."""

    group: str
    requests: str
    notifications: str
    uploads: str

    @property
    def dead_letters(self) -> str:
        return f"{self.requests}.DLQ"

    @classmethod
    def new(cls) -> Self:
        suffix = uuid.uuid4().hex[:8]
        return cls(
            f"ai-handler-{suffix}", f"AI_handler-{suffix}", f"notifications-{suffix}", f"uploading_data-{suffix}"
        )


def scoring_request(processing_id: int, *, aside: str = "") -> dict[str, Any]:
    """A valid request that no other one's answer fits: the resume says its id; `aside` goes into both texts."""
    return {
        "callback_url": f"https://client.example/callback/{processing_id}",
        "processing_id": processing_id,
        "user_id": 11,
        "resume_id": 2_000_000_000 + processing_id % 1000,
        "requirements_id": 301,
        "requirements": f"Вакансия: инженер\n- Python от 3 лет\n- SQL\n- Kafka\n- Docker\n- Английский B1\n{aside}",
        "resume": f"Кандидат № {processing_id}\nПишу на Python 5 лет, SQL, Kafka в продакшене, Docker. {aside}",
    }


class Fleet:
    """Starts processes of one service, and stops all of them at the end.

    Args:
        folder: gets the logs.
        kafka: `bootstrap.servers`.
        redis_url: with the database.
        standin_url: of the stand-in for OpenAI, without `/v1`.
        partitions: of each topic.
        settings: of the service, by the names of their environment variables, over the ones below.
    """

    def __init__(
        self,
        folder: Path,
        *,
        kafka: str,
        redis_url: str,
        standin_url: str,
        partitions: int = 1,
        settings: Mapping[str, str] | None = None,
    ) -> None:
        self.folder = folder
        self.kafka = kafka
        self.names = Names.new()
        self.processes: list[ChildProcess] = []
        self.environment = {
            **os.environ,
            "REDIS_URL": redis_url,
            "KAFKA_BOOTSTRAP_SERVERS": kafka,
            "KAFKA_SECURITY_PROTOCOL": "PLAINTEXT",
            "KAFKA_GROUP_ID": self.names.group,
            "KAFKA_TOPIC_FOR_AI_HANDLER": self.names.requests,
            "KAFKA_TOPIC_FOR_NOTIFICATIONS": self.names.notifications,
            "KAFKA_TOPIC_FOR_UPLOADING_DATA": self.names.uploads,
            "KAFKA_TOPIC_FOR_DEAD_LETTERS": self.names.dead_letters,
            "KAFKA_INPUT_PARTITIONS": str(partitions),
            "KAFKA_TOPIC_REPLICATION": "1",
            "KAFKA_CREATE_TOPICS": "on",
            "KAFKA_SESSION_TIMEOUT_MS": "6000",  # the least that a broker accepts by default
            "OPENAI_KEY": "stand-in",
            "OPENAI_BASE_URL": f"{standin_url}/v1",
            "EGRESS_TRACE_URL": f"{standin_url}/cdn-cgi/trace",
            "MODE": "TEST",  # and with that, nothing can reach the real OpenAI
            "RPM": "60000",
            "RPD": "20000000",
            "TPM": "200000000",
            "LEASE_SECONDS": "2",
            "REDISPATCH_AFTER": "1",
            "LOG_FILE": "none",
            "BRIDGE_METRICS_PORT": "0",
            "WORKER_METRICS_PORT": "0",
            **(settings or {}),
        }
        self._started: dict[str, int] = {}
        self._producer = Producer({"bootstrap.servers": kafka, "acks": "all", "log_level": 0}, logger=silent)

    # --- processes ----------------------------------------------------------------------------------------

    def bridge(self, *, name: str = "bridge", launcher: Sequence[str] = ("-m",), wait: bool = True) -> ChildProcess:
        """Start a bridge; `launcher` is what Python is given before `bridge`.

        Raises:
            ProcessFailedError: it did not come up.
        """
        health = self.folder / f"{name}.health"
        health.unlink(missing_ok=True)
        bridge = self._start(name, [*launcher, "bridge"], {"HEALTH_FILE": str(health)})
        if wait:
            bridge.wait_ready(health.exists, timeout=READY)
        return bridge

    def worker(
        self, *, name: str = "worker", launcher: Sequence[str] = ("-m", "celery", "-A", "worker"), wait: bool = True
    ) -> ChildProcess:
        """Start a worker; `launcher` is what Python is given before `worker`.

        Raises:
            ProcessFailedError: it did not come up.
        """
        options = ["worker", "-n", f"{name}@{self.names.group}", "--without-mingle", "--without-gossip"]
        worker = self._start(name, [*launcher, *options], {})
        if wait:
            worker.wait_ready(lambda: " ready." in worker.log_text(), timeout=READY)
        return worker

    def celery(self, *arguments: str, name: str = "celery") -> ChildProcess:
        """Start another `celery -A worker` command."""
        return self._start(name, ["-m", "celery", "-A", "worker", *arguments], {})

    def stop(self) -> None:
        """Stop whatever still runs: all at once, then wait."""
        for process in self.processes:
            if process.is_running:
                process.resume()
                with contextlib.suppress(ProcessLookupError):
                    process.send(15)
        for process in self.processes:
            process.stop()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.stop()

    def logs(self) -> str:
        """Everything that every process has printed."""
        return "\n".join(file.read_text(errors="replace") for file in sorted(self.folder.glob("*.log")))

    def _start(self, name: str, arguments: list[str], more: Mapping[str, str]) -> ChildProcess:
        turn = self._started[name] = self._started.get(name, 0) + 1
        process = ChildProcess(
            name,
            [sys.executable, *arguments],
            log_file=self.folder / f"{name}.{turn}.log",
            environment={**self.environment, **more},
            folder=CHECKOUT,
        )
        self.processes.append(process)
        process.start()
        return process

    # --- Kafka ----------------------------------------------------------------------------------------------

    def create_topics(self) -> None:
        """For those who send before the bridge has made its topics."""
        topics = (self.names.requests, self.names.notifications, self.names.uploads, self.names.dead_letters)
        partitions = int(self.environment["KAFKA_INPUT_PARTITIONS"])
        admin = AdminClient({"bootstrap.servers": self.kafka, "log_level": 0}, logger=silent)
        for created in admin.create_topics([NewTopic(topic, partitions, 1) for topic in topics]).values():
            created.result(timeout=TIMEOUT)

    def send(self, requests: Iterable[Mapping[str, Any]]) -> None:
        """Put requests on the input topic, as the platform does, all to one partition."""
        for request in requests:
            self.queue(request)
        self.flush()

    def queue(self, request: Mapping[str, Any], *, partition: int = -1) -> None:
        """Queue a request; `flush` sends it."""
        self.send_raw(REQUEST_KEY, json.dumps(request, ensure_ascii=False).encode(), partition=partition)

    def send_raw(self, key: bytes | None, value: bytes | None, *, partition: int = -1) -> None:
        """Queue a message of one's own making; `flush` sends it."""
        self._producer.produce(self.names.requests, key=key, value=value, partition=partition)
        self._producer.poll(0)

    def flush(self) -> None:
        """Wait until Kafka has everything.

        Raises:
            TimeoutError: it did not take it.
        """
        if self._producer.flush(TIMEOUT):
            raise TimeoutError("Kafka did not take the requests")

    @contextlib.contextmanager
    def reader(self) -> Iterator[TopicReader]:
        """Follow both output topics."""
        with TopicReader(self.kafka, [self.names.notifications, self.names.uploads]) as reader:
            yield reader

    def contents(self) -> dict[str, list[Record]]:
        """All that is committed in `requests`, `notifications`, `uploads` and `dead_letters`."""
        found = read_topics(
            self.kafka,
            [self.names.requests, self.names.notifications, self.names.uploads, self.names.dead_letters],
        )
        return {
            "requests": found[self.names.requests],
            "notifications": found[self.names.notifications],
            "uploads": found[self.names.uploads],
            "dead_letters": found[self.names.dead_letters],
        }

    def lag(self) -> int:
        """How many messages of the input topic are not committed yet."""
        consumer = Consumer(
            {"bootstrap.servers": self.kafka, "group.id": self.names.group, "log_level": 0}, logger=silent
        )
        try:
            numbers = consumer.list_topics(self.names.requests, timeout=TIMEOUT).topics[self.names.requests].partitions
            places = [TopicPartition(self.names.requests, number) for number in numbers]
            lag = 0
            for place in consumer.committed(places, timeout=TIMEOUT):
                low, high = consumer.get_watermark_offsets(place, timeout=TIMEOUT)
                lag += high - max(place.offset, low)
            return lag
        finally:
            consumer.close()

    def drained(self, seconds: float) -> bool:
        """Wait until every message of the input topic is finished; False if that was not so in time."""
        deadline = time.monotonic() + seconds
        while self.lag():
            if time.monotonic() > deadline:
                return False
            time.sleep(0.2)
        return True
