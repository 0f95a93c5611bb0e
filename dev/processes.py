"""Child processes of the local stack: each in a group of its own, logged to a file, never left behind."""

from __future__ import annotations

import atexit
import contextlib
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, BinaryIO, Protocol, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

# What may have a handler that raises: Ctrl-C, `kill`, a closed terminal, and a test's timeout.
_INTERRUPTS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGALRM)


class ProcessFailedError(RuntimeError):
    """A child process ended, or did not become ready, when it was needed. Ends with the tail of its log."""


def free_port() -> int:
    """A TCP port on the loopback address that nobody listens on at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def listens(port: int) -> bool:
    """Whether somebody accepts connections at this port of the loopback address."""
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
        return True
    return False


class _Process(Protocol):
    """Of `subprocess.Popen`, what is used here."""

    @property
    def pid(self) -> int: ...

    def poll(self) -> int | None: ...

    def wait(self, timeout: float | None = None) -> int: ...

    def terminate(self) -> None: ...


class ChildProcess:
    """One child process that can be stopped, killed, frozen and started again.

    The child leads its own process group: Ctrl-C in the terminal reaches only the parent, which then stops
    its children in the right order. Whatever is still running when the parent ends is killed.

    Args:
        name: what error messages call it.
        command: the program and its arguments.
        log_file: gets its standard output and error; appended to, so that a restart keeps what was said.
        environment: the child's whole environment; the parent's own by default.
        folder: the child's working directory; the parent's own by default.
    """

    def __init__(
        self,
        name: str,
        command: Sequence[str],
        *,
        log_file: Path,
        environment: Mapping[str, str] | None = None,
        folder: Path | None = None,
    ) -> None:
        self.name = name
        self.command = list(command)
        self.log_file = log_file
        self._environment = environment
        self._folder = folder
        self._process: _Process | None = None
        self._is_gone = True

    @property
    def pid(self) -> int:
        """Raises ProcessFailedError when it was never started."""
        if self._process is None:
            raise ProcessFailedError(f"{self.name} was not started")
        return self._process.pid

    @property
    def returncode(self) -> int | None:
        """The exit code; None while it runs and before its first start."""
        return None if self._process is None else self._process.poll()

    @property
    def is_running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def start(self) -> None:
        """Start it; returns at once. Raises ProcessFailedError when it runs already."""
        if self.is_running:
            raise ProcessFailedError(f"{self.name} is running already")
        self.log_file.parent.mkdir(parents=True, exist_ok=True)
        _end_in_order_when_terminated()
        with self.log_file.open("ab") as log, _interrupts_held_back():
            self._process = self._spawn(log)
            self._is_gone = False
            atexit.register(self.kill)

    def wait_ready(self, is_ready: Callable[[], bool], *, timeout: float) -> None:
        """Wait until `is_ready()`.

        Args:
            is_ready: asked again and again, 20 times a second.
            timeout: in seconds.

        Raises:
            ProcessFailedError: it ended, or was not ready in time.
        """
        deadline = time.monotonic() + timeout
        while not is_ready():
            if not self.is_running:
                raise ProcessFailedError(f"{self.name} ended with code {self.returncode}\n{self.log_tail()}")
            if time.monotonic() > deadline:
                raise ProcessFailedError(f"{self.name} was not ready in {timeout:g} s\n{self.log_tail()}")
            time.sleep(0.05)

    def wait(self, timeout: float) -> int:
        """Its exit code, once it has ended by itself. Raises ProcessFailedError after `timeout` seconds."""
        if self._process is None:
            raise ProcessFailedError(f"{self.name} was not started")
        try:
            return self._process.wait(timeout)
        except subprocess.TimeoutExpired:
            raise ProcessFailedError(f"{self.name} did not end in {timeout:g} s\n{self.log_tail()}") from None

    def stop(self, timeout: float = 15.0) -> int | None:
        """SIGTERM, then SIGKILL for whatever is left after `timeout` seconds; the exit code.

        Only the leader gets SIGTERM: a leader with children of its own, like Celery's prefork pool, must be
        free to end them in order.
        """
        if self._process is not None and self._process.poll() is None:
            self._process.terminate()
            self.resume()
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(timeout)
        self.kill()
        return self.returncode

    def kill(self) -> None:
        """SIGKILL for the whole group; does nothing when nobody is left."""
        if self._process is None or self._is_gone:
            return
        self._signal_group(signal.SIGKILL)
        self._process.wait()
        # From here on the group's id may be given to a stranger.
        self._is_gone = True
        atexit.unregister(self.kill)

    def pause(self) -> None:
        """SIGSTOP: alive, connected, and deaf."""
        self._signal_group(signal.SIGSTOP)

    def resume(self) -> None:
        """SIGCONT."""
        self._signal_group(signal.SIGCONT)

    def send(self, signum: int) -> None:
        """Send a signal to the process itself, not to its group."""
        os.kill(self.pid, signum)

    def log_text(self) -> str:
        """Everything it has printed so far."""
        return self.log_file.read_text(errors="replace") if self.log_file.exists() else ""

    def log_tail(self, lines: int = 20) -> str:
        """The last lines it has printed, under the name of the log file."""
        return "\n".join([f"--- {self.log_file}", *self.log_text().splitlines()[-lines:]])

    def _spawn(self, log: BinaryIO) -> _Process:
        return subprocess.Popen(
            self.command,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            env=None if self._environment is None else dict(self._environment),
            cwd=self._folder,
            start_new_session=True,
        )

    def _signal_group(self, signum: int) -> None:
        if self._process is None or self._is_gone:
            return
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signum)


def _end_in_order_when_terminated() -> None:
    """Let SIGTERM end a program like an error does: where nothing handles it, it ends without its exit handlers."""
    is_main = threading.current_thread() is threading.main_thread()
    if is_main and signal.getsignal(signal.SIGTERM) is signal.SIG_DFL:
        signal.signal(signal.SIGTERM, lambda signum, _frame: sys.exit(128 + signum))


@contextlib.contextmanager
def _interrupts_held_back() -> Iterator[None]:
    """Put signals off while a child is being forked and is not known yet.

    A handler that raises in the midst of `Popen` would take the child's pid with it: the child would run on, and
    nobody could stop it. On a busy machine `Popen` waits long for the child's `exec`, so that is no rare moment.
    The signals are not blocked, since a child inherits the mask; their handlers are replaced, which `exec` undoes.
    """
    if threading.current_thread() is not threading.main_thread():  # Python runs handlers there alone
        yield
        return
    came: list[int] = []
    handlers = {number: handler for number in _INTERRUPTS if callable(handler := signal.getsignal(number))}
    try:
        for number in handlers:
            signal.signal(number, lambda signum, _frame: came.append(signum))
        yield
    finally:
        mask = signal.pthread_sigmask(signal.SIG_BLOCK, handlers)
        for number, handler in handlers.items():
            signal.signal(number, handler)
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)
        for signum in came:
            signal.raise_signal(signum)


class LocalServer(ABC):
    """A server that runs as a child process and can be stopped, killed, frozen and started again at its address.

    Attributes:
        name: for messages.
        stop_timeout: seconds after SIGTERM before it is killed.
    """

    name: str
    stop_timeout: float = 15.0

    def __init__(self) -> None:
        self._process: ChildProcess | None = None

    @property
    def pid(self) -> int:
        """Of the server's process."""
        return self._started().pid

    @property
    def is_running(self) -> bool:
        """Whether its process runs."""
        return self._process is not None and self._process.is_running

    @abstractmethod
    def start(self) -> None:
        """Start it and wait until it answers. Raises ProcessFailedError when it does not."""

    def stop(self) -> None:
        """SIGTERM: it saves what it has and ends."""
        if self._process is not None:
            self._process.stop(timeout=self.stop_timeout)

    def kill(self) -> None:
        """SIGKILL."""
        self._started().kill()

    def restart(self) -> None:
        """Stop it if it runs, and start it at the same address with what it remembers."""
        self.stop()
        self.start()

    def pause(self) -> None:
        """Freeze it (SIGSTOP): connections stay open and nothing answers."""
        self._started().pause()

    def resume(self) -> None:
        """Let it go on after `pause`."""
        self._started().resume()

    def _started(self) -> ChildProcess:
        if self._process is None:
            raise ProcessFailedError(f"{self.name} was not started")
        return self._process


class _Server(Protocol):
    def start(self) -> None: ...

    def stop(self) -> None: ...


_AnyServer = TypeVar("_AnyServer", bound=_Server)


@contextlib.contextmanager
def running(server: _AnyServer) -> Iterator[_AnyServer]:
    """Start a server, and stop it at the end; also when its start fails or is interrupted."""
    try:
        server.start()
        yield server
    finally:
        server.stop()
