"""A key that a program prints: real programs, a real Redis, and endpoints that refuse old keys."""

import json
import os
import signal
import sys
import threading
import time
from contextlib import ExitStack, suppress
from itertools import pairwise
from types import SimpleNamespace

import pytest
import redis

from contract import printed_key
from dev.lone_profile import LoneProfile
from tests.support.fakes import eventually
from tests.support.local_web import reply, web_server
from worker.asking import key_command
from worker.asking.key_command import KeyCommand, printed_by
from worker.asking.openai_client import OpenAIClient
from worker.asking.probe import PROBE
from worker.asking.profile import Profile
from worker.errors import LessonError, TrippingError

SECRET = "t0p-secret"
COUNTING = """
import json, os, sys, time
folder, lasts = sys.argv[1:]
number = len(os.listdir(folder)) + 1
open(f"{folder}/{number}", "x").write(repr(time.monotonic()))
time.sleep(0.1)
print(json.dumps({"key": f"key-{number}", "expires_in": float(lasts)}))
"""


@pytest.fixture
def program(tmp_path):
    """A program that counts how often it ran, and prints a new key each time."""

    class Program:
        folder = tmp_path / "runs"

        def command(self, lasts=1_800.0):
            return (sys.executable, "-c", COUNTING, str(self.folder), str(lasts))

        @property
        def runs(self):
            return len(list(self.folder.iterdir()))

        def began(self):
            return [float((self.folder / str(number)).read_text()) for number in range(1, self.runs + 1)]

    Program.folder.mkdir()
    return Program()


@pytest.fixture
def worker(redis_url):
    """Makes the keys of one more worker, on connections of its own."""
    with ExitStack() as opened:
        yield lambda command, **more: KeyCommand(
            opened.enter_context(redis.Redis.from_url(redis_url)), tuple(command), **more
        )


def prints(text, code=0):
    return (sys.executable, "-c", f"import sys; print({text!r}); sys.exit({code})")


@pytest.mark.timeout(120)
def test_an_expiring_key_is_renewed_once_by_eight_threads_of_two_workers(worker, program):
    """Tokens whose renewal is limited itself: one run of the program for each key's life, and nobody without one."""
    life, early = 2.0, 0.2
    keys = [worker(program.command(life)) for _ in range(2)]
    seen, wrong, stop = [], [], threading.Event()

    def use(key):
        try:
            while not stop.is_set():
                seen.append(key.current())
                time.sleep(0.01)
        except Exception as error:  # noqa: BLE001 # a thread tells nobody
            wrong.append(error)

    threads = [threading.Thread(target=use, args=(key,)) for key in keys for _ in range(4)]
    for thread in threads:
        thread.start()
    eventually(lambda: program.runs >= 5)
    stop.set()
    for thread in threads:
        thread.join()
    assert wrong == []
    began = program.began()
    apart = [later - earlier for earlier, later in pairwise(began)]
    assert min(apart) >= life - early, "once for each key's life, and not once for each worker or thread"
    assert {f"key-{number}" for number in range(1, program.runs)} <= {*seen}, "and each of them was used"


def test_a_key_without_an_end_is_asked_for_once(worker, program, redis_client):
    """Plain text is the key; a worker that starts later finds it."""
    first = worker(prints(SECRET))
    assert first.current() == SECRET
    assert worker(prints(SECRET), run=None).current() == SECRET
    (key,) = [name for name in redis_client.keys(printed_key("*")) if b"printing" not in name]
    assert 0 < redis_client.pttl(key) <= key_command.KEPT * 1000
    assert worker(program.command()).current() == "key-1", "another program's key is another key"


@pytest.mark.parametrize(
    ("command", "words"),
    [
        (prints(SECRET, code=3), "ended with code 3"),
        (prints(""), "printed nothing"),
        (prints(f"{SECRET} {SECRET}"), "printed something that no key looks like"),
        (prints(f"{SECRET}\n{SECRET}"), "printed something that no key looks like"),
        (prints(f'"{SECRET}"'), "printed something that no key looks like"),
        (prints("null"), "printed something that no key looks like"),
        (prints(SECRET * 10_000), "printed more than any key is long"),
        (prints("{" + SECRET), "printed neither a key nor"),
        (prints(json.dumps({"token": SECRET})), "printed neither a key nor"),
        (prints(json.dumps({"key": 7})), "printed something that no key looks like"),
        (prints(json.dumps({"key": SECRET, "expires_in": "1h"})), "printed an `expires_in`"),
        (prints(json.dumps({"key": SECRET, "expires_in": -1})), "printed an `expires_in`"),
        (("/nowhere/at/all",), "cannot be run: No such file or directory"),
    ],
)
def test_what_goes_wrong_is_said_in_words(worker, caplog, command, words):
    """It is said what happened, and nothing of what was printed."""
    with pytest.raises(TrippingError) as caught:
        worker(command).current()
    assert str(caught.value).startswith(f"OPENAI_KEY_COMMAND {words}")
    assert caught.value.reason == "credentials"
    assert SECRET not in str(caught.value) + caplog.text


def test_a_program_that_hangs_is_ended_with_all_it_started():
    """A shell's child holds the pipe: nobody waits for it."""
    with pytest.raises(ValueError, match=r"^did not end within 0\.5 s$"):
        printed_by(("/bin/sh", "-c", "sleep 600 & sleep 600"), 0.5)


def test_nobody_waits_for_a_child_that_left_for_a_session_of_its_own(tmp_path):
    """As the agents do that keep tokens: it holds the pipe when the program has ended, and is not ended with it."""
    child = tmp_path / "child"
    script = f"setsid sh -c 'echo $$ >{child}.part; mv {child}.part {child}; exec sleep 120' & echo {SECRET}"
    try:
        with pytest.raises(ValueError, match=r"^did not end within 5 s$"):
            printed_by(("/bin/sh", "-c", script), 5.0)
        os.kill(int(child.read_text()), 0)  # it is still there, so nobody waited for its end
    finally:
        with suppress(FileNotFoundError, ProcessLookupError):
            os.kill(int(child.read_text()), signal.SIGKILL)


def test_a_failure_is_not_repeated_by_every_worker(worker):
    """Who waits for another's run, or comes right after it, takes its word."""
    runs, began = [], threading.Barrier(2)

    def fail(*_):
        runs.append(1)
        began.wait(30)
        raise ValueError("failed")

    failed = []

    def use(key):
        try:
            key.current()
        except TrippingError as error:
            failed.append(str(error))

    threads = [threading.Thread(target=use, args=(worker(("-",), run=fail),)) for _ in range(3)]
    for thread in threads:
        thread.start()
    began.wait(30)
    for thread in threads:
        thread.join()
    assert len(runs) == 1
    assert len(failed) == 3


def test_a_failure_before_the_end_leaves_the_key_in_use(worker, caplog):
    """It is renewed early so that it may be tried again."""
    said = [b'{"key": "good", "expires_in": 3600}']
    now = [0.0]

    def run(*_):
        if not said:
            raise ValueError("failed")
        return said.pop()

    key = worker(("-",), run=run, clock=lambda: now[0])
    assert key.current() == "good"
    now[0] = 3_570.0
    key.store.flushdb()
    assert key.current() == "good"
    assert "failed; the last key is good for a while" in caplog.text
    now[0] = 3_601.0
    key.store.flushdb()
    with pytest.raises(TrippingError):
        key.current()


@pytest.fixture
def endpoint():
    """An endpoint that takes only the keys in `good`; `asked` are those that came."""
    endpoint = SimpleNamespace(good=set(), asked=[], url="")

    def answer(handler, _):
        key = handler.headers["Authorization"].removeprefix("Bearer ")
        endpoint.asked.append(key)
        if key in endpoint.good:
            choice = {"message": {"content": '{"ready": true}'}, "finish_reason": "stop"}
            reply(handler, 200, json.dumps({"choices": [choice]}).encode())
        else:
            reply(handler, 401, b'{"error": {"code": "invalid_api_key"}}')

    with web_server(answer) as endpoint.url:
        yield endpoint


@pytest.fixture
def client(endpoint, make_route):
    """Makes a client of that endpoint with these keys."""

    def make(keys):
        profiles = LoneProfile(Profile.pinned_by(temperature="auto", effort="auto", output="auto"))
        return OpenAIClient(
            make_route(), key="", keys=keys, base_url=f"{endpoint.url}/v1", model="any", count=len, timeout=20.0,
            profiles=profiles,
        )  # fmt: skip

    return make


def test_a_refused_key_is_replaced_once_for_the_fleet(worker, program, client, endpoint):
    """Every worker's call is tried again with the new key, and the program runs once."""
    keys = [worker(program.command()) for _ in range(2)]
    clients = [client(key) for key in keys]
    assert [key.current() for key in keys] == ["key-1", "key-1"]
    endpoint.good = {"key-2"}
    for each in clients:
        with pytest.raises(LessonError):
            each.ask(PROBE)
        assert each.ask(PROBE).content
    assert program.runs == 2
    assert endpoint.asked == ["key-1", "key-2"] * 2


def test_only_a_second_refusal_opens_the_breaker(worker, program, client):
    """A new key does not help: what is wrong is for people to mend, and the program is not run again and again."""
    asked = client(worker(program.command()))
    with pytest.raises(LessonError):
        asked.ask(PROBE)
    for _ in range(3):
        with pytest.raises(TrippingError) as caught:
            asked.ask(PROBE)
    assert caught.value.reason == "credentials"
    assert program.runs == 2


def test_a_key_that_is_refused_long_after_is_replaced_again(worker, program):
    """A key that replaced another wears out like any other."""
    now = [0.0]
    key = worker(program.command(), clock=lambda: now[0])
    assert key.current() == "key-1"
    assert key.refused("key-1")
    assert key.current() == "key-2"
    assert not key.refused("key-2")
    now[0] += key_command.YOUNG + 1
    assert key.refused("key-2")
    assert key.current() == "key-3"


def test_a_word_against_an_older_key_replaces_nothing(worker, program):
    """Eight calls under way are refused together: they are news once."""
    key = worker(program.command())
    key.current()
    assert all(key.refused("key-1") for _ in range(8))
    assert program.runs == 2
