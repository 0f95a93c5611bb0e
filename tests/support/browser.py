"""Debian's Chromium, headless: what a person would see of a page."""

from __future__ import annotations

import shutil
import subprocess
from typing import TYPE_CHECKING

from tests.conftest import skip

if TYPE_CHECKING:
    from pathlib import Path

NAMES = ("chromium", "chromium-browser", "google-chrome")


class Browser:
    """Loads pages from files.

    Args:
        profile: a folder for what the browser keeps.
    """

    def __init__(self, profile: Path) -> None:
        found = next(filter(None, map(shutil.which, NAMES)), None)
        if found is None:
            skip("needs Chromium: apt-get install chromium")
        self._command = [
            found, "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run",
            "--disable-background-networking", f"--user-data-dir={profile}",
        ]  # fmt: skip

    def _run(self, page: Path, *options: str) -> str:
        done = subprocess.run(
            [*self._command, *options, page.as_uri()],
            capture_output=True, text=True, check=False, timeout=150,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        return done.stdout

    def document(self, page: Path) -> str:
        """The page's tree as HTML, after all that would run has run."""
        return self._run(page, "--dump-dom")

    def printed(self, page: Path, to: Path) -> int:
        """Print it to a PDF; on how many sheets."""
        self._run(page, f"--print-to-pdf={to}", "--no-pdf-header-footer")
        return to.read_bytes().count(b"/Type /Page\n")
