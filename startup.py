"""The start of a process: settings, logs and metrics, and every reason why it cannot start, at once."""

import difflib
import gc
import logging
import os
import socket
import sys
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import redis
from prometheus_client import start_http_server
from pydantic import ValidationError

from config import Role, Settings
from config.faults import faults_of
from config.files import UnreadableFileError, plain, read_env_file
from config.providers import read_providers, retired_in_tables
from logs import configure_logging
from servers.redis_connection import RedisConnection
from servers.redis_trouble import line

log = logging.getLogger(__name__)

# Settings of earlier days, see `retired_variables`.
RETIRED = {
    "CRITERIA_TTL", "DEAD_LETTER_LIMIT", "DEAD_LETTER_RETENTION", "DEAD_LETTER_WINDOW", "EGRESS_CHECK_INTERVAL",
    "HEALTH_FILE", "KAFKA_FETCH_WAIT_MAX_MS", "KAFKA_INPUT_PARTITIONS", "KAFKA_KEY_FOR_UPLOADING_DATA",
    "KAFKA_MAX_POLL_INTERVAL_MS", "KAFKA_TOPIC_FOR_DEAD_LETTERS", "KAFKA_TRANSACTION_TIMEOUT_MS", "LIMITS_HORIZON",
    "LIMITS_JITTER", "LOG_KEEP_DAYS", "LOOK_AHEAD", "MAX_ATTEMPTS", "MAX_COUNTDOWN", "OPENAI_ALLOW_HTTP",
    "OPENAI_MAX_REASONING_TOKENS", "READY_FILE", "REDISPATCH_AFTER", "RESULT_CACHE_TTL", "RETRY_BASE", "RETRY_MAX",
    "SHORT_WAIT", "TASK_RATE_LIMIT", "VISIBILITY_TIMEOUT", "WINDOW_SIZE", "WORKER_HEALTH_FILE",
}  # fmt: skip
# What other programs call what we have another name for.
OTHERS_NAMES = {
    "OPENAI_API_KEY": "OPENAI_KEY",
    "OPENAI_API_BASE": "OPENAI_BASE_URL",
    "OPENAI_API_URL": "OPENAI_BASE_URL",
    "OPENAI_ENDPOINT": "OPENAI_BASE_URL",
    "KAFKA_BROKERS": "KAFKA_BOOTSTRAP_SERVERS",
    "KAFKA_SERVERS": "KAFKA_BOOTSTRAP_SERVERS",
    "BOOTSTRAP_SERVERS": "KAFKA_BOOTSTRAP_SERVERS",
    "REDIS_PASS": "REDIS_PASSWORD",
    "REDIS_USER": "REDIS_USERNAME",
}
EVERYBODYS = {"TMP"}  # names that look like ours and are everybody's
NEAR = 0.9  # of 1: how like a setting's a name must be to be meant for it; other services' topics are less so


def begin(role: Role) -> Settings:
    """Read the settings, log where they say, serve metrics where they say.

    Raises:
        SystemExit: with one line for each thing that is wrong.
    """
    settings, faults = read_settings(role)
    complain([*faults, *_obstacles(settings, role)])
    if retired := [*retired_variables(), *retired_in_tables(settings)]:
        log.warning("no settings any more, and without effect: %s", ", ".join(retired))
    for name, meant in misspelt_variables().items():  # in ASCII, where a letter that cannot be seen shows
        log.warning("%s is set, and is no setting of ours: did you mean %s?", ascii(name)[1:-1], meant)
    if role != "tool":
        meet_redis(settings.redis_connection)
    return settings


def meet_redis(connection: RedisConnection) -> None:
    """Say at once what is wrong; one that is away is waited for, one that can never do is not."""
    try:
        refusal = connection.refusal()
    except redis.RedisError as error:
        log.error("%s", line(error, connection.where))  # noqa: TRY400 # the traceback would add nothing
    else:
        complain([f"Redis at {connection.where}: {refusal}"] if refusal else [])


def keep_for_good() -> None:
    """Let Python's collector pass over what a process has loaded by now.

    A full collection walks over everything with the interpreter's lock held: 40 to 120 ms in a worker.
    """
    gc.collect()
    gc.freeze()


def load_settings() -> Settings:
    """Those of a tool. Raises SystemExit as `begin` does."""
    settings, faults = read_settings("tool")
    complain(faults)
    return settings


def complain(faults: list[str]) -> None:
    """Raise SystemExit with one line for each fault, if there are any."""
    if faults:
        sys.exit("\n".join(f"configuration error: {fault}" for fault in faults))


def read_settings(role: Role, **mended: Any) -> tuple[Settings, list[str]]:
    """The settings, and one line for each fault: what is wrong, and what this role cannot do without.

    Where there are faults the settings are good for nothing but looking for more of them: what is wrong is `mended`
    with its default, and only then do contradictions between the rest show.
    """
    try:
        settings = Settings(**mended)
    except UnreadableFileError as error:  # what it would have said cannot be known, so nothing else is looked for
        return Settings.model_construct(), str(error).splitlines()
    except ValidationError as error:
        faults, wrong = faults_of(error)
        if mended or not wrong:
            return Settings.model_construct(**mended), faults
        settings, more = read_settings(role, **{name: Settings.model_fields[name].default for name in wrong})
        more = [line for line in more if line not in faults and not any(name.upper() in line for name in wrong)]
        return settings, faults + more
    return settings, [*map(_with_guess, settings.missing(role)), *read_providers(settings, role)[1]]


def _obstacles(settings: Settings, role: Role) -> Iterator[str]:
    try:
        # A tool's standard output is for its answer, which a program may read.
        configure_logging(**settings.logging, stream="stderr" if role == "tool" else "stdout")
    except OSError as error:
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
    if not isinstance(cause, OSError) or not cause.errno:
        return str(cause)
    # Its own words may go on: "Address already in use (while attempting to bind on address ...)". A negative number is
    # the resolver's, and none of the system's.
    return os.strerror(cause.errno) if cause.errno > 0 else str(cause.strerror).partition(" (")[0]


def otel_variables() -> dict[str, str]:
    """OpenTelemetry's own variables, of the environment or else of `.env`; an empty one is not set."""
    return {name: value for name, value in _variables().items() if name.startswith("OTEL_")}


def retired_variables() -> list[str]:
    """The names that are set and were settings once: the service knows better now."""
    return sorted(RETIRED.intersection(name.upper() for name in _variables()))


def flower_variables(settings: Settings) -> dict[str, str]:
    """Flower's own variables that the environment lacks: it reads that alone, and so no `.env` and no secret file."""
    found = {name: value for name, value in _variables().items() if name.startswith("FLOWER_")}
    if settings.flower_basic_auth is not None:
        found["FLOWER_BASIC_AUTH"] = settings.flower_basic_auth.get_secret_value()
    return {name: value for name, value in found.items() if not os.environ.get(name)}


def misspelt_variables() -> dict[str, str]:
    """Names that are set, are no settings, and look like one that is not set; and that one."""
    names = {name.upper() for name in Settings.model_fields}
    is_set = {name.upper() for name in _variables()}
    free = names - is_set
    found = {}
    for name in sorted(is_set - names - RETIRED - EVERYBODYS):
        read = plain(name)
        near = [OTHERS_NAMES.get(read, read)]
        if near[0] not in names:
            near = difflib.get_close_matches(read, free, 1, NEAR) or [one for one in free if _one_slip(read, one)]
        if near and near[0] in free:
            found[name] = near[0]
    return found


def _one_slip(one: str, other: str) -> bool:
    """Whether one letter is too many or missing, or two neighbours changed places."""
    shorter, longer = sorted((one, other), key=len)
    places = range(len(longer))
    if len(longer) == len(shorter) + 1:
        return any(longer[:place] + longer[place + 1 :] == shorter for place in places)
    return any(one[:place] + one[place : place + 2][::-1] + one[place + 2 :] == other for place in places)


def _with_guess(line: str) -> str:
    """A line about something that is missing, with the misspelt name that may have been meant for it."""
    name = line.partition(":")[0]
    misspelt = [found for found, meant in misspelt_variables().items() if meant == name]
    return f"{line}; {misspelt[0]} is set: did you mean {name}?" if misspelt else line


def _variables() -> dict[str, str]:
    lines = read_env_file(Settings.env_file) if Settings.env_file.exists() else {}
    found = {**lines, **{name: value for name, value in os.environ.items() if value}}
    return {name: value for name, value in found.items() if value}
