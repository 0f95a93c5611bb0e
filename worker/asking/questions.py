"""The two questions that a scoring asks: what a vacancy requires, and how far a resume proves it."""

import secrets
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from worker.asking.asking import Question, digest_of
from worker.assessment import criteria as criteria_answers
from worker.assessment import grading as grading_answers
from worker.assessment.criteria import CRITERIA_VERSION, BrokenCriteria, Criteria, parse_criteria
from worker.assessment.grading import BrokenGrading, DatedGrading, answer_tokens, parse_grading
from worker.assessment.prompt import (
    CRITERIA_PROMPT_VERSION,
    DELIMITER_DIGITS,
    PROMPT_VERSION,
    criteria_messages,
    grading_messages,
)
from worker.assessment.rubric import RUBRIC_VERSION
from worker.assessment.vacancy import Vacancy
from worker.errors import BrokenAnswerError
from worker.ports import Answer, Call

_DELIMITERS = 10**DELIMITER_DIGITS
_MOST_VACANCIES = 1_000  # whose criteria one process remembers


@dataclass(frozen=True, slots=True)
class KeepingPolicy:
    """For how many seconds answers are kept.

    Attributes:
        criteria: of a vacancy; long, since all its resumes are measured by the same.
        grades: of a resume, with their quotes; 0: not at all.
    """

    criteria: int
    grades: int


def model_id(endpoint: str, name: str) -> str:
    """Names a model; another endpoint may answer the same question otherwise."""
    return f"{endpoint} {name}"


def grades_digest(model: str, prompt_version: str, rubric_version: str, criteria_digest: str, resume: str) -> str:
    """Names the question how far a resume, as it may be sent, meets criteria; `model` is from `model_id`."""
    return digest_of("grades", model, prompt_version, rubric_version, criteria_digest, resume)


class Questions:
    """Words questions, and remembers what a vacancy's was answered.

    Args:
        keeping: for how long answers are kept.
        model: from `model_id`.
        max_output_tokens: cap of one answer; less where there are few criteria.
        clock: Unix time in seconds.
    """

    def __init__(self, keeping: KeepingPolicy, model: str, max_output_tokens: int, clock: Callable[[], float]) -> None:
        self._keeping = keeping
        self._model = model
        self._max_output_tokens = max_output_tokens
        self._clock = clock
        self._known_criteria: OrderedDict[str, Criteria] = OrderedDict()  # by the question's digest

    def remember(self, question: Question[Criteria], answered: Criteria) -> None:
        """Keep what this process was told: Redis may lose it before the vacancy's last resume."""
        self._known_criteria[question.digest] = answered
        if len(self._known_criteria) > _MOST_VACANCIES:
            self._known_criteria.popitem(last=False)

    def criteria(self, requirements: str, vacancy: Vacancy) -> Question[Criteria]:
        """The question which of a vacancy's own words are requirements."""

        def make_call() -> Call:
            messages = criteria_messages(vacancy)
            return Call(messages, criteria_answers.RESPONSE_FORMAT, criteria_answers.MAX_ANSWER_TOKENS)

        def parse(answer: Answer) -> Criteria:
            try:
                return parse_criteria(answer.content, vacancy, strict=answer.strict)
            except BrokenCriteria as error:
                raise BrokenAnswerError(str(error)) from None

        digest = digest_of("criteria", self._model, CRITERIA_PROMPT_VERSION, CRITERIA_VERSION, requirements)
        return Question(
            "criteria",
            digest,
            self._keeping.criteria,
            make_call,
            parse,
            Criteria,
            leads_on=lambda criteria: bool(criteria.items),  # without any the request fails
            remembered=lambda: self._known_criteria.get(digest),
        )

    def grading(self, criteria: Criteria, resume: str) -> Question[DatedGrading]:
        """The question how far a resume, as it may be sent, meets a vacancy's criteria."""
        ids = [item.id for item in criteria.items]

        def make_call() -> Call:
            # The delimiter is fresh for every call: the resume's author cannot have known it.
            delimiter = f"{secrets.randbelow(_DELIMITERS):0{DELIMITER_DIGITS}d}"
            messages = grading_messages(criteria, resume, delimiter=delimiter)
            cap = min(self._max_output_tokens, answer_tokens(len(ids)))
            return Call(messages, grading_answers.RESPONSE_FORMAT, cap)

        def parse(answer: Answer) -> DatedGrading:
            try:
                grading = parse_grading(answer.content, ids, strict=answer.strict)
            except BrokenGrading as error:
                raise BrokenAnswerError(str(error)) from None
            today = datetime.fromtimestamp(self._clock(), UTC)
            return DatedGrading(grades=grading.grades, year=today.year, month=today.month)

        digest = grades_digest(self._model, PROMPT_VERSION, RUBRIC_VERSION, criteria.digest, resume)
        return Question("grades", digest, self._keeping.grades, make_call, parse, DatedGrading)
