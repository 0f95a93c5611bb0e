"""The table of `python -m worker explain`."""

import json
import os
import subprocess
import sys
from pathlib import Path

from contract import Failure
from worker.assessment.criteria import parse_criteria
from worker.assessment.vacancy import read_vacancy
from worker.explaining.explanation import (
    FAILED_OF,
    Explanation,
    FailedExplanation,
    criteria_table,
    failure_table,
    table,
)


def criterion(number: int, text: str, **changes: object) -> dict[str, object]:
    usual = {
        "id": number,
        "text": text,
        "kind": "must",
        "weight": 2,
        "claimed": "strong",
        "level": "strong",
        "points": 2,
    }
    return {**usual, **changes}


PARTS = {
    "score": 40,
    "verdict": "Не подходит",
    "threshold": 60,
    "cap": 40,
    "points": 4,
    "of": 8,
    "criteria": [
        criterion(1, "Python", quotes=["пишу на Python"], years=3, months=36),
        criterion(2, "Go", level="none", points=0, quotes=["десять лет на Go"], reasons=["absent"]),
        criterion(3, "Лицензия", kind="gate", weight=0, claimed="none", level="none", points=0),
    ],
    "criteria_digest": "0123456789abcdef",
    "question": "ff",
    "graded_in": "2026-11",
    "model": "some-model",
    "prompt_version": "1",
    "rubric_version": "2",
}
EXPLANATION = Explanation.model_validate(PARTS)


def test_each_criterion_is_shown_with_its_proof():
    """An operator sees what was asked, what was quoted, what a gate lowered and why, and what it earned."""
    assert table(12, EXPLANATION) == [
        "processing_id 12: 40 of 100, Не подходит",
        "",
        "1. Python: strong, must, 2 of 2 points, weight 2",
        "   «пишу на Python»",
        "   36 months of 36 that are asked for",
        "2. Go: none, must, 0 of 2 points, weight 2",
        "   «десять лет на Go»",
        "   the model said strong; lowered by: absent",
        "3. Лицензия: none, a gate",
        "",
        "sum: 100 * 4 // 8 = 50",
        "cap: at most 40",
        "verdict: «Подходит» from 60",
        "answered by the model: some-model, prompt 1, rubric 2, criteria 0123456789abcdef",
    ]


def test_cached_flagged_and_unlawful_say_so():
    """Where an answer came from, and what is wrong with the texts, is part of the explanation."""
    changes = {"cached": True, "cap": 100, "suspicions": ["to_reviewer"], "forbidden": ["возраст"]}
    changes |= {"second_look": "kept"}
    lines = table(12, Explanation.model_validate({**PARTS, **changes}))
    assert lines[-4:] == [
        "a person should look: to_reviewer",
        "second look at the quotes: kept",
        "forbidden grounds in the vacancy, not graded: возраст",
        "answer from the cache: some-model, prompt 1, rubric 2, criteria 0123456789abcdef",
    ]
    assert not [line for line in lines if line.startswith("cap")]


def test_the_decision_can_be_shown_after_its_texts_are_gone():
    """What is kept for longer has no words, and the table says so."""
    decision = Explanation.model_validate_json(EXPLANATION.without_texts())
    assert not [word for word in ("Python", "Go", "десять") if word in EXPLANATION.without_texts()]
    assert table(12, decision)[2] == "1. (words no longer kept): strong, must, 2 of 2 points, weight 2"


def test_criteria_are_shown_with_what_the_law_forbids():
    """A recruiter reads what all resumes are measured by, and what the law forbids to ask for."""
    vacancy = read_vacancy("- Опыт на Python от 3 лет\n- возраст до 35 лет")
    listed = [{"text": "Опыт на Python от 3 лет", "kind": "must", "years": 3}]
    forbidden = [{"text": "возраст до 35 лет", "ground": "возраст"}]
    answer = json.dumps({"criteria": listed, "forbidden": forbidden})
    lines = criteria_table(parse_criteria(answer, vacancy))
    assert lines[1:] == [
        "1. [must] Опыт на Python от 3 лет  (at least 3 years)",
        "not graded, the law forbids it (возраст): возраст до 35 лет",
    ]


def test_every_failure_can_be_explained():
    """An operator reads what the request failed of, and the sentence that its user has."""
    for failure in Failure:
        kept = FailedExplanation(failure=failure.name, failed_at="2026-11-30T05:00:00+00:00")
        lines = failure_table(43, kept)
        assert lines[0] == f"processing_id 43: failed at 2026-11-30T05:00:00+00:00, no score: {failure.name}"
        assert lines[1].strip() == FAILED_OF[failure]
        assert failure.value in lines[2]
    assert len(failure_table(43, FailedExplanation(failure="OF_A_LATER_VERSION", failed_at="-"))) == 1


def test_help_needs_no_settings():
    """Whoever asks how the command is used gets an answer, before there is a key or a Redis."""
    environment = {name: value for name, value in os.environ.items() if name != "OPENAI_KEY"}
    done = subprocess.run(
        [sys.executable, "-m", "worker", "--help"],
        env={**environment, "ENV_FILE": os.devnull},
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert "explain" in done.stdout
