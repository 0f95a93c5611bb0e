"""What the bridge says of its own health, in files and over HTTP."""

import json
import logging
import socket
import urllib.error
import urllib.request

import pytest

from bridge.health import HANGS_AFTER, SAY_EVERY, Health, _Handler, serve
from bridge.kafka import SILENT_AFTER, Contact
from tests.support.fakes import FakeClock


@pytest.fixture
def clock():
    return FakeClock(1_000.0)


@pytest.fixture
def health(tmp_path, clock):
    return Health(tmp_path / "run", clock)


def files(tmp_path):
    return {file.name for file in (tmp_path / "run").iterdir()}


def test_a_healthy_bridge_lives_and_is_ready(health, tmp_path):
    """Both files are there while all is well, and go with the bridge."""
    health.beat({})
    assert files(tmp_path) == {"bridge.health", "bridge.ready"}
    health.close()
    assert files(tmp_path) == set()


def test_what_is_not_ready_still_lives(health, tmp_path):
    """A trouble that no restart mends takes readiness away and leaves the sign of life."""
    health.beat({})
    health.beat({"redis": "no answer"})
    assert files(tmp_path) == {"bridge.health"}
    health.beat({})
    assert files(tmp_path) == {"bridge.health", "bridge.ready"}


def test_a_health_file_that_cannot_be_written_ends_nothing(health, tmp_path, caplog):
    """A full or read-only disk takes the sign away, not the work; the page and the log say why."""
    (tmp_path / "run").write_text("where the folder was")
    health.beat({})
    assert health.lives
    assert list(health.troubles) == ["files"]
    assert "cannot be written" in caplog.text
    (tmp_path / "run").unlink()
    health.beat({})
    assert files(tmp_path) == {"bridge.health", "bridge.ready"}
    assert not health.troubles


def test_an_end_needs_no_health_file(health, tmp_path):
    """The bridge stops in good order where there is nothing to take away."""
    health.beat({})
    (tmp_path / "run" / "bridge.health").unlink()
    (tmp_path / "run" / "bridge.ready").unlink()
    (tmp_path / "run").rmdir()
    (tmp_path / "run").write_text("where the folder was")
    health.close()
    assert not health.lives


def test_a_trouble_is_told_once_a_minute(health, clock, caplog):
    """The log says at once what is in the way, again each minute, and when it is over."""
    caplog.set_level(logging.INFO)
    for _ in range(int(2.5 * SAY_EVERY)):
        health.beat({"redis": "no answer"})
        clock.now += 1.0
    health.beat({})
    assert [record.message for record in caplog.records] == ["not ready: redis: no answer"] * 3 + ["ready again: redis"]


def get(server, path):
    """Status and body."""
    url = f"http://127.0.0.1:{server.server_port}{path}"
    try:
        with urllib.request.urlopen(url, timeout=10) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read().decode()


@pytest.fixture
def server(health):
    server = serve(health, "127.0.0.1", 0)
    yield server
    server.shutdown()
    server.server_close()


def test_probes_over_http(health, server, clock):
    """The port of the metrics answers liveness and readiness probes, each with its reason."""
    assert get(server, "/livez")[0] == 503
    assert get(server, "/readyz")[0] == 503
    health.beat({})
    assert get(server, "/livez") == (200, "lives\n")
    assert get(server, "/readyz") == (200, "ready\n")
    health.beat({"redis": "no answer for 12 s"})
    assert get(server, "/livez")[0] == 200
    assert get(server, "/readyz") == (503, "redis: no answer for 12 s\n")
    assert "ai_handler_bridge_ready 0.0" in get(server, "/metrics")[1]
    assert 'ai_handler_bridge_trouble{name="redis"} 1.0' in get(server, "/metrics")[1]
    health.beat({})
    clock.now += HANGS_AFTER
    assert get(server, "/livez") == (503, "hangs\n")
    assert get(server, "/readyz")[0] == 503


def test_a_bridge_that_begins_does_not_hang(health, server, clock):
    """Before its loop turns for the first time it says so; a loop that has turned, and turns no more, hangs."""
    assert list(health.said()["troubles"]) == ["starting"]
    assert get(server, "/readyz")[1].startswith("starting: ")
    health.beat({})
    clock.now += HANGS_AFTER
    assert list(health.said()["troubles"]) == ["hangs"]


def test_who_connects_and_says_nothing_is_no_line_of_the_log(server, monkeypatch, capsys, caplog):
    """A port scan, or a probe that only connects."""
    monkeypatch.setattr(_Handler, "timeout", 0.05)
    with socket.create_connection(("127.0.0.1", server.server_port), timeout=10) as silent:
        assert silent.recv(1) == b""  # it was sent away
    assert capsys.readouterr().err == ""
    assert caplog.text == ""


def statistics(state="UP", idle=0.1, group="up"):
    broker = {"state": state, "rxidle": int(idle * 1e6) if idle >= 0 else -1}
    return json.dumps({"brokers": {"b:1/1": broker}, "cgrp": {"state": group}})


@pytest.mark.parametrize(
    "told",
    [
        pytest.param({"state": "DOWN", "idle": 60}, id="no broker is connected"),
        pytest.param({"idle": 60}, id="the broker is frozen"),
        pytest.param({"idle": -1}, id="connected, and nothing heard yet"),
        pytest.param({"group": "wait-coord"}, id="the group has no coordinator"),
    ],
)
def test_kafka_that_does_not_answer_is_a_trouble(clock, told):
    """A broker that is away or frozen shows within seconds, and a hiccup does not."""
    contact = Contact(clock)
    contact.note(statistics())
    assert contact.trouble == ""
    for _ in range(int(SILENT_AFTER) + 1):
        clock.now += 1.0
        contact.note(statistics(**told))
        assert clock.now > 1_003.0 or contact.trouble == ""
    clock.now += 1.0
    assert contact.trouble
    contact.note(statistics())
    assert contact.trouble == ""


def test_a_late_loop_is_not_the_brokers_silence(clock):
    """While Redis holds the loop up the client's statistics wait to be read: that says nothing of Kafka."""
    contact = Contact(clock)
    contact.note(statistics())
    clock.now += 10 * SILENT_AFTER
    assert contact.trouble == ""
    contact.note(statistics())
    assert contact.trouble == ""
