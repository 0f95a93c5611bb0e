"""A Docker engine of one's own."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Self

from dev.processes import ChildProcess, ProcessFailedError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from types import TracebackType


class CannotRunHereError(Exception):
    """This machine cannot run containers, or make images for them; the message says why."""


def run(*command: str, seconds: float = 300, environment: Mapping[str, str] | None = None) -> str:
    """The standard output of a command.

    Raises:
        ProcessFailedError: it failed, or took longer; with the end of what it said.
    """
    try:
        ended = subprocess.run(
            command,
            env=environment,
            capture_output=True,
            text=True,
            timeout=seconds,
            check=False,
            stdin=subprocess.DEVNULL,
        )
    except subprocess.TimeoutExpired:
        raise ProcessFailedError(f"{' '.join(command)[:200]}: not done in {seconds:g} s") from None
    if ended.returncode != 0:
        raise ProcessFailedError(f"{' '.join(command)[:200]}: {(ended.stdout + ended.stderr)[-3000:]}")
    return ended.stdout


class Engine:
    """`dockerd` with its own socket and data folder; what it holds is gone when it ends.

    Attributes:
        environment: in which `docker` and `docker-compose` talk to it.
    """

    def __init__(self) -> None:
        # Not in the checkout: its layers are files that no tool should walk through.
        self._folder = Path(tempfile.mkdtemp(prefix="ai-handler-docker-", dir="/var/tmp"))
        self._socket = self._folder / "docker.sock"
        self.environment = {**os.environ, "DOCKER_HOST": f"unix://{self._socket}"}
        self._process = ChildProcess(
            "dockerd",
            [
                *("dockerd", "--host", f"unix://{self._socket}", "--data-root", str(self._folder / "data")),
                *("--exec-root", str(self._folder / "exec"), "--pidfile", str(self._folder / "docker.pid")),
            ],
            log_file=self._folder / "dockerd.log",
        )

    def __enter__(self) -> Self:
        """Start it.

        Raises:
            CannotRunHereError: it does not start here.
        """
        self._process.start()
        try:
            self._process.wait_ready(self._answers, timeout=60)
        except ProcessFailedError as error:
            self.__exit__(None, None, None)
            raise CannotRunHereError(f"no Docker engine starts here: {str(error)[-300:]}") from None
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._process.stop(timeout=60)
        for _ in range(20):  # the last mounts go with their processes
            shutil.rmtree(self._folder, ignore_errors=True)
            if not self._folder.exists():
                return
            time.sleep(0.5)

    def docker(self, *arguments: str, seconds: float = 300) -> str:
        """Run `docker`; see `run`."""
        return run("docker", *arguments, seconds=seconds, environment=self.environment)

    def _answers(self) -> bool:
        asked = subprocess.run(
            ["docker", "info", "--format", "{{.ServerVersion}}"], env=self.environment, capture_output=True, check=False
        )
        return asked.returncode == 0
