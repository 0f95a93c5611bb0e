"""The endpoint that the evaluation asks: the service's own prompt, client, parser and rubric, nothing else around."""

import secrets
import time
from dataclasses import dataclass

import bpe_openai

from worker.assessment.grading import RESPONSE_FORMAT, BrokenGrading, parse_grading, parse_grading_tolerantly
from worker.assessment.prompt import build_messages
from worker.assessment.rubric import Score, score
from worker.errors import BrokenAnswerError, CallError, DeniedError, TransientError
from worker.openai_client import OpenAIClient
from worker.ports import Answer, Call, Egress, Messages
from worker.route import Route

ATTEMPTS = 3
WAITS_FOR_LIMITS = 50
SHORTEST_WAIT = 1.0  # seconds, where a denial names none


@dataclass(frozen=True, slots=True)
class Reading:
    """One resume scored once, with what it cost in tokens. `score` is None if the answers were unusable."""

    score: Score | None
    prompt_tokens: int = 0
    cached_tokens: int = 0
    completion_tokens: int = 0


class ModelUnderTest:
    """Scores resumes.

    Args:
        route: the way out.
        egress: decides before every call whether it may leave: a benchmark obeys the platform's first rule too.
        key, base_url, model, timeout, max_output_tokens, output: as for `OpenAIClient`.
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

    def read(self, vacancy: str, resume: str) -> Reading:
        """Score one resume; waits as long as a 429 says.

        Raises:
            SendingBlockedError: the exit's country is blocked or unknown.
            CallError: no answer, for a reason that trying again does not change.
        """
        prompt = cached = completion = 0
        for _ in range(ATTEMPTS):
            # A fresh delimiter for every call, as in the service.
            try:
                answer = self._ask(build_messages(vacancy, resume, delimiter=secrets.token_hex(8)))
            except (BrokenAnswerError, TransientError):
                continue
            prompt += answer.prompt_tokens
            cached += answer.cached_tokens
            completion += answer.completion_tokens
            try:
                grading = (parse_grading if answer.strict else parse_grading_tolerantly)(answer.content)
            except BrokenGrading:
                continue
            return Reading(score(grading, resume, threshold=self._threshold), prompt, cached, completion)
        return Reading(None, prompt, cached, completion)

    def _ask(self, messages: Messages) -> Answer:
        for _ in range(WAITS_FOR_LIMITS):
            self._egress.require()
            try:
                return self._client.ask(Call(messages, RESPONSE_FORMAT, self._max_output_tokens))
            except DeniedError as denied:
                if denied.denial.kind == "too_large":
                    raise
                time.sleep(max(denied.denial.wait or 0.0, SHORTEST_WAIT))
        raise CallError("the provider's limits left no room")
