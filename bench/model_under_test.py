"""The endpoint that the evaluation asks: the service's own prompts, client, parsers, redaction and judgement."""

import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TypeVar

import bpe_openai

from worker.asking.openai_client import OpenAIClient
from worker.asking.route import Route
from worker.assessment import criteria as criteria_answers
from worker.assessment import grading as grading_answers
from worker.assessment.criteria import BrokenCriteria, Criteria, parse_criteria
from worker.assessment.grading import BrokenGrading, answer_tokens, parse_grading
from worker.assessment.judgement import Judgement, judge
from worker.assessment.prompt import DELIMITER_DIGITS, criteria_messages, grading_messages
from worker.assessment.reading import read
from worker.assessment.redaction import redact
from worker.assessment.vacancy import read_vacancy
from worker.errors import BrokenAnswerError, CallError, DeniedError, TransientError
from worker.ports import Answer, Call, Egress

ATTEMPTS = 3
WAITS_FOR_LIMITS = 50
SHORTEST_WAIT = 1.0  # seconds, where a denial names none

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Reading:
    """One resume judged once, with what it cost in tokens. `judgement` is None if the answers were unusable."""

    judgement: Judgement | None
    prompt_tokens: int = 0
    cached_tokens: int = 0
    completion_tokens: int = 0


@dataclass(frozen=True, slots=True)
class Chosen:
    """The criteria that the model chose in a vacancy, and what that cost. None if the answers were unusable."""

    criteria: Criteria | None
    prompt_tokens: int = 0
    completion_tokens: int = 0


class ModelUnderTest:
    """Chooses criteria and judges resumes.

    Args:
        route: the way out.
        egress: decides before every call whether it may leave: a benchmark obeys the platform's first rule too.
        key, base_url, model, timeout, output: as for `OpenAIClient`.
        max_output_tokens: the setting; less is asked for where there are few criteria.
        threshold: score from which the verdict is suitable.
    """

    def __init__(
        self,
        route: Route,
        egress: Egress,
        *,
        key: str,
        base_url: str,
        model: str,
        timeout: float,
        max_output_tokens: int,
        output: str,
        threshold: int,
    ) -> None:
        encoding = bpe_openai.get_encoding("o200k_base")
        self._egress = egress
        self._threshold = threshold
        self._max_output_tokens = max_output_tokens
        self._client = OpenAIClient(
            route,
            key=key,
            base_url=base_url,
            model=model,
            count=lambda text: len(encoding.encode_ordinary(text)),
            timeout=timeout,
            output=output,  # type: ignore[arg-type] # checked by the settings or by argparse
        )

    def choose(self, vacancy: str) -> Chosen:
        """Ask for a vacancy's criteria. Raises as `read`."""
        cut = read_vacancy(vacancy)
        call = Call(criteria_messages(cut), criteria_answers.RESPONSE_FORMAT, criteria_answers.MAX_ANSWER_TOKENS)
        criteria, answers = self._until_usable(
            lambda: call, lambda answer: parse_criteria(answer.content, cut, strict=answer.strict)
        )
        return Chosen(
            criteria, sum(one.prompt_tokens for one in answers), sum(one.completion_tokens for one in answers)
        )

    def read(self, criteria: Criteria, vacancy: str, resume: str) -> Reading:
        """Judge one resume by given criteria; waits as long as a 429 says.

        Raises:
            SendingBlockedError: the exit's country is blocked or unknown.
            CallError: no answer, for a reason that trying again does not change.
        """
        text = redact(resume).text
        ids = [item.id for item in criteria.items]
        cap = min(self._max_output_tokens, answer_tokens(len(ids)))

        def call() -> Call:  # a fresh delimiter for every call, as in the service
            delimiter = f"{secrets.randbelow(10**DELIMITER_DIGITS):0{DELIMITER_DIGITS}d}"
            return Call(grading_messages(criteria, text, delimiter=delimiter), grading_answers.RESPONSE_FORMAT, cap)

        grading, answers = self._until_usable(
            call, lambda answer: parse_grading(answer.content, ids, strict=answer.strict)
        )
        today = datetime.now(UTC)
        judgement = (
            None
            if grading is None
            else judge(
                criteria,
                grading,
                read(text, as_it_came=resume),
                read_vacancy(vacancy),
                threshold=self._threshold,
                graded_in=(today.year, today.month),
            )
        )
        return Reading(
            judgement,
            sum(one.prompt_tokens for one in answers),
            sum(one.cached_tokens for one in answers),
            sum(one.completion_tokens for one in answers),
        )

    def _until_usable(self, call: Callable[[], Call], parse: Callable[[Answer], T]) -> tuple[T | None, list[Answer]]:
        answers: list[Answer] = []
        for _ in range(ATTEMPTS):
            try:
                answers.append(self._ask(call()))
                return parse(answers[-1]), answers
            except (BrokenAnswerError, TransientError, BrokenCriteria, BrokenGrading):
                continue
        return None, answers

    def _ask(self, call: Call) -> Answer:
        for _ in range(WAITS_FOR_LIMITS):
            self._egress.require()
            try:
                return self._client.ask(call)
            except DeniedError as denied:
                if denied.denial.kind == "too_large":
                    raise
                time.sleep(max(denied.denial.wait or 0.0, SHORTEST_WAIT))
        raise CallError("the provider's limits left no room")
