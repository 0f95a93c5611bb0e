"""What the worker tells of a request in a trace: a span for each hint that it works on, and in it one for each call.

    process AI_handler (the bridge's) ─► score (one for each hint) ─► chat MODEL (one for each call)

The ports are wrapped, so the story in scoring.py knows nothing of it. A `score` span says how it ended: scored, failed,
parked (and for what, and how long), handed back by a worker that stops, or lost to another worker. Its events say what
the limiter answered.
"""

import time
from contextvars import ContextVar
from dataclasses import dataclass, replace
from urllib.parse import urlsplit

from contract import QUEUE_NAME, Dispatch, Failure, Outcome
from tracing import PROCESSING_ID, RESULT, Attributes, Span, Tracer
from worker.errors import DeniedError
from worker.limits.answers import Granted, NotYet, Reserved
from worker.ports import Answer, Call, Kept, Lease, Limiter, Model, Ports, Store
from worker.progress import Park, Progress
from worker.scoring import Scoring


@dataclass(slots=True)
class _Hint:
    """The hint that this thread works on. Whose trace it belongs to shows only with the claim."""

    began_at: int  # nanoseconds since 1970
    span: Span | None = None
    claim: Lease | None = None
    stored: bool | None = None  # None: there was no outcome to store


_hint: ContextVar[_Hint | None] = ContextVar("hint", default=None)


def _span() -> Span | None:
    hint = _hint.get()
    return hint.span if hint is not None else None


def traced(ports: Ports, tracer: Tracer, *, model: str, endpoint: str) -> Ports:
    """The ports, with spans where a request passes them.

    Args:
        ports: the adapters.
        tracer: makes the spans.
        model: its name.
        endpoint: the API's base URL.
    """
    return replace(
        ports,
        store=TracedStore(ports.store, tracer),
        limiter=TracedLimiter(ports.limiter),
        model=TracedModel(ports.model, tracer, model, endpoint),
    )


class TracedScoring:
    """Scores, and ends the span that `TracedStore` has begun."""

    def __init__(self, scoring: Scoring) -> None:
        self._scoring = scoring
        self.ports = scoring.ports

    def run(self, processing_id: int, progress: Progress) -> Park | Failure | None:
        """As `Scoring.run`."""
        hint = _Hint(time.time_ns())
        token = _hint.set(hint)
        error: str | None = None
        try:
            ended = self._scoring.run(processing_id, progress)
        except BaseException as raised:
            error = type(raised).__name__
            raise
        else:
            error = ended.name if isinstance(ended, Failure) else None
            if hint.span is not None:
                hint.span.set(_how_it_ended(ended, hint))
            return ended
        finally:
            _hint.reset(token)
            if hint.span is not None:
                hint.span.end(error)


def _how_it_ended(ended: Park | Failure | None, hint: _Hint) -> Attributes:
    if isinstance(ended, Park):
        return {RESULT: "parked", "ai_handler.waits_for": ended.why, "ai_handler.wait_seconds": ended.seconds}
    if isinstance(ended, Failure):
        return {RESULT: "failed"}
    if hint.stored:
        return {RESULT: "scored"}
    lost = hint.stored is False or (hint.claim is not None and hint.claim.lost)
    return {RESULT: "claim_lost" if lost else "handed_back"}


class TracedStore:
    """The store; a claim that brings its request begins a span."""

    def __init__(self, store: Store, tracer: Tracer) -> None:
        self._store = store
        self._tracer = tracer

    def claim(self, processing_id: int, token: str | None = None) -> tuple[Lease, Dispatch | None] | None:
        """As the store."""
        claimed = self._store.claim(processing_id, token)
        hint = _hint.get()
        if hint is not None and claimed is not None and claimed[1] is not None:
            attributes: Attributes = {
                "messaging.system": "celery",
                "messaging.operation.name": "process",
                "messaging.operation.type": "process",
                "messaging.destination.name": QUEUE_NAME,
                PROCESSING_ID: processing_id,
            }
            hint.claim = claimed[0]
            hint.span = self._tracer.start(
                "score", "consumer", attributes, parent=claimed[1].traceparent, at=hint.began_at
            )
        return claimed

    def finish(self, claim: Lease, processing_id: int, outcome: Outcome, kept: Kept | None = None) -> bool:
        """As the store."""
        stored = self._store.finish(claim, processing_id, outcome, kept)
        hint = _hint.get()
        if hint is not None:
            hint.stored = stored
        return stored


class TracedLimiter:
    """The limiter; what it answers to whoever wants to start is an event."""

    def __init__(self, limiter: Limiter) -> None:
        self._acquire = limiter.acquire
        # All else goes straight to it.
        self.join = limiter.join
        self.settle = limiter.settle
        self.cancel = limiter.cancel
        self.denied = limiter.denied
        self.slow_down = limiter.slow_down
        self.set_limits = limiter.set_limits
        self.reset = limiter.reset
        self.snapshot = limiter.snapshot

    def acquire(self, reservation_id: str, tokens: int, place: float) -> Granted | Reserved | NotYet:
        """As the limiter."""
        answer = self._acquire(reservation_id, tokens, place)
        span = _span()
        if span is None:
            return answer
        if isinstance(answer, Granted):
            span.event("ai_handler.limits.granted", {"ai_handler.waited_seconds": answer.waited})
        else:
            wait = {"ai_handler.wait_seconds": answer.seconds, "ai_handler.until_start_seconds": answer.until_start}
            span.event("ai_handler.limits.wait", wait)
        return answer


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
            "gen_ai.request.max_tokens": call.max_output_tokens,
            "gen_ai.output.type": "json",
            "ai_handler.schema": call.response_format["json_schema"]["name"],
            **self._server,
        }
        span = self._tracer.start(f"chat {self._name}", "client", attributes, parent=_span())
        error: str | None = None
        try:
            answer = self._model.ask(call)
        except BaseException as raised:
            error = type(raised).__name__
            if isinstance(raised, DeniedError) and raised.denial.bucket is not None:
                span.set({"ai_handler.denied_by": raised.denial.bucket})
            raise
        else:
            span.set(_usage(answer))
            return answer
        finally:
            span.end(error)


def _usage(answer: Answer) -> Attributes:
    """What the answer says of itself; not every endpoint counts tokens or names its model."""
    said = {
        "gen_ai.response.model": answer.model,
        "gen_ai.usage.input_tokens": answer.prompt_tokens,
        "gen_ai.usage.cache_read.input_tokens": answer.cached_tokens,
        "gen_ai.usage.output_tokens": answer.completion_tokens,
    }
    return {name: value for name, value in said.items() if value}
