"""Runs in the test container: `python -m dev.containers.inside FIRST COUNT` sends requests, waits for all answers."""

import json
import os
import sys
import time

from confluent_kafka import Consumer, Producer

from contract import REQUEST_KEY

PATIENCE = 90.0  # seconds


def main(first: int, count: int) -> int:
    """The exit code: 0 each request was scored, once."""
    kafka = os.environ["KAFKA_BOOTSTRAP_SERVERS"]
    wanted = set(range(first, first + count))
    producer = Producer({"bootstrap.servers": kafka})
    for number in wanted:
        producer.produce("AI_handler", key=REQUEST_KEY, value=json.dumps(request(number)).encode())
    if producer.flush(30):
        print("Kafka did not take the requests")
        return 1
    consumer = Consumer({"bootstrap.servers": kafka, "group.id": f"inside-{first}", "auto.offset.reset": "earliest"})
    consumer.subscribe(["notifications"])
    told: list[int] = []
    patience = time.monotonic() + PATIENCE
    while wanted - set(told) and time.monotonic() < patience:
        message = consumer.poll(0.5)
        if message is None or message.error() is not None:
            continue
        body = json.loads(message.value() or b"")
        number = body["response"]["processing_id"]
        if number in wanted:
            told.append(number)
            if not body["success"]:
                print(f"{number} failed: {body['message_error']}")
                return 1
    consumer.close()
    print(f"{len(set(told))} of {count} scored, {len(told) - len(set(told))} twice")
    return int(sorted(told) != sorted(wanted))


def request(number: int) -> dict[str, object]:
    """A request that no other one's answer fits."""
    return {
        "callback_url": "https://client.example/callback",
        "processing_id": number,
        "user_id": 1,
        "resume_id": number,
        "requirements_id": 1,
        "requirements": "Вакансия: инженер\n- Python от 3 лет\n- SQL\n- Kafka",
        "resume": f"Кандидат № {number}. Пишу на Python 5 лет, SQL каждый день, Kafka в продакшене.",
    }


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]), int(sys.argv[2])))
