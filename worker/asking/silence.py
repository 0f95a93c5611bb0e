"""Whether a provider that fails has stumbled, or answers nobody."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

# Calls of one process in a row that met an outage, after which it is no stumble: as many as were under way, within
# these bounds. Where one call in ten fails, six in a row are a matter of hours.
FEWEST, MOST = 3, 6


class Silence:
    """Counts the calls of one process that met an outage since the last one that did not."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._under_way = 0
        self._in_a_row = 0

    @contextmanager
    def call(self) -> Iterator[None]:
        """A call is under way inside this block."""
        with self._lock:
            self._under_way += 1
        try:
            yield
        finally:
            with self._lock:
                self._under_way -= 1

    def met(self, *, outage: bool) -> bool:
        """A call ended; whether the provider answers nobody."""
        with self._lock:
            self._in_a_row = self._in_a_row + 1 if outage else 0
            return self._in_a_row >= min(MOST, max(FEWEST, self._under_way))
