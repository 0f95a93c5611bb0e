"""Logging: one line a record, to stdout and to a file, each with the processing id it is about.

A thread that logs only queues its record; one thread writes them, in their order, so that a line costs the thread that
works on a request neither a file lock nor a system call. It writes all that wait at once: the standard library's
QueueListener takes the file's lock for each line, 0.3 ms of CPU more a request where there are a hundred a second.
Is handed values and reads no settings.
"""

import atexit
import logging
import math
import os
import queue
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from typing import Literal

from concurrent_log_handler import ConcurrentTimedRotatingFileHandler
from pythonjsonlogger.json import JsonFormatter

# While Redis is away these try again every few seconds; once a minute is enough to tell of it.
TRY_AGAIN = ("celery.worker.consumer.consumer", "worker.leases")
SAY_AGAIN = 60.0  # seconds
KEEP_DAYS = 14  # days of rotated log files that are kept

_processing_id: ContextVar[int | None] = ContextVar("processing_id", default=None)


@contextmanager
def log_about(processing_id: int) -> Iterator[None]:
    """Put `processing_id` on every line that is logged inside this block."""
    token = _processing_id.set(processing_id)
    try:
        yield
    finally:
        _processing_id.reset(token)


class SeldomSaid(logging.Filter):
    """Lets a logger say each of its messages, whatever its arguments, once in so many seconds.

    What is tried again is told again; what is less severe than `least` is not said at all.
    """

    def __init__(
        self, seconds: float, least: int = logging.NOTSET, clock: Callable[[], float] = time.monotonic
    ) -> None:
        super().__init__()
        self._seconds = seconds
        self._least = least
        self._clock = clock
        self._said: dict[str, float] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether the record is written."""
        what, now = str(record.msg), self._clock()
        if record.levelno < self._least or now - self._said.get(what, -math.inf) < self._seconds:
            return False
        self._said[what] = now
        return True


class _InUtc(logging.Formatter):
    """Times in UTC, and saying so."""

    converter = staticmethod(time.gmtime)
    default_time_format = "%Y-%m-%dT%H:%M:%S"
    default_msec_format = "%s.%03dZ"


class _Json(_InUtc, JsonFormatter):
    """A record as one JSON object; `processing_id` is null where there is none."""


class _OneLine(_InUtc):
    """A text record on one line, with the processing id where there is one."""

    def format(self, record: logging.LogRecord) -> str:
        processing_id = getattr(record, "processing_id", None)
        record.about = "" if processing_id is None else f" processing_id={processing_id}"
        return super().format(record).replace("\r", " ").replace("\n", " | ")


class QueuedHandler(logging.Handler):
    """Queues records for a thread that writes them to other handlers, all that are waiting at once.

    A process that ends writes what is queued; one that is killed loses at most the last `GATHER` seconds.
    """

    GATHER = 0.1  # seconds that the first record waits for others to be written with

    def __init__(self, targets: Sequence[logging.Handler], formatter: logging.Formatter) -> None:
        super().__init__()
        self.targets = targets
        self.setFormatter(formatter)
        self._stopped = False
        self._queue: queue.Queue[logging.LogRecord | None]
        self._thread: threading.Thread
        self._start()
        # Threads do not survive a fork, and what the parent has queued is the parent's to write.
        os.register_at_fork(after_in_child=self._start)
        atexit.register(self.close)

    def emit(self, record: logging.LogRecord) -> None:
        if not hasattr(record, "processing_id"):  # here, where the request is known, and not in the writing thread
            record.processing_id = _processing_id.get()
        try:
            record.msg, record.args = record.getMessage(), None  # as it is now
        except Exception:  # noqa: BLE001 # as every handler does: arguments that do not fit stop nobody's work
            self.handleError(record)
            return
        if self._stopped:
            self._write([record])
        else:
            self._queue.put(record)

    def flush(self) -> None:
        """Return when all that was logged so far is written."""
        if not self._stopped:
            self._queue.join()

    def close(self) -> None:
        """Write what is queued and end the thread; whatever is logged later is written at once."""
        if not self._stopped:
            self._stopped = True
            self._queue.put(None)
            self._thread.join()
        super().close()

    def _start(self) -> None:
        if self._stopped:
            return
        self._queue = queue.Queue()
        self._thread = threading.Thread(target=self._run, name="log-writer", daemon=True)
        self._thread.start()

    def _run(self) -> None:
        while True:
            waiting = [self._queue.get()]
            if waiting[0] is not None:
                time.sleep(self.GATHER)
            waiting += [self._queue.get() for _ in range(self._queue.qsize())]
            self._write([record for record in waiting if record is not None])
            for _ in waiting:
                self._queue.task_done()
            if None in waiting:
                return

    def _write(self, records: Sequence[logging.LogRecord]) -> None:
        if not records:
            return
        try:
            lines = logging.makeLogRecord({"msg": "\n".join(map(self.format, records))})
            for target in self.targets:
                target.handle(lines)
        except Exception:  # noqa: BLE001 # as every handler does: a log that fails does not stop the work
            self.handleError(records[-1])


def configure_logging(
    *, level: str, style: str, file: Path | None, stream: Literal["stdout", "stderr"] = "stdout"
) -> QueuedHandler:
    """Log to a stream and to a file that is rotated daily, safely when several processes write to it.

    Returns:
        The handler that queues the records; its `flush` waits until all is written.

    Raises:
        OSError: of the file.
    """
    targets: list[logging.Handler] = [logging.StreamHandler(getattr(sys, stream))]
    if file is not None:
        file.parent.mkdir(parents=True, exist_ok=True)
        # The standard library's handler loses lines when several processes rotate one file.
        targets.append(
            ConcurrentTimedRotatingFileHandler(
                str(file), when="midnight", utc=True, backupCount=KEEP_DAYS, encoding="utf-8"
            )
        )
    formatter: logging.Formatter
    if style == "json":
        formatter = _Json(
            "%(asctime)s %(levelname)s %(name)s %(processing_id)s %(message)s",
            rename_fields={"asctime": "time", "levelname": "level", "name": "logger"},
            json_ensure_ascii=False,
        )
    else:
        formatter = _OneLine("%(asctime)s %(levelname)s %(name)s%(about)s %(message)s")
    for name in ("openai", "httpx2", "httpcore2", "asyncio"):  # their DEBUG lines carry bodies, that is, resumes
        logging.getLogger(name).setLevel(logging.WARNING)
    for name in TRY_AGAIN:
        logging.getLogger(name).filters[:] = [SeldomSaid(SAY_AGAIN)]
    root = logging.getLogger()
    root.setLevel(level)
    for before in root.handlers:
        if isinstance(before, QueuedHandler):
            before.close()
            for target in before.targets:
                target.close()
    queued = QueuedHandler(targets, formatter)
    root.handlers[:] = [queued]
    return queued
