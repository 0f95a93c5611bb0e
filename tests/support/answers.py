"""What a model would answer, made short for tests."""

import json

from worker.assessment.criteria import Criteria, parse_criteria
from worker.assessment.vacancy import read_vacancy


def criteria_of(vacancy: str, *texts: str, kind: str = "must", years: int | None = None) -> Criteria:
    """The criteria of a vacancy, all of one kind."""
    listed = [{"text": text, "kind": kind, "years": years} for text in texts]
    content = json.dumps({"criteria": listed, "forbidden": []})
    return parse_criteria(content, read_vacancy(vacancy))
