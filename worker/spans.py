"""What the worker tells of a request in a trace: a span for each hint that it works on, and in it one for each call.

    process AI_handler (the bridge's) ─► score (one for each hint) ─► chat MODEL (one for each call)

A `score` span says how it ended: scored, failed, parked (and for what, and how long), handed back by a worker that
stops, or lost to another worker. Its events say what the limiter answered.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

from opentelemetry.trace import SpanKind, Tracer, get_current_span, use_span

from contract import QUEUE_NAME, Dispatch, Failure
from tracing import RESULT, Attributes, context_of, fail, failing, messaging
from worker.errors import DeniedError
from worker.limits.answers import Granted, Reserved
from worker.ports import Answer, Call, Model
from worker.progress import Park


@contextmanager
def scoring(tracer: Tracer, dispatch: Dispatch, began_at: int) -> Iterator[None]:
    """The span of one hint, and the current one inside this block.

    Args:
        tracer: OpenTelemetry's.
        dispatch: tells whose trace it belongs to.
        began_at: nanoseconds since 1970, before the request was claimed.
    """
    attributes = messaging("celery", "process", QUEUE_NAME, dispatch.request.processing_id)
    parent = context_of(dispatch.traceparent)
    span = tracer.start_span("score", parent, SpanKind.CONSUMER, attributes, start_time=began_at)
    with failing(span), use_span(span, record_exception=False, set_status_on_exception=False):
        yield


def ended(how: Park | Failure | str) -> None:
    """How the hint in hand ended: parked, failed, or as it says."""
    span = get_current_span()
    if isinstance(how, Park):
        span.set_attributes({RESULT: "parked", "ai_handler.waits_for": how.why, "ai_handler.wait_seconds": how.seconds})
    elif isinstance(how, Failure):
        span.set_attribute(RESULT, "failed")
        fail(span, how.name)
    else:
        span.set_attribute(RESULT, how)


def limited(answer: Granted | Reserved) -> None:
    """What the limiter answered to a request that wants to start."""
    if isinstance(answer, Granted):
        get_current_span().add_event("ai_handler.limits.granted", {"ai_handler.waited_seconds": answer.waited})
    else:
        wait = {"ai_handler.wait_seconds": answer.seconds, "ai_handler.until_start_seconds": answer.until_start}
        get_current_span().add_event("ai_handler.limits.wait", wait)


class TracedModel:
    """The model; each call is a span, by OpenTelemetry's conventions for generative AI.

    Prompts and answers are no part of it, whatever `OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT` says: they are
    personal data.
    """

    def __init__(self, model: Model, tracer: Tracer, name: str, endpoint: str) -> None:
        self._model = model
        self._tracer = tracer
        self._name = name
        parts = urlsplit(endpoint)
        self._server: Attributes = {
            "server.address": parts.hostname or "",
            "server.port": parts.port or (80 if parts.scheme == "http" else 443),
        }

    def tokens(self, call: Call) -> int:
        """As the model."""
        return self._model.tokens(call)

    def ask(self, call: Call) -> Answer:
        """As the model."""
        attributes: Attributes = {
            "gen_ai.operation.name": "chat",
            "gen_ai.provider.name": "openai",
            "gen_ai.request.model": self._name,
            "gen_ai.request.max_tokens": call.max_output_tokens + call.room,
            "gen_ai.output.type": "json",
            "ai_handler.schema": call.response_format["json_schema"]["name"],
            **self._server,
        }
        span = self._tracer.start_span(f"chat {self._name}", kind=SpanKind.CLIENT, attributes=attributes)
        with failing(span):
            try:
                answer = self._model.ask(call)
            except DeniedError as denied:
                if denied.denial.bucket is not None:
                    span.set_attribute("ai_handler.denied_by", denied.denial.bucket)
                raise
            span.set_attributes(_usage(answer))
            return answer


def _usage(answer: Answer) -> Attributes:
    """What the answer says of itself; not every endpoint counts tokens or names its model."""
    said = {
        "gen_ai.response.model": answer.model,
        "gen_ai.usage.input_tokens": answer.prompt_tokens,
        "gen_ai.usage.cache_read.input_tokens": answer.cached_tokens,
        "gen_ai.usage.output_tokens": answer.completion_tokens,
    }
    return {name: value for name, value in said.items() if value}
