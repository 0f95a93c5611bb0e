"""`make demo FAULT=…`: what somebody on duty would see while the provider has a fault, and when it is over."""

from __future__ import annotations

import json
import subprocess
import sys
import time
import urllib.request
from typing import TYPE_CHECKING, Any, NamedTuple

from rich.markup import escape

from dev.kafka_server import CHECKOUT

if TYPE_CHECKING:
    from rich.console import Console

    from dev.local_service import LocalService

LOOK_EVERY = 3.0  # seconds


class _Kind(NamedTuple):
    lasts: float  # seconds
    begins: str
    ends: str
    orders: tuple[tuple[str, str, dict[str, Any]], ...]  # method, path and body for the stand-in: first bad, then good


_FAULT, _SETTINGS = "/standin/faults", "/standin/set"
FAULTS = {
    "key": _Kind(
        20.0, "refuses the key", "takes the key again; one request tries that within a minute",
        (("POST", _FAULT, {"kind": "invalid_key", "share": 1}), ("DELETE", _FAULT, {})),
    ),
    "503": _Kind(
        8.0, "is overloaded", "is well again",
        (("POST", _FAULT, {"kind": "status_503", "share": 1}), ("DELETE", _FAULT, {})),
    ),
    "slow": _Kind(
        20.0, "takes 15 s for an answer", "is quick again",
        (("POST", _SETTINGS, {"latency": 15}), ("POST", _SETTINGS, {"latency": 0.05})),
    ),
}  # fmt: skip


class Fault:
    """Begins at once and ends after its time; meanwhile it shows what `python -m bridge status` says first.

    Args:
        kind: one of `FAULTS`.
        local: whose stand-in has it.
        screen: for people.
    """

    def __init__(self, kind: str, local: LocalService, screen: Console) -> None:
        self._kind = FAULTS[kind]
        self._local = local
        self._screen = screen
        self._ends_at: float | None = time.monotonic() + self._kind.lasts
        self._look_at = 0.0
        self._told = ""
        self._say(
            f"for {self._kind.lasts:g} s the stand-in {self._kind.begins}; what `python -m bridge status` says first:"
        )
        self._order(*self._kind.orders[0])

    def go_on(self, _answered: int) -> None:
        """Called again and again: looks, and ends the fault when it is time."""
        now = time.monotonic()
        if self._ends_at is not None and now >= self._ends_at:
            self._ends_at = None
            self._order(*self._kind.orders[1])
            self._say(f"the stand-in {self._kind.ends}")
        if now >= self._look_at:
            self._look_at = now + LOOK_EVERY
            told = self._status()
            # Not for every second that it counts down.
            if told.partition(";")[0].partition(",")[0] != self._told.partition(";")[0].partition(",")[0]:
                self._screen.print(f"  [bold yellow]>[/] {escape(told)}", highlight=False)
            self._told = told

    def _say(self, what: str) -> None:
        self._screen.print(f"[bold]FAULT[/] {escape(what)}", highlight=False)

    def _status(self) -> str:
        answer = subprocess.run(
            [sys.executable, "-m", "bridge", "status", "--json"],
            cwd=CHECKOUT, env=self._local.service.environment, capture_output=True, text=True, check=False,
        )  # fmt: skip
        return str(json.loads(answer.stdout)["sentence"]) if answer.stdout else "…"

    def _order(self, method: str, path: str, body: dict[str, Any]) -> None:
        request = urllib.request.Request(  # noqa: S310 # the stand-in of our own
            f"{self._local.standin_url}{path}", json.dumps(body).encode(), method=method
        )
        with urllib.request.urlopen(request, timeout=10):  # noqa: S310 # likewise
            pass
