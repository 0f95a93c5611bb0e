"""Debian's Chromium, headless: what a person would see of a page."""

from __future__ import annotations

import shutil
import subprocess
from typing import TYPE_CHECKING

from dev.processes import ProcessFailedError

if TYPE_CHECKING:
    from pathlib import Path

NAMES = ("chromium", "chromium-browser", "google-chrome")
_PATIENCE = "--virtual-time-budget=15000"  # ms in which a page may fetch what it shows


def find_browser() -> str | None:
    """Its path, or None: `apt-get install chromium`."""
    return next(filter(None, map(shutil.which, NAMES)), None)


class Browser:
    """Loads pages.

    Args:
        path: from `find_browser`.
        profile: a folder for what the browser keeps.
    """

    def __init__(self, path: str, profile: Path) -> None:
        self._command = [
            path, "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run",
            "--disable-background-networking", f"--user-data-dir={profile}",
        ]  # fmt: skip

    def run(self, url: str, *options: str) -> str:
        """What it prints of a page.

        Raises:
            ProcessFailedError: it failed; with what it says.
        """
        command = [*self._command, *options, url]
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=150)
        if done.returncode != 0:
            raise ProcessFailedError(f"Chromium failed\n{done.stderr[-2_000:]}")
        return done.stdout

    def document(self, url: str) -> str:
        """A page's tree as HTML, after all that would run has run."""
        return self.run(url, _PATIENCE, "--dump-dom")

    def printed(self, url: str, to: Path) -> int:
        """Print a page to a PDF; on how many sheets."""
        self.run(url, f"--print-to-pdf={to}", "--no-pdf-header-footer")
        return to.read_bytes().count(b"/Type /Page\n")

    def picture(self, url: str, to: Path, size: str) -> None:
        """Write what it shows of a page within `size`, "width,height" in pixels, to a PNG. Raises as `run`."""
        options = ("--hide-scrollbars", f"--window-size={size}", f"--screenshot={to}")
        self.run(url, _PATIENCE, *options)
        if not to.exists():
            raise ProcessFailedError("Chromium took no picture")
