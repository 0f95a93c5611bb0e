"""What one request costs Redis: commands, CPU, memory. Redis is what this service has one of.

    python -m bench.redis_cost              200 requests, five a second, then 200 at once
    python -m bench.redis_cost --requests 1000

Real Apache Kafka and Redis, the stand-in for OpenAI, a bridge and a worker. Commands that scripts call inside Redis
count as well. What the service does while it is idle is measured first and left out.
"""

import argparse
import tempfile
import time
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import redis
from rich.console import Console
from rich.table import Table

from bench.end_to_end.load import Load
from dev.kafka_server import ApacheKafka
from dev.processes import running
from dev.redis_server import RedisServer
from dev.service import Names, Service, StandInServer

LIMITS = {"RPM": "60000", "RPD": "20000000", "TPM": "200000000"}  # nothing waits for its turn
IDLE = 10.0  # seconds


@dataclass(frozen=True, slots=True)
class Counters:
    """Of Redis, at one moment."""

    at: float  # seconds, monotonic
    commands: int
    cpu: float  # seconds
    memory: int  # bytes

    @classmethod
    def of(cls, store: redis.Redis) -> "Counters":
        statistics, cpu = store.info("commandstats"), store.info("cpu")
        commands = sum(each["calls"] for each in statistics.values())
        seconds = cpu["used_cpu_user"] + cpu["used_cpu_sys"]
        return cls(time.monotonic(), commands, seconds, store.info("memory")["used_memory"])


def per_request(store: redis.Redis, load: Load, requests: int, gap: float, idle: float) -> tuple[float, float, float]:
    """Commands, milliseconds of CPU and bytes kept, each of one request.

    Args:
        store: Redis.
        load: sends and waits.
        requests: how many.
        gap: seconds between two of them.
        idle: commands a second without any request.
    """
    before = Counters.of(store)
    sent: dict[int, float] = {}
    if gap:
        for _ in range(requests):
            sent |= load.send(1, 1_500)
            time.sleep(gap)
    else:
        sent = load.send(requests, 1_500)
    load.await_answers(sent)
    after = Counters.of(store)
    commands = after.commands - before.commands - idle * (after.at - before.at)
    return (
        commands / requests,
        1_000 * (after.cpu - before.cpu) / requests,
        (after.memory - before.memory) / requests,
    )


def main() -> None:
    """Start everything, measure, print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--requests", type=int, default=200, help="in each of the two runs")
    requests = parser.parse_args().requests
    with tempfile.TemporaryDirectory(prefix="ai-handler-") as name, ExitStack() as stack:
        folder, names = Path(name), Names()
        memory = stack.enter_context(running(RedisServer(folder / "redis")))
        kafka = stack.enter_context(running(ApacheKafka(folder / "kafka")))
        standin = stack.enter_context(running(StandInServer(folder, LIMITS)))
        service = stack.enter_context(
            Service(
                folder,
                kafka=kafka.bootstrap,
                redis_url=f"{memory.url}/1",
                standin_url=standin.url,
                settings=LIMITS,
            )
        )
        service.bridge()
        service.worker()
        load = Load(kafka.bootstrap, names.requests, names.notifications, 1)
        stack.callback(load.close)
        store = stack.enter_context(redis.Redis.from_url(memory.url))
        load.await_answers(load.send(5, 1_500))  # what only the first requests do
        before = Counters.of(store)
        time.sleep(IDLE)
        idle = (Counters.of(store).commands - before.commands) / IDLE
        table = Table(title=f"What one request costs Redis ({idle:.1f} commands a second while idle)")
        for column in ("", "commands", "ms of CPU", "bytes kept"):
            table.add_column(column, justify="right" if column else "left")
        for what, gap in ((f"{requests} requests, five a second", 0.2), (f"{requests} requests at once", 0.0)):
            commands, cpu, kept = per_request(store, load, requests, gap, idle)
            table.add_row(what, f"{commands:.0f}", f"{cpu:.2f}", f"{kept:,.0f}")
        Console(width=100).print(table)


if __name__ == "__main__":
    main()
