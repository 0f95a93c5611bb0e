"""The whole service on this machine: brokers, the stand-in for OpenAI, bridge and worker as real processes."""

from __future__ import annotations

import contextlib
import signal
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import redis

from dev.kafka_server import ApacheKafka, KafkaServer, MockKafka, fetch_jars, jars_folder, why_no_apache_kafka
from dev.processes import free_port, running
from dev.redis_server import RedisServer
from dev.service import READY, Names, Service, StandInServer, write_providers

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
    from pathlib import Path

    from dev.openai_standin.families import FamilyName


PROVIDERS = ("first", "second", "third")  # by name, in the order of preference


class _Part(Protocol):
    @property
    def name(self) -> str: ...

    @property
    def is_running(self) -> bool: ...


@dataclass(frozen=True)
class LocalService:
    """What runs here.

    Attributes:
        service: bridge, worker, and Flower where that was wanted.
        servers: what they talk to.
        page_port: of the bridge's own page.
        flower_port: of Flower, where that was wanted.
        standins: for OpenAI, of each provider one, where they are asked.
    """

    service: Service
    servers: Sequence[_Part]
    page_port: int
    flower_port: int | None
    standins: Sequence[StandInServer] = ()

    @property
    def standin_url(self) -> str | None:
        """Of the first stand-in."""
        return self.standins[0].url if self.standins else None

    def ended(self) -> list[str]:
        """The names of the parts that are not running any more."""
        return [part.name for part in (*self.servers, *self.service.processes) if not part.is_running]


def choose_kafka(wanted: str, folder: Path) -> KafkaServer:
    """Apache Kafka where it is wanted, or its jars are at hand; else librdkafka's imitation.

    Args:
        wanted: `apache`, `mock`, or empty for what is at hand.
        folder: for its data and log.

    Raises:
        SystemExit: Apache Kafka is wanted and cannot be had; the message says why.
    """
    missing = why_no_apache_kafka()
    if wanted == "apache" and missing:
        raise SystemExit(f"DEMO_KAFKA=apache, but there is {missing}")
    if wanted == "apache" or (wanted == "" and missing is None and jars_folder().is_dir()):
        fetch_jars()
        return ApacheKafka(folder / "kafka")
    return MockKafka(folder)


@contextlib.contextmanager
def local_service(
    folder: Path,
    *,
    kafka: KafkaServer,
    limits: Mapping[str, str],
    settings: Mapping[str, str] | None = None,
    standin: bool = True,
    manners: FamilyName | None = None,
    providers: int = 1,
    flower: bool = False,
    announce: Callable[[str], None] = lambda _: None,
) -> Generator[LocalService]:
    """Start everything in the right order, and stop it in the reverse one.

    Args:
        folder: gets the data of the brokers and every log.
        kafka: not started yet.
        limits: some of `RPM`, `RPD` and `TPM`, for the service and for the stand-in.
        settings: more for the service.
        standin: the worker asks the stand-in; else whom `.env` names.
        manners: the family that the stand-in imitates.
        providers: how many there are; a stand-in each.
        flower: start Flower too.
        announce: told each step, for a person to read.

    Raises:
        ProcessFailedError: a part of it did not come up.
    """
    with contextlib.ExitStack() as stack, _stopping_in_peace(announce):
        announce("Redis")
        memory = stack.enter_context(running(RedisServer(folder / "redis")))
        announce("Apache Kafka" if isinstance(kafka, ApacheKafka) else "an imitation of Kafka")
        servers: list[_Part] = [memory, stack.enter_context(running(kafka))]
        standins: list[StandInServer] = []
        for name in PROVIDERS[:providers] if standin else ():
            announce("a stand-in for OpenAI" + (f" with the manners of {manners}" if manners else ""))
            log_name = "standin" if providers == 1 else f"standin-{name}"
            standins.append(stack.enter_context(running(StandInServer(folder, limits, manners, log_name))))
        servers += standins
        if standins:
            settings = {"OPENAI_BASE_URL": standins[0].base_url, **(settings or {})}
        if len(standins) > 1:
            urls = dict(zip(PROVIDERS, [each.url for each in standins], strict=False))
            in_each = "".join(f"{name.lower()} = {value}\n" for name, value in limits.items())
            models = {name: f"stand-in {name}" for name in urls}
            file = write_providers(folder / "providers.toml", urls, models, in_each)
            settings = {"PROVIDERS": str(file), **(settings or {})}
        page_port = free_port()
        more = {
            "BRIDGE_METRICS_PORT": str(page_port),
            "METRICS_HOST": "127.0.0.1",
            "LOG_FILE": str(folder / "auth_service.log"),
            **limits,
            **(settings or {}),
        }
        if isinstance(kafka, MockKafka):
            more["KAFKA_CREATE_TOPICS"] = "off"  # it cannot be asked to: they make themselves
            more["KAFKA_START"] = "earliest"  # it knows no times, so the bridge cannot see that all is new
            names = Names()
            kafka.make_topics(names.requests, names.notifications, names.uploads, names.dead_letters)
        first = standins[0].url if standins else None
        service = stack.enter_context(
            Service(folder, kafka=kafka.bootstrap, redis_url=f"{memory.url}/1", standin_url=first, settings=more)
        )
        flower_port = None
        if flower:
            announce("Flower")
            flower_port = service.flower()
            # It names only tasks whose beginning it heard, so it has to listen before anybody works. Celery's events
            # come by a pattern of Redis' channels, and nobody else subscribes to one yet.
            with redis.Redis.from_url(memory.url) as store:
                service.processes[-1].wait_ready(lambda: store.pubsub_numpat() > 0, timeout=READY)
        if standin:
            # For commands such as `python -m bridge send` in another terminal.
            lines = [f"{name}={value}\n" for name, value in service.settings.items() if name != "ENV_FILE"]
            (folder / "env").write_text("".join(lines))
        announce("the bridge")
        service.bridge()
        announce("a worker")
        service.worker(events=flower)
        yield LocalService(service, servers, page_port, flower_port, standins)


@contextlib.contextmanager
def _stopping_in_peace(announce: Callable[[str], None]) -> Iterator[None]:
    """Once the end has begun, impatient signals must not keep us from stopping our processes."""
    try:
        yield
    finally:
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)
        announce("stopping")
