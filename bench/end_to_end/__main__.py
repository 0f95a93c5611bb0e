"""What one request costs from Kafka to Kafka: this service beside a plain Celery task and a FastStream app.

    python -m bench.end_to_end              all of it: about fifteen minutes
    python -m bench.end_to_end --quick      one size, one round
    python -m bench.end_to_end --in-flight  many calls under way, a model that answers in 5 s
    python -m bench.end_to_end --profile    this service alone: where its CPU goes, by stage; also of --in-flight
    python -m bench.end_to_end --start-up   this service alone: from the start of its processes to the first answer

Real Apache Kafka and Redis, the stand-in for OpenAI over HTTP, every system as processes of its own. The systems take
turns within a round, so that whatever else the machine does hits all of them; medians over the rounds. The peers are
in `bench/end_to_end/peers`: no leases, no transactions, no fleet-wide limits, no evidence; they need
bench/requirements.txt.

`ms of CPU` is per message and of the system's own processes, so without Kafka, Redis, the stand-in and this
program. `added latency` is from producing a request to reading its notification, one at a time, less the model's
time. Memory is PSS, all processes of the system together, at the end of the run.
"""

import argparse
import os
import statistics
import sys
import tempfile
import time
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Self

import httpx2
import redis
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewTopic
from rich.console import Console
from rich.table import Table

from bench.end_to_end.load import Load
from bench.end_to_end.profile import show_profile
from bench.end_to_end.systems import LIMITS, SYSTEMS, ProfiledService, Setting, System, ThisService
from dev.kafka_server import CHECKOUT, ApacheKafka, silent, why_no_apache_kafka
from dev.processes import ChildProcess, free_port
from dev.redis_server import RedisServer

WARM_UP = 40  # messages
console = Console(highlight=False, width=max(120, Console().width))


@dataclass(frozen=True, slots=True)
class Scenario:
    """One row of a table for each system.

    `size` of a resume in characters; `latency` of the model in seconds; `in_flight` calls for each worker.
    """

    title: str
    messages: int = 600
    one_at_a_time: int = 200
    size: int = 1_500
    workers: int = 2
    latency: float = 0.0
    in_flight: int = 16
    systems: tuple[type[System], ...] = SYSTEMS


@dataclass(slots=True)
class Measured:
    """Rounds of one system in one scenario; one value a round."""

    throughput: list[float] = field(default_factory=list)  # messages/s
    cpu: list[float] = field(default_factory=list)  # ms a message, all processes
    cpu_by_kind: dict[str, list[float]] = field(default_factory=dict)
    memory: list[float] = field(default_factory=list)  # MB
    latencies: list[float] = field(default_factory=list)  # s, all rounds


QUICK = [Scenario("1,500 characters", messages=300, one_at_a_time=20)]
FULL = [
    Scenario("1,500 characters, 2 workers"),
    Scenario("1,500 characters, 1 worker", workers=1, one_at_a_time=0),
    Scenario("1,500 characters, 4 workers", workers=4, one_at_a_time=0),
    Scenario("5,000 characters, 2 workers", size=5_000, one_at_a_time=0),
    Scenario("15,000 characters, 2 workers", size=15_000, messages=300, one_at_a_time=0),
    Scenario("1,500 characters, model answers in 1 s", latency=1.0, in_flight=50, one_at_a_time=10, messages=1_000),
]
IN_FLIGHT = [
    Scenario(
        "1,000 calls in flight, model answers in 5 s",
        messages=4_000,
        one_at_a_time=0,
        latency=5.0,
        in_flight=500,
    )
]


class Servers:
    """Kafka, Redis and the stand-in, which all systems take turns at."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.kafka = ApacheKafka(folder / "kafka")
        self.redis = RedisServer(folder / "redis")
        port = free_port()
        self.api = f"http://127.0.0.1:{port}"
        limits = [f"--{name.lower()}={value}" for name, value in LIMITS.items()]
        self.standin = ChildProcess(
            "stand-in",
            [sys.executable, "-m", "dev.openai_standin", f"--port={port}", *limits],
            log_file=folder / "standin.log",
            environment=os.environ,
            folder=CHECKOUT,
        )

    def __enter__(self) -> Self:
        self.kafka.start()
        self.redis.start()
        self.standin.start()
        self.standin.wait_ready(lambda: "listening on" in self.standin.log_text(), timeout=60)
        return self

    def __exit__(self, *_: object) -> None:
        self.standin.stop()
        self.redis.stop()
        self.kafka.stop()

    @contextmanager
    def run(self, kind: type[System], scenario: Scenario, warm_up: int = WARM_UP) -> Iterator[tuple[System, Load]]:
        """A system at work, on topics and in a Redis that are its own."""
        httpx2.post(f"{self.api}/standin/set", json={"latency": scenario.latency}).raise_for_status()
        httpx2.delete(f"{self.api}/standin/log").raise_for_status()
        with redis.Redis.from_url(self.redis.url) as client:
            client.flushall()
        name = uuid.uuid4().hex[:8]
        topics = [f"{what}-{name}" for what in ("requests", "notifications", "uploading")]
        admin = AdminClient({"bootstrap.servers": self.kafka.bootstrap}, logger=silent)
        new = [NewTopic(topic, scenario.workers if topic == topics[0] else 1, 1) for topic in topics]
        for made in admin.create_topics(new).values():
            made.result(timeout=30)
        folder = self.folder / f"{kind.__name__}-{name}"
        setting = Setting(
            folder,
            self.kafka.bootstrap,
            f"{self.redis.url}/1",
            self.api,
            requests=topics[0],
            notifications=topics[1],
            uploading=topics[2],
            workers=scenario.workers,
            in_flight=scenario.in_flight,
        )
        load = Load(self.kafka.bootstrap, topics[0], topics[1], scenario.workers)
        try:
            with kind(setting) as system:
                load.await_answers(load.send(warm_up, scenario.size))
                yield system, load
        finally:
            load.close()
            admin.delete_topics(topics)


def measure(servers: Servers, kind: type[System], scenario: Scenario, into: Measured) -> None:
    """One round of one system."""
    with servers.run(kind, scenario) as (system, load):
        for _ in range(scenario.one_at_a_time):
            sent = load.send(1, scenario.size)
            (number,) = sent
            into.latencies.append(load.await_answers(sent)[number] - sent[number] - scenario.latency)
        before = system.usage()
        start = time.monotonic()
        answers = load.await_answers(load.send(scenario.messages, scenario.size))
        after = system.usage()
        # The model's own time at the beginning, when nothing can be answered yet, is nobody's doing.
        into.throughput.append(scenario.messages / (max(answers.values()) - start - scenario.latency))
        into.cpu.append(sum(after[kind].cpu - before[kind].cpu for kind in after) / scenario.messages * 1_000)
        for each in after:
            cpu = (after[each].cpu - before[each].cpu) / scenario.messages * 1_000
            into.cpu_by_kind.setdefault(each, []).append(cpu)
        into.memory.append(sum(used.memory for used in after.values()))


def show(scenario: Scenario, measured: dict[str, Measured]) -> None:
    """A table with this service's ratio to each peer."""
    table = Table(title=f"{scenario.title} (load of the machine {os.getloadavg()[0]:.1f})", title_justify="left")
    for column in ("system", "messages/s", "ms of CPU", "by process", "added latency p50 / p99, ms", "memory, MB"):
        table.add_column(column, justify="left" if column in ("system", "by process") else "right")
    for name, one in measured.items():
        kinds = ", ".join(f"{kind} {statistics.median(values):.1f}" for kind, values in one.cpu_by_kind.items())
        table.add_row(
            name,
            f"{statistics.median(one.throughput):.1f}",
            f"{statistics.median(one.cpu):.1f}",
            kinds,
            " / ".join(f"{1_000 * value:.0f}" for value in percentiles(one.latencies)) or "-",
            f"{statistics.median(one.memory):.0f}",
        )
    ours = measured.get(ThisService.name)
    for name, one in measured.items():
        if ours is None or one is ours:
            continue
        ratios = [
            statistics.median(ours.throughput) / statistics.median(one.throughput),
            statistics.median(ours.cpu) / statistics.median(one.cpu),
            statistics.median(ours.memory) / statistics.median(one.memory),
        ]
        latencies = zip(percentiles(ours.latencies), percentiles(one.latencies), strict=True)
        table.add_row(
            f"ours / {name}",
            f"{ratios[0]:.2f}",
            f"{ratios[1]:.2f}",
            "",
            " / ".join(f"{mine / theirs:.2f}" for mine, theirs in latencies) or "-",
            f"{ratios[2]:.2f}",
            style="bold",
        )
    console.print(table)


def percentiles(values: Sequence[float]) -> list[float]:
    """The median and the 99th percentile; nothing of nothing."""
    if not values:
        return []
    ordered = sorted(values)
    return [statistics.median(ordered), ordered[min(len(ordered) - 1, round(0.99 * len(ordered)))]]


def profile(servers: Servers, scenario: Scenario) -> None:
    """Where this service's CPU goes."""
    with servers.run(ProfiledService, scenario) as (system, load):
        assert isinstance(system, ProfiledService)  # noqa: S101 # for mypy
        system.snapshot("before")
        load.await_answers(load.send(scenario.messages, scenario.size))
        system.snapshot("after")
        show_profile(console, system.setting.folder, scenario.messages)


def start_up(servers: Servers, rounds: int) -> None:
    """How long a bridge and a worker take, each on an idle machine, until they can work, and until they have."""
    began: dict[str, float] = {}
    times: dict[str, list[float]] = {}

    class Timed(ThisService):
        def _run(self, kind: str, number: int, arguments: list[str], ready: str, **more: str) -> None:
            began[kind] = time.monotonic()
            super()._run(kind, number, arguments, ready, **more)
            times.setdefault(f"{kind} ready", []).append(time.monotonic() - began[kind])

    for _ in range(rounds):
        with servers.run(Timed, Scenario("start-up", workers=1), warm_up=0) as (_, load):
            sent = load.send(1, 1_500)
            (answered,) = load.await_answers(sent).values()
            times.setdefault("first answer, from the worker's start", []).append(answered - began["worker"])
    for what, seconds in times.items():
        console.print(f"{what}: {statistics.median(seconds):.2f} s")


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m bench.end_to_end", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--quick", action="store_true", help="one size, one round")
    parser.add_argument("--in-flight", action="store_true", help="1,000 calls under way, answered in 5 s")
    parser.add_argument("--profile", action="store_true", help="this service alone, by stage")
    parser.add_argument("--start-up", action="store_true", help="this service alone: the time to the first answer")
    parser.add_argument("--rounds", type=int, help="3, or 1 with --quick")
    parser.add_argument("--messages", type=int, help="instead of each scenario's own number")
    parser.add_argument("--size", type=int, default=1_500, help="with --profile: characters of a resume")
    parser.add_argument("--only", choices=[kind.name for kind in SYSTEMS], help="one system alone")
    arguments = parser.parse_args()
    if reason := why_no_apache_kafka():
        raise SystemExit(f"needs Apache Kafka: {reason}")
    scenarios = QUICK if arguments.quick else IN_FLIGHT if arguments.in_flight else FULL
    rounds = arguments.rounds or (1 if arguments.quick else 3)
    with tempfile.TemporaryDirectory() as folder, Servers(Path(folder)) as servers:
        if arguments.profile:
            shape = IN_FLIGHT[0] if arguments.in_flight else Scenario("profile", messages=400)
            profile(servers, replace(shape, messages=arguments.messages or shape.messages, size=arguments.size))
            return
        if arguments.start_up:
            start_up(servers, rounds)
            return
        for scenario in scenarios:
            chosen = [kind for kind in scenario.systems if arguments.only in (None, kind.name)]
            measured = {kind.name: Measured() for kind in chosen}
            if arguments.messages:
                scenario = replace(scenario, messages=arguments.messages)  # noqa: PLW2901 # the same, but longer
            for _ in range(rounds):
                for kind in chosen:
                    measure(servers, kind, scenario, measured[kind.name])
            show(scenario, measured)


if __name__ == "__main__":
    main()
