"""The first thing a newcomer runs: how `make` finds a Python."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

FIND_PYTHON = Path(__file__).parents[2] / "dev" / "find_python.sh"


@pytest.fixture
def only(tmp_path, monkeypatch):
    """A PATH on which there is nothing but the scripts that a test writes."""
    monkeypatch.delenv("PYTHON", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))

    def write(name: str, script: str) -> None:
        file = tmp_path / name
        file.write_text(f"#!/bin/sh\n{script}\n")
        file.chmod(0o755)

    return write


def find_python() -> subprocess.CompletedProcess[str]:
    return subprocess.run(["/bin/sh", str(FIND_PYTHON)], capture_output=True, text=True, check=False)


def test_a_stub_that_does_not_run_is_passed_over(only):
    """A version manager's `python3` that only prints an error is not chosen; a real Python further on is."""
    only("python3", "echo 'pyenv: python3: command not found' >&2; exit 127")
    only("python3.13", "echo 'pyenv: python3.13: command not found' >&2; exit 127")
    only("python3.12", f'exec {sys.executable} "$@"')
    assert find_python().stdout == "python3.12\n"


def test_an_old_python_is_passed_over(only):
    """A Python below 3.11 says that it is too old by its exit code, and the search goes on."""
    only("python3", f'exec {sys.executable} -c "import sys; sys.version_info = (3, 9); $2"')
    only("python3.11", f'exec {sys.executable} "$@"')
    assert find_python().stdout == "python3.11\n"


def test_one_can_name_a_python(only, monkeypatch):
    """`make PYTHON=...` is tried alone."""
    only("python3", f'exec {sys.executable} "$@"')
    only("mine", f'exec {sys.executable} "$@"')
    monkeypatch.setenv("PYTHON", "mine")
    assert find_python().stdout == "mine\n"


def test_without_any_python_it_says_what_is_needed(only):
    """A machine without a usable Python gets a message with the way out, and no virtual environment."""
    only("python3", "exit 1")
    result = find_python()
    assert result.returncode == 1
    assert "3.11" in result.stderr
    assert "make PYTHON=" in result.stderr


def test_the_search_finds_the_python_of_this_machine():
    """On a real PATH it names a Python that runs and is new enough."""
    found = find_python().stdout.strip()
    version = subprocess.run(
        [found, "-c", "import sys; print(*sys.version_info[:2])"],
        capture_output=True,
        text=True,
        check=True,
        env=os.environ,
    ).stdout.split()
    assert (int(version[0]), int(version[1])) >= (3, 11)
