"""Traces of real processes, as a collector gets them over OTLP; and a collector that answers nobody."""

from __future__ import annotations

import signal
import socket
import threading

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from bridge.app import STOP_WITHIN
from tests.support.fleet import scoring_request
from tests.support.local_web import web_server

SECRET = "СЕКРЕТНЫЙТЕКСТ"  # in the resume and the vacancy
TRACE = b"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
TRACE_ID, SENDERS_SPAN = (bytes.fromhex(part.decode()) for part in TRACE.split(b"-")[1:3])
SLACK = 10.0  # seconds to notice and to exit


class Collector:
    """What was sent to it: spans by service and name, and every byte."""

    def __init__(self):
        self.bodies = []
        self._lock = threading.Lock()

    def answer(self, handler, body):
        with self._lock:
            self.bodies.append(body)
        handler.send_response(200)
        handler.send_header("Content-Length", "0")
        handler.end_headers()

    @property
    def spans(self):
        return [
            (next(pair.value.string_value for pair in of.resource.attributes if pair.key == "service.name"), span)
            for body in list(self.bodies)
            for of in ExportTraceServiceRequest.FromString(body).resource_spans
            for scope in of.scope_spans
            for span in scope.spans
        ]


@pytest.fixture
def collector():
    collector = Collector()
    with web_server(collector.answer) as url:
        collector.url = url
        yield collector


def end(*processes):
    for process in processes:
        process.send(signal.SIGTERM)
    for process in processes:
        assert process.wait(STOP_WITHIN + SLACK) == 0
        assert "the stop hangs" not in process.log_text()


def test_a_collector_sees_one_trace_through_both_programs(stage, collector):
    """One picture of all steps below the sender's own; the outputs carry the sender's header, and no text leaks."""
    it = stage(OTEL_EXPORTER_OTLP_ENDPOINT=collector.url, OPENAI_MODEL="gpt-x")
    bridge, worker = it.fleet.bridge(), it.fleet.worker()
    request = scoring_request(1, aside=SECRET)
    it.fleet.queue(request, headers={"traceparent": TRACE})
    it.fleet.flush()
    it.sent.append(request)
    it.await_notified()
    end(bridge, worker)  # what is not exported yet is flushed
    by_name = {}
    for service, span in collector.spans:
        by_name.setdefault((service, span.name), []).append(span)
    topics = it.fleet.names
    (taken,) = by_name.pop(("ai-handler-bridge", f"process {topics.requests}"))
    (sent,) = by_name.pop(("ai-handler-bridge", f"send {topics.notifications}"))
    (scored,) = by_name.pop(("ai-handler-worker", "score"))
    criteria, grades, *more = by_name.pop(("ai-handler-worker", "chat gpt-x"))  # a second look, where one is due
    assert by_name == {}
    assert {span.trace_id for span in (taken, sent, scored, criteria, grades, *more)} == {TRACE_ID}
    assert taken.parent_span_id == SENDERS_SPAN
    assert scored.parent_span_id == sent.parent_span_id == taken.span_id
    assert criteria.parent_span_id == grades.parent_span_id == scored.span_id
    used = {pair.key: pair.value for pair in grades.attributes}
    assert used["gen_ai.usage.input_tokens"].int_value > 0
    assert used["gen_ai.response.model"].string_value == "gpt-x"
    everything = b"".join(collector.bodies)
    assert SECRET.encode() not in everything
    assert "Кандидат".encode() not in everything
    assert b"client.example" not in everything
    contents = it.fleet.contents()
    for topic in ("notifications", "uploads"):
        assert [record.header("traceparent") for record in contents[topic]] == [TRACE]


def test_a_collector_that_answers_nobody_is_no_reason_to_wait(stage):
    """Requests are scored and processes end in time, though nothing takes their spans."""
    with socket.create_server(("127.0.0.1", 0), backlog=1) as silent:
        it = stage(
            OTEL_EXPORTER_OTLP_ENDPOINT=f"http://127.0.0.1:{silent.getsockname()[1]}",
            OTEL_EXPORTER_OTLP_TIMEOUT="600",
            OTEL_BSP_SCHEDULE_DELAY="50",
        )
        bridge, worker = it.fleet.bridge(), it.fleet.worker()
        it.send(20)
        it.await_notified(seconds=60)
        end(bridge, worker)
        report = it.report()
    assert report.clean, report.rows()
