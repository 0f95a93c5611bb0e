"""The start of a process: settings, logs and metrics, and every reason why it cannot start, at once."""

import logging
import os
import socket
import sys
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

from dotenv import dotenv_values
from prometheus_client import start_http_server
from pydantic import ValidationError

from config import Role, Settings
from logs import configure_logging

log = logging.getLogger(__name__)

# Settings of earlier days, see `retired_variables`.
RETIRED = {
    "DEAD_LETTER_WINDOW", "EGRESS_CHECK_INTERVAL", "HEALTH_FILE", "KAFKA_FETCH_WAIT_MAX_MS",
    "KAFKA_MAX_POLL_INTERVAL_MS", "KAFKA_TRANSACTION_TIMEOUT_MS", "LIMITS_HORIZON", "LIMITS_JITTER", "LOG_KEEP_DAYS",
    "MAX_COUNTDOWN", "READY_FILE", "REDISPATCH_AFTER", "RETRY_BASE", "RETRY_MAX", "SHORT_WAIT", "VISIBILITY_TIMEOUT",
    "WORKER_HEALTH_FILE",
}  # fmt: skip


def begin(role: Role) -> Settings:
    """Read the settings, log where they say, serve metrics where they say.

    Raises:
        SystemExit: with one line for each thing that is wrong.
    """
    settings, faults = read_settings(role)
    complain([*faults, *_obstacles(settings, role)])
    if retired := retired_variables():
        log.warning("no settings any more, and without effect: %s", ", ".join(retired))
    if role != "tool" and settings.redis_connection.is_cluster():
        complain(["REDIS_HOST: Redis Cluster is not supported: use one server, a managed one, or Sentinel"])
    return settings


def load_settings() -> Settings:
    """Read the settings.

    Raises:
        SystemExit: with one line for each thing that is wrong, all at once, and no values.
    """
    settings, faults = read_settings("tool")
    complain(faults)
    return settings


def complain(faults: list[str]) -> None:
    """Return if there are none.

    Raises:
        SystemExit: with one line for each fault.
    """
    if faults:
        sys.exit("\n".join(f"configuration error: {fault}" for fault in faults))


def read_settings(role: Role) -> tuple[Settings, list[str]]:
    """The settings, and one line for each fault: what is wrong, and what this role cannot do without.

    Where there are faults the settings are good for nothing but looking for more of them: what is wrong has its
    default, and only then do contradictions between the rest show.
    """
    try:
        settings = Settings()
    except ValidationError as error:
        faults, wrong = _faults(error)
    else:
        return settings, list(settings.missing(role))
    mended: dict[str, Any] = {name: Settings.model_fields[name].default for name in wrong}
    try:
        settings = Settings(**mended)
    except ValidationError as error:
        settings = Settings.model_construct(**mended)
        more = _faults(error)[0]
    else:
        more = list(settings.missing(role))
    said = {*faults}
    return settings, faults + [
        line for line in more if line not in said and not any(name.upper() in line for name in wrong)
    ]


def _faults(error: ValidationError) -> tuple[list[str], set[str]]:
    """One line for each fault, and the names of the settings that have one of their own."""
    lines: list[str] = []
    wrong: set[str] = set()
    for fault in error.errors(include_input=False, include_url=False):
        text = fault["msg"].removeprefix("Value error, ")
        if fault["loc"]:
            name = str(fault["loc"][0])
            wrong.add(name)
            lines.append(f"{name.upper()}: {text}")
        else:
            lines += text.splitlines()
    return lines, wrong


def _obstacles(settings: Settings, role: Role) -> Iterator[str]:
    try:
        # A tool's standard output is for its answer, which a program may read.
        configure_logging(**settings.logging, stream="stderr" if role == "tool" else "stdout")
    except (OSError, ValueError) as error:  # logging.config wraps what a handler raises
        with suppress(ValueError):
            configure_logging(**{**settings.logging, "file": None})
        yield f"LOG_FILE: {settings.log_file} cannot be written: {_why(error)}"
    if role != "tool":
        try:
            settings.health_folder.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryFile(dir=settings.health_folder):
                pass
        except OSError as error:
            yield f"HEALTH_FOLDER: {settings.health_folder} cannot be written: {_why(error)}"
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


def otel_variables() -> dict[str, str]:
    """OpenTelemetry's own variables, of the environment or else of `.env`; an empty one is not set."""
    return {name: value for name, value in _variables().items() if name.startswith("OTEL_")}


def retired_variables() -> list[str]:
    """The names that are set and were settings once: the service knows better now."""
    return sorted(RETIRED.intersection(name.upper() for name in _variables()))


def _variables() -> dict[str, str]:
    file = Settings.model_config.get("env_file")
    lines = dotenv_values(file) if isinstance(file, str | Path) else {}
    found = {**lines, **{name: value for name, value in os.environ.items() if value}}
    return {name: value for name, value in found.items() if value}
