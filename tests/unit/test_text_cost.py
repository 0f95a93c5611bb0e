"""The worst texts in a process that can be killed: nobody's upload stops a worker."""

import subprocess
import sys

import pytest

from tests.conftest import needs

PROGRAM = """
import json
from bench.hostile_texts import HOSTILE_TEXTS, LENGTH
from bench.text_cost import milliseconds, ordinary, ordinary_vacancy, text_work
from worker.assessment.criteria import parse_criteria
from worker.assessment.grading import parse_grading
from worker.assessment.json_answer import BrokenAnswer
from worker.assessment.prompt import criteria_messages
from worker.assessment.vacancy import read_vacancy
from worker.assessment.wording import cleaned


def as_vacancy(text):
    read_vacancy.cache_clear()
    criteria_messages(read_vacancy(text[:5_000]))


def as_answer(text):
    for parse in (
        lambda: parse_grading(text, [1]),
        lambda: parse_grading('{"grades": [{"id": 1, "level": "strong", "quotes": ["' + text, [1]),
        lambda: parse_criteria(text, read_vacancy("- a b")),
        lambda: parse_criteria(spans_of(text), read_vacancy(text[:5_000])),
    ):
        try:
            parse()
        except BrokenAnswer:
            pass


def spans_of(text):
    listed = [{"text": text[at : at + 290], "kind": "must", "years": 3} for at in range(0, 24 * 290, 290)]
    return json.dumps({"criteria": listed, "forbidden": []})


def as_words(text):
    cleaned.cache_clear()
    cleaned(text[:5_000])


vacancy, criteria = ordinary_vacancy()
usual = milliseconds(lambda: text_work(ordinary(LENGTH), vacancy, criteria))
ratios = {}
for name, text in HOSTILE_TEXTS.items():
    works = [lambda: text_work(text, vacancy, criteria)]
    works += [lambda as_it=as_it: as_it(text) for as_it in (as_vacancy, as_answer, as_words)]
    ratios[name] = [round(milliseconds(work) / usual, 2) for work in works]
print(json.dumps(ratios))
"""
PATIENCE = 120  # seconds; the patterns of old would have taken minutes
GENEROUS = 10  # times the ordinary; the bar of 5 is measured by `python -m bench.text_cost` on a quiet machine


def test_no_text_costs_much_more_than_an_ordinary_one():
    """15,000 hostile characters, as resume, as vacancy, as the model's answer or as a requirement's words."""
    pytest.importorskip("rich", reason=needs("rich"))  # of the benchmark
    import json  # noqa: PLC0415

    done = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, timeout=PATIENCE, check=True)
    ratios = json.loads(done.stdout)
    assert len(ratios) >= 40
    assert {name: costs for name, costs in ratios.items() if max(costs) > GENEROUS} == {}
