"""`python -m worker redact FILE`: what a team sees of its own resumes before it trusts the service with them."""

import json
import os
import subprocess
import sys
from pathlib import Path

from worker.explaining.taken_out import resume_in, taken_out

RESUME = "Иванова Анна\nТел.: +7 926 123-\n45-67\n\nВела склад по ГОСТ 14771-76"


def test_what_went_is_marked_and_all_else_is_as_it_is_sent():
    """The page can be read in both ways: what stood there, and what is sent instead."""
    assert taken_out(RESUME) == [
        "[-Иванова Анна",
        "Тел.: +7 926 123-",
        "45-67-]{+«[ЛИЧНЫЕ ДАННЫЕ]»+}",
        "",
        "[-Вела-]{+Вел+} склад по ГОСТ 14771-76",
        "",
        "taken out: gender_ending 1, name 2, phone 1",
    ]


def test_a_request_may_be_given_as_it_was_sent():
    """The senders' cache wraps the resume into an object of its own."""
    request = json.dumps({"resume_id": 1, "resume": json.dumps({"resume_id": 1, "resume": RESUME})})
    assert resume_in(request) == RESUME
    assert resume_in(RESUME) == RESUME
    assert resume_in("[1]") == "[1]"


def test_the_command_needs_no_server(tmp_path):
    """It runs where neither Redis nor the provider can be reached, and no setting is made."""
    file = tmp_path / "resume.txt"
    file.write_text(RESUME, encoding="utf-8")
    run = subprocess.run(
        [sys.executable, "-m", "worker", "redact", str(file)],
        cwd=tmp_path,
        env={"PYTHONPATH": str(Path(__file__).parents[2]), "PATH": os.environ["PATH"], "PYTHONIOENCODING": "utf-8"},
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert run.stdout.splitlines() == taken_out(RESUME)
