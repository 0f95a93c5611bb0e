"""Kafka of one's own, for tests, benchmarks and the demo.

Three kinds, with one interface (`start`, `stop`, `bootstrap`):

* `ApacheKafka`: the real broker, from its jars, without Docker; needs a JDK, and Maven the first time.
* `DockerKafka`: the real broker in a container; needs a Docker engine.
* `MockKafka`: librdkafka's imitation, which ships inside confluent-kafka and needs nothing else. Good for a
  demo; it proves nothing about delivery (see its docstring).

`python -m dev.kafka_server` runs Apache Kafka in the foreground, and the imitation with `--mock`.
"""

from __future__ import annotations

import argparse
import contextlib
import logging
import shutil
import signal
import subprocess
import sys
import tempfile
import uuid
from pathlib import Path
from typing import Protocol
from xml.etree import ElementTree as ET

from confluent_kafka import KafkaException, Producer
from confluent_kafka.admin import AdminClient

from dev.processes import ChildProcess, LocalServer, ProcessFailedError, free_port, listens

CHECKOUT = Path(__file__).resolve().parent.parent
POM = Path(__file__).resolve().with_name("kafka_pom.xml")

# Everything is on one node, so whatever Kafka wants in three copies must be content with one. Few partitions
# of the internal topics, and no wait for more consumers, save seconds at each start. A broker that was killed
# may come back when its old session has run out: 9 s by default. Topics are not created by being mentioned:
# the bridge has to create its own.
_SERVER_PROPERTIES = """\
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:{controller_port}
listeners=PLAINTEXT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller_port}
advertised.listeners=PLAINTEXT://127.0.0.1:{port}
controller.listener.names=CONTROLLER
log.dirs={log_dirs}
num.partitions=1
auto.create.topics.enable=false
offsets.topic.replication.factor=1
offsets.topic.num.partitions=4
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
transaction.state.log.num.partitions=4
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
share.coordinator.state.topic.num.partitions=1
group.initial.rebalance.delay.ms=0
broker.session.timeout.ms=3000
broker.heartbeat.interval.ms=500
log.retention.hours=-1
"""

# For clients whose refused connections are expected: librdkafka complains to stderr, else.
silent = logging.getLogger("dev.kafka_server.silent")
silent.addHandler(logging.NullHandler())
silent.propagate = False


class KafkaServer(Protocol):
    """What the three kinds have in common."""

    @property
    def name(self) -> str: ...

    @property
    def bootstrap(self) -> str: ...

    @property
    def is_running(self) -> bool: ...

    def start(self) -> None: ...

    def stop(self) -> None: ...


def kafka_version() -> str:
    """The version of Apache Kafka that dev/kafka_pom.xml asks for."""
    version = ET.parse(POM).getroot().findtext(".//{*}kafka.version")  # noqa: S314 - our own file
    if not version:
        raise ProcessFailedError(f"{POM} names no kafka.version")
    return version


def jars_folder() -> Path:
    """Where Kafka's jars are kept, inside the checkout."""
    return CHECKOUT / ".cache" / f"kafka-{kafka_version()}"


def why_no_apache_kafka(jars_dir: Path | None = None) -> str | None:
    """Why Apache Kafka cannot be started here, in a few words; None when it can."""
    if shutil.which("java") is None:
        return "no JDK (java) on PATH"
    java = subprocess.run(["java", "-version"], capture_output=True, text=True, check=False)
    if java.returncode != 0:
        return "the java on PATH does not run"
    if not (jars_dir or jars_folder()).is_dir() and shutil.which("mvn") is None:
        return "no Maven (mvn) on PATH to fetch Kafka's jars with"
    return None


def fetch_jars(jars_dir: Path | None = None) -> Path:
    """Have Maven copy Kafka's jars (43 MB, under a minute the first time) and return their folder.

    Raises:
        ProcessFailedError: Maven failed; with what it said.
    """
    target = jars_dir or jars_folder()
    if target.is_dir():
        return target
    target.parent.mkdir(parents=True, exist_ok=True)
    # First somewhere else: a half-filled folder must not pass for a full one.
    partial = Path(tempfile.mkdtemp(prefix=f"{target.name}-", dir=target.parent))
    try:
        maven = subprocess.run(
            [
                *("mvn", "--batch-mode", "--quiet", "--file", str(POM), "dependency:copy-dependencies"),
                *("-DincludeScope=runtime", f"-DoutputDirectory={partial}"),
            ],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        if maven.returncode != 0:
            raise ProcessFailedError(f"Maven could not fetch Kafka's jars:\n{maven.stdout[-2000:]}")
        with contextlib.suppress(OSError):  # somebody else was faster: theirs is as good
            partial.rename(target)
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    return target


class ApacheKafka(LocalServer):
    """One Apache Kafka broker (KRaft, no ZooKeeper) on the loopback address, up in about 5 s.

    Args:
        data_dir: its data, settings and log; made when missing, kept when it stops.
        jars_dir: its jars; the checkout's own cache by default, filled through Maven when missing.
        port: a free one by default; the same one after a restart.
    """

    name = "Kafka"
    stop_timeout = 30.0  # it hands over and syncs

    def __init__(self, data_dir: Path, jars_dir: Path | None = None, *, port: int | None = None) -> None:
        super().__init__()
        self.data_dir = data_dir
        self.port = port or free_port()
        self._controller_port = free_port()
        self._jars_dir = jars_dir

    @property
    def bootstrap(self) -> str:
        """What goes into `bootstrap.servers`."""
        return f"127.0.0.1:{self.port}"

    def start(self) -> None:
        """Start it and wait until it serves. Raises ProcessFailedError when it does not."""
        if self._process is None:
            self._process = self._prepare()
        self._process.start()
        self._process.wait_ready(lambda: _serves(self.port), timeout=60)

    def lose_end(self, topic: str) -> None:
        """Take the last batch away from a topic's first partition; it must not run.

        Producers are to send batches of one message, or several get lost.
        """
        folder = self.data_dir.resolve() / "topics" / f"{topic}-0"
        segment = folder / "00000000000000000000.log"
        raw, at, last = segment.read_bytes(), 0, 0
        while at < len(raw):
            last, at = at, at + 12 + int.from_bytes(raw[at + 8 : at + 12], "big")  # offset, length, batch
        segment.write_bytes(raw[:last])
        for index in [*folder.glob("*.index"), *folder.glob("*.timeindex"), *folder.glob("*.snapshot")]:
            index.unlink()

    def _prepare(self) -> ChildProcess:
        jars = fetch_jars(self._jars_dir)
        folder = self.data_dir.resolve()
        folder.mkdir(parents=True, exist_ok=True)
        properties = folder / "server.properties"
        properties.write_text(self._properties(folder))
        # It lives for minutes at most: the optimising compiler would take a fifth of the CPU of a test or a benchmark.
        java = [
            "java",
            "-Xmx512m",
            "-XX:+UseSerialGC",
            "-XX:TieredStopAtLevel=1",
            "-Dlog4j2.level=WARN",
            "-cp",
            f"{jars}/*",
        ]
        if not (folder / "topics" / "meta.properties").exists():
            identity = str(uuid.uuid4())
            command = [*java, "kafka.tools.StorageTool", "format", "-t", identity, "-c", str(properties)]
            command += self._format_options()
            formatted = subprocess.run(command, capture_output=True, text=True, check=False)
            if formatted.returncode != 0:
                raise ProcessFailedError(f"Kafka could not format its storage:\n{formatted.stderr[-2000:]}")
        return ChildProcess(
            "Kafka", [*java, "kafka.Kafka", str(properties)], log_file=folder / "kafka.log", folder=folder
        )

    def _properties(self, folder: Path) -> str:
        """The content of `server.properties`; later lines win."""
        return _SERVER_PROPERTIES.format(
            port=self.port, controller_port=self._controller_port, log_dirs=folder / "topics"
        )

    def _format_options(self) -> list[str]:
        """What formatting the storage is told besides."""
        return []


class DockerKafka:
    """The same broker in a container, for machines with a Docker engine and no JDK.

    Args:
        port: on the loopback address; a free one by default.
    """

    def __init__(self, port: int | None = None) -> None:
        self.port = port or free_port()
        self._container = f"ai-handler-kafka-{uuid.uuid4().hex[:8]}"

    @property
    def bootstrap(self) -> str:
        """What goes into `bootstrap.servers`."""
        return f"127.0.0.1:{self.port}"

    @staticmethod
    def is_possible() -> bool:
        """Whether a Docker engine answers."""
        if shutil.which("docker") is None:
            return False
        return subprocess.run(["docker", "info"], capture_output=True, check=False).returncode == 0

    def start(self) -> None:
        """Start it and wait until it serves. Raises ProcessFailedError when it does not."""
        properties = dict(
            line.split("=", 1)
            for line in _SERVER_PROPERTIES.format(
                port=self.port,
                controller_port=19093,
                log_dirs="/tmp/topics",  # noqa: S108 - the container's
            ).splitlines()
        )
        properties["listeners"] = f"PLAINTEXT://:{self.port},CONTROLLER://127.0.0.1:19093"
        settings = [f"--env=KAFKA_{key.replace('.', '_').upper()}={value}" for key, value in properties.items()]
        _docker(
            *("run", "--detach", "--rm", "--name", self._container, *settings),
            *("--publish", f"127.0.0.1:{self.port}:{self.port}", f"apache/kafka:{kafka_version()}"),
        )
        watch = ["docker", "wait", self._container]
        with tempfile.TemporaryDirectory() as folder:
            container = ChildProcess("Kafka's container", watch, log_file=Path(folder, "docker.log"))
            container.start()
            try:
                container.wait_ready(lambda: _serves(self.port), timeout=120)
            finally:
                container.kill()

    def stop(self) -> None:
        """Stop and remove the container."""
        _docker("stop", self._container)


class MockKafka:
    """librdkafka's mock cluster, in a process of its own.

    Warning:
        It imitates the protocol, not the promises: readers see what an aborted transaction wrote, offsets
        committed inside a transaction are not kept, a partition holds 5 MB, `CreateTopics` and look-ups by
        time are not there (topics make themselves, with 4 partitions each), and it forgets all when it stops.

    Args:
        data_dir: for its log.
    """

    def __init__(self, data_dir: Path) -> None:
        self.name = "the imitation of Kafka"
        self._address_file = data_dir / "mock-kafka.address"
        command = [sys.executable, "-m", "dev.kafka_server", "--mock", "--address", str(self._address_file)]
        self._process = ChildProcess(self.name, command, log_file=data_dir / "mock-kafka.log", folder=CHECKOUT)

    @property
    def bootstrap(self) -> str:
        """What goes into `bootstrap.servers`; known once it is started."""
        return self._address_file.read_text()

    @property
    def is_running(self) -> bool:
        """Whether its process runs."""
        return self._process.is_running

    def start(self) -> None:
        """Start it and wait until its address is known."""
        self._address_file.unlink(missing_ok=True)
        self._process.start()
        self._process.wait_ready(self._address_file.exists, timeout=20)

    def make_topics(self, *names: str) -> None:
        """It makes what a producer asks for; a consumer that is there first looks again only after seconds."""
        producer = Producer({"bootstrap.servers": self.bootstrap, "log_level": 0}, logger=silent)
        for name in names:
            producer.list_topics(name, timeout=10)

    def stop(self) -> None:
        """End it, and with it all that it holds."""
        self._process.stop()


def _docker(*arguments: str) -> None:
    answer = subprocess.run(["docker", *arguments], capture_output=True, text=True, check=False)
    if answer.returncode != 0:
        raise ProcessFailedError(f"docker {arguments[0]} failed: {answer.stderr.strip()}")


def _serves(port: int) -> bool:
    if not listens(port):
        return False
    client = AdminClient({"bootstrap.servers": f"127.0.0.1:{port}", "log_level": 0}, logger=silent)
    with contextlib.suppress(KafkaException):
        return bool(client.list_topics(timeout=1).brokers)
    return False


def _run_mock(address_file: Path | None) -> None:
    producer = Producer({"test.mock.num.brokers": 1, "bootstrap.servers": "x", "log_level": 0}, logger=silent)
    broker = next(iter(producer.list_topics(timeout=10).brokers.values()))
    address = f"{broker.host}:{broker.port}"
    if address_file is not None:
        partial = address_file.with_suffix(".partial")
        partial.write_text(address)
        partial.rename(address_file)  # whoever waits for the file must never see half an address
    print(f"imitation of Kafka (librdkafka's mock cluster): {address}   Ctrl-C stops it", flush=True)
    signal.sigwait({signal.SIGINT, signal.SIGTERM})


def _run_apache(data_dir: Path, port: int) -> None:
    if reason := why_no_apache_kafka():
        raise SystemExit(f"Apache Kafka cannot be started: {reason}. The imitation can: --mock")
    server = ApacheKafka(data_dir, port=port)
    try:
        server.start()
        print(f"Apache Kafka {kafka_version()}: {server.bootstrap}   Ctrl-C stops it", flush=True)
        signal.sigwait({signal.SIGINT, signal.SIGTERM})
    finally:
        server.stop()


def main() -> None:
    parser = argparse.ArgumentParser(description="Run Kafka in the foreground until Ctrl-C.")
    parser.add_argument("--mock", action="store_true", help="librdkafka's imitation, which needs no JDK")
    parser.add_argument("--address", type=Path, help="with --mock: a file to write the address to")
    parser.add_argument("--data", type=Path, default=Path(".demo/kafka"), help="where it keeps its topics")
    parser.add_argument("--port", type=int, default=9092, help="not with --mock, which chooses its own")
    arguments = parser.parse_args()
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGTERM})
    if arguments.mock:
        _run_mock(arguments.address)
    else:
        _run_apache(arguments.data, arguments.port)


if __name__ == "__main__":
    main()
