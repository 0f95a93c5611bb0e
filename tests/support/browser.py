"""A browser for tests; they are skipped where there is none."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dev.browser import Browser, find_browser
from tests.conftest import skip

if TYPE_CHECKING:
    from pathlib import Path


def browser(profile: Path) -> Browser:
    """Chromium, with a folder for what it keeps."""
    found = find_browser()
    if found is None:
        skip("needs Chromium: apt-get install chromium")
    return Browser(found, profile)
