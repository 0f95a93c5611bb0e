"""The table of `python -m worker explain`."""

import os
import subprocess
import sys
from pathlib import Path

from worker.explanation import Explanation, table

PARTS = {
    "score": 40,
    "verdict": "Не подходит",
    "threshold": 60,
    "cap": "2 of 3 requirements held: at most 40",
    "grades": [
        {"requirement": "Python", "level": "strong", "quote": "пишу на Python", "verified": True, "points": 2},
        {"requirement": "Go", "level": "strong", "quote": "десять лет на Go", "verified": False, "points": 0},
        {"requirement": "SQL", "level": "none", "quote": "", "verified": False, "points": 0},
    ],
    "suspicions": [],
    "model": "some-model",
    "prompt_version": "1",
    "rubric_version": "2",
}
EXPLANATION = Explanation.model_validate(PARTS)


def test_each_requirement_is_shown_with_its_proof():
    """An operator sees what was asked, what was quoted, whether the quote is real, and what it earned."""
    assert table(12, EXPLANATION) == [
        "processing_id 12: 40 of 100, Не подходит",
        "",
        "1. Python",
        "   strong, 2 of 2 points: «пишу на Python»",
        "2. Go",
        "   strong, 0 of 2 points: «десять лет на Go»  (not in the resume: earns nothing)",
        "3. SQL",
        "   none, 0 of 2 points: no quote",
        "",
        "sum: 100 * 2 // (2 * 3) = 33",
        "cap: 2 of 3 requirements held: at most 40",
        "verdict: «Подходит» from 60",
        "answered by the model: some-model, prompt 1, rubric 2",
    ]


def test_cached_and_suspicious_answers_say_so():
    """Where an answer came from, and that a resume talks to the reviewer, is part of the explanation."""
    lines = table(
        12,
        Explanation.model_validate({**PARTS, "cached": True, "cap": None, "suspicions": ["addresses_model", "order"]}),
    )
    assert lines[-2:] == [
        "the resume addresses the reviewer: addresses_model, order",
        "answer from the cache: some-model, prompt 1, rubric 2",
    ]
    assert not [line for line in lines if line.startswith("cap")]


def test_help_needs_no_settings(tmp_path):
    """Whoever asks how the command is used gets an answer, before there is a key or a Redis."""
    environment = {name: value for name, value in os.environ.items() if name != "OPENAI_KEY"}
    done = subprocess.run(
        [sys.executable, "-m", "worker", "--help"],
        env={**environment, "ENV_FILE": str(tmp_path / "none")},
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert "explain" in done.stdout
