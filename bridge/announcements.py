"""Hears from Redis whose outcomes are stored, so that the loop can wait on Kafka and on Redis at once.

A hint and no more: an announcement that is lost (Redis away, the connection cut, this thread late) costs a second or a
few, since the partitions look at all their requests every now and then.
"""

import logging
import threading
from collections import deque
from collections.abc import Callable
from contextlib import suppress

import redis

from contract import OUTCOMES_CHANNEL

log = logging.getLogger(__name__)

PATIENCE = 1.0  # seconds that one wait for an announcement takes, and a failed connection is left alone
KEPT = 10_000  # announcements that nobody has asked for yet; a bridge without requests never asks


class Announcements(threading.Thread):
    """Listens on a thread of its own, from `start` until `close`.

    Args:
        connect: makes a client of its own; its socket's timeout must be longer than `PATIENCE`.
    """

    def __init__(self, connect: Callable[[], redis.Redis]):
        super().__init__(name="announcements", daemon=True)
        self._connect = connect
        self._heard: deque[int] = deque(maxlen=KEPT)
        self._news = threading.Event()
        self._closed = threading.Event()

    def wait(self, seconds: float) -> set[int]:
        """The processing ids that were announced since the last call, waiting for one if need be."""
        self._news.wait(seconds)
        self._news.clear()
        return {self._heard.popleft() for _ in range(len(self._heard))}

    def close(self) -> None:
        """Listen no more; returns when the thread has ended, after `PATIENCE` at most."""
        self._closed.set()
        if self.is_alive():
            self.join()

    def run(self) -> None:
        while not self._closed.is_set():
            try:
                with self._connect() as client, client.pubsub() as channel:
                    channel.subscribe(OUTCOMES_CHANNEL)
                    while not self._closed.is_set():
                        if said := channel.get_message(ignore_subscribe_messages=True, timeout=PATIENCE):
                            with suppress(ValueError):  # somebody else's word
                                self._heard.append(int(said["data"]))
                                self._news.set()
            except redis.RedisError as error:
                log.debug("no announcements of outcomes: %s", type(error).__name__)  # the loop says what is wrong
                self._closed.wait(PATIENCE)
