"""Every attempt at a completion, for tests and benchmarks to look at. Resumes appear as hashes only."""

import hashlib
import time
from collections import Counter, deque
from dataclasses import asdict, dataclass
from typing import Any

_KEPT = 200_000


@dataclass
class Attempt:
    """One call. ``at`` is ``time.monotonic()`` when it was let in or turned away; ``wall`` is the epoch.

    ``sent`` is ``time.monotonic()`` too, before the ``jitter`` that the network is made to add.
    ``asks`` is ``criteria``, ``grades`` or ``other``. ``status`` is None while it runs and 0 when the connection
    was closed without an answer. ``tokens`` is what it asks of the TPM bucket. ``key`` is the SHA-256 of the stripped
    resume, or of the vacancy where its criteria are asked for, or of all contents where nothing is fenced. ``tag`` is
    the caller's own ``x-standin-tag`` header. ``refused`` are the parameters that the family does not take.
    ``under_way`` counts the calls that were answered at this moment, this one among them; ``ended`` is when it was.
    """

    at: float
    sent: float
    wall: float
    tag: str
    status: int | None = None
    model: str = ""
    asks: str = "other"
    key: str = ""
    tokens: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0
    reasoning_tokens: int = 0
    cached_tokens: int = 0
    admitted: bool = False
    bucket: str | None = None
    fault: str | None = None
    refused: tuple[str, ...] = ()
    under_way: int = 0
    ended: float | None = None


class Journal:
    """The latest attempts, oldest first."""

    def __init__(self) -> None:
        self._attempts: deque[Attempt] = deque(maxlen=_KEPT)

    def open(self, tag: str, sent: float) -> Attempt:
        """A new line, at its end."""
        attempt = Attempt(at=time.monotonic(), sent=sent, wall=time.time(), tag=tag)
        self._attempts.append(attempt)
        return attempt

    def clear(self) -> None:
        """Forget all of it."""
        self._attempts.clear()

    def attempts(self) -> list[dict[str, Any]]:
        """All lines, as they go out in JSON."""
        return [asdict(attempt) for attempt in self._attempts]

    def totals(self) -> dict[str, Any]:
        """Counts over all lines; ``tokens`` counts admitted requests only."""
        statuses = Counter(str(attempt.status) for attempt in self._attempts)
        return {
            "attempts": len(self._attempts),
            "admitted": sum(attempt.admitted for attempt in self._attempts),
            "tokens": sum(attempt.tokens for attempt in self._attempts if attempt.admitted),
            "statuses": dict(statuses),
            "keys": len({attempt.key for attempt in self._attempts if attempt.key}),
        }


def content_key(text: str) -> str:
    """The hash under which a text appears in the journal."""
    return hashlib.sha256(text.strip().encode("utf-8", "replace")).hexdigest()
