"""Two signals of the bridge's health: it lives (its loop turns), and it is ready (it can do its work).

A supervisor restarts what does not live. What lives and is not ready has a reason that a restart does not mend:
Redis or Kafka is away, a partition's state cannot be read, too many dead letters. Each signal is a file that is
there while it is so, and a page of the metrics' port: `/livez`, `/readyz`.
"""

import logging
import sys
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from socketserver import ThreadingMixIn
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

from prometheus_client import make_wsgi_app

from bridge import metrics

log = logging.getLogger(__name__)

BEAT_EVERY = 1.0  # seconds
SAY_EVERY = 60.0  # seconds between two lines of the log about one trouble
HANGS_AFTER = 30.0  # seconds without a beat


@dataclass(eq=False)
class Health:
    """What the bridge says of itself, from its loop."""

    # Of `bridge.health`, touched while the loop turns, and `bridge.ready`, there while nothing is in the way of work.
    folder: Path
    clock: Callable[[], float] = time.monotonic  # seconds, monotonic

    def __post_init__(self) -> None:
        self._live_file = self.folder / "bridge.health"
        self._ready_file = self.folder / "bridge.ready"
        self._beat_at: float | None = None
        self._said_at: dict[str, float] = {}
        self.troubles: Mapping[str, str] = {"starting": "no partition was looked at yet"}

    @property
    def is_due(self) -> bool:
        """Whether a second has passed since the last `beat`."""
        return self._beat_at is None or self.clock() >= self._beat_at + BEAT_EVERY

    @property
    def lives(self) -> bool:
        """Whether the loop has turned lately."""
        return self._beat_at is not None and self.clock() < self._beat_at + HANGS_AFTER

    def beat(self, troubles: Mapping[str, str]) -> None:
        """The loop turns; `troubles` are in the way of the work, a sentence by its short name."""
        now = self._beat_at = self.clock()
        try:
            self._keep(self._live_file, there=True)
            self._keep(self._ready_file, there=not troubles)
        except OSError as error:  # a sign that cannot be given must not end what it is about
            troubles = {**troubles, "files": f"a health file cannot be written: {error.strerror}"}
        self._say(troubles, now)
        self.troubles = troubles
        metrics.READY.set(not troubles)

    def said(self) -> dict[str, dict[str, str]]:
        """What the bridge says of itself to whoever looks (presence.py)."""
        begins = self._beat_at is None  # or has ended
        return {"troubles": dict(self.troubles) if self.lives or begins else {"hangs": "the loop does not turn"}}

    def close(self) -> None:
        """The bridge ends: neither signal is there any more."""
        self._beat_at = None
        self.troubles = {"stopped": "the bridge has ended"}
        metrics.READY.set(0)
        with suppress(OSError):
            self._keep(self._live_file, there=False)
            self._keep(self._ready_file, there=False)

    def _keep(self, file: Path, *, there: bool) -> None:
        if there:
            file.parent.mkdir(parents=True, exist_ok=True)
            file.touch()
        else:
            file.unlink(missing_ok=True)

    def _say(self, troubles: Mapping[str, str], now: float) -> None:
        for name, sentence in troubles.items():
            metrics.TROUBLE.labels(name).set(1)
            if now >= self._said_at.get(name, -SAY_EVERY) + SAY_EVERY:
                log.error("not ready: %s: %s", name, sentence)
                self._said_at[name] = now
        for name in set(self._said_at) - set(troubles):
            metrics.TROUBLE.labels(name).set(0)
            log.info("ready again: %s", name)
            del self._said_at[name]


class _Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Somebody connects and says nothing, or leaves before the answer: that is no line of the log."""
        if not isinstance(sys.exc_info()[1], OSError):
            super().handle_error(request, client_address)


class _Handler(WSGIRequestHandler):
    timeout = 5  # seconds; a connection that says nothing must not keep the others waiting

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 # its name
        """Probes come every few seconds, and say nothing new."""


def serve(
    health: Health, host: str, port: int, overview: Callable[[str], bytes] = lambda _: b"no overview here\n"
) -> WSGIServer:
    """Serve `/livez`, `/readyz`, `/` and, on every other path, the metrics; from a thread of its own.

    `overview` makes the page `/` for whoever prefers these languages (the header Accept-Language).
    """
    metrics_page = make_wsgi_app()

    def page(environment: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        match environment["PATH_INFO"]:
            case "/livez":
                good, lines = health.lives, ["lives" if health.lives else "hangs"]
            case "/readyz":
                troubles = health.said()["troubles"]
                good, lines = not troubles, [f"{name}: {text}" for name, text in troubles.items()] or ["ready"]
            case "/":
                html = overview(environment.get("HTTP_ACCEPT_LANGUAGE", ""))
                start_response("200 OK", [("Content-Type", "text/html; charset=utf-8"), ("Cache-Control", "no-store")])
                return [html]
            case _:
                answer: Iterable[bytes] = metrics_page(environment, start_response)
                return answer
        start_response("200 OK" if good else "503 Service Unavailable", [("Content-Type", "text/plain; charset=utf-8")])
        return [("\n".join(lines) + "\n").encode()]

    server = make_server(host, port, page, server_class=_Server, handler_class=_Handler)
    threading.Thread(target=server.serve_forever, name="health", daemon=True).start()
    return server
