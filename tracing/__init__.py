"""Traces: the steps of one request through bridge and worker, as OpenTelemetry's spans.

Without requirements-otel.txt and OpenTelemetry's own variables (`OTEL_...`) that say where spans go, its API does
nothing but hand the sender's trace context on; `exporting.py` alone knows its SDK, and is not even imported then.

A span holds ids, numbers, and names that we have chosen. No text of a stranger goes into it, and so no error's message:
an error is told by its class or its code.
"""

import logging
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from opentelemetry.context import Context
from opentelemetry.trace import NoOpTracer, Span, StatusCode, Tracer, set_span_in_context
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

log = logging.getLogger(__name__)

Attributes = Mapping[str, str | int | float | bool]

PROCESSING_ID = "ai_handler.processing_id"
RESULT = "ai_handler.result"

_W3C = TraceContextTextMapPropagator()
_TRACEPARENT = "traceparent"
_ENDPOINTS = ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT")
_EXPORTERS = ("otlp", "console")


def context_of(traceparent: str | None) -> Context:
    """In which a span begins below another process' one; a trace of its own begins where that cannot be read.

    Made of nothing else: a request's parent is its own, whatever is traced here besides.
    """
    return _W3C.extract({_TRACEPARENT: traceparent} if traceparent else {}, Context())


def traceparent_of(span: Span) -> str | None:
    """The span's W3C trace context, for whoever goes on in another process."""
    carrier: dict[str, str] = {}
    _W3C.inject(carrier, set_span_in_context(span, Context()))
    return carrier.get(_TRACEPARENT)


def messaging(system: str, operation: str, destination: str, processing_id: int) -> dict[str, str | int | float | bool]:
    """The attributes of a span about a message, by OpenTelemetry's conventions."""
    return {
        "messaging.system": system,
        "messaging.operation.name": operation,
        "messaging.operation.type": operation,
        "messaging.destination.name": destination,
        PROCESSING_ID: processing_id,
    }


def fail(span: Span, error: str) -> None:
    """Say that a span has failed, with the class or the code of the error."""
    span.set_attribute("error.type", error)
    span.set_status(StatusCode.ERROR)


@contextmanager
def failing(*spans: Span) -> Iterator[None]:
    """End the spans with this block, failed where an error ends it.

    Not `record_exception`: messages and tracebacks may quote what strangers wrote.
    """
    try:
        yield
    except BaseException as raised:
        for span in spans:
            fail(span, type(raised).__name__)
        raise
    finally:
        for span in spans:
            span.end()


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


def begin(service: str, variables: Mapping[str, str]) -> Tracer:
    """This process' tracer. What is left to export is flushed when the process ends.

    Traces are never a reason not to work: what is wrong with them is a line in the log.

    Args:
        service: its `service.name`, unless the variables name another.
        variables: the `OTEL_...` ones; the SDK reads them from the environment, so they are put there.
    """
    wanted = exporters(variables)
    if not wanted:
        return NoOpTracer()
    os.environ.update(variables)
    try:
        from tracing.exporting import export_to  # noqa: PLC0415 # the packages may not be there

        tracer = export_to(wanted, service)
    except ImportError as missing:
        log.warning("no traces: there is no %s; pip install -r requirements-otel.txt", missing.name)
    except Exception as error:  # noqa: BLE001 # the SDK's own; its text may quote a variable that holds a secret
        log.warning("no traces: %s for what the OTEL_ variables say", type(error).__name__)
    else:
        log.info("traces go to: %s", ", ".join(wanted))
        return tracer
    return NoOpTracer()
