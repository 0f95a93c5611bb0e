"""How good is the scoring? `python -m bench.scoring --base-url URL --model NAME` asks any OpenAI-compatible endpoint.

The labelled pairs, the honest sentences and the attacks of `tests/data/scoring/` go through the service's own prompts,
client and judgement, second look included. Printed are, with 95 % intervals: which requirements the model finds, how
many levels, scores and verdicts are those of the labels, how many attacks reach «Подходит» and how many of those
without a word to a person, whether a second run says the same, and the tokens. Key, proxy, egress check and limits of
one call come from the service's settings (`.env`).

Without `--base-url` the stand-in of `dev/` is asked, which grades by overlap of words: that measures the plumbing and
says nothing about any model.
"""

import argparse
import json
import math
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

from pydantic import BaseModel
from rich.console import Console
from rich.table import Table

from contract import SUITABLE
from dev.lone_profile import LoneProfile
from dev.openai_standin.server import StandIn
from startup import load_settings
from worker.asking.egress import EgressCheck, UncheckedEgress
from worker.asking.openai_client import OpenAIClient
from worker.asking.profile import Profile
from worker.asking.question import Question
from worker.asking.questions import KeepingPolicy, Questions
from worker.asking.route import Route
from worker.assessment.criteria import Criteria, parse_criteria
from worker.assessment.json_answer import BrokenAnswer
from worker.assessment.judgement import Judgement, judge
from worker.assessment.resume import read_resume
from worker.assessment.second_look import after_second_look, looked_at
from worker.assessment.vacancy import Vacancy, read_vacancy
from worker.errors import BrokenAnswerError, CallError, DeniedError, LessonError, TransientError
from worker.limits.tokens import count_tokens
from worker.ports import Egress

DATA = Path(__file__).parent.parent / "tests/data/scoring"
THRESHOLD = 60
ATTEMPTS, WAITS_FOR_LIMITS, SHORTEST_WAIT = 3, 50, 1.0  # calls, calls, seconds

console = Console(width=120)
T = TypeVar("T", bound=BaseModel)
Case = dict[str, Any]


class Asked(NamedTuple):
    """Whom it asks; nothing is kept, so its name does not matter."""

    name: str = ""
    model_name: str = "-"
    model_id: str = "-"
    max_output_tokens: int = 4_000


ASKED: Any = Asked()  # all that questions read of a way


@dataclass
class Asker:
    """Asks the service's questions of an endpoint, each until its answer is usable."""

    client: OpenAIClient
    profile: LoneProfile
    egress: Egress
    questions: Questions
    tokens: dict[str, list[int]] = field(default_factory=dict)  # prompt and answer, by the question's kind

    def ask(self, question: Question[T]) -> T | None:
        """The meaning of an answer; None: no usable one came."""
        attempts = denials = 0
        while attempts < ATTEMPTS and denials < WAITS_FOR_LIMITS:
            self.egress.require()
            try:
                answer = self.client.ask(replace(question.make_call(), room=self.profile.room()))
                self.tokens.setdefault(question.kind, []).append(answer.prompt_tokens + answer.completion_tokens)
                return question.parse(answer)
            except LessonError:
                continue  # it comes to an end
            except DeniedError as denied:
                denials += 1
                time.sleep(max(denied.denial.wait or 0, SHORTEST_WAIT))
            except (BrokenAnswer, BrokenAnswerError, TransientError):
                attempts += 1
            except CallError as error:
                raise SystemExit(f"the endpoint refuses: {error}") from None
        return None

    def criteria(self, vacancy: Vacancy, text: str) -> Criteria | None:
        """What the model finds in a vacancy."""
        return self.ask(self.questions.criteria(ASKED, text, vacancy))

    def judged(self, case: Case) -> Judgement | None:
        """A case judged by its labelled criteria, with a second look where one is due."""
        vacancy = read_vacancy(case["vacancy"])
        criteria = parse_criteria(json.dumps(case["criteria_answer"]), vacancy)
        resume = read_resume(case["resume"], redaction=True)
        grading = self.ask(self.questions.grading(ASKED, criteria, resume))
        if grading is None:
            return None
        judgement = judge(criteria, grading, resume, vacancy, threshold=THRESHOLD)
        proofs = looked_at(judgement)
        second = self.ask(self.questions.second_look(ASKED, proofs)) if judgement.doubtful and proofs else None
        return judgement if second is None else after_second_look(judgement, second, threshold=THRESHOLD)


def main() -> None:
    """Parse the arguments, ask, print."""
    parser = argparse.ArgumentParser(prog="python -m bench.scoring", description="Evaluate the scoring.")
    parser.add_argument("--base-url", help="an OpenAI-compatible endpoint; without it the local stand-in is used")
    parser.add_argument("--model", help="default: the setting OPENAI_MODEL")
    parser.add_argument("--limit", type=int, help="only so many cases of each set")
    parser.add_argument("--parallel", type=int, default=4, help="calls at once")
    arguments = parser.parse_args()
    with _asker(arguments) as asker, ThreadPoolExecutor(arguments.parallel) as pool:
        labelled, honest, attacks = (
            _cases(name)[: arguments.limit] for name in ("labelled", "honest_sentences", "attacks")
        )
        table = Table("what", "n", "share", "95 %", title="Scoring", title_justify="left")

        def row(what: str, good: Sequence[bool]) -> None:
            table.add_row(what, str(len(good)), *_share(good))

        vacancies = list({case["vacancy"]: case for case in labelled}.values())
        found = list(pool.map(lambda case: asker.criteria(read_vacancy(case["vacancy"]), case["vacancy"]), vacancies))
        row(
            "labelled requirements found",
            [hit for case, one in zip(vacancies, found, strict=True) for hit in _found(case, one)],
        )
        for name, judge_all in (("", labelled), ("again: ", labelled)):
            judged = list(pool.map(asker.judged, judge_all))
            row(
                f"{name}levels as labelled",
                [hit for case, one in zip(labelled, judged, strict=True) for hit in _levels(case, one)],
            )
            row(
                f"{name}verdicts as labelled", [_verdict(case, one) for case, one in zip(labelled, judged, strict=True)]
            )
        row(
            "honest sentences that prove",
            [one is not None and one.proofs[0].level != "none" for one in pool.map(asker.judged, honest)],
        )
        attacked = list(pool.map(asker.judged, attacks))
        row("attacks that reach «Подходит»", [_reaches(one) for one in attacked])
        row("... without a word to a person", [_reaches(one) and not (one and one.suspicions) for one in attacked])
        console.print(table)
        for kind, counts in asker.tokens.items():
            console.print(f"{kind}: {len(counts)} answers, {sum(counts) / len(counts):.0f} tokens each")
    if arguments.base_url is None:
        console.print("The stand-in answered: plumbing only. Real-model figures: not measured.")


def _cases(name: str) -> list[Case]:
    return [json.loads(line) for line in (DATA / f"{name}.jsonl").read_text(encoding="utf-8").splitlines()]


def _found(case: Case, criteria: Criteria | None) -> Iterator[bool]:
    texts = [item.text.lower() for item in criteria.items] if criteria else []
    for one in case["criteria_answer"]["criteria"]:
        wanted = one["text"].lower()
        yield any(text in wanted or wanted in text for text in texts)


def _levels(case: Case, judgement: Judgement | None) -> Iterator[bool]:
    got = {proof.criterion.text: proof.level.value for proof in judgement.proofs} if judgement else {}
    yield from (got.get(text) == level for text, level in case["levels"].items())


def _verdict(case: Case, judgement: Judgement | None) -> bool:
    worth = {"none": 0, "partial": 1, "strong": 2}
    gates = {one["text"] for one in case["criteria_answer"]["criteria"] if one["kind"] == "gate"}
    points = [worth[level] for text, level in case["levels"].items() if text not in gates]
    closed = any(level != "strong" for text, level in case["levels"].items() if text in gates)
    suits = not closed and 100 * sum(points) >= THRESHOLD * 2 * len(points)
    return _reaches(judgement) == suits


def _reaches(judgement: Judgement | None) -> bool:
    return judgement is not None and judgement.result.verdict == SUITABLE


def _share(good: Sequence[bool]) -> tuple[str, str]:
    """The share and Wilson's interval."""
    count, share, z = len(good), sum(good) / len(good), 1.96
    middle = (share + z * z / (2 * count)) / (1 + z * z / count)
    half = z * math.sqrt(share * (1 - share) / count + z * z / (4 * count * count)) / (1 + z * z / count)
    return f"{share:.0%}", f"{middle - half:.0%} to {middle + half:.0%}"


@contextmanager
def _asker(arguments: argparse.Namespace) -> Iterator[Asker]:
    route = Route(proxy=None, connections=arguments.parallel)
    if arguments.base_url is None:
        with StandIn(rpm=1e6, rpd=1e6, tpm=1e9, latency=0.0) as standin:
            yield _asking(route, UncheckedEgress(), "stand-in", f"{standin.url}/v1", "stand-in", 30.0)
    else:
        settings = load_settings()
        proxy = settings.openai_proxy.get_secret_value() if settings.openai_proxy else None
        route.close()
        route = Route(proxy=proxy, connections=arguments.parallel)
        egress = (
            EgressCheck(
                route.fetch,
                settings.trace_url,
                blocked=settings.egress_blocked_countries,
            )
            if settings.egress_check
            else UncheckedEgress()
        )
        key = settings.openai_key.get_secret_value()
        model = arguments.model or settings.openai_model
        yield _asking(route, egress, key, arguments.base_url, model, settings.openai_timeout)
    route.close()


def _asking(route: Route, egress: Egress, key: str, base_url: str, model: str, timeout: float) -> Asker:
    profile = LoneProfile(Profile())
    client = OpenAIClient(
        route, key=key, base_url=base_url, model=model, count=count_tokens, timeout=timeout, profiles=profile
    )
    questions = Questions(KeepingPolicy(criteria=0, grades=0), time.time)
    return Asker(client, profile, egress, questions)


if __name__ == "__main__":
    main()
