"""`make demo`, as a newcomer runs it: what the screen shows, how it ends, and that nothing is left behind."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import urllib.request
import uuid
from pathlib import Path

import pytest

from dev.demo import SAMPLES, read_samples
from dev.processes import ChildProcess
from tests.support.browser import browser

CHECKOUT = Path(__file__).parents[2]


class Demo:
    """A demo with librdkafka's imitation of Kafka, in a folder of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._mark = uuid.uuid4().hex
        self._screen = folder / "screen.log"
        self._process: ChildProcess | None = None

    def start(self, *arguments: str, **variables: str) -> ChildProcess:
        environment = {**os.environ, "DEMO_KAFKA": "mock", "DEMO_MARK": self._mark, **variables}
        command = [sys.executable, "-m", "dev.demo", "--folder", str(self.folder / "demo"), *arguments]
        self._process = ChildProcess(
            "the demo", command, log_file=self._screen, environment=environment, folder=CHECKOUT
        )
        self._process.start()
        return self._process

    def left_behind(self) -> list[str]:
        """The processes that still have our mark in the environment they were started with."""
        return list(self._ours().values())

    def kill(self, command: str) -> None:
        """SIGKILL for those of ours that were started with this."""
        for process, line in self._ours().items():
            if command in line:
                os.kill(process, signal.SIGKILL)

    def _ours(self) -> dict[int, str]:
        found = {}
        for process in Path("/proc").glob("[0-9]*"):
            try:
                if self._mark.encode() in (process / "environ").read_bytes():
                    found[int(process.name)] = (process / "cmdline").read_text().replace("\0", " ")
            except OSError:
                continue
        return found

    def clean_up(self) -> None:
        if self._process is not None:
            self._process.stop()


@pytest.fixture
def demo(tmp_path):
    """A demo that a test may start."""
    one = Demo(tmp_path)
    yield one
    one.clean_up()


def samples_in(folder):
    """A file with two of the samples, under ids of its own."""
    requests = [json.loads(line) for line in SAMPLES.read_text(encoding="utf-8").splitlines()[:2]]
    file = folder / "requests.jsonl"
    file.write_text("\n".join(json.dumps({**request, "processing_id": 900 + n}) for n, request in enumerate(requests)))
    return file


@pytest.fixture
def two_requests(tmp_path):
    """Such a file."""
    return samples_in(tmp_path)


@pytest.fixture(scope="module")
def staying(tmp_path_factory):
    """A demo that stays, once it has its results: what several tests look at, until the last of them ends it."""
    folder = tmp_path_factory.mktemp("staying")
    one = Demo(folder)
    process = one.start("--stay", "--file", str(samples_in(folder)))
    process.wait_ready(lambda: "keeps running" in process.log_text(), timeout=120)
    yield one, process
    one.clean_up()


def test_the_demo_scores_ones_own_requests_and_ends(demo, two_requests):
    """`make demo FILE=...` shows a score for each request, says where the logs are, and leaves nothing."""
    process = demo.start("--file", str(two_requests))
    assert process.wait(timeout=120) == 0, process.log_text()
    screen = process.log_text()
    assert "all 2 scored" in screen
    assert "Ермаков Денис" in screen
    assert "Касымова Алия" in screen
    assert "worker.log" in screen
    assert demo.left_behind() == []


def test_a_request_without_a_score_is_a_failure(demo, two_requests):
    """A request that cannot be scored is shown with its message, and the exit code is not 0."""
    request = json.loads(two_requests.read_text().splitlines()[0])
    two_requests.write_text(json.dumps({**request, "requirements": "Ищем человека в дружный коллектив."}))
    process = demo.start("--file", str(two_requests))
    assert process.wait(timeout=120) == 1
    assert "1 of 1 have no score" in process.log_text()
    assert demo.left_behind() == []


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_demo_leaves_nothing_running(demo, number):
    """Ctrl-C or SIGTERM in the middle ends every process, and the exit code names the signal."""
    process = demo.start()
    process.wait_ready(lambda: "requests sent" in process.log_text(), timeout=120)
    process.send(number)
    assert process.wait(timeout=120) == 128 + number, process.log_text()
    assert demo.left_behind() == []


def test_an_interrupt_while_starting_leaves_nothing_running(demo):
    """Ctrl-C before everything is up stops what is."""
    process = demo.start()
    process.wait_ready(lambda: "the bridge" in process.log_text(), timeout=120)
    process.send(signal.SIGINT)
    assert process.wait(timeout=120) == 128 + signal.SIGINT, process.log_text()
    assert demo.left_behind() == []


def test_flower_has_heard_of_every_task(staying):
    """In `make demo STAY=1` Flower lists each request's task by its name, the first one too."""
    _, process = staying
    (address,) = re.findall(r"Flower +(http://\S+)", process.log_text())
    with urllib.request.urlopen(
        f"{address}/tasks/datatable?draw=1&start=0&length=10&order[0][column]=0", timeout=20
    ) as answer:
        tasks = json.load(answer)["data"]
    assert [(task["name"], task["uuid"].split("-")[0]) for task in sorted(tasks, key=lambda task: task["uuid"])] == [
        ("score_resume", "900"),
        ("score_resume", "901"),
    ]


def test_flowers_pages_show_names_and_no_resume(staying, two_requests, tmp_path):
    """In a real browser: the list of tasks, a task and the worker, after all that they fetch is there."""
    _, process = staying
    (address,) = re.findall(r"Flower +(http://\S+)", process.log_text())
    chromium = browser(tmp_path / "profile")
    tasks = chromium.document(f"{address}/tasks")
    listed = set(re.findall(r"/task/(90[01]-[0-9a-f]+)", tasks))
    assert sorted(task.partition("-")[0] for task in listed) == ["900", "901"]
    assert tasks.count(">score_resume<") >= 2
    pages = [tasks, *(chromium.document(f"{address}/task/{task}") for task in listed), chromium.document(f"{address}/")]
    assert all("score_resume" in page for page in pages[:-1])
    requests = [json.loads(line) for line in two_requests.read_text().splitlines()]
    texts = " ".join(f"{request['requirements']} {request['resume']}" for request in requests)
    telling = set(re.findall(r"[А-Яа-яё]{6,}", texts))
    assert len(telling) > 20
    assert not [word for word in telling if any(word in page for page in pages)]


def test_the_demo_says_how_to_send_one_more(staying):
    """The command that the screen of `make demo STAY=1` shows can be typed in another terminal, and gives a score."""
    _, process = staying
    (command,) = re.findall(r"^ +(ENV_FILE=.*)$", process.log_text(), re.MULTILINE)
    sent = subprocess.run(command, shell=True, cwd=CHECKOUT, capture_output=True, text=True, timeout=60, check=False)
    assert sent.returncode == 0, sent.stderr
    assert "7001" in sent.stdout
    assert "verdict" in sent.stdout


def test_two_demos_do_not_meet(staying):
    """A second demo in the same folder says so at once, and does not harm the first."""
    demo, first = staying
    second = subprocess.run(
        [sys.executable, "-m", "dev.demo", "--folder", str(demo.folder / "demo")],
        cwd=CHECKOUT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert second.returncode == 1
    assert "another demo is running" in second.stdout
    assert first.is_running


def test_it_stays_until_it_is_told_to_end(staying):
    """`make demo STAY=1` keeps all of it running, Flower included; Ctrl-C is then its good end."""
    demo, process = staying
    running = " ".join(demo.left_behind())
    for part in ("-m bridge", "-A worker worker", "-A worker flower", "dev.openai_standin"):
        assert part in running
    process.send(signal.SIGINT)
    assert process.wait(timeout=120) == 0, process.log_text()
    assert demo.left_behind() == []


def test_a_part_that_died_is_told(demo, two_requests):
    """In `make demo STAY=1` one reads which part has ended, server or process, and the rest keeps running."""
    process = demo.start("--stay", "--file", str(two_requests))
    process.wait_ready(lambda: "keeps running" in process.log_text(), timeout=120)
    for part, command in (("worker", "-A worker worker"), ("the stand-in for OpenAI", "dev.openai_standin")):
        demo.kill(command)
        process.wait_ready(lambda part=part: f"{part} has ended" in process.log_text(), timeout=60)
    assert "bridge has ended" not in process.log_text()
    process.send(signal.SIGINT)
    assert process.wait(timeout=120) == 1
    assert demo.left_behind() == []


def test_a_fault_can_be_tried(demo, two_requests):
    """`make demo FAULT=503` shows what one would read while the provider is away, and all is scored in the end."""
    process = demo.start("--fault", "503", "--file", str(two_requests), COLUMNS="80")
    assert process.wait(timeout=240) == 0, process.log_text()
    screen = process.log_text()
    told = screen.index("> nothing is sent: the provider does not answer")
    assert screen.index("the stand-in is overloaded") < told < screen.index("the stand-in is well again")
    *_, first, second, last = screen.split("starting", 1)[1].split("  + stopping")[0].strip().splitlines()
    assert "all 2 scored" in last
    assert [re.match(r"  +\d+  (?:Подходит|Не подходит) +(\S+)", line)[1] for line in (first, second)] == [
        "Ермаков",
        "Касымова",
    ]
    assert max(map(len, (first, second, last))) <= 80
    assert demo.left_behind() == []


def test_it_does_not_empty_a_folder_of_somebody_elses(tmp_path):
    """A folder that no demo made is refused and left as it is."""
    (tmp_path / "precious").write_text("kept")
    command = [sys.executable, "-m", "dev.demo", "--folder", str(tmp_path)]
    assert subprocess.run(command, cwd=CHECKOUT, capture_output=True, check=False).returncode == 1
    assert (tmp_path / "precious").read_text() == "kept"


def test_a_line_that_is_no_request_is_named(tmp_path):
    """A broken line in one's own file is named before anything is started."""
    file = tmp_path / "requests.jsonl"
    file.write_text(SAMPLES.read_text(encoding="utf-8").splitlines()[0] + "\n{oops\n")
    with pytest.raises(SystemExit, match="line 2"):
        read_samples(file)
