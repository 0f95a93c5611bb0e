"""Where OpenTelemetry's SDK sends spans."""

import atexit
import logging
import threading
from collections.abc import Sequence

from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import SERVICE_NAME, OTELResourceDetector, Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, ConsoleSpanExporter
from opentelemetry.trace import Tracer

from logs import SeldomSaid

SAY_AGAIN = 600.0  # seconds between two lines of the log about a collector that is away
FLUSH_WITHIN = 2.0  # seconds at the end of a process; a collector that does not answer gets no more


def export_to(names: Sequence[str], service: str) -> Tracer:
    """A tracer whose spans go out in batches, from a thread of its own, over a queue that drops what does not fit.

    `names` are those of the exporters, `otlp` and `console`; `service` is the `service.name` where the variables name
    none.

    Raises:
        Exception: of the SDK, about a variable that it cannot read.
    """
    # While a collector is away it has several errors a minute. Its warnings, of what it is about to try again, hold the
    # collector's address with whatever is in it.
    logging.getLogger(OTLPSpanExporter.__module__).addFilter(SeldomSaid(SAY_AGAIN, least=logging.ERROR))
    named = SERVICE_NAME in OTELResourceDetector().detect().attributes
    provider = TracerProvider(
        resource=Resource.create(None if named else {SERVICE_NAME: service}), shutdown_on_exit=False
    )
    for name in names:
        exporter = OTLPSpanExporter() if name == "otlp" else ConsoleSpanExporter()
        provider.add_span_processor(BatchSpanProcessor(exporter))
    _flush_at_exit(provider)
    return provider.get_tracer("ai_handler")


def _flush_at_exit(provider: TracerProvider) -> None:
    """The SDK's own flush takes half a minute where nobody answers: longer than a supervisor waits."""
    ending = threading.Event()

    def flush() -> None:
        ending.wait()
        provider.shutdown()

    # Started here and not at the exit: newer Pythons start no thread there.
    flusher = threading.Thread(target=flush, name="flush-traces", daemon=True)
    flusher.start()

    def flush_at_exit() -> None:
        ending.set()
        flusher.join(FLUSH_WITHIN)

    atexit.register(flush_at_exit)
