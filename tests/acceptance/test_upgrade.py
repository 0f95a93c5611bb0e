"""The last release's code beside today's, on the same topics and the same Redis: in either order, and back again."""

from __future__ import annotations

import subprocess
import sys
import venv

import pytest

from dev.kafka_server import CHECKOUT
from dev.processes import ChildProcess, free_port, listens
from dev.service import READY, Service, standin_settings
from tests.conftest import skip

AMPLE = ("--rpm=60000", "--rpd=20000000", "--tpm=200000000")
# What ran before the first tag: a clone that was made without tags, as CI's are, still upgrades from something.
BEFORE_THE_FIRST_RELEASE = "757204d"
A_FEW = 12  # requests that are sent at each step of an upgrade

pytestmark = pytest.mark.timeout(600)  # the first installs what the last release needs: minutes on a busy machine


def git(*arguments):
    done = subprocess.run(["git", *arguments], cwd=CHECKOUT, capture_output=True, text=True, check=False)
    return done.stdout if done.returncode == 0 else ""


@pytest.fixture(scope="module")
def last_release(tmp_path_factory):
    """The folder and the interpreter of the newest tag `v*`, or of what ran before there was one."""
    release = [*git("tag", "--list", "v*", "--sort=-version:refname").split(), BEFORE_THE_FIRST_RELEASE][0]
    if not git("rev-parse", "--verify", f"{release}^{{commit}}"):
        pytest.skip(f"{release} is not here: this is a shallow clone (git fetch --unshallow --tags)")
    folder = tmp_path_factory.mktemp("last-release")
    archive = subprocess.run(["git", "archive", release], cwd=CHECKOUT, capture_output=True, check=True)
    subprocess.run(["tar", "-x", "-C", folder], input=archive.stdout, check=True)
    if (folder / "requirements.txt").read_text() == (CHECKOUT / "requirements.txt").read_text():
        return folder, sys.executable
    environment = folder / ".venv"
    venv.create(environment, with_pip=True)
    python = str(environment / "bin" / "python")
    lock = folder / "requirements.lock"
    if subprocess.run([python, "-m", "pip", "install", "--quiet", "-r", lock], check=False).returncode:
        skip(f"cannot install what {release} needs")
    return folder, python


class Upgrade:
    """A service that runs as two versions of itself."""

    def __init__(self, stage, last_release, eventually):
        self.stage = stage
        checkout, python = last_release
        fleet = stage.fleet
        self.new = fleet
        # A stand-in knows the questions of its own version alone.
        port = free_port()
        self._standin = ChildProcess(
            "the last release's stand-in",
            [sys.executable, "-m", "dev.openai_standin", f"--port={port}", *AMPLE, "--latency=0.2"],
            log_file=fleet.folder / "old" / "standin.log", folder=checkout,
        )  # fmt: skip
        self._standin.start()
        self._standin.wait_ready(lambda: listens(port), timeout=READY)
        self.old = Service(
            fleet.folder / "old", kafka=fleet.kafka, redis_url=fleet.redis_url, standin_url=None, names=fleet.names,
            settings={**fleet.settings, **standin_settings(f"http://127.0.0.1:{port}")},
            checkout=checkout, python=python,
        )  # fmt: skip
        self._eventually = eventually
        self._running = {}

    def start(self, **programs):
        """`bridge="old"` starts one of that version; what ran before it is stopped when it is up, with work in hand."""
        self.stage.send(A_FEW)
        for program, version in programs.items():
            service = getattr(self, version)
            # Where a bridge shows that it lives may differ from release to release; its log says that it works.
            patience = {"wait": program != "bridge"}
            process = getattr(service, program)(name=f"{version}-{program}-{len(service.processes)}", **patience)
            if program == "bridge":
                self._eventually(lambda process=process: "assigned" in process.log_text(), "it has a partition", 60)
            if before := self._running.get(program):
                self.stage.send(A_FEW)
                before.stop()
            self._running[program] = process
        self.stage.send(A_FEW)

    def stop(self):
        self.old.stop()
        self._standin.stop()


@pytest.fixture
def upgrade(stage, standin, last_release, eventually):
    standin.set(latency=0.2)
    it = Upgrade(stage(partitions=2, forked=False), last_release, eventually)
    yield it
    it.stop()


@pytest.mark.parametrize("order", [("bridge", "worker"), ("worker", "bridge")], ids="-".join)
def test_an_upgrade_under_load_and_back_again(upgrade, order):
    """One program after the other becomes today's, and then the last release's again: everything is answered once."""
    upgrade.start(bridge="old", worker="old")
    for version in ("new", "old"):
        for program in order:
            upgrade.start(**{program: version})
    upgrade.stage.await_notified(seconds=120)
    report = upgrade.stage.report()
    assert report.clean, report.rows()
    assert report.failed == []


def test_both_versions_at_once(upgrade):
    """Two bridges and two workers of both versions share topics, Redis and limits for as long as one likes."""
    for version in ("old", "new"):
        getattr(upgrade, version).bridge(name=f"{version}-bridge", wait=False)
        getattr(upgrade, version).worker(name=f"{version}-worker")
    for _ in range(10):
        upgrade.stage.send(A_FEW)
        upgrade.stage.fleet.send(upgrade.stage.sent[-A_FEW:])  # the sender's retry
    upgrade.stage.await_notified(seconds=120)
    report = upgrade.stage.report()
    assert report.clean, report.rows()
    assert report.failed == []
