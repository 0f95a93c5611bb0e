"""Starts bridges and workers without their imports, which cost more CPU than what most tests do with them.

A starter for each program imports what the program imports, as far as that reads no settings, and forks for each start.
The fork has what a new process has: a session, an environment, arguments and a log of its own; it runs what Python
would run, down to the last `__main__`. Whoever tests the start itself types the real command: `Fleet(forked=False)`.
"""

import atexit
import contextlib
import ctypes
import gc
import importlib
import json
import os
import pkgutil
import runpy
import select
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

from dev.kafka_server import CHECKOUT
from dev.processes import ChildProcess, ProcessFailedError

READ_SETTINGS = {"worker.app", "worker.commands", "worker.__main__"}
# What those import besides, and Celery's command line late.
WITH_THEM = (
    "config.providers", "presence", "startup", "watchdog", "celery.apps.worker", "celery.bin.celery",
    "celery.concurrency.thread", "celery.fixups.django",
)  # fmt: skip
# A start with other values of these is a real one: they are read as Python starts, or as config/ is imported.
READ_AT_IMPORT = ("ENV_FILE", "SECRETS_DIR", "PYTHON", "LANG", "LC_", "LD_")
CAN_FORK = sys.platform == "linux"  # macOS has neither /proc nor a signal for the death of a parent
LONGEST_START = 200_000  # bytes
PR_SET_PDEATHSIG = 1

_starters = {}
_starting = threading.Lock()


class ForkedProcess(ChildProcess):
    """A child process by a starter: of `bridge` or of `worker`."""

    def __init__(self, program, *arguments, **named):
        super().__init__(*arguments, **named)
        self._program = program

    def _spawn(self, log):
        _, *arguments = self.command
        return Fork(starter(self._program), [arguments, dict(self._environment), str(self._folder)], log, log)


def run_forked(program, arguments, environment):
    """What `subprocess.run` gives of `PYTHON ARGUMENTS`, whose output it captures as text, for a minute at most."""
    if not CAN_FORK:
        command = [sys.executable, *arguments]
        return subprocess.run(
            command, env=environment, cwd=CHECKOUT, capture_output=True, text=True, timeout=60, check=False
        )
    with tempfile.TemporaryFile("w+") as output, tempfile.TemporaryFile("w+") as errors:
        fork = Fork(starter(program), [arguments, dict(environment), str(CHECKOUT)], output, errors)
        try:
            code = fork.wait(60)
        except subprocess.TimeoutExpired:
            os.killpg(fork.pid, signal.SIGKILL)
            raise
        output.seek(0)
        errors.seek(0)
        return subprocess.CompletedProcess(arguments, code, output.read(), errors.read())


class Fork:
    """Like a `subprocess.Popen`; but somebody else reaps it, and tells its exit code."""

    def __init__(self, its_starter, start, output, errors):
        told, tells = os.pipe()
        self._told = os.fdopen(told)
        try:
            socket.send_fds(its_starter, [json.dumps(start).encode()], [output.fileno(), errors.fileno(), tells])
        finally:
            os.close(tells)
        self.returncode = None
        line = self._told.readline()
        if not line:
            raise ProcessFailedError("its starter has ended")
        self.pid = int(line)

    def poll(self):
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.wait(0)
        return self.returncode

    def wait(self, timeout=None):
        if self.returncode is None:
            if not select.select([self._told], [], [], timeout)[0]:
                raise subprocess.TimeoutExpired(str(self.pid), timeout)
            self.returncode = int(self._told.readline() or -signal.SIGKILL)
            self._told.close()
        return self.returncode

    def terminate(self):
        os.kill(self.pid, signal.SIGTERM)


def starter(program):
    """The way to this process' own starter of a program; it ends when this process does, and all its forks with it."""
    with _starting:
        if program not in _starters:
            ours, its = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
            command = [sys.executable, "-m", "tests.support.forked", program]
            with its:
                process = subprocess.Popen(command, stdin=its, cwd=CHECKOUT, start_new_session=True)
            _starters[program] = ours
            atexit.register(process.wait)
            atexit.register(ours.close)
        return _starters[program]


def load(program):
    """Import what a program does, but for what reads settings."""
    if program == "bridge":
        importlib.import_module("bridge.app")
        return
    import worker  # noqa: PLC0415 - a bridge has nothing of it
    from worker.assessment.resume import read_resume  # noqa: PLC0415
    from worker.limits.tokens import count_tokens  # noqa: PLC0415

    for module in pkgutil.walk_packages(worker.__path__, "worker."):
        if module.name not in READ_SETTINGS:
            importlib.import_module(module.name)
    for name in WITH_THEM:
        importlib.import_module(name)
    count_tokens("")  # both load their tables
    read_resume("Иван Иванов", redaction=True)


def serve():
    """Fork for each start that comes; returns in the fork, with what was sent."""
    way = socket.socket(fileno=os.dup(sys.stdin.fileno()))
    while True:
        start, descriptors, *_ = socket.recv_fds(way, LONGEST_START, 3)
        if not start:
            sys.exit()
        assert len(list(Path("/proc/self/task").iterdir())) == 1, "a fork would lack a thread"
        if os.fork() == 0:
            way.close()
            be_reaped(*descriptors)
            return json.loads(start)
        for each in descriptors:
            os.close(each)
        with contextlib.suppress(ChildProcessError):
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass


def be_reaped(output, errors, tells):
    """Fork once more: one of the two tells the pid and the exit code of the other, which returns as a new process."""
    end_with_parent()
    if pid := os.fork():
        _, status = os.waitpid(pid, 0)
        os.write(tells, b"%d\n" % os.waitstatus_to_exitcode(status))
        os._exit(0)
    end_with_parent()
    os.setsid()
    os.write(tells, b"%d\n" % os.getpid())
    os.close(tells)
    null = os.open(os.devnull, os.O_RDONLY)
    for standard, its in enumerate((null, output, errors)):
        os.dup2(its, standard)
        os.close(its)


def end_with_parent():
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def run(arguments, environment, folder):
    """Run what Python would run with these arguments."""
    os.chdir(folder)
    if any(
        os.environ.get(name) != environment.get(name)
        for name in {*os.environ, *environment}
        if name.startswith(READ_AT_IMPORT)
    ):
        os.execve(sys.executable, [sys.executable, *arguments], environment)
    os.environ.clear()
    os.environ.update(environment)
    time.tzset()
    if arguments[0] == "-m":
        sys.argv = arguments[1:]
        runpy.run_module(arguments[1], run_name="__main__", alter_sys=True)
    else:
        sys.argv = arguments
        runpy.run_path(arguments[0], run_name="__main__")


if __name__ == "__main__":
    load(sys.argv[1])
    gc.collect()
    gc.freeze()
    run(*serve())
