"""A plain Celery task: the request is its argument, the result is produced from inside it."""

import functools
import json
from typing import Any

import openai
from celery import Celery
from confluent_kafka import Producer

from bench.end_to_end.peers.hour import (
    BASE_URL,
    CONCURRENCY,
    KAFKA,
    MODEL,
    NOTIFICATIONS,
    REDIS_URL,
    UPLOADING,
    Grading,
    messages,
    results,
)

app = Celery("plain", broker=REDIS_URL)
app.conf.update(
    worker_pool="threads", worker_concurrency=CONCURRENCY, task_ignore_result=True, worker_prefetch_multiplier=1
)


@functools.cache
def model() -> openai.OpenAI:
    return openai.OpenAI(base_url=BASE_URL, api_key="stand-in")


@functools.cache
def producer() -> Producer:
    return Producer({"bootstrap.servers": KAFKA, "linger.ms": 0})


@app.task(acks_late=True)
def score(body: str) -> None:
    request: dict[str, Any] = json.loads(body)
    answer = model().chat.completions.parse(
        model=MODEL, messages=messages(request), response_format=Grading, temperature=0, max_completion_tokens=1_200
    )
    grading = answer.choices[0].message.parsed
    assert grading is not None  # noqa: S101 # an hour's work
    notification, record = results(request, grading)
    producer().produce(NOTIFICATIONS, notification, key=b"new_notifications")
    producer().produce(UPLOADING, record, key=b"new_processing")
    producer().flush()
