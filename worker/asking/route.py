"""How requests leave: one HTTP client with one proxy, used by the model's client and the egress check alike.

The calls are asynchronous underneath, on one event loop in a thread of its own, because only that gives a call
a *total* deadline: an HTTP client's timeouts are per read, and the threads pool ignores Celery's time limits
(celery #9203). Made lazily, after the worker forked if it forks.
"""

import asyncio
import logging
import math
import ssl
import sys
import threading
from collections.abc import AsyncIterator, Coroutine, Mapping
from typing import Any, TypeVar

import httpx2

log = logging.getLogger(__name__)

T = TypeVar("T")

POOL = 32  # connections of one pool
KEPT = 30.0  # seconds that an unused connection is kept: a new one costs a handshake

# Bytes of memory for what is read of an answer, and one read of the socket more. 16,000 tokens, the largest output cap
# that can be set, are under 400 KB of Russian with every letter escaped. Hundreds of answers may be in hand at once.
LONGEST_ANSWER = 2**20


class Route:
    """The one way out.

    Args:
        proxy: `http://` or `socks5://` URL, or None; never logged.
        ca_location: path of CA certificates that are trusted beside the system's.
        connections: how many requests may be under way at once.
    """

    def __init__(self, *, proxy: str | None, connections: int, ca_location: str | None = None) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="route", daemon=True)
        self._thread.start()
        self._pools = _Pools(proxy, tls_context(ca_location), math.ceil(connections / POOL))
        self.client = httpx2.AsyncClient(
            transport=self._pools,
            # A compressed answer of a few KB may be gigabytes, and answers are too short to gain by it.
            headers={"Accept-Encoding": "identity"},
            trust_env=False,
            timeout=httpx2.Timeout(None),  # `wait` has the deadline
        )

    def wait(self, call: Coroutine[Any, Any, T], seconds: float) -> T:
        """Run a call to its end, or cancel it when its time is over.

        Raises:
            TimeoutError: after `seconds`.
        """
        return asyncio.run_coroutine_threadsafe(_within(seconds, call), self._loop).result()

    async def send(self, request: httpx2.Request) -> httpx2.Response:
        """Send a request as it is, and read its answer: the client would cost half a call more.

        Raises whatever HTTP, TLS or a proxy does, which have no error in common: there is no whole answer.
        """
        response = await self._pools.handle_async_request(request)
        response.request = request
        await response.aread()  # closes it, whatever comes
        return response

    def fetch(self, url: str, seconds: float) -> str | None:
        """A page's text, or None if there is no good answer in time."""
        response = self.get(url, seconds)
        return response.text if response is not None and response.status_code == 200 else None

    def get(self, url: str, seconds: float, headers: Mapping[str, str] | None = None) -> httpx2.Response | None:
        """What a page answers, or None if nothing comes in time."""
        try:
            return self.wait(self.client.get(url, headers=headers), seconds)
        except Exception:  # noqa: BLE001 # see `send`
            return None

    def close(self) -> None:
        self.wait(self.client.aclose(), 5)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()


def tls_context(ca_location: str | None) -> ssl.SSLContext:
    """Whom requests trust: the system's CAs, and those of a file. The environment's proxies and CAs are not ours.

    Raises:
        ssl.SSLError, OSError: the file holds no certificates, or is away.
    """
    context = httpx2.create_ssl_context(trust_env=False)
    if ca_location is not None:
        context.load_verify_locations(ca_location)
    return context


async def _within(seconds: float, call: Coroutine[Any, Any, T]) -> T:
    async with asyncio.timeout(seconds):
        return await call


class _Pools(httpx2.AsyncBaseTransport):
    """Several small connection pools: httpcore walks over all connections of a pool for every request.

    With 500 calls under way one pool cost 4.7 ms of CPU a call, sixteen of 32 connections cost 2.1 ms.
    """

    def __init__(self, proxy: str | None, verify: ssl.SSLContext, count: int) -> None:
        limits = httpx2.Limits(max_connections=None, max_keepalive_connections=POOL, keepalive_expiry=KEPT)
        self._pools = [
            httpx2.AsyncHTTPTransport(verify=verify, trust_env=False, proxy=proxy, limits=limits) for _ in range(count)
        ]
        self._busy = [0] * count

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        # The first that has room, so that few calls use few connections again and again; else the least busy.
        free = (number for number, busy in enumerate(self._busy) if busy < POOL)
        number = next(free, None)
        if number is None:
            number = min(range(len(self._busy)), key=self._busy.__getitem__)
        self._busy[number] += 1
        try:
            return _made_harmless(await self._pools[number].handle_async_request(request))
        finally:
            self._busy[number] -= 1

    async def aclose(self) -> None:
        for pool in self._pools:
            await pool.aclose()


def _made_harmless(response: httpx2.Response) -> httpx2.Response:
    """Whatever the other side sends costs no more than `LONGEST_ANSWER` bytes, and no CPU but that of reading them.

    A longer answer ends there, and one that is compressed though none may be is handed out as it came. Neither is JSON
    then; its status and headers are what they were.
    """
    headers = response.headers
    # Some of Python's decoders take minutes for 1 MiB (punycode), in the thread of all calls; JSON is UTF-8.
    if "content-type" in headers:
        headers["content-type"] = headers["content-type"].partition(";")[0]
    # The client would keep all cookies for ever, and send them with each request.
    headers.pop("set-cookie", None)
    # Even a bounded decoder may be kept busy for ever: layers of gzip need not decode to anything.
    if headers.pop("content-encoding", "identity").lower() != "identity":
        log.warning("an answer is compressed though none may be: it is not unpacked")
    response.stream = _Bounded(response.stream)
    return response


class _Bounded(httpx2.AsyncByteStream):
    """The beginning of an answer. Its connection is closed, not used again, where there is more."""

    def __init__(self, stream: Any) -> None:
        self._stream = stream

    async def __aiter__(self) -> AsyncIterator[bytes]:
        left = LONGEST_ANSWER
        async for part in self._stream:
            yield part
            left -= sys.getsizeof(part)  # parts of one byte cost more than that
            if left <= 0:
                log.warning("an answer is longer than %d bytes: no more of it is read", LONGEST_ANSWER)
                return

    async def aclose(self) -> None:
        await self._stream.aclose()
