"""What judging a text costs: `python -m bench.text_cost`.

All text work of one request (reading the resume, messages, reading the model's answer, finding its quotes, proofs,
suspicions, score, wording) in milliseconds of CPU, best of five, for ordinary resumes of 1,500 and 15,000 characters,
redaction apart; then for 15,000 hostile characters of many kinds, as a ratio to the ordinary one of that length.
"""

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from rich.console import Console
from rich.table import Table

from bench.hostile_texts import HOSTILE_TEXTS, LENGTH
from worker.assessment.criteria import Criteria, parse_criteria
from worker.assessment.grading import DatedGrading, parse_grading
from worker.assessment.judgement import judge
from worker.assessment.prompt import grading_messages
from worker.assessment.redaction import redact
from worker.assessment.resume import read_resume
from worker.assessment.vacancy import Vacancy, read_vacancy

RUNS: Final = 5
SMALL: Final = 1_500
WORDS_OF_A_QUOTE: Final = 8
LABELLED: Final = Path(__file__).parent.parent / "tests/data/scoring/labelled.jsonl"

console = Console()


def labelled() -> list[dict[str, Any]]:
    """The labelled pairs."""
    return [json.loads(line) for line in LABELLED.read_text(encoding="utf-8").splitlines()]


def ordinary(length: int) -> str:
    """An honest resume of so many characters: paragraphs, lists and dates of many trades."""
    return "\n\n".join(pair["resume"] for pair in labelled())[:length]


def ordinary_vacancy() -> tuple[Vacancy, Criteria]:
    """A vacancy of the labelled set with its criteria."""
    pair = labelled()[0]
    vacancy = read_vacancy(pair["vacancy"])
    return vacancy, parse_criteria(json.dumps(pair["criteria_answer"]), vacancy)


def text_work(text: str, vacancy: Vacancy, criteria: Criteria) -> None:
    """Everything but redaction that is done with the texts of a request, with quotes from all over the resume."""
    resume = read_resume(text, redaction=False)
    grading_messages(criteria, resume, delimiter="0" * 18)
    found = text.split() or ["."]
    step = max(1, len(found) // (2 * len(criteria.items)))
    quotes = [" ".join(found[place : place + WORDS_OF_A_QUOTE])[:400] for place in range(0, len(found), step)]
    grades = [
        {
            "id": item.id,
            "quotes": quotes[2 * number : 2 * number + 2],
            "level": "strong",
            "periods": [{"from": "2019-03", "to": "now"}] if item.years else [],
        }
        for number, item in enumerate(criteria.items)
    ]
    answer = parse_grading(json.dumps({"grades": grades}), [item.id for item in criteria.items])
    judge(criteria, DatedGrading(grades=answer.grades, year=2026, month=11), resume, vacancy, threshold=60)


def milliseconds(work: Callable[[], object], times: int = RUNS) -> float:
    """CPU of one run, the best of so many."""
    best = float("inf")
    for _ in range(times):
        started = time.process_time()
        work()
        best = min(best, time.process_time() - started)
    return best * 1000


def main() -> None:
    """Measure and print."""
    vacancy, criteria = ordinary_vacancy()
    large = 0.0
    for length, bar in ((SMALL, 1.5), (LENGTH, 12)):
        text = ordinary(length)
        large = milliseconds(lambda text=text: text_work(text, vacancy, criteria))  # type: ignore[misc]
        redaction = milliseconds(lambda text=text: redact(text))  # type: ignore[misc]
        console.print(f"{length} characters: {large:.2f} ms (bar: {bar}), redaction beside it {redaction:.2f} ms")
    vacancies = "\n".join(pair["vacancy"] for pair in labelled())[:5_000]
    console.print(f"reading a new vacancy of 5,000 characters: {milliseconds(lambda: Vacancy(vacancies)):.2f} ms, once")
    table = Table(title="15,000 hostile characters (bar: 5 times the ordinary)", title_justify="left")
    table.add_column("of what")
    table.add_column("ms", justify="right")
    table.add_column("times", justify="right")
    for name, text in HOSTILE_TEXTS.items():
        cost = milliseconds(lambda text=text: text_work(text, vacancy, criteria))  # type: ignore[misc]
        table.add_row(name, f"{cost:.2f}", f"{cost / large:.2f}")
    console.print(table)


if __name__ == "__main__":
    main()
