"""What exactly-once costs: outcomes through the bridge's transactions, beside the plain idempotent producer.

    python -m bench.publishing            starts an Apache Kafka of its own
    python -m bench.publishing --quick    a few groups, to see that it runs

Both write the same messages with the same producer settings (`acks=all`, idempotent), each outcome to both
topics. The transaction also commits the input offset, as in the bridge; the plain producer waits for the
broker's acknowledgement of each group (`flush`), and commits nothing. The two take turns, so that whatever else the
machine does hits both.

Both keep the bridge's rhythm, where each look at Redis (every 20 ms) publishes what was announced since the last one.
"""

import argparse
import statistics
import sys
import tempfile
import time
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from confluent_kafka import Consumer, Producer, TopicPartition
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewTopic
from rich.console import Console
from rich.table import Table

from bridge.kafka import Contact, make_consumer, make_producer
from bridge.partition import LOOK_PAUSE
from bridge.publisher import Publication, Publisher, Topics
from config import Settings
from contract import (
    HEADER_PROCESSING_ID,
    HEADER_SCHEMA_VERSION,
    NOTIFICATION_KEY,
    PROCESSING_KEY,
    SCHEMA_VERSION,
    Addressee,
    Assessment,
)
from dev.kafka_server import ApacheKafka, why_no_apache_kafka
from dev.processes import running


@dataclass(frozen=True)
class Size:
    """How much is measured: outcomes in a group, groups in a measurement, rounds."""

    groups: tuple[int, ...] = (1, 5, 20, 50, 100, 250, 500)
    repeated: int = 40
    rounds: int = 3


QUICK = Size((1, 20), repeated=3, rounds=1)
PARTITIONS = 3
JOIN = 30.0  # seconds


def publications(count: int) -> list[Publication]:
    """Outcomes of a typical size (about 1 KB for both topics together)."""
    assessment = Assessment(
        score=72,
        matches=("Python от 3 лет", "SQL", "Kafka в продакшене", "Docker и Linux"),
        recommendation="Опыт с Python, SQL и Kafka подтверждён; об английском ничего не сказано.",
        verdict="Подходит",
    )
    return [
        Publication(
            number,
            Addressee(
                callback_url=f"https://client.example/callback/{number}",
                processing_id=number,
                user_id=11,
                resume_id=201,
                requirements_id=301,
            ).scored(assessment),
        )
        for number in range(count)
    ]


class Transactions:
    """The bridge's way."""

    def __init__(self, publisher: Publisher, consumer: Consumer, source: TopicPartition) -> None:
        self._publisher = publisher
        self._consumer = consumer
        self._source = source
        self._offset = 0

    def publish(self, group: Sequence[Publication]) -> None:
        self._offset += len(group)
        position = TopicPartition(self._source.topic, self._source.partition, self._offset, "v1 0 ")
        self._publisher.publish(group, [position], self._consumer)


class Plain:
    """The same messages, without a transaction."""

    def __init__(self, producer: Producer, topics: Topics) -> None:
        self._producer = producer
        self._topics = topics

    def publish(self, group: Sequence[Publication]) -> None:
        for publication in group:
            headers: list[tuple[str, str | bytes | None]] = [
                (HEADER_PROCESSING_ID, str(publication.processing_id).encode()),
                (HEADER_SCHEMA_VERSION, SCHEMA_VERSION),
            ]
            outcome = publication.outcome
            self._producer.produce(
                self._topics.notifications, key=NOTIFICATION_KEY, value=outcome.notification.encode(), headers=headers
            )
            self._producer.produce(
                self._topics.uploading_data,
                key=PROCESSING_KEY,
                value=(outcome.processing or "").encode(),
                headers=headers,
            )
        self._producer.flush()


def seconds(publish: Callable[[Sequence[Publication]], None], group: Sequence[Publication], repeated: int) -> float:
    """How long it takes to publish that group again and again, starting at each look at the earliest."""
    began = time.perf_counter()
    for number in range(repeated):
        publish(group)
        time.sleep(max(0.0, began + (number + 1) * LOOK_PAUSE - time.perf_counter()))
    return time.perf_counter() - began


def measure(kafka: str, screen: Console, size: Size) -> None:
    """Print the table."""
    suffix = uuid.uuid4().hex[:8]
    source = TopicPartition(f"bench-in-{suffix}", 0)
    topics = Topics(f"bench-notifications-{suffix}", f"bench-uploading-{suffix}", f"bench-dlq-{suffix}")
    admin = AdminClient({"bootstrap.servers": kafka})
    new = [NewTopic(name, PARTITIONS, 1) for name in (source.topic, topics.notifications, topics.uploading_data)]
    for created in admin.create_topics(new).values():
        created.result(timeout=JOIN)
    settings = Settings(_env_file=None, openai_key="bench", kafka_bootstrap_servers=kafka, kafka_group_id=f"b-{suffix}")
    consumer = make_consumer(settings, Contact())
    consumer.subscribe([source.topic])
    deadline = time.monotonic() + JOIN
    while not consumer.assignment() and time.monotonic() < deadline:
        consumer.poll(0.1)
    publisher = Publisher(lambda name: make_producer(settings, name), f"bench.{suffix}", topics)
    publisher.open()
    plain = Plain(make_producer(settings, None), topics)
    transactions = Transactions(publisher, consumer, source)
    outcomes = publications(max(size.groups))
    table = Table(title="Outcomes a second (each is a message to both topics)", title_justify="left")
    for column in ("outcomes in a transaction", "plain", "transactions", "ratio", "cost"):
        table.add_column(column, justify="right")
    for count in size.groups:
        table.add_row(str(count), *_compare(plain, transactions, outcomes[:count], size))
        consumer.poll(0)
    screen.print(table)
    consumer.close()


def _compare(plain: Plain, transactions: Transactions, group: Sequence[Publication], size: Size) -> list[str]:
    times = [
        tuple(seconds(way.publish, group, size.repeated) for way in (plain, transactions)) for _ in range(size.rounds)
    ]
    sent = size.repeated * len(group)
    plain_rate, exact_rate = (sent / statistics.median(column) for column in zip(*times, strict=True))
    ratio = statistics.median(plain_time / exact_time for plain_time, exact_time in times)
    return [f"{plain_rate:,.0f}", f"{exact_rate:,.0f}", f"{ratio:.2f}", f"{1 - ratio:.0%}"]


def main() -> int:
    """Parse the command line and measure."""
    parser = argparse.ArgumentParser(
        prog="python -m bench.publishing", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--quick", action="store_true", help="a few groups, to see that it runs")
    options = parser.parse_args()
    screen = Console(width=None if sys.stdout.isatty() else 110)
    if reason := why_no_apache_kafka():
        screen.print(f"needs Apache Kafka: {reason}")
        return 2
    with tempfile.TemporaryDirectory(prefix="ai-handler-bench-") as folder, running(ApacheKafka(Path(folder))) as kafka:
        measure(kafka.bootstrap, screen, QUICK if options.quick else Size())
    return 0


if __name__ == "__main__":
    sys.exit(main())
