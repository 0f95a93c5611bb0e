"""How requests leave: one HTTP client with one proxy, used by the model's client and the egress check alike.

The calls are asynchronous underneath, on one event loop in a thread of its own, because only that gives a call
a *total* deadline: an HTTP client's timeouts are per read, and the threads pool ignores Celery's time limits
(celery #9203). Made lazily, after the worker forked if it forks.
"""

import asyncio
import threading
from collections.abc import Coroutine
from typing import Any, TypeVar

import httpx2

T = TypeVar("T")


class Route:
    """The one way out.

    Args:
        proxy: `http://` or `socks5://` URL, or None; never logged.
        connections: how many requests may be under way at once.
    """

    def __init__(self, *, proxy: str | None, connections: int) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="route", daemon=True)
        self._thread.start()
        self.client = httpx2.AsyncClient(
            proxy=proxy,
            # The environment's proxies are not ours: the exit has to be the one that was checked.
            trust_env=False,
            timeout=httpx2.Timeout(None),  # `wait` has the deadline
            limits=httpx2.Limits(max_connections=connections, max_keepalive_connections=connections),
        )

    def wait(self, call: Coroutine[Any, Any, T], seconds: float) -> T:
        """Run a call to its end, or cancel it when its time is over.

        Raises:
            TimeoutError: after `seconds`.
        """
        return asyncio.run_coroutine_threadsafe(asyncio.wait_for(call, seconds), self._loop).result()

    def fetch(self, url: str, seconds: float) -> str | None:
        """A page's text, or None if there is no good answer in time."""
        try:
            response = self.wait(self.client.get(url), seconds)
        except (TimeoutError, httpx2.HTTPError, httpx2.InvalidURL, ValueError):
            return None
        return response.text if response.status_code == 200 else None

    def close(self) -> None:
        """Close the connections and end the thread."""
        self.wait(self.client.aclose(), 5)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()
