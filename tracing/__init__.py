"""Traces: the steps of one request through bridge and worker, as spans for OpenTelemetry.

Off unless requirements-otel.txt is installed and OpenTelemetry's own variables (`OTEL_...`) say where spans go; nothing
of OpenTelemetry is imported then. `otel.py` alone knows it, everything else sees the two protocols below.

A span holds ids, numbers, and names that we have chosen. No text of a stranger goes into it, and so no error's message:
an error is told by its class or its code.
"""

import logging
import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, Protocol

log = logging.getLogger(__name__)

Attributes = Mapping[str, str | int | float | bool]
Kind = Literal["consumer", "producer", "client"]

PROCESSING_ID = "ai_handler.processing_id"
RESULT = "ai_handler.result"

_ENDPOINTS = ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT")
_EXPORTERS = ("otlp", "console")


class Span(Protocol):
    """One step of a request."""

    @property
    def traceparent(self) -> str | None:
        """Its W3C trace context, for whoever goes on in another process."""
        ...

    def set(self, attributes: Attributes) -> None:
        """Say more of it."""
        ...

    def event(self, name: str, attributes: Attributes) -> None:
        """Say what has happened in it just now."""
        ...

    def end(self, error: str | None = None) -> None:
        """It is over; `error` is a class or a code, where it has failed. Only what has ended is exported."""
        ...


class Tracer(Protocol):
    """Makes spans. Nothing that it does raises, or waits for anybody."""

    def start(
        self, name: str, kind: Kind, attributes: Attributes, *, parent: Span | str | None, at: int | None = None
    ) -> Span:
        """Begin a span.

        Args:
            name: what is done.
            kind: of the span.
            attributes: by OpenTelemetry's semantic conventions, or `ai_handler.` and a name of ours.
            parent: a span of this process, or the W3C trace context of another one's. A trace of its own begins where
                there is none, or one that cannot be read.
            at: nanoseconds since 1970, when it began; None: now.
        """
        ...


@dataclass(frozen=True, slots=True)
class Untraced:
    """Stands where a span would, while nothing is traced; the sender's trace context passes it unchanged."""

    traceparent: str | None = None

    def set(self, attributes: Attributes) -> None:
        """Nothing."""

    def event(self, name: str, attributes: Attributes) -> None:
        """Nothing."""

    def end(self, error: str | None = None) -> None:
        """Nothing."""


def exporters(variables: Mapping[str, str]) -> list[str]:
    """Which exporters OpenTelemetry's variables ask for: `otlp`, `console`, or none.

    Its own default would be a collector on this host. Here somebody has to name one, or to name the exporter.
    """
    if variables.get("OTEL_SDK_DISABLED", "").strip().lower() == "true":
        return []
    named = [name.strip().lower() for name in variables.get("OTEL_TRACES_EXPORTER", "").split(",") if name.strip()]
    if not named and any(variables.get(name, "").strip() for name in _ENDPOINTS):
        named = ["otlp"]
    for name in named:
        if name not in (*_EXPORTERS, "none"):
            log.warning("OTEL_TRACES_EXPORTER: this service knows %s and none", ", ".join(_EXPORTERS))
    return [name for name in _EXPORTERS if name in named]


def begin(service: str, variables: Mapping[str, str]) -> Tracer | None:
    """This process' tracer, or None: nothing is traced. What is left to export is flushed when the process ends.

    Traces are never a reason not to work: what is wrong with them is a line in the log.

    Args:
        service: its `service.name`, unless the variables name another.
        variables: the `OTEL_...` ones; the SDK reads them from the environment, so they are put there.
    """
    wanted = exporters(variables)
    if not wanted:
        return None
    os.environ.update(variables)
    try:
        from tracing.otel import export_to  # noqa: PLC0415 # the packages may not be there

        tracer = export_to(wanted, service)
    except ImportError as missing:
        log.warning("no traces: there is no %s; pip install -r requirements-otel.txt", missing.name)
    except Exception as error:  # noqa: BLE001 # the SDK's own; its text may quote a variable that holds a secret
        log.warning("no traces: %s for what the OTEL_ variables say", type(error).__name__)
    else:
        log.info("traces go to: %s", ", ".join(wanted))
        return tracer
    return None
