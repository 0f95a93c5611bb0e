"""The loop that feeds the plain Celery task: poll, delay, and let offsets be committed by themselves."""

import signal
import sys

from confluent_kafka import Consumer

from bench.end_to_end.peers.hour import KAFKA, REQUESTS
from bench.end_to_end.peers.plain_celery import score


def main() -> None:
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    consumer = Consumer({"bootstrap.servers": KAFKA, "group.id": "plain", "auto.offset.reset": "earliest"})
    consumer.subscribe([REQUESTS])
    print("ready.", flush=True)
    while True:
        message = consumer.poll(0.1)
        if message is not None and not message.error():
            value = message.value()
            score.delay(value.decode() if isinstance(value, bytes) else value)


if __name__ == "__main__":
    main()
