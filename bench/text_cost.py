"""What judging a text costs: `python -m bench.text_cost`.

All text work of one request (reading the resume, cutting the vacancy, messages, reading the model's answer, looking up
its quotes, gates, score, wording; redaction apart) in milliseconds of CPU, best of five, for ordinary resumes of 1,500
and 15,000 characters; then for 15,000 hostile characters of many kinds, as a ratio to the ordinary one of that length.
"""

import json
import time
from collections.abc import Callable
from typing import Final

from rich.console import Console
from rich.table import Table

from bench.hostile_texts import HOSTILE_TEXTS, LENGTH
from bench.scoring_set import pairs
from bench.scoring_set.build import criteria_of
from worker.assessment.criteria import Criteria
from worker.assessment.grading import parse_grading
from worker.assessment.judgement import judge
from worker.assessment.prompt import grading_messages
from worker.assessment.reading import read
from worker.assessment.vacancy import Vacancy, read_vacancy

RUNS: Final = 5
SMALL: Final = 1_500
WORDS_OF_A_QUOTE: Final = 8
_GRADED_IN: Final = (2026, 11)

console = Console()


def ordinary(length: int) -> str:
    """An honest resume of so many characters: paragraphs, lists and dates of many trades."""
    text = "\n\n".join(pair.resume for pair in pairs())
    return text[:length]


def ordinary_vacancy() -> tuple[Vacancy, Criteria]:
    """A vacancy of the labelled set with its criteria."""
    text = pairs()[0].vacancy
    return read_vacancy(text), criteria_of(text)


def text_work(resume: str, vacancy: Vacancy, criteria: Criteria) -> None:
    """Everything that is done with the texts of one request, with an answer that quotes from all over the resume."""
    reading = read(resume)
    grading_messages(criteria, resume, delimiter="0" * 18)
    found = resume.split() or ["."]
    step = max(1, len(found) // (2 * len(criteria.items)))
    quotes = [" ".join(found[place : place + WORDS_OF_A_QUOTE])[:400] for place in range(0, len(found), step)]
    grades = [
        {"id": item.id, "quotes": quotes[2 * number : 2 * number + 2], "level": "strong"}
        for number, item in enumerate(criteria.items)
    ]
    grading = parse_grading(json.dumps({"grades": grades}), [item.id for item in criteria.items], strict=True)
    judge(criteria, grading, reading, vacancy, threshold=60, graded_in=_GRADED_IN)


def milliseconds(work: Callable[[], object]) -> float:
    """CPU of one run, best of five."""
    best = float("inf")
    for _ in range(RUNS):
        started = time.process_time()
        work()
        best = min(best, time.process_time() - started)
    return best * 1000


def main() -> None:
    """Measure and print."""
    vacancy, criteria = ordinary_vacancy()
    short, long = ordinary(SMALL), ordinary(LENGTH)
    small = milliseconds(lambda: text_work(short, vacancy, criteria))
    large = milliseconds(lambda: text_work(long, vacancy, criteria))
    console.print(f"ordinary resume: {small:.2f} ms at {SMALL} characters, {large:.2f} ms at {LENGTH} (bars: 4 and 40)")
    vacancies = "\n".join(pair.vacancy for pair in pairs())[:5_000]
    cut = milliseconds(lambda: read_vacancy.__wrapped__(vacancies))
    console.print(f"cutting a new vacancy of 5,000 characters: {cut:.2f} ms, once while it is remembered")
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
