"""What a starter forks is what Python would have started; and it outlives nobody."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from dev.kafka_server import CHECKOUT
from dev.processes import ChildProcess
from tests.support.fakes import eventually
from tests.support.fleet import Fleet
from tests.support.forked import CAN_FORK, READ_AT_IMPORT, ForkedProcess

on_linux = pytest.mark.skipif(not CAN_FORK, reason="needs Linux")

TELLS = """
import json, os, signal, sys, threading
handlers = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]
print(json.dumps({
    "arguments": sys.argv, "environment": dict(os.environ), "folder": os.getcwd(), "name": __name__,
    "leads": os.getsid(0) == os.getpgid(0) == os.getpid(), "open": len(os.listdir("/proc/self/fd")),
    "threads": threading.active_count(), "input": sys.stdin.read(), "handlers": [str(each) for each in handlers],
}))
print("its error", file=sys.stderr)
sys.exit(7)
"""
SLEEPS = "import signal, sys; print('bridge.app' in sys.modules, flush=True); signal.pause()"
STARTS_AND_DIES = """
import os, signal, sys
from pathlib import Path
from dev.kafka_server import CHECKOUT
from tests.support.forked import ForkedProcess
script, log = sys.argv[1:]
child = ForkedProcess("bridge", "child", [sys.executable, script], log_file=Path(log), environment={}, folder=CHECKOUT)
child.start()
child.wait_ready(child.log_text, timeout=60)
print(child.pid, flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.fixture
def start(tmp_path):
    """Starts a script by Python itself or by a starter."""
    started = []

    def make(script, *how, environment=os.environ):
        file = tmp_path / "script.py"
        file.write_text(script)
        kind = ForkedProcess if how else ChildProcess
        log = tmp_path / f"{len(started)}.log"
        command = [sys.executable, str(file), "an argument"]
        started.append(kind(*how, "child", command, log_file=log, environment=environment, folder=tmp_path))
        started[-1].start()
        return started[-1]

    yield make
    for each in started:
        each.kill()


@on_linux
@pytest.mark.parametrize("more", [{}, {"LANG": "C.UTF-8", "ENV_FILE": "/dev/zero"}], ids=["forked", "read at import"])
def test_a_fork_has_what_a_new_process_has(start, more):
    """Arguments, environment, folder, session, handlers, exit code; also where a variable asks for a real start."""
    read = {name: value for name, value in os.environ.items() if name.startswith(READ_AT_IMPORT)}
    environment = {"MARK": "one", **read, **more}
    told = []
    for how in ((), ("bridge",)):
        child = start(TELLS, *how, environment=environment)
        assert child.wait(60) == 7, child.log_text()
        told.append({*child.log_text().splitlines()})
    assert len(told[0]) == 2
    assert told[0] == told[1]


@on_linux
def test_a_fork_can_be_killed(start):
    """Its exit code names the signal, as of any other child; and the starter goes on."""
    child = start(SLEEPS, "bridge")
    child.wait_ready(child.log_text, timeout=60)
    assert child.log_text() == "True\n", "it has what its program imports"
    assert child.returncode is None
    child.kill()
    assert child.wait(10) == -signal.SIGKILL
    again = start(SLEEPS, "bridge")
    again.wait_ready(again.log_text, timeout=60)
    assert again.stop() == -signal.SIGTERM


@on_linux
def test_no_fork_outlives_who_had_it_started(tmp_path):
    """A test run that is killed leaves neither forks nor starters behind."""
    script = tmp_path / "script.py"
    script.write_text(SLEEPS)
    command = [sys.executable, "-c", STARTS_AND_DIES, str(script), str(tmp_path / "log")]
    ran = subprocess.run(command, cwd=CHECKOUT, capture_output=True, text=True, timeout=60, check=False)
    assert ran.returncode == -signal.SIGKILL, ran.stderr
    eventually(lambda: not Path(f"/proc/{int(ran.stdout)}").exists())


def test_elsewhere_every_start_is_a_real_one(tmp_path, monkeypatch):
    """On a developer's Mac `make test` tests the same, only slower."""
    fleet = Fleet(tmp_path, kafka="127.0.0.1:1", redis_url="redis://127.0.0.1:1/1", standin_url="http://127.0.0.1:1")
    start = ("bridge", ["-m", "bridge"], tmp_path / "log", {})
    assert isinstance(fleet._process(*start), ForkedProcess) is CAN_FORK
    monkeypatch.setattr("tests.support.fleet.CAN_FORK", False)
    assert type(fleet._process(*start)) is ChildProcess
