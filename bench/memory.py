"""Whether a bridge's memory ends to grow, and what a request costs it: request after request.

    python -m bench.memory                        50,000 requests; starts an Apache Kafka and a Redis of its own
    python -m bench.memory --requests 20000       fewer
    python -m bench.memory --held 2000            with so many calls under way all the time

The bridge is a process of its own, as it is started in production. Its workers are played: what exceeds the calls that
are under way is answered at once. Each row is the process' memory (PSS) when so many requests were answered, and its
CPU time since the row above; the last line is how much it grew after the first fifth.
"""

import argparse
import base64
import json
import sys
import tempfile
import threading
import time
from pathlib import Path

import redis
from confluent_kafka import Producer
from rich.console import Console
from rich.table import Table

from bench.end_to_end.usage import usage
from contract import (
    OUTCOMES_CHANNEL,
    QUEUE_NAME,
    REQUEST_KEY,
    Addressee,
    Assessment,
    claim_key,
    outcome_key,
    worker_key,
)
from dev.kafka_server import ApacheKafka, silent, why_no_apache_kafka
from dev.processes import running
from dev.redis_server import RedisServer
from dev.service import Names, Service

ROWS = 10
IN_FLIGHT = 2_000  # requests that are sent and not answered
TEXT = "Пишу на Python пять лет, SQL каждый день, Kafka в продакшене. " * 20


def request(number: int) -> bytes:
    """A request of a few kilobytes."""
    addressee = addressee_of(number).model_dump()
    return json.dumps({**addressee, "requirements": "Python от 3 лет, SQL", "resume": f"{number}. {TEXT}"}).encode()


def addressee_of(number: int) -> Addressee:
    """Whom it is answered to."""
    url = f"https://client.example/callback/{number}"
    return Addressee(callback_url=url, processing_id=number, user_id=11, resume_id=number, requirements_id=301)


class Workers:
    """Claims every request and answers all but the last `held` ones; `answered` counts."""

    def __init__(self, store: redis.Redis, held: int) -> None:
        self._store = store
        self._held = held
        self._over = threading.Event()
        self._assessment = Assessment(score=72, matches=("Python",), recommendation="Да.", verdict="Подходит")
        self.answered = 0
        threading.Thread(target=self._run, daemon=True).start()

    def stop(self) -> None:
        self._over.set()

    def _run(self) -> None:
        claimed: list[int] = []
        while not self._over.is_set():
            self._store.set(worker_key("played"), 1, px=10_000)
            hints = self._store.rpop(QUEUE_NAME, 200)
            if not isinstance(hints, list):
                time.sleep(0.01)
                continue
            new = [json.loads(base64.b64decode(json.loads(hint)["body"]))[0][0] for hint in hints]
            claimed += new
            ids = claimed[: max(0, len(claimed) - self._held)]
            with self._store.pipeline(transaction=False) as pipe:
                for number in new:
                    pipe.set(claim_key(number), "played:", ex=600)
                for number in ids:
                    pipe.delete(claim_key(number))
                    outcome = addressee_of(number).scored(self._assessment)
                    pipe.set(outcome_key(number), outcome.model_dump_json(), ex=600, nx=True)
                    pipe.publish(OUTCOMES_CHANNEL, number)
                pipe.execute()
            self.answered += len(ids)
            del claimed[: len(ids)]


def measure(service: Service, store: redis.Redis, requests: int, held: int, screen: Console) -> None:
    """Send, answer, look."""
    bridge = service.bridge()
    workers = Workers(store, held)
    producer = Producer({"bootstrap.servers": service.kafka, "linger.ms": 5}, logger=silent)
    table = Table(title="Memory of a bridge", title_justify="left")
    for column in ("requests", "MB", "ms of CPU", "seconds"):
        table.add_column(column, justify="right")
    began, sent, megabytes, spent = time.monotonic(), 0, [], usage([bridge.pid]).cpu
    for row in range(1, ROWS + 1):
        goal = requests * row // ROWS
        while workers.answered < goal:
            while sent < min(goal, workers.answered + IN_FLIGHT) + held:
                sent += 1
                producer.produce(service.names.requests, request(sent), REQUEST_KEY)
            producer.poll(0.02)
            service.check()
        used = usage([bridge.pid])
        megabytes.append(used.memory)
        cpu, spent = (used.cpu - spent) / requests * ROWS * 1_000, used.cpu
        table.add_row(f"{goal:,}", f"{used.memory:.1f}", f"{cpu:.2f}", f"{time.monotonic() - began:.0f}")
    workers.stop()
    screen.print(table)
    after = ROWS // 5 - 1
    screen.print(
        f"grown by {megabytes[-1] - megabytes[after]:.1f} MB after the first {requests * (after + 1) // ROWS:,}"
    )


def main() -> int:
    """Parse the command line and measure."""
    parser = argparse.ArgumentParser(
        prog="python -m bench.memory", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--requests", type=int, default=50_000)
    parser.add_argument("--held", type=int, default=0, help="calls under way, 3,000 at most")
    options = parser.parse_args()
    screen = Console(width=None if sys.stdout.isatty() else 100)
    if reason := why_no_apache_kafka():
        screen.print(f"needs Apache Kafka: {reason}")
        return 2
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        with running(ApacheKafka(folder / "kafka")) as kafka, running(RedisServer(folder / "redis")) as memory:
            url = f"{memory.url}/1"
            settings = {"RPM": "600000", "RPD": "0", "TPM": "0", "OPENAI_KEY": "-"}
            service = Service(
                folder, kafka=kafka.bootstrap, redis_url=url, standin_url=None, names=Names.new(), settings=settings
            )
            with service, redis.Redis.from_url(url) as store:
                measure(service, store, options.requests, options.held, screen)
    return 0


if __name__ == "__main__":
    sys.exit(main())
