"""A stop that hangs is ended in time, and one that works is left alone."""

import logging
import signal
import subprocess
import sys

import pytest

from dev.kafka_server import CHECKOUT
from watchdog import Watchdog

# The C library's `system` comes back when its shell has ended, whatever signal comes; the shell says that it is called.
STUCK_IN_C = """
import ctypes, signal
from watchdog import Watchdog
signal.signal(signal.SIGTERM, lambda *_: print("handled", flush=True))
Watchdog(0.5).start(signal.SIGTERM)
ctypes.CDLL(None).system(b"echo ready; exec >&-; read _")
"""


class Stage:
    """A watchdog with a clock that stands until it is moved."""

    def __init__(self):
        self.now = 100.0
        self.busy = True
        self.ended = []
        self.dog = Watchdog(70, idle=15, busy=lambda: self.busy, clock=lambda: self.now, end=self.ended.append)

    def at(self, seconds):
        """Look, so many seconds after the beginning."""
        self.now = 100.0 + seconds
        self.dog.look()
        return self.ended


@pytest.fixture
def stage():
    return Stage()


def test_nobody_is_ended_who_was_not_asked_to(stage):
    """A process that works is left alone, however idle."""
    stage.busy = False
    assert stage.at(10_000) == []


def test_work_in_hand_has_its_time(stage):
    """A call in hand may end, but not beyond the bound."""
    stage.dog.stop_asked()
    assert stage.at(69) == []
    stage.dog.stop_asked()  # an impatient operator's second signal grants nothing
    assert stage.at(70) == [0]


def test_an_idle_process_is_ended_sooner(stage):
    """When nothing is in hand the farewell has seconds only; new work in between is work in hand."""
    stage.dog.stop_asked()
    stage.busy = False
    assert stage.at(1) == []
    assert stage.at(15) == []
    stage.busy = True
    assert stage.at(16) == []
    stage.busy = False
    assert stage.at(17) == []
    assert stage.at(31) == []
    assert stage.at(32) == [0]


def test_the_log_tells_where_it_hung(stage, caplog):
    """Whoever reads the log learns which line of code did not come back."""
    stage.dog.stop_asked()
    stage.at(70)
    assert "watchdog.py:" in caplog.text


def test_the_last_lines_are_written(stage, monkeypatch):
    """What a queue still holds when the process is ended is written first."""
    queued = logging.NullHandler()
    monkeypatch.setattr(queued, "flush", lambda: stage.ended.append("flushed"))
    monkeypatch.setattr(logging.getLogger(), "handlers", [queued])
    stage.dog.stop_asked()
    assert stage.at(70) == ["flushed", 0]


def test_a_main_thread_that_never_comes_back_from_c_is_ended():
    """Python runs a signal's handler when the main thread returns from the library it is in; that may be never."""
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen([sys.executable, "-c", STUCK_IN_C], cwd=CHECKOUT, **pipes) as process:
        assert process.stdout.readline() == b"ready\n"
        process.send_signal(signal.SIGTERM)
        try:
            assert process.wait(60) == 0
        finally:
            process.kill()
        assert process.stdout.read() == b""
