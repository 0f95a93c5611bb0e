"""Every command of docs/runbook.md, as somebody who was woken at night copies it, beside a running service."""

from __future__ import annotations

import itertools
import shlex
import subprocess
import sys

import pytest

from dev.kafka_server import CHECKOUT
from tests.support.fleet import scoring_request
from tests.unit.test_documents import code_of

PAGE = CHECKOUT / "docs" / "runbook.md"
PROGRAMS = {
    "python": [sys.executable],
    "celery": [sys.executable, "-m", "celery"],
    "grep": ["grep"],
    "redis-cli": ["redis-cli"],
}
MENTIONS = {"celery", "python -m worker", "python -m bridge"}  # "put ... before such a command"


def commands():
    """What the page tells one to run; compose's commands are checked against its files, in tests/unit."""
    lines = itertools.chain.from_iterable(code.splitlines() for code in code_of(PAGE))
    found = dict.fromkeys(line.strip() for line in lines if line.split()[0] in PROGRAMS)
    return [command for command in found if command not in MENTIONS]


@pytest.fixture(scope="module")
def night(tmp_path_factory):
    """Where the operator works: the service's log lies there as in the checkout."""
    folder = tmp_path_factory.mktemp("night")
    (folder / "logs").mkdir()
    return folder


@pytest.mark.timeout(600)  # a dozen programs start, one after the other
def test_the_commands_run(make_fleet, night, redis_url, eventually):
    """None of them is refused, and those that look for something find it."""
    log_file = night / "logs" / "auth_service.log"
    fleet = make_fleet(LOG_FILE=str(log_file))
    fleet.create_topics()
    fleet.worker(wait=False)
    fleet.bridge()
    fleet.send_raw(b"new_request", b"{no json")
    fleet.send([scoring_request(1001)])
    assert fleet.drained(60)
    eventually(lambda: len(fleet.contents()["dead_letters"]) == 1, "a dead letter to look at")
    found = commands()
    assert len(found) >= 8
    for command in found:
        program, *arguments = shlex.split(command)
        where = ["-u", redis_url] if program == "redis-cli" else []
        done = subprocess.run(
            [*PROGRAMS[program], *where, *arguments],
            cwd=night,
            env={**fleet.environment, "PYTHONPATH": str(CHECKOUT)},
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        # Nothing was given up here; that the words are those of the log is looked up in the code.
        given_up = command.startswith("grep 'given up'")
        assert done.returncode == (1 if given_up else 0), f"{command}\n{done.stdout}\n{done.stderr}"
        if given_up:
            assert any("given up" in file.read_text() for file in CHECKOUT.glob("bridge/*.py"))
    eventually(lambda: len(fleet.contents()["dead_letters"]) == 2, "it was sent again, and is as bad as before")
