"""One worker process of `bench.limits`: keeps requests waiting and starts them as its pacer says.

Run by bench.limits with its orders as JSON on the command line; writes down what happened.
"""

from __future__ import annotations

import asyncio
import json
import random
import sys
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from tornado.httpclient import AsyncHTTPClient, HTTPResponse

from bench.limits_pacers import PACERS, Pacer, RoundTrips, Setup, now
from dev.openai_standin.tokens import prompt_tokens
from worker.limits.answers import Limits
from worker.limits.provider_limits import Denial, ProviderView

PROMPT = "bench"
PROMPT_TOKENS = len(prompt_tokens([("user", PROMPT)]))


@dataclass(frozen=True)
class Orders:
    """What a worker has to do. Times are of `limits_pacers.now`, in seconds.

    Attributes:
        waiting: so many requests ask at any time.
        sizes: tokens of a request, drawn at random.
    """

    number: int
    pacer: str
    setup: Setup
    provider_url: str
    begin: float
    end: float
    waiting: int
    sizes: list[int]
    report: str

    @classmethod
    def read(cls, text: str) -> Orders:
        fields = json.loads(text)
        setup = fields.pop("setup")
        return cls(**fields, setup=Setup(**{**setup, "limits": Limits(**setup["limits"])}))

    def written(self) -> str:
        return json.dumps(asdict(self))


@dataclass
class Report:
    """`started`: of every request when it first asked, when it was first sent, and its tokens."""

    started: list[tuple[float, float, int]]
    answered: int = 0
    denials: int = 0
    round_trips: int = 0
    errors: int = 0


class Worker:
    def __init__(self, orders: Orders, pacer: Pacer) -> None:
        self._orders, self._pacer = orders, pacer
        self._http = AsyncHTTPClient(max_clients=500)
        self._rng = random.Random(orders.number)
        self._names = 0
        self.report = Report(started=[])

    async def run(self) -> None:
        await asyncio.sleep(max(0.0, self._orders.begin - now()))
        lines = [asyncio.create_task(self._keep_asking()) for _ in range(self._orders.waiting)]
        await asyncio.sleep(max(0.0, self._orders.end - now()))
        for line in lines:
            line.cancel()
        await asyncio.gather(*lines, return_exceptions=True)

    async def _keep_asking(self) -> None:
        await asyncio.sleep(self._rng.random())  # who asks in the same millisecond has no order to keep
        while True:
            self._names += 1
            await self._one(f"{self._orders.number}-{self._names}", self._rng.choice(self._orders.sizes))

    async def _one(self, name: str, tokens: int) -> None:
        asked, first = now(), True
        while True:
            await self._pacer.start(name, tokens)
            if first:
                self.report.started.append((asked, now(), tokens))
                first = False
            response = await self._send(tokens)
            if response.code == 429:
                self.report.denials += 1
                denial = Denial.from_response(dict(response.headers.items()), json.loads(response.body))
                await self._pacer.denied(name, denial)
                continue
            self.report.answered += response.code == 200
            self.report.errors += response.code != 200
            self._pacer.answered(name, ProviderView.from_headers(dict(response.headers.items())))
            return

    async def _send(self, tokens: int) -> HTTPResponse:
        body: dict[str, Any] = {
            "model": "gpt-4.1-mini-2025-04-14",
            "messages": [{"role": "user", "content": PROMPT}],
            "max_completion_tokens": tokens - PROMPT_TOKENS,
        }
        headers = {"Authorization": "Bearer bench", "Content-Type": "application/json"}
        url = f"{self._orders.provider_url}/v1/chat/completions"
        return await self._http.fetch(url, method="POST", headers=headers, body=json.dumps(body), raise_error=False)


def main() -> None:
    """Follow the orders on the command line."""
    orders = Orders.read(sys.argv[1])
    trips = RoundTrips()
    report = asyncio.run(follow(orders))
    report.round_trips = trips.count
    Path(orders.report).write_text(json.dumps(asdict(report)), encoding="utf-8")


async def follow(orders: Orders) -> Report:
    """Work until the orders' end."""
    worker = Worker(orders, PACERS[orders.pacer][1](orders.setup))
    await worker.run()
    return worker.report


if __name__ == "__main__":
    main()
