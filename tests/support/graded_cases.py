"""Cases with a model's answers: a vacancy, a resume, and what a model says of them, judged as the service judges.

A case is an object with `vacancy`, `resume`, `criteria_answer` (as the schema), `grades_answer` (one entry for each
criterion, by its `text`), `second_look` (a level by text) and `month` ("YYYY-MM", of the answers).
"""

import json
from pathlib import Path
from typing import Any

from worker.assessment.criteria import Criteria, parse_criteria
from worker.assessment.grading import DatedGrading, parse_grading
from worker.assessment.judgement import Judgement, judge
from worker.assessment.resume import read_resume
from worker.assessment.second_look import SecondLook, after_second_look, looked_at
from worker.assessment.vacancy import Vacancy, read_vacancy

THRESHOLD = 60
Case = dict[str, Any]


def cases(file: Path) -> list[Case]:
    """The cases of a file, one a line."""
    return [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]


def criteria_of(case: Case) -> tuple[Vacancy, Criteria]:
    """The criteria that the case's answer makes of its vacancy."""
    vacancy = read_vacancy(case["vacancy"])
    return vacancy, parse_criteria(json.dumps(case["criteria_answer"]), vacancy)


def judged(case: Case, *, second_look: bool = False, redaction: bool = False) -> Judgement:
    """What the service makes of the case's answers."""
    vacancy, criteria = criteria_of(case)
    ids = {item.text: item.id for item in criteria.items}
    year, month = map(int, case["month"].split("-"))
    grades = [
        {"id": ids[text], "level": one["level"], "quotes": one["quotes"], "periods": one.get("periods", [])}
        for one in case["grades_answer"]
        if (text := vacancy.span(one["text"]) or "") in ids
    ]
    answer = parse_grading(json.dumps({"grades": grades}), list(ids.values()))
    grading = DatedGrading(grades=answer.grades, year=year, month=month)
    resume = read_resume(case["resume"], redaction=redaction)
    judgement = judge(criteria, grading, resume, vacancy, threshold=THRESHOLD)
    proofs = looked_at(judgement)
    if not (second_look and judgement.doubtful and proofs):
        return judgement
    levels = {vacancy.span(text): level for text, level in case["second_look"].items()}
    seen = [{"id": one.criterion.id, "level": levels.get(one.criterion.text, "none")} for one in proofs]
    return after_second_look(judgement, SecondLook.model_validate({"proofs": seen}), threshold=THRESHOLD)


def levels_of(judgement: Judgement) -> dict[str, str]:
    """The levels that count, by the criterion's words."""
    return {proof.criterion.text: proof.level.value for proof in judgement.proofs}
