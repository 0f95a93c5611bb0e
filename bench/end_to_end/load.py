"""Requests into Kafka, and the notifications that answer them."""

import itertools
import json
import threading
import time
from collections.abc import Iterator

from confluent_kafka import Consumer, Producer

from contract import NOTIFICATION_KEY, REQUEST_KEY
from dev.kafka_server import CHECKOUT

PATIENCE = 120.0  # seconds without any answer

_SAMPLES = [json.loads(line) for line in (CHECKOUT / "dev/samples/requests.jsonl").read_text().splitlines()]
_numbers = itertools.count(1)


def requests(count: int, size: int) -> Iterator[tuple[int, bytes]]:
    """So many requests: ids that were never used, and resumes of `size` characters, no two alike."""
    for _ in range(count):
        number = next(_numbers)
        sample = _SAMPLES[number % len(_SAMPLES)]
        text = f"Резюме номер {number}.\n{sample['resume']}"
        while len(text) < size:
            text += f"\n{sample['resume']}"
        body = {**sample, "processing_id": number, "resume_id": number, "resume": text[:size]}
        yield number, json.dumps(body, ensure_ascii=False).encode()


class Load:
    """Sends requests and notes when each was answered.

    Args:
        bootstrap: Kafka.
        requests_topic, notifications_topic: where requests go, where answers are read.
        partitions: of the requests' topic, which take turns.
    """

    def __init__(self, bootstrap: str, requests_topic: str, notifications_topic: str, partitions: int) -> None:
        self._topic = requests_topic
        self._partitions = itertools.cycle(range(partitions))
        self._producer = Producer({"bootstrap.servers": bootstrap, "linger.ms": 0})
        self._consumer = Consumer(
            {
                "bootstrap.servers": bootstrap,
                "group.id": f"{notifications_topic}-reader",
                "auto.offset.reset": "earliest",
                "enable.auto.commit": False,
                "fetch.wait.max.ms": 5,
            }
        )
        self._consumer.subscribe([notifications_topic])
        self._answered: dict[int, float] = {}
        self._news = threading.Condition()
        self._stopping = threading.Event()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def send(self, count: int, size: int) -> dict[int, float]:
        """Send so many requests at once; when each was sent, on the monotonic clock."""
        sent = {}
        for number, body in list(requests(count, size)):
            sent[number] = time.monotonic()
            self._producer.produce(self._topic, body, key=REQUEST_KEY, partition=next(self._partitions))
        self._producer.flush()
        return sent

    def await_answers(self, sent: dict[int, float]) -> dict[int, float]:
        """When each of them was answered.

        Raises:
            TimeoutError: nothing was answered for `PATIENCE` seconds.
        """
        with self._news:
            known = -1
            while (answered := sum(number in self._answered for number in sent)) < len(sent):
                if answered == known:
                    raise TimeoutError(f"{answered} of {len(sent)} requests were answered")
                known = answered
                self._news.wait_for(lambda: all(number in self._answered for number in sent), timeout=PATIENCE)
            return {number: self._answered[number] for number in sent}

    def close(self) -> None:
        """Read no more."""
        self._stopping.set()
        self._reader.join()
        self._consumer.close()

    def _read(self) -> None:
        while not self._stopping.is_set():
            first = self._consumer.poll(0.05)
            now = time.monotonic()
            batch = [] if first is None else [first, *self._consumer.consume(500, timeout=0)]
            with self._news:
                for message in batch:
                    if message.error() is None and message.key() == NOTIFICATION_KEY:
                        number = json.loads(message.value() or b"{}")["response"]["processing_id"]
                        self._answered.setdefault(number, now)
                if batch:
                    self._news.notify_all()
