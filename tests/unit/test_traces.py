"""Traces, as an exporter in memory sees them: a request's way through bridge and worker; and when there are none."""

import dataclasses
import json
import logging
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from celery import Celery
from confluent_kafka import TopicPartition
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import NoOpTracer, SpanKind, StatusCode

import config
from bridge.partition import PartitionWork
from bridge.publisher import PublishError
from bridge.spans import RequestSpans
from contract import TASK_NAME, Outcome, claim_key, outcome_key, request_key
from logs import SeldomSaid
from startup import otel_variables
from tests.support.fakes import REQUIREMENTS, RESUME, SECRET_WORDS, World, good_answer
from tests.support.samples import FakeMessage, request_value
from tests.unit.test_bridge_partition import TRACE, Part
from tracing import begin, exporters
from tracing.exporting import SAY_AGAIN, export_to
from worker.errors import BrokenAnswerError, DeniedError, TransientError
from worker.limits.answers import Reserved
from worker.limits.provider_limits import Denial
from worker.tasks import register

CHECKOUT = Path(__file__).parents[2]
SENDERS_TRACE, SENDERS_SPAN = (int(part, 16) for part in TRACE.split(b"-")[1:3])
PERSON = "Клавдия Зебрович, +7 912 345-67-89, klavdia@mail.example, t.me/klavdia\n"
PERSONAL = (*SECRET_WORDS, "345-67-89", "klavdia", "client.example")


class TracedPart(Part):
    """A partition whose requests are traced, and what it has handed to the publisher."""

    def __init__(self, tracer):
        self.tracer = tracer
        self.publications = []
        super().__init__()
        self.kafka.refuses = self.publications.append

    def start(self):
        source = TopicPartition("AI_handler", 0)
        self.work = PartitionWork(
            source, self.kafka, self.redis, self.redis, self.kafka, self.topics,
            self.cap, self.policy, lambda: self.now, lambda: self.wall,
            spans=RequestSpans(self.tracer, source, "ai-handler", "notifications"),
        )  # fmt: skip
        self.recover()


class Way:
    """The way of requests through a bridge and a worker, each with a tracer of its own, as the two processes have."""

    def __init__(self, *, traced_bridge=True, traced_worker=True):
        self.exporter = InMemorySpanExporter()
        self.part = TracedPart(self.tracer() if traced_bridge else NoOpTracer())
        self.world = World()
        self.scoring = self.world.worker(tracer=self.tracer() if traced_worker else None)

    def tracer(self):
        provider = TracerProvider(shutdown_on_exit=False)
        provider.add_span_processor(SimpleSpanProcessor(self.exporter))
        return provider.get_tracer("test")

    def take(self, *headers, processing_id=7):
        value = request_value(processing_id, requirements=REQUIREMENTS, resume=PERSON + RESUME)
        self.part.work.take(FakeMessage(41, value, raw_headers=[("traceparent", header) for header in headers]))

    def dispatch(self):
        """The bridge puts the request into Redis."""
        self.part.step()
        (dispatch,) = self.part.redis.last
        self.world.memory.set(request_key(7), dispatch.model_dump_json(exclude_none=True))
        return dispatch

    def score(self):
        """The worker gets the hint, and those that its countdowns bring back."""
        app = Celery("test", broker="memory://", set_as_current=False)
        app.conf.update(task_always_eager=True, task_ignore_result=True)
        register(app, lambda: self.scoring)
        app.tasks[TASK_NAME].apply((7,))
        app.close()

    def publish(self):
        """The bridge finds the outcome."""
        self.part.redis.ready[7] = Outcome.model_validate_json(self.world.memory.get(outcome_key(7)))
        self.part.step()

    def go(self, *headers):
        self.take(*headers)
        self.dispatch()
        self.score()
        self.publish()
        return self

    @property
    def spans(self):
        return self.exporter.get_finished_spans()

    def span(self, name):
        (found,) = [span for span in self.spans if span.name == name]
        return found

    @property
    def text(self):
        """All that leaves the process."""
        return "\n".join(json.dumps(json.loads(span.to_json()), ensure_ascii=False) for span in self.spans)


def test_one_trace_from_the_senders_header_to_the_publication():
    """An operator sees a request's whole way in one picture, below the span of whoever sent it."""
    way = Way().go(TRACE)
    taken, scored, asked, sent = map(way.span, ("process AI_handler", "score", "chat gpt-x", "send notifications"))
    assert {span.context.trace_id for span in way.spans} == {SENDERS_TRACE}
    assert taken.parent.span_id == SENDERS_SPAN
    assert scored.parent.span_id == sent.parent.span_id == taken.context.span_id
    assert asked.parent.span_id == scored.context.span_id
    assert [span.kind for span in (taken, scored, asked, sent)] == [
        SpanKind.CONSUMER, SpanKind.CONSUMER, SpanKind.CLIENT, SpanKind.PRODUCER,
    ]  # fmt: skip
    assert scored.start_time <= asked.start_time <= asked.end_time <= scored.end_time
    assert all(span.status.status_code is StatusCode.UNSET for span in way.spans)


def test_spans_say_what_opentelemetrys_conventions_ask_for():
    """Collectors and their pictures know the message and the call by the attributes that everybody uses."""
    way = Way()
    way.world.model.script.append(dataclasses.replace(good_answer(), model="gpt-x-2026"))
    way.go(TRACE)
    assert dict(way.span("process AI_handler").attributes) == {
        "messaging.system": "kafka",
        "messaging.operation.name": "process",
        "messaging.operation.type": "process",
        "messaging.destination.name": "AI_handler",
        "messaging.destination.partition.id": "0",
        "messaging.consumer.group.name": "ai-handler",
        "messaging.kafka.offset": 41,
        "ai_handler.processing_id": 7,
    }
    assert dict(way.span("chat gpt-x").attributes) == {
        "gen_ai.operation.name": "chat",
        "gen_ai.provider.name": "openai",
        "gen_ai.request.model": "gpt-x",
        "gen_ai.request.max_tokens": 485,
        "gen_ai.output.type": "json",
        "gen_ai.response.model": "gpt-x-2026",
        "gen_ai.usage.input_tokens": 1_500,
        "gen_ai.usage.cache_read.input_tokens": 1_024,
        "gen_ai.usage.output_tokens": 250,
        "server.address": "api.example",
        "server.port": 443,
        "ai_handler.schema": "grading",
    }
    assert way.span("score").attributes["ai_handler.result"] == "scored"
    sent = way.span("send notifications").attributes
    assert (sent["messaging.destination.name"], sent["ai_handler.result"]) == ("notifications", "scored")


@pytest.mark.parametrize(
    "error",
    [
        None,
        TransientError(f"503 {PERSON}{RESUME}"),
        DeniedError(RESUME, Denial("rate_limit", bucket="tpm")),
        RuntimeError(f"sk-fake {PERSON}{RESUME}"),
    ],
    ids=["an answer", "a fault", "a denial", "a bug"],
)
def test_nothing_personal_leaves_in_a_span(error):
    """The collector is told of a request and not of a person: no resume, vacancy, callback or error's text."""
    way = Way()
    if error is not None:
        way.world.model.script.append(error)
    way.take(TRACE)
    way.dispatch()
    way.score()
    call = next(span for span in way.spans if span.name == "chat gpt-x")
    assert call.attributes.get("error.type") == (type(error).__name__ if error else None)
    assert not [word for word in PERSONAL if word in way.text]
    assert not re.search("[а-яё]", way.text, re.IGNORECASE)


@pytest.mark.parametrize(
    "headers",
    [
        (),
        (b"",),
        (b"Zebrovich Klavdia",),
        (b"00-" + b"0" * 32 + b"-00f067aa0ba902b7-01",),
        (b"00-4bf92f3577b34da6a3ce929d0e0e4736-" + b"0" * 16 + b"-01",),
        (TRACE.upper(),),
        (TRACE + b"-more",),
        (b"ff" + TRACE[2:],),
        (b"\xff" * 55,),
        (b"x" * 100_000,),
    ],
    ids=["none", "empty", "a name", "no trace", "no span", "capitals", "too long", "version ff", "bytes", "huge"],
)
def test_without_a_readable_header_a_trace_of_its_own_begins(headers):
    """Most senders trace nothing; the request's way is still one picture, and the header is read by no one."""
    way = Way().go(*headers)
    assert way.span("process AI_handler").parent is None
    assert len({span.context.trace_id for span in way.spans}) == 1
    assert len(way.spans) == 4
    assert way.span("process AI_handler").context.trace_id != SENDERS_TRACE


@pytest.mark.parametrize("header", [TRACE, None])
@pytest.mark.parametrize("is_traced", [True, False])
def test_the_outputs_keep_the_senders_header(header, is_traced):
    """Whoever reads the outputs finds the header that was sent, and none where none was, traced or not."""
    way = Way(traced_bridge=is_traced, traced_worker=is_traced).go(*([header] if header else []))
    assert [publication.traceparent for publication in way.part.publications] == [header]


def test_a_bridge_that_traces_nothing_hands_the_senders_context_on():
    """A worker alone can be traced: its spans stand below the sender's."""
    way = Way(traced_bridge=False).go(TRACE)
    assert {span.name for span in way.spans} == {"score", "chat gpt-x"}
    assert way.span("score").parent.span_id == SENDERS_SPAN


def test_a_worker_that_traces_nothing_leaves_the_bridges_spans():
    """So can a bridge."""
    way = Way(traced_worker=False).go(TRACE)
    assert [span.name for span in way.spans] == ["process AI_handler", "send notifications"]


def test_what_the_sender_does_not_sample_is_not_exported():
    """The sender's decision holds for the whole trace, as with everybody who speaks W3C trace context."""
    assert Way().go(TRACE[:-2] + b"00").spans == ()


def test_a_request_that_waits_for_the_limits_says_so():
    """From "it is slow" to the reason: the span of the first hint says what it waits for, the last one's how long."""
    way = Way()
    way.world.limiter.script.extend([Reserved(2.0, 2.0), Reserved(600.0, 600.0)])
    way.go(TRACE)
    parked, scored = [span for span in way.spans if span.name == "score"]
    assert parked.attributes["ai_handler.result"] == "parked"
    assert parked.attributes["ai_handler.waits_for"] == "limits"
    assert parked.attributes["ai_handler.wait_seconds"] == 300.0
    assert [(event.name, event.attributes.get("ai_handler.until_start_seconds")) for event in parked.events] == [
        ("ai_handler.limits.wait", 2.0),
        ("ai_handler.limits.wait", 600.0),
    ]
    (granted,) = scored.events
    assert (granted.name, dict(granted.attributes)) == (
        "ai_handler.limits.granted",
        {"ai_handler.waited_seconds": 0.0},
    )
    assert parked.parent.span_id == scored.parent.span_id
    assert way.span("chat gpt-x").parent.span_id == scored.context.span_id


def test_a_failure_is_told_by_its_name():
    """A failed scoring stands out in the picture, with the failure that the metrics count too."""
    way = Way()
    way.world.model.script.extend([BrokenAnswerError("empty")] * 2)
    way.go(TRACE)
    calls = [span for span in way.spans if span.name == "chat gpt-x"]
    assert [span.attributes["error.type"] for span in calls] == ["BrokenAnswerError"] * 2
    last = [span for span in way.spans if span.name == "score"][-1]
    assert last.attributes["ai_handler.result"] == "failed"
    assert last.attributes["error.type"] == "BROKEN_ANSWER"
    assert last.status.status_code is StatusCode.ERROR
    assert way.span("send notifications").attributes["ai_handler.result"] == "failed"


def test_a_denial_names_the_limit():
    """One look tells which of the provider's limits a call has met."""
    way = Way()
    way.world.model.script.append(DeniedError("429", Denial("rate_limit", bucket="tpm")))
    way.go(TRACE)
    denied, _ = [span for span in way.spans if span.name == "chat gpt-x"]
    assert denied.attributes["ai_handler.denied_by"] == "tpm"
    assert denied.attributes["error.type"] == "DeniedError"


def test_a_store_that_fails_ends_the_span_with_it():
    """A hint that Redis has failed shows as such, and its span is exported."""
    way = Way()
    way.world.store.error = ConnectionError(RESUME)
    way.take(TRACE)
    way.dispatch()
    way.score()
    assert way.span("score").attributes["error.type"] == "ConnectionError"
    assert "ai_handler.result" not in way.span("score").attributes


@pytest.mark.parametrize("when", ["waiting", "asking"])
def test_a_claim_that_another_worker_took_says_so(when):
    """Two workers with one request: only the one that stored the outcome says "scored"."""
    way = Way()
    way.take(TRACE)
    way.dispatch()

    def overtaken(answer):
        way.world.memory.set(claim_key(7), "another's")
        return answer

    if when == "waiting":
        way.world.limiter.script.append(Reserved(2.0, 2.0))
        way.world.stopping.wait = lambda _seconds: overtaken(answer=False)
    else:
        way.world.model.script.append(lambda: overtaken(good_answer()))
    way.score()
    assert way.span("score").attributes["ai_handler.result"] == "claim_lost"


def test_a_worker_that_stops_hands_the_request_back():
    """What was handed back in a deployment is told from what a worker that hung has lost."""
    way = Way()
    way.take(TRACE)
    way.dispatch()
    way.world.limiter.script.append(Reserved(2.0, 2.0))
    way.world.stopping.is_set = True
    way.score()
    assert way.span("score").attributes["ai_handler.result"] == "handed_back"


def test_a_transaction_that_fails_shows_and_the_next_one_too():
    """A publication that had to be made again is two spans, the first with its error."""
    way = Way()
    way.take(TRACE)
    way.dispatch()
    way.score()
    way.part.kafka.failing = True
    with pytest.raises(PublishError):
        way.publish()
    assert way.span("send notifications").attributes["error.type"] == "PublishError"


def test_a_rejected_request_is_traced_by_its_notification():
    """A user who was told that the request is invalid can be found by the sender's trace."""
    way = Way()
    value = request_value(7, resume=" ")
    way.part.work.take(FakeMessage(41, value, raw_headers=[("traceparent", TRACE)]))
    way.part.step()
    assert way.span("send notifications").parent.span_id == SENDERS_SPAN


# --- On and off -------------------------------------------------------------------------------------------------------

ENDPOINT = {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:4318"}


@pytest.mark.parametrize(
    ("variables", "wanted"),
    [
        ({}, []),
        ({"OTEL_SERVICE_NAME": "mine"}, []),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": " "}, []),
        ({**ENDPOINT, "OTEL_SDK_DISABLED": "true"}, []),
        ({**ENDPOINT, "OTEL_TRACES_EXPORTER": "none"}, []),
        ({**ENDPOINT, "OTEL_TRACES_EXPORTER": "jaeger"}, []),
        (ENDPOINT, ["otlp"]),
        ({"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "http://127.0.0.1:4318/v1/traces"}, ["otlp"]),
        ({"OTEL_TRACES_EXPORTER": "otlp"}, ["otlp"]),
        ({**ENDPOINT, "OTEL_TRACES_EXPORTER": "console"}, ["console"]),
        ({"OTEL_TRACES_EXPORTER": "otlp, console"}, ["otlp", "console"]),
    ],
)
def test_traces_are_made_where_somebody_says_where_to_send_them(variables, wanted):
    """Nobody's spans go to a port of the host because a package is installed."""
    assert exporters(variables) == wanted
    if not wanted:
        assert isinstance(begin("test", variables), NoOpTracer)


def test_without_the_packages_the_service_works_and_says_why_nothing_is_traced(monkeypatch, caplog):
    """An endpoint that the cluster gives to every program does not stop one that has no OpenTelemetry."""
    monkeypatch.setitem(sys.modules, "opentelemetry.sdk.trace", None)
    monkeypatch.delitem(sys.modules, "tracing.exporting")
    monkeypatch.setattr(os, "environ", dict(os.environ))
    assert isinstance(begin("test", ENDPOINT), NoOpTracer)
    assert "requirements-otel.txt" in caplog.text


def test_a_variable_that_cannot_be_read_stops_nobody(monkeypatch, caplog):
    """A mistake in what OpenTelemetry is told costs the traces only, and the log does not repeat what may be secret."""
    monkeypatch.setattr("tracing.exporting.export_to", lambda *_: float("Bearer secret"))
    monkeypatch.setattr(os, "environ", dict(os.environ))
    assert isinstance(begin("test", ENDPOINT), NoOpTracer)
    assert "ValueError" in caplog.text
    assert "secret" not in caplog.text


def run(code, **variables):
    environment = {name: value for name, value in os.environ.items() if not name.startswith("OTEL_")}
    settings = {"OPENAI_KEY": "sk-fake", "ENV_FILE": os.devnull, "LOG_FILE": "none", **variables}
    return subprocess.run(
        [sys.executable, "-c", code], cwd=CHECKOUT, env={**environment, **settings}, capture_output=True, text=True,
        check=True, timeout=25,
    )  # fmt: skip


def test_what_is_off_costs_nothing():
    """Without an endpoint neither program loads what exports spans."""
    run(
        "import sys, bridge.app, worker.app; from startup import otel_variables\n"
        "bridge.app.begin_tracing('test', otel_variables())\n"
        "found = [name for name in sys.modules if name.startswith(('opentelemetry.exporter', 'tracing.exporting'))]\n"
        "assert not found, found"
    )


def test_a_collector_that_never_answers_delays_the_end_by_moments():
    """SIGTERM's time belongs to the requests: what a silent collector has not taken by then is lost."""
    ended = run(
        "import socket, os; silent = socket.create_server(('127.0.0.1', 0))\n"
        "os.environ['OTEL_EXPORTER_OTLP_ENDPOINT'] = f'http://127.0.0.1:{silent.getsockname()[1]}'\n"
        "import tracing; from startup import otel_variables\n"
        "tracer = tracing.begin('test', otel_variables())\n"
        "for _ in range(10_000): tracer.start_span('a').end()\n"
        "print('done')",
        OTEL_EXPORTER_OTLP_TIMEOUT="600",
    )
    assert ended.stdout == "done\n"


def test_an_absent_collector_does_not_fill_the_log(caplog):
    """A collector that is down for a night is a line every ten minutes, without its address, which may hold a token."""
    export_to([], "test")
    exporting = logging.getLogger("opentelemetry.exporter.otlp.proto.http.trace_exporter")
    for _ in range(100):
        exporting.warning("Transient error %s", "http://collector/?token=secret")
        exporting.error("Failed to export %s", "spans")
    assert caplog.messages == ["Failed to export spans"]


def test_an_absent_collector_is_heard_of_again():
    """Whoever looks at this hour's log finds it too."""
    now = [0.0]
    seldom = SeldomSaid(SAY_AGAIN, clock=lambda: now[0])
    failed = logging.makeLogRecord({"msg": "Failed to export %s", "args": ("spans",), "levelno": logging.ERROR})
    said = []
    for _ in range(100):
        said.append(seldom.filter(failed))
        now[0] += 12.0
    assert [number * 12.0 for number, is_said in enumerate(said) if is_said] == [0.0, 600.0]


def test_lines_of_the_env_file_count_too(monkeypatch, tmp_path):
    """What stands in `.env` reaches OpenTelemetry however the service is started; the environment wins."""
    file = tmp_path / "env"
    file.write_text("OTEL_SERVICE_NAME=mine\nOTEL_TRACES_EXPORTER=otlp\nOTEL_TRACES_SAMPLER=\nRPM=3\n")
    monkeypatch.setattr(config.Settings, "env_file", file)
    monkeypatch.setenv("OTEL_TRACES_EXPORTER", "console")
    monkeypatch.setenv("OTEL_SERVICE_NAME", "")
    assert otel_variables() == {"OTEL_SERVICE_NAME": "mine", "OTEL_TRACES_EXPORTER": "console"}
