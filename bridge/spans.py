"""What the bridge tells of a request in a trace: that it was taken, and that its outcome was published.

    the sender's span ─► process AI_handler (from the message to the first hint) ─► the worker's spans
                                                                                └─► send notifications

The outputs' `traceparent` header stays the sender's own, whatever is traced here: their readers depend on it.
"""

from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass

from confluent_kafka import Message, TopicPartition
from opentelemetry.trace import Span, SpanKind, Tracer

from bridge.publisher import Publication
from tracing import RESULT, context_of, failing, messaging


@dataclass(frozen=True, slots=True)
class RequestSpans:
    """The spans of one partition's requests."""

    tracer: Tracer  # where nothing is traced, the sender's trace context goes on to the worker
    source: TopicPartition
    group: str  # of consumers
    notifications: str  # the topic in which every outcome is published

    def take(self, message: Message, traceparent: bytes | None, processing_id: int) -> Span:
        """A request is taken; the span is to end when its hint was sent.

        Most senders give no trace context: a trace of its own begins then, since an operator wants to see where a
        request has been, whoever sent it.
        """
        attributes = messaging("kafka", "process", self.source.topic, processing_id) | {
            "messaging.destination.partition.id": str(self.source.partition),
            "messaging.consumer.group.name": self.group,
            "messaging.kafka.offset": message.offset() or 0,
        }
        name, parent = f"process {self.source.topic}", context_of(_written(traceparent))
        return self.tracer.start_span(name, parent, SpanKind.CONSUMER, attributes)

    def publishing(self, publications: Sequence[Publication]) -> AbstractContextManager[None]:
        """A span for each publication of one transaction, as long as that takes; all fail where it does."""
        return failing(*map(self._publish, publications))

    def _publish(self, publication: Publication) -> Span:
        result = "scored" if publication.outcome.success else "failed"
        attributes = messaging("kafka", "send", self.notifications, publication.processing_id) | {RESULT: result}
        name, parent = f"send {self.notifications}", publication.span_context or _written(publication.traceparent)
        return self.tracer.start_span(name, context_of(parent), SpanKind.PRODUCER, attributes)


def _written(traceparent: bytes | None) -> str | None:
    return None if traceparent is None else traceparent.decode()
