"""Logging: one line a record, to stdout and to a file, each with the processing id it is about.

Is handed values and reads no settings.
"""

import logging
import logging.config
import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from typing import Literal

_processing_id: ContextVar[int | None] = ContextVar("processing_id", default=None)


@contextmanager
def log_about(processing_id: int) -> Iterator[None]:
    """Put `processing_id` on every line that is logged inside this block."""
    token = _processing_id.set(processing_id)
    try:
        yield
    finally:
        _processing_id.reset(token)


class ProcessingIdFilter(logging.Filter):
    """Gives every record a `processing_id`: the one of `log_about`, unless the call named another."""

    def filter(self, record: logging.LogRecord) -> bool:
        if not hasattr(record, "processing_id"):
            record.processing_id = _processing_id.get()
        return True


class OneLineFormatter(logging.Formatter):
    """A text record on one line, in UTC, with the processing id where there is one."""

    def formatTime(self, record: logging.LogRecord, datefmt: str | None = None) -> str:  # noqa: N802 # its name
        moment = time.gmtime(record.created)
        return f"{time.strftime(datefmt or '%Y-%m-%dT%H:%M:%S', moment)}.{int(record.msecs):03}Z"

    def format(self, record: logging.LogRecord) -> str:
        processing_id = getattr(record, "processing_id", None)
        record.about = "" if processing_id is None else f" processing_id={processing_id}"
        return super().format(record).replace("\r", " ").replace("\n", " | ")


def configure_logging(
    *, level: str, style: str, file: Path | None, keep_days: int, stream: Literal["stdout", "stderr"] = "stdout"
) -> None:
    """Log to a stream and to a file that is rotated daily, safely when several processes write to it."""
    formatters: dict[str, dict[str, object]] = {
        "text": {
            "()": OneLineFormatter,
            "format": "%(asctime)s %(levelname)s %(name)s%(about)s %(message)s",
        },
        "json": {
            "()": "pythonjsonlogger.json.JsonFormatter",
            "format": "%(asctime)s %(levelname)s %(name)s %(processing_id)s %(message)s",
            "rename_fields": {"asctime": "time", "levelname": "level", "name": "logger"},
            "json_ensure_ascii": False,
        },
    }
    shared = {"formatter": style, "filters": ["processing_id"]}
    handlers: dict[str, dict[str, object]] = {
        "stream": {"class": "logging.StreamHandler", "stream": f"ext://sys.{stream}", **shared}
    }
    if file is not None:
        file.parent.mkdir(parents=True, exist_ok=True)
        handlers["file"] = {
            # The standard library's handler loses lines when several processes rotate one file.
            "class": "concurrent_log_handler.ConcurrentTimedRotatingFileHandler",
            "filename": str(file),
            "when": "midnight",
            "utc": True,
            "backupCount": keep_days,
            "encoding": "utf-8",
            **shared,
        }
    logging.config.dictConfig(
        {
            "version": 1,
            "disable_existing_loggers": False,
            "filters": {"processing_id": {"()": ProcessingIdFilter}},
            "formatters": {style: formatters[style]},
            "handlers": handlers,
            "root": {"level": level, "handlers": list(handlers)},
            # Their DEBUG lines carry request bodies, that is, resumes.
            "loggers": {name: {"level": "WARNING"} for name in ("openai", "httpx2", "httpcore2", "asyncio")},
        }
    )
