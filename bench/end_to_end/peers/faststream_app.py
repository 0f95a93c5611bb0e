"""FastStream with aiolimiter: a coroutine for each message, a leaky bucket in each process."""

import functools
from typing import Any

import openai
from aiolimiter import AsyncLimiter
from faststream import FastStream
from faststream.kafka import KafkaBroker

from bench.end_to_end.peers.hour import (
    BASE_URL,
    CONCURRENCY,
    KAFKA,
    MODEL,
    NOTIFICATIONS,
    REQUESTS,
    RPM,
    UPLOADING,
    Grading,
    messages,
    results,
)

broker = KafkaBroker(KAFKA, logger=None)
app = FastStream(broker, logger=None)
limiter = AsyncLimiter(RPM, 60)


@functools.cache
def model() -> openai.AsyncOpenAI:
    return openai.AsyncOpenAI(base_url=BASE_URL, api_key="stand-in")


@broker.subscriber(REQUESTS, group_id="faststream", auto_offset_reset="earliest", max_workers=CONCURRENCY)
async def score(request: dict[str, Any]) -> None:
    async with limiter:
        answer = await model().chat.completions.parse(
            model=MODEL, messages=messages(request), response_format=Grading, temperature=0, max_completion_tokens=1_200
        )
    grading = answer.choices[0].message.parsed
    assert grading is not None  # noqa: S101 # an hour's work
    notification, record = results(request, grading)
    await broker.publish(notification, NOTIFICATIONS, key=b"new_notifications")
    await broker.publish(record, UPLOADING, key=b"new_processing")


@app.after_startup
async def ready() -> None:
    print("ready.", flush=True)
