"""Hears from Redis that outcomes are stored, so that the loop can wait on Kafka and on Redis at once.

A hint and no more: an announcement that is lost (Redis away, the connection cut, this thread late) costs time until
the next look, since the partitions look at their requests' outcomes all the same.
"""

import logging
import threading
from collections.abc import Callable

import redis

from contract import OUTCOMES_CHANNEL

log = logging.getLogger(__name__)

PATIENCE = 1.0  # seconds that one wait for an announcement takes, and a failed connection is left alone


class Announcements:
    """Listens on a thread of its own, from `start` until `close`.

    Args:
        connect: makes a client of its own; its socket's timeout must be longer than `PATIENCE`.
    """

    def __init__(self, connect: Callable[[], redis.Redis]):
        self._connect = connect
        self._news = threading.Event()
        self._closed = threading.Event()
        self._thread = threading.Thread(target=self._run, name="announcements", daemon=True)

    def start(self) -> None:
        """Listen from now on."""
        self._thread.start()

    def wait(self, seconds: float) -> bool:
        """Whether an outcome was announced since the last call, waiting for one if need be."""
        heard = self._news.wait(seconds)
        if heard:
            self._news.clear()
        return heard

    def close(self) -> None:
        """Listen no more; returns when the thread has ended, after `PATIENCE` at most."""
        self._closed.set()
        if self._thread.is_alive():
            self._thread.join()

    def _run(self) -> None:
        while not self._closed.is_set():
            try:
                with self._connect() as client, client.pubsub() as channel:
                    channel.subscribe(OUTCOMES_CHANNEL)
                    while not self._closed.is_set():
                        if channel.get_message(timeout=PATIENCE):
                            self._news.set()
            except redis.RedisError as error:
                log.debug("no announcements of outcomes: %s", type(error).__name__)  # the loop says what is wrong
                self._closed.wait(PATIENCE)
