"""The start of a process: settings, logs and metrics, and every reason why it cannot start, at once."""

import os
import socket
import tempfile
from collections.abc import Iterator
from contextlib import suppress

from prometheus_client import start_http_server

from config import Role, Settings, complain, read_settings
from logs import configure_logging


def begin(role: Role) -> Settings:
    """Read the settings, log where they say, serve metrics where they say.

    Raises:
        SystemExit: with one line for each thing that is wrong.
    """
    settings, faults = read_settings(role)
    complain([*faults, *_obstacles(settings, role)])
    if role != "tool" and settings.redis_connection.is_cluster():
        complain(["REDIS_HOST: Redis Cluster is not supported: use one server, a managed one, or Sentinel"])
    return settings


def _obstacles(settings: Settings, role: Role) -> Iterator[str]:
    try:
        # A tool's standard output is for its answer, which a program may read.
        configure_logging(**settings.logging, stream="stderr" if role == "tool" else "stdout")
    except (OSError, ValueError) as error:  # logging.config wraps what a handler raises
        with suppress(ValueError):
            configure_logging(**{**settings.logging, "file": None})
        yield f"LOG_FILE: {settings.log_file} cannot be written: {_why(error)}"
    files = {
        "bridge": {"HEALTH_FILE": settings.health_file, "READY_FILE": settings.ready_file},
        "worker": {"WORKER_HEALTH_FILE": settings.worker_health_file},
    }
    for name, file in files.get(role, {}).items():
        try:
            file.parent.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryFile(dir=file.parent):
                pass
        except OSError as error:
            yield f"{name}: {file} cannot be written: {_why(error)}"
    ports = {"bridge": settings.bridge_metrics_port, "worker": settings.worker_metrics_port}
    if port := ports.get(role):
        try:
            if role == "bridge":  # it serves its health there too, as soon as there is any
                socket.create_server((settings.metrics_host, port)).close()
            else:
                start_http_server(port, addr=settings.metrics_host)
        except OSError as error:
            yield f"{role.upper()}_METRICS_PORT: cannot listen on {settings.metrics_host}:{port}: {_why(error)}"


def _why(error: BaseException) -> str:
    cause = error.__cause__ or error
    # Its own words may go on: "Address already in use (while attempting to bind on address ...)".
    return os.strerror(cause.errno) if isinstance(cause, OSError) and cause.errno else str(cause)
