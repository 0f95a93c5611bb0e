"""`python -m bridge send`, as operators type it, beside a running service."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys

import pytest
from jsonschema import Draft7Validator

from dev.asyncapi import EXAMPLE, document, resolved
from dev.kafka_server import CHECKOUT
from tests.support.delivery_checker import notification_faults
from tests.support.fleet import scoring_request


class Operator:
    """Somebody at a terminal."""

    def __init__(self, fleet):
        self._fleet = fleet

    def send(self, request, *arguments):
        """Exit code, standard output and standard error of the command, which reads its standard input."""
        done = subprocess.run(
            [sys.executable, "-m", "bridge", "send", "-", *arguments],
            cwd=CHECKOUT,
            env=self._fleet.environment,
            input=json.dumps(request, ensure_ascii=False),
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        return done.returncode, done.stdout, done.stderr


@pytest.fixture
def fleet(make_fleet):
    """Bridge and worker at work."""
    one = make_fleet()
    one.create_topics()
    one.worker(wait=False)
    one.bridge()
    return one


@pytest.fixture
def operator(fleet):
    """An operator of that service."""
    return Operator(fleet)


def test_a_request_is_sent_and_its_answer_printed(operator, fleet):
    """The answer is a table, or with `--json` the notification to the letter; an id has one answer only."""
    code, shown, _ = operator.send(scoring_request(41))
    assert code == 0
    assert "41" in shown.splitlines()[0]
    assert "verdict" in shown
    code, shown, said = operator.send(scoring_request(41), "--processing-id", "42", "--json")
    assert code == 0, said
    (record,) = [record for record in fleet.contents()["notifications"] if record.header("processing-id") == b"42"]
    assert shown.encode() == record.value + b"\n"
    assert notification_faults(record, json.loads(shown), {**scoring_request(41), "processing_id": 42}) == []
    code, shown, said = operator.send(scoring_request(41))
    assert (code, shown) == (2, "")
    assert "answered already" in said


def test_the_documented_example_is_answered_as_documented(operator, fleet):
    """Whoever builds on docs/asyncapi.yaml gets what it says: bodies, keys and headers."""
    code, shown, said = operator.send(EXAMPLE.model_dump())
    assert code == 0, said
    contents = fleet.contents()
    messages = resolved(document(), document())["components"]["messages"]
    for topic, name in (("notifications", "newNotification"), ("uploads", "newProcessing")):
        (record,) = contents[topic]
        message = messages[name]
        Draft7Validator(message["payload"]).validate(json.loads(record.value))
        Draft7Validator(message["headers"]).validate({header: value.decode() for header, value in record.headers})
        assert record.key.decode() == message["bindings"]["kafka"]["key"]["const"]
    assert json.loads(shown.splitlines()[0].split()[-1]) == EXAMPLE.processing_id


def test_a_failure_has_an_exit_code_of_its_own(operator, standin):
    """A script can tell a failed request from a scored one."""
    standin.fault("refusal", count=100)
    code, shown, said = operator.send(scoring_request(43), "--json")
    assert code == 4, said
    assert json.loads(shown)["success"] is False


def test_patience_ends(make_fleet):
    """Nobody answers: the command says so in time, and leaves the request where it is."""
    fleet = make_fleet()
    fleet.create_topics()
    code, shown, said = Operator(fleet).send(scoring_request(44), "--timeout", "1")
    assert (code, shown) == (5, "")
    assert "no answer in 1 s" in said
    assert fleet.lag() == 1


def test_ctrl_c_ends_the_waiting(make_fleet, tmp_path):
    """Without a traceback, and the request goes on."""
    fleet = make_fleet()
    fleet.create_topics()
    file = tmp_path / "request.json"
    file.write_text(json.dumps(scoring_request(45)))
    command = [sys.executable, "-m", "bridge", "send", str(file)]
    with subprocess.Popen(command, cwd=CHECKOUT, env=fleet.environment, stderr=subprocess.PIPE, text=True) as process:
        assert "waiting" in process.stderr.readline()
        os.kill(process.pid, signal.SIGINT)
        said = process.stderr.read()
        assert process.wait(60) == 130
    assert said == "no longer waiting; 45 goes on\n"
