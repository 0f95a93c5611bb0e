"""How a bridge catches up with a long notifications topic: time, memory, its longest silence, Redis' longest command.

    python -m bench.catch_up                       starts an Apache Kafka and a Redis of its own
    python -m bench.catch_up --most 200000         a shorter topic

The topic grows tenfold from row to row, and each row is a bridge that has just started beside an emptied Redis: the
worst case, three days of notifications. Then the same once more beside a Redis that was moved on while the bridge
worked: what a recovery costs that is nothing special.

Memory is what the process holds more than before the row (its peak). The silence is the longest time between two
steps, where the bridge polls Kafka. What the scripts took in Redis, median, 99 % and longest, is from its own slow log;
it counts the time in which the machine did something else.
"""

import argparse
import sys
import tempfile
import threading
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Self

import redis
from confluent_kafka import Producer
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewTopic
from rich.console import Console
from rich.table import Table

from bridge.kafka import make_reader
from bridge.marks import ProcessedMarks
from config import Settings
from contract import HEADER_PROCESSING_ID, NOTIFICATION_KEY
from dev.kafka_server import ApacheKafka, why_no_apache_kafka
from dev.processes import running
from dev.redis_server import RedisServer

SIZES = (2_000, 20_000, 200_000, 2_000_000)  # notifications
BODY = b'{"success":true,"response":{"score":72},"message_error":null,"wait_seconds":null}' + b" " * 600
PAGE = 4096  # bytes
LOGGED = 50_000  # commands that Redis' slow log keeps


def fill(producer: Producer, topic: str, ids: range) -> None:
    """Write a notification for each id."""
    for number in ids:
        headers: list[tuple[str, str | bytes | None]] = [(HEADER_PROCESSING_ID, str(number).encode())]
        while True:
            try:
                producer.produce(topic, BODY, NOTIFICATION_KEY, headers=headers)
            except BufferError:
                producer.poll(0.1)
            else:
                break
    if producer.flush(120):
        raise TimeoutError("Kafka did not take the notifications")


def held() -> int:
    """Bytes of memory that this process holds now."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * PAGE


class Peak:
    """The most memory that was held while it watched."""

    def __init__(self) -> None:
        self.before = self.most = held()
        self._over = threading.Event()

    def __enter__(self) -> Self:
        threading.Thread(target=self._watch, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()

    def _watch(self) -> None:
        while not self._over.wait(0.05):
            self.most = max(self.most, held())

    @property
    def more(self) -> float:
        """Megabytes."""
        return (self.most - self.before) / 1e6


def run(steps: Iterator[int]) -> tuple[int, float, float]:
    """How many notifications were read, in how many seconds, and the longest step of them."""
    began = last = time.monotonic()
    read, longest = 0, 0.0
    for reached in steps:
        now = time.monotonic()
        read, longest, last = reached, max(longest, now - last), now
    return read, time.monotonic() - began, max(longest, time.monotonic() - last)


def measure(kafka: str, store: redis.Redis, most: int, screen: Console) -> None:
    """Fill the topic step by step, and catch up each time."""
    topic = f"notifications-{uuid.uuid4().hex[:8]}"
    admin = AdminClient({"bootstrap.servers": kafka})
    admin.create_topics([NewTopic(topic, 1, 1)])[topic].result(timeout=30)
    producer = Producer({"bootstrap.servers": kafka, "linger.ms": 20, "queue.buffering.max.messages": 500_000})
    settings = Settings(_env_file=None, kafka_bootstrap_servers=kafka)
    store.config_set("slowlog-log-slower-than", 0)
    store.config_set("slowlog-max-len", LOGGED)
    table = Table(title="Catching up", title_justify="left")
    rates = ("seconds", "a second", "memory, MB", "silence, s")
    for column in ("notifications", "Redis", *rates, "script, ms", "99 %", "longest"):
        table.add_column(column, justify="right")

    def row(size: int, what: str) -> None:
        marks = ProcessedMarks(store, lambda: make_reader(settings), topic, "AI_handler-0", uuid.uuid4().hex)
        store.slowlog_reset()
        with Peak() as peak:
            read, seconds, longest = run(marks.catch_up())
        if not marks.are_believable(store.hgetall("ai_handler:marks")):  # type: ignore[arg-type] # not decoded
            raise RuntimeError("the marks are not complete")
        took = sorted(entry["duration"] / 1000 for entry in store.slowlog_get(LOGGED) if b"EVAL" in entry["command"])
        commands = [f"{took[int(share * (len(took) - 1))]:.1f}" for share in (0.5, 0.99, 1.0)] if took else ["-"] * 3
        table.add_row(
            f"{size:,}", what, f"{seconds:.2f}", f"{read / seconds:,.0f}", f"{peak.more:.1f}", f"{longest:.3f}",
            *commands,
        )  # fmt: skip

    filled = 0
    for size in (size for size in SIZES if size <= most):
        fill(producer, topic, range(filled, size))
        filled = size
        store.flushdb(asynchronous=True)
        row(size, "emptied")
        row(size, "moved on")
    screen.print(table)


def main() -> int:
    """Parse the command line and measure."""
    parser = argparse.ArgumentParser(
        prog="python -m bench.catch_up", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--most", type=int, default=SIZES[-1], help="notifications in the longest topic")
    most: int = parser.parse_args().most
    screen = Console(width=None if sys.stdout.isatty() else 110)
    if reason := why_no_apache_kafka():
        screen.print(f"needs Apache Kafka: {reason}")
        return 2
    with tempfile.TemporaryDirectory(prefix="ai-handler-bench-") as name:
        folder = Path(name)
        with (
            running(ApacheKafka(folder / "kafka")) as kafka,
            running(RedisServer(folder / "redis")) as server,
            redis.Redis.from_url(f"{server.url}/1") as store,
        ):
            measure(kafka.bootstrap, store, most, screen)
    return 0


if __name__ == "__main__":
    sys.exit(main())
