"""Every metric of the worker, declared once. Labels never carry ids or text.

The series of labels that are known beforehand are there from the start, at zero: `increase()` does not see a counter
that appears at one. What is true of the whole fleet, read on scrape from what the workers share, is in
running/fleet_metrics.py.
"""

import itertools
import platform
from collections.abc import Iterable

from prometheus_client import Counter, Gauge, Histogram

from contract import SCHEMA_VERSION, Failure
from worker.assessment.grounds import Ground
from worker.assessment.prompt import PROMPT_VERSION
from worker.assessment.proof import Lowering
from worker.assessment.redaction.placeholders import Kind
from worker.assessment.rubric import RUBRIC_VERSION
from worker.assessment.suspicion import Suspicion
from worker.errors import (
    BrokenAnswerError,
    DeniedError,
    LessonError,
    RefusedCallError,
    TransientError,
    TrippingError,
)


def _counter(name: str, meaning: str, **labels: Iterable[str]) -> Counter:
    """A counter whose series are there from the start; a label without values has unknown ones."""
    counter = Counter(name, meaning, labels)
    for values in itertools.product(*labels.values()):
        counter.labels(*values)
    return counter


# --- Requests ---------------------------------------------------------------------------------------------------------

OUTCOMES = _counter(
    "ai_handler_outcomes_total",
    "Requests that ended; result: scored, or the failure's name",
    result=["scored", *(failure.name.lower() for failure in Failure)],
)
WAITS = _counter(
    "ai_handler_waits_total",
    "Times a request had to wait; why: limits, blocked (circuit breaker or exit), fault, single_flight",
    why=["limits", "blocked", "fault", "single_flight"],
)
BUSY_THREADS = Gauge("ai_handler_busy_threads", "Threads that work on a request; one that is parked keeps none")
THREADS = Gauge("ai_handler_threads", "Threads of this worker")
SUSPICIONS = _counter(
    "ai_handler_suspicions_total",
    "What a person is asked to look at; why: what is suspicious",
    why=[suspicion.value for suspicion in Suspicion],
)
SECOND_LOOKS = _counter(
    "ai_handler_second_looks_total",
    "Second looks at the quotes of a resume; result: kept, lowered, missed (the request ended without it)",
    result=["kept", "lowered", "missed"],
)
REDACTED = _counter(
    "ai_handler_redacted_total",
    "What was taken out of resumes before they were sent",
    kind=[*(kind.value for kind in Kind), "gender_ending"],
)
FORBIDDEN_GROUNDS = _counter(
    "ai_handler_forbidden_grounds_total",
    "Words of vacancies on forbidden grounds, which are not graded",
    ground=[ground.value for ground in Ground],
)
LOST_SPANS = Counter("ai_handler_lost_spans_total", "Requirements of the model's that are not in the vacancy")
LOWERED_GRADES = _counter(
    "ai_handler_lowered_grades_total",
    "Grades that were lowered; reason: the proof, or the second look",
    reason=[reason.value for reason in Lowering],
)
CACHE = _counter(
    "ai_handler_result_cache_total",
    "Looks into the result cache; question: criteria, grades, second_look; a miss is a call that was answered",
    question=["criteria", "grades", "second_look"],
    result=["hit", "miss"],
)

# --- Calls of the model -----------------------------------------------------------------------------------------------

_ERRORS = (TransientError, BrokenAnswerError, RefusedCallError, TrippingError, DeniedError, LessonError)
_CALL_RESULTS = ["answer", *(error.__name__ for error in _ERRORS)]
CALLS = _counter(
    "ai_handler_model_calls_total",
    "Calls of the model; result: answer, or the error's class",
    provider=[],
    result=_CALL_RESULTS,
)
CALL_SECONDS = Histogram(
    "ai_handler_model_call_seconds",
    "Duration of one call; result: answer, failure",
    ["result"],
    buckets=(0.1, 0.5, 1, 2, 3, 5, 8, 13, 20, 30, 60),
)
for _result in ("answer", "failure"):
    CALL_SECONDS.labels(_result)
UNUSABLE = Counter("ai_handler_unusable_answers_total", "Answers that came, and did not follow the schema")
_BUCKETS = ["rpm", "rpd", "tpm", "unknown"]
DENIALS = _counter(
    "ai_handler_denials_total",
    "429s of the provider; bucket: the limit that it named",
    provider=[],
    bucket=_BUCKETS,
)
TOKEN_KINDS = ("prompt", "cached", "written", "completion", "reasoning")
TOKENS = _counter(
    "ai_handler_tokens_total",
    "Tokens; kind: prompt, among them cached and written (into the provider's cache); completion, among them reasoning",
    provider=[],
    model=[],
    kind=TOKEN_KINDS,
)
SPENT = _counter(
    "ai_handler_spent_usd_total",
    "Money for the tokens of this worker's calls, in US dollars",
    provider=[],
    model=[],
)
GRADED = _counter("ai_handler_graded_total", "Resumes by who graded them", provider=[], model=[])
MOVED = _counter("ai_handler_moved_total", "Requests that left a provider's line for another's", provider=[])

# --- The limiter ------------------------------------------------------------------------------------------------------

WAIT_SECONDS = Histogram(
    "ai_handler_limiter_wait_seconds",
    "From first asking the limiter to the start",
    buckets=(0.1, 1, 10, 60, 600, 3600),
)

# --- Where requests leave, and the circuit breaker --------------------------------------------------------------------

EGRESS_OPEN = Gauge(
    "ai_handler_egress_open", "1 while the exit's country is known and allowed, or nobody checks", ["provider"]
)
MODEL_LISTED = Gauge(
    "ai_handler_model_listed", "0 if the endpoint says that it has no such model, else 1", ["provider"]
)
MODEL_SHUTDOWN = Gauge(
    "ai_handler_model_shutdown_timestamp_seconds",
    "When the provider shuts the model down, as Unix time; 0: not told",
    ["provider"],
)
_REASONS = ["region", "quota", "credentials", "model", "url", "refused", "provider", "budget"]
BREAKER_TRIPS = _counter(
    "ai_handler_circuit_breaker_trips_total",
    "Times the circuit breaker opened",
    provider=[],
    reason=_REASONS,
)
_OF_PROVIDERS = ((CALLS, _CALL_RESULTS), (DENIALS, _BUCKETS), (BREAKER_TRIPS, _REASONS))

# --- This process -----------------------------------------------------------------------------------------------------

BUILD = Gauge(
    "ai_handler_build_info",
    "Always 1; the labels say what this worker is made of",
    ["model", "prompt", "rubric", "schema", "python"],
)


def shown(gauge: Gauge, provider: str) -> float:
    """What a provider's gauge says now; to ask the registry would collect every metric of the process."""
    (family,) = gauge.labels(provider).collect()
    return family.samples[0].value


def describe_provider(provider: str, model: str) -> None:
    """Say what this worker is made of, and begin the series that carry a provider's name; empty: that of `.env`."""
    schema = SCHEMA_VERSION.decode()
    BUILD.labels(model, PROMPT_VERSION, RUBRIC_VERSION, schema, platform.python_version()).set(1)
    SPENT.labels(provider, model)
    GRADED.labels(provider, model)
    MOVED.labels(provider)
    MODEL_LISTED.labels(provider).set(1)  # nobody has said otherwise
    for gauge in (EGRESS_OPEN, MODEL_SHUTDOWN):
        gauge.labels(provider)
    for kind in TOKEN_KINDS:
        TOKENS.labels(provider, model, kind)
    for counter, values in _OF_PROVIDERS:
        for value in values:
            counter.labels(provider, value)
