"""A start that cannot succeed: one line for each reason, all of them, and no traceback."""

from __future__ import annotations

import base64
import contextlib
import http.client
import os
import socket
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
import yaml

from config import Settings
from dev.kafka_server import CHECKOUT
from dev.processes import ChildProcess, free_port, listens

BRIDGE = ("bridge",)
WORKER = ("celery", "-A", "worker", "worker")
COMMANDS = {
    "bridge": BRIDGE,
    "worker": WORKER,
    "flower": ("celery", "-A", "worker", "flower"),
    "explain": ("worker", "explain", "1"),
    "replay": ("bridge", "replay", "--dry-run"),
}


@pytest.fixture
def start():
    """Runs a command that ends by itself; its exit code and what it said."""

    def run(command, **settings):
        ours = {name.upper() for name in Settings.model_fields}
        environment = {name: value for name, value in os.environ.items() if name not in ours}
        ended = subprocess.run(
            [sys.executable, "-m", *command],
            env={**environment, "ENV_FILE": os.devnull, "LOG_FILE": "none", "OPENAI_KEY": "sk-test", **settings},
            cwd=CHECKOUT, capture_output=True, text=True, timeout=120, check=False,
        )  # fmt: skip
        assert "Traceback" not in ended.stdout + ended.stderr
        return ended.returncode, (ended.stdout + ended.stderr).splitlines()

    return run


@pytest.mark.parametrize("command", COMMANDS.values(), ids=COMMANDS)
def test_wrong_settings(start, command):
    """Whatever is started with settings that are wrong says so, a line each, and ends."""
    code, lines = start(command, REDIS_URL="nonsense", RPM="many")
    assert code == 1
    assert [line.split(": ")[:2] for line in lines] == [
        ["configuration error", "RPM"], ["configuration error", "REDIS_URL"],
    ]  # fmt: skip


@pytest.mark.parametrize(("role", "command"), [("bridge", BRIDGE), ("worker", WORKER)])
def test_every_obstacle_is_told_at_once(start, tmp_path, role, command):
    """A missing key, files that cannot be written and a port that is taken are told together."""
    (tmp_path / "file").touch()
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = f"{role.upper()}_METRICS_PORT"
        code, lines = start(
            command, OPENAI_KEY="", LOG_FILE=str(tmp_path / "file" / "log"), HEALTH_FOLDER=str(tmp_path / "file" / "x"),
            **{port: str(taken.getsockname()[1])},
        )  # fmt: skip
    assert code == 1
    expected = {
        "bridge": ["LOG_FILE", "HEALTH_FOLDER", port],
        "worker": ["OPENAI_KEY", "LOG_FILE", "HEALTH_FOLDER", port],
    }[role]
    assert [line.split(": ")[:2] for line in lines] == [["configuration error", name] for name in expected]
    assert lines[-1].endswith("Address already in use")


def test_the_bridge_and_its_commands_need_no_key(start):
    """Only workers talk to the provider, so `python -m bridge replay` asks for no key; and Kafka is named."""
    nowhere = f"127.0.0.1:{free_port()}"
    with ThreadPoolExecutor() as at_once:  # each waits for Kafka for a while
        tried = [
            at_once.submit(start, command, OPENAI_KEY="", KAFKA_BOOTSTRAP_SERVERS=nowhere)
            for command in (BRIDGE, COMMANDS["replay"])
        ]
    for code, lines in [each.result() for each in tried]:
        assert code == 1
        assert f"Kafka at {nowhere}: " in lines[-1]


def test_the_bridge_names_a_topic_that_nobody_makes(start, kafka, redis_url, topics):
    """Where topics are not to be created, a missing dead-letter topic ends the start with its name."""
    requests, notifications, uploads = topics("requests", "notifications", "uploads")
    code, lines = start(
        BRIDGE, KAFKA_BOOTSTRAP_SERVERS=kafka, REDIS_URL=redis_url, KAFKA_CREATE_TOPICS="off",
        KAFKA_TOPIC_FOR_AI_HANDLER=requests, KAFKA_TOPIC_FOR_NOTIFICATIONS=notifications,
        KAFKA_TOPIC_FOR_UPLOADING_DATA=uploads,
    )  # fmt: skip
    assert code == 1
    assert f"missing topics: {requests}.DLQ;" in lines[-1]


def test_flower_reads_the_env_file(redis_url, tmp_path, eventually):
    """Its password and its prefix may stand in `.env`, as for every process; and the compose file's probe finds it."""
    file, port = tmp_path / "env", free_port()
    file.write_text(
        f"REDIS_URL={redis_url}\nLOG_FILE=none\nFLOWER_BASIC_AUTH=operator:secret\nFLOWER_URL_PREFIX=/tasks/\n"
    )
    ours = {name.upper() for name in Settings.model_fields}
    environment = {name: value for name, value in os.environ.items() if name not in ours}
    flower = ChildProcess(
        "flower", [sys.executable, "-m", "celery", "-A", "worker", "flower", "--address=127.0.0.1", f"--port={port}"],
        log_file=tmp_path / "flower.log", environment={**environment, "ENV_FILE": str(file)}, folder=CHECKOUT,
    )  # fmt: skip

    def status(path, login=b"nobody"):
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
        headers = {"Authorization": f"Basic {base64.b64encode(login).decode()}"}
        with contextlib.closing(connection):
            connection.request("GET", path, headers=headers)
            return connection.getresponse().status

    flower.start()
    try:
        eventually(lambda: listens(port), "Flower listens")
        assert status("/tasks/workers") == 401
        assert status("/tasks/workers", b"operator:wrong") == 401
        assert status("/tasks/workers", b"operator:secret") == 200
        compose = yaml.safe_load((CHECKOUT / "docker-compose.services.yml").read_text())
        _, *probe = compose["services"]["flower"]["healthcheck"]["test"]
        command = [word.replace("$$", "$").replace("5555", str(port)) for word in probe]
        for prefix, code in (("/tasks/", 0), ("tasks", 0), ("", 1)):
            done = subprocess.run(command, env={**os.environ, "FLOWER_URL_PREFIX": prefix}, check=False, timeout=20)
            assert done.returncode == code
    finally:
        flower.stop()


def test_the_check_finds_workers(make_fleet, start, eventually):
    """`bridge check` says how many workers answer, and what to do where none does."""
    fleet = make_fleet(forked=False)

    def told():
        _, lines = start(("bridge", "check"), **fleet.settings)
        return next(line.split(maxsplit=2) for line in lines if line.split()[1:2] == ["workers"])

    assert told()[2] == "none answers within 2 s"
    fleet.worker()
    eventually(lambda: told()[0] == "ok", "a worker that answers")
    assert told()[2].startswith("1 answers: ")


def test_the_first_contact_is_told(tmp_path):
    """A Kafka that is not there and a Redis that is not are told within seconds, with what to do, once."""
    nowhere = f"127.0.0.1:{free_port()}"
    ours = {name.upper() for name in Settings.model_fields}
    environment = {name: value for name, value in os.environ.items() if name not in ours}
    bridge = ChildProcess(
        "bridge", [sys.executable, "-m", "bridge"], log_file=tmp_path / "log", folder=CHECKOUT,
        environment={**environment, "LOG_FILE": "none", "REDIS_HOST": "127.0.0.1", "REDIS_PORT": nowhere.split(":")[1],
                     "KAFKA_BOOTSTRAP_SERVERS": nowhere},
    )  # fmt: skip
    bridge.start()
    try:
        bridge.wait_ready(lambda: "KAFKA_BOOTSTRAP_SERVERS" in (tmp_path / "log").read_text(), timeout=60)
    finally:
        bridge.stop()
    said = [line for line in (tmp_path / "log").read_text().splitlines() if " -> " in line]
    assert [line.partition(" -> ")[2] for line in said] == [
        "is it running, and are REDIS_HOST and REDIS_PORT its address as seen from here?",
        "are the brokers running, and is KAFKA_BOOTSTRAP_SERVERS their address as seen from here?",
    ]


def test_help_needs_nothing(start):
    """`--help` answers without any setting."""
    code, lines = start(("bridge", "replay", "--help"), OPENAI_KEY="")
    assert (code, lines[0].split()[0]) == (0, "usage:")


def test_a_worker_shows_that_it_lives(make_fleet, private_redis, eventually):
    """Its health file is touched while it reaches Redis, and grows old while it does not."""
    fleet = make_fleet(redis_url=f"{private_redis.url}/1", forked=False)
    fleet.worker()
    file = fleet.folder / "worker" / "worker.health"

    def age():
        return time.time() - file.stat().st_mtime

    eventually(file.exists, "a first heartbeat")
    first = file.stat().st_mtime
    eventually(lambda: file.stat().st_mtime > first, "another heartbeat")
    private_redis.pause()
    eventually(lambda: age() > 8, "no heartbeat while Redis is frozen", 120)
    private_redis.resume()
    eventually(lambda: age() < 4, "a heartbeat once Redis is back", 120)
