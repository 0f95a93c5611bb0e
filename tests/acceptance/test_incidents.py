"""What somebody on duty reads first when something has happened: of `python -m bridge status`, of the bridge's page."""

from __future__ import annotations

import json
import os
import signal
import sys
import time
from pathlib import Path

import pytest

from dev.processes import ChildProcess, free_port
from tests.support.browser import browser
from tests.support.fleet import scoring_request
from tests.support.forked import run_forked

CHECKOUT = Path(__file__).parents[2]
# On an idle machine each is told within ten seconds; beside four busy loops everything takes longer.
PATIENCE = 60.0  # seconds


class Duty:
    """Somebody on duty, who has nothing but the command."""

    def __init__(self, fleet, folder):
        self._environment = {**os.environ, **fleet.settings}
        self._folder = folder

    def look(self, *arguments, **variables):
        """What the command prints, and its exit code."""
        return run_forked("bridge", ["-m", "bridge", "status", *arguments], {**self._environment, **variables})

    def reads(self, sentence, day=None):
        """Look until the first sentence begins so and, where that is said, the day's counts are these.

        Answers are counted a moment after they are published. Returns all that is told then, and the exit code.
        """
        told = []
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            answer = self.look("--json")
            told.append(json.loads(answer.stdout))
            if told[-1]["sentence"].startswith(sentence) and (day is None or told[-1]["redis"]["day"] == day):
                return told[-1], answer.returncode
        raise AssertionError([each["sentence"] for each in told], told[-1]["redis"])

    def watches(self):
        """The command as it runs until Ctrl-C."""
        process = ChildProcess(
            "status", [sys.executable, "-m", "bridge", "status", "--watch"],
            log_file=self._folder / "watch.log", environment={**self._environment, "LC_ALL": "C"}, folder=CHECKOUT,
        )  # fmt: skip
        process.start()
        return process

    def sees(self, port):
        """The page of the bridge in a browser."""
        return browser(self._folder / "profile").run(f"http://127.0.0.1:{port}/", "--dump-dom")


@pytest.fixture
def running(make_fleet, private_redis, tmp_path):
    """Makes a service that has nothing to do, and somebody who looks at it."""

    def make(**settings):
        fleet = make_fleet(redis_url=f"{private_redis.url}/1", **settings)
        fleet.create_topics()
        bridge = fleet.bridge()
        worker = fleet.worker()
        duty = Duty(fleet, tmp_path)
        assert duty.reads("healthy: nothing waits")[1] == 0
        return fleet, bridge, worker, duty

    return make


def test_redis_is_stopped(running, private_redis):
    """Where it should be, and that nothing is lost; the exit code calls somebody. Then all is well again."""
    _, _, _, duty = running()
    private_redis.kill()
    told, code = duty.reads(f"Redis at 127.0.0.1:{private_redis.port}, database 1 cannot be used (Error 111 ")
    assert code == 1
    assert told["alerts"] == ["RedisAway"]
    private_redis.start()
    duty.reads("healthy: nothing waits")


def test_the_workers_are_gone(running):
    """Killed without a word, they are missed, and the command that starts one is told."""
    fleet, _, worker, duty = running()
    worker.kill()
    fleet.send([scoring_request(n) for n in range(1, 4)])
    told, _ = duty.reads("no worker is alive: start one (celery -A worker worker); requests that wait: 3")
    assert told["alerts"] == ["WorkersAway"]
    assert [process["role"] for process in told["redis"]["gone"]] == ["worker"]
    fleet.worker()
    duty.reads("healthy")


def test_the_key_is_refused(running, standin):
    """The setting is named, on the terminal in either language and on the page, which shows nothing of a request."""
    port = free_port()
    fleet, _, _, duty = running(BRIDGE_METRICS_PORT=str(port))
    standin.fault("invalid_key", share=1)
    fleet.send([scoring_request(1)])
    told, _ = duty.reads("nothing is sent: the provider refuses the key")
    assert "OPENAI_KEY" in told["sentence"]
    assert told["alerts"] == ["CircuitBreakerOpen"]
    assert "запросы к модели остановлены: провайдер отвергает ключ" in " ".join(
        duty.look(LANG="ru_RU.UTF-8", LC_ALL="").stdout.split()
    )
    page = duty.sees(port)
    assert '<h1 class="bad">nothing is sent: the provider refuses the key' in page
    assert "CircuitBreakerOpen" in page
    assert "client.example" not in page
    assert "Кандидат" not in page


def test_twenty_messages_are_broken(running):
    """How many and why, and where to look; what can be read is answered beside them."""
    fleet, _, _, duty = running()
    for _ in range(20):
        fleet.send_raw(b"new_request", b"{oops")
    fleet.send([scoring_request(1)])
    told, code = duty.reads("20 messages within 20 minutes could not be read (mostly not_json)")
    assert code == 1
    assert told["alerts"] == ["DeadLetters"]
    assert fleet.drained(60), fleet.logs()
    duty.reads("20 messages", day={"dead_letter:not_json": 20, "scored": 1})


def test_the_quota_of_the_day_is_spent(running):
    """That is no fault: how many wait and when the next one starts."""
    fleet, _, _, duty = running(RPD="30")
    fleet.send([scoring_request(n) for n in range(1, 36)])
    scored = {"scored": 28}  # of 30 calls one asked for the vacancy's criteria
    told, code = duty.reads("healthy: 7 wait for today's quota, the next starts in 4", day=scored)
    assert code == 0
    assert told["redis"]["limits"]["buckets"]["rpd"]["limit"] == 30
    shown = duty.look(LANG="C", LC_ALL="").stdout
    assert max(map(len, shown.splitlines())) <= 80
    watch = duty.watches()
    watch.wait_ready(lambda: watch.log_text().count("7 wait for today's quota") >= 2, timeout=PATIENCE)
    watch.send(signal.SIGINT)
    assert watch.wait(PATIENCE) == 0
    assert "Traceback" not in watch.log_text()
