"""The questions that a scoring asks: what a vacancy requires, how far a resume proves it, what quotes alone prove."""

import secrets
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from worker.asking.question import Question, digest_of
from worker.assessment import criteria as criteria_answers
from worker.assessment import grading as grading_answers
from worker.assessment import second_look as second_answers
from worker.assessment.criteria import CRITERIA_VERSION, Criteria, parse_criteria
from worker.assessment.grading import DatedGrading, parse_grading
from worker.assessment.prompt import (
    CRITERIA_PROMPT_VERSION,
    DELIMITER_DIGITS,
    PROMPT_VERSION,
    criteria_messages,
    grading_messages,
)
from worker.assessment.proof import Proof
from worker.assessment.resume import Resume
from worker.assessment.rubric import RUBRIC_VERSION
from worker.assessment.second_look import (
    SECOND_LOOK_VERSION,
    SecondLook,
    parse_second_look,
    second_look_messages,
    second_look_text,
)
from worker.assessment.vacancy import Vacancy
from worker.ports import Answer, Call, Way

_DELIMITERS = 10**DELIMITER_DIGITS
_MOST_VACANCIES = 1_000  # whose criteria one process remembers


@dataclass(frozen=True, slots=True)
class KeepingPolicy:
    """For how many seconds answers are kept."""

    criteria: int  # of a vacancy; long, since all its resumes are measured by the same
    grades: int  # of a resume, with their quotes; 0: not at all


def model_id(endpoint: str, name: str) -> str:
    """Names a model; another endpoint may answer the same question otherwise."""
    return f"{endpoint} {name}"


def criteria_digest(model: str, requirements: str) -> str:
    """Names the question for a vacancy's criteria; `model` is from `model_id`."""
    return digest_of("criteria", model, CRITERIA_PROMPT_VERSION, CRITERIA_VERSION, requirements)


def grades_digest(model: str, prompt_version: str, rubric_version: str, criteria_digest: str, resume: str) -> str:
    """Names the question how far a resume, as it may be sent, meets criteria; `model` is from `model_id`."""
    return digest_of("grades", model, prompt_version, rubric_version, criteria_digest, resume)


@dataclass(eq=False, repr=False)
class Questions:
    """Words questions, and remembers what a vacancy's was answered."""

    keeping: KeepingPolicy  # for how long answers are kept
    clock: Callable[[], float]  # Unix time in seconds

    def __post_init__(self) -> None:
        self._known_criteria: OrderedDict[str, Criteria] = OrderedDict()  # by the question's digest
        self._graders: dict[str, frozenset[str]] = {}  # by the same

    def remember(self, digest: str, answered: Criteria) -> None:
        """Keep what this process was told: Redis may lose it before the vacancy's last resume."""
        self._known_criteria[digest] = answered
        if len(self._known_criteria) > _MOST_VACANCIES:
            oldest, _ = self._known_criteria.popitem(last=False)
            self._graders.pop(oldest, None)

    def graders(self, digest: str, more: set[str]) -> frozenset[str]:
        """The models that have graded by the criteria with this digest, as far as this process knows, and these."""
        self._graders[digest] = found = self._graders.get(digest, frozenset()) | more
        return found

    def remembers(self, digest: str) -> bool:
        return digest in self._known_criteria

    def criteria(self, way: Way, requirements: str, vacancy: Vacancy, kept_as: str | None = None) -> Question[Criteria]:
        """The question which of a vacancy's own words are requirements; `kept_as`: its digest, whoever is asked."""

        def make_call() -> Call:
            messages = criteria_messages(vacancy)
            return Call(messages, criteria_answers.RESPONSE_FORMAT, criteria_answers.MAX_ANSWER_TOKENS)

        def parse(answer: Answer) -> Criteria:
            criteria = parse_criteria(answer.content, vacancy)
            return criteria.model_copy(update={"made_by": way.model_name}) if way.name else criteria

        digest = kept_as or criteria_digest(way.model_id, requirements)
        return Question(
            "criteria",
            digest,
            self.keeping.criteria,
            make_call,
            parse,
            Criteria,
            leads_on=lambda criteria: bool(criteria.items),  # without any the request fails
            remembered=lambda: self._known_criteria.get(digest),
        )

    def grading(self, way: Way, criteria: Criteria, resume: Resume) -> Question[DatedGrading]:
        """The question how far a resume meets a vacancy's criteria."""
        ids = [item.id for item in criteria.items]

        def make_call() -> Call:
            # The delimiter is fresh for every call: the resume's author cannot have known it.
            messages = grading_messages(criteria, resume, delimiter=_delimiter())
            cap = min(way.max_output_tokens, grading_answers.answer_tokens(criteria.items))
            return Call(messages, grading_answers.RESPONSE_FORMAT, cap)

        def parse(answer: Answer) -> DatedGrading:
            grading = parse_grading(answer.content, ids)
            today = datetime.fromtimestamp(self.clock(), UTC)
            return DatedGrading(grades=grading.grades, year=today.year, month=today.month)

        digest = grades_digest(way.model_id, PROMPT_VERSION, RUBRIC_VERSION, criteria.digest, resume.sent)
        return Question("grades", digest, self.keeping.grades, make_call, parse, DatedGrading)

    def second_look(self, way: Way, proofs: Sequence[Proof]) -> Question[SecondLook]:
        """The question what the quotes that stand prove by themselves."""
        text = second_look_text(proofs)

        def make_call() -> Call:
            messages = second_look_messages(text, delimiter=_delimiter())
            return Call(messages, second_answers.RESPONSE_FORMAT, second_answers.answer_tokens(proofs))

        def parse(answer: Answer) -> SecondLook:
            return parse_second_look(answer.content, proofs)

        digest = digest_of("second_look", way.model_id, SECOND_LOOK_VERSION, text)
        return Question("second_look", digest, self.keeping.grades, make_call, parse, SecondLook)


def _delimiter() -> str:
    return f"{secrets.randbelow(_DELIMITERS):0{DELIMITER_DIGITS}d}"
