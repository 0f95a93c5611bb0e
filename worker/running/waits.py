"""What the requests of this process wait for at the moment, for people who look (presence.py)."""

import threading
import time
from collections import Counter

LATE = 60.0  # seconds after which a request that did not come back here is with another worker


class Waits:
    """Kept by whoever works on requests, from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waits: dict[int, tuple[str, float]] = {}  # why, and until when at most: seconds, monotonic

    def begin(self, processing_id: int, why: str, seconds: float) -> None:
        """A request waits for so many seconds; `why` is that of the `PostponedError`."""
        with self._lock:
            self._waits[processing_id] = why, time.monotonic() + seconds + LATE

    def over(self, processing_id: int) -> None:
        with self._lock:
            self._waits.pop(processing_id, None)

    def counts(self) -> dict[str, int]:
        now = time.monotonic()
        with self._lock:
            self._waits = {pid: wait for pid, wait in self._waits.items() if wait[1] > now}
            return dict(Counter(why for why, _ in self._waits.values()))
