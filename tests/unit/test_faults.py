"""What follows from what comes back: every row of the table, met as endpoints really say it."""

import json
from dataclasses import replace

import pytest

from contract import Failure
from dev.faults_table import PAGE, page
from tests.support.fakes import POLICY, SECRET_WORDS
from worker.asking.after_call import AskAgain, End, WaitForBreaker, after_call
from worker.asking.answers import read_completion
from worker.asking.circuit_breaker import EXPLAINED, OPEN_FOR
from worker.asking.faults import ANSWERS, ERRORS, MOST_TEXT, Follows, decoded, read_problem, row_of
from worker.asking.profile import Profile, lesson
from worker.errors import (
    BrokenAnswerError,
    LessonError,
    RefusedCallError,
    TransientError,
    TrippingError,
)
from worker.progress import Progress

ROWS = {row.what: row for row in (*ERRORS, *ANSWERS)}


def error(message="", code=None, kind=None, param=None):
    """OpenAI's shape."""
    return {"error": {"message": message, "code": code, "type": kind, "param": param}}


# What comes back, as it was reported; and what is promised for it: the beginning of the row, or the breaker's reason.
SAID = [
    (403, error("Country, region, or territory not supported", "unsupported_country_region_territory"), "region"),
    (400, error("User location is not supported for the API use.", 400), "region"),
    (402, error("Insufficient Balance", "invalid_request_error"), "quota"),
    (402, {}, "quota"),
    (429, error("You exceeded your current quota", "insufficient_quota", "insufficient_quota"), "quota"),
    (429, error("", "credit_balance_exhausted"), "quota"),
    (429, error("", "project_spend_limit_exceeded"), "quota"),
    (400, error("Access denied, please make sure your account is in good standing.", "Arrearage"), "quota"),
    (400, error("Billing hard limit has been reached", "billing_hard_limit_reached"), "quota"),
    (429, error("Your account is not active", "billing_not_active"), "quota"),
    (401, error("Incorrect API key provided", "invalid_api_key"), "credentials"),
    (400, error("API key not valid. Please pass a valid API key.", 400), "credentials"),
    (403, "<!doctype html><p>Cloudflare", "credentials"),
    (404, error("The model `x` does not exist or you do not have access to it.", "model_not_found"), "model"),
    (400, error("The model has been decommissioned", "model_decommissioned"), "model"),
    (404, {"error": {"code": "DeploymentNotFound", "message": "The API deployment does not exist."}}, "model"),
    (404, {"error": 'model "x" not found, try pulling it first'}, "model"),
    (400, error("Model Not Exist"), "model"),
    (404, error("Unknown request URL: POST /v1/v1/chat/completions.", "unknown_url"), "url"),
    (404, "404 page not found", "url"),
    (405, {"detail": "Method Not Allowed"}, "url"),
    (302, "", "url"),
    (500, error("The server had an error", kind="server_error"), "provider"),
    (502, "<html>Bad gateway", "provider"),
    (503, error("The engine is currently overloaded", kind="service_unavailable_error"), "provider"),
    (529, error("Overloaded", kind="overloaded_error"), "provider"),
    (408, {}, "provider"),
    (500, error("temperature of the data centre: too high"), "provider"),
    (400, error("Invalid request", "invalid_value", param="messages"), "refused"),
    (422, {"detail": [{"loc": ["body", "messages"], "msg": "Field required", "input": {"temperature": 0}}]}, "refused"),
    (418, "", "refused"),
    (400, error("This model's maximum context length is 8192 tokens", "context_length_exceeded"), Follows.END),
    (413, "", Follows.END),
    (400, error("filtered due to content management policy", "content_filter"), Follows.AGAIN),
    (403, error("requires moderation: your input was flagged"), Follows.AGAIN),
    (400, error("Failed to generate JSON", "json_validate_failed"), Follows.AGAIN),
    (429, error("Rate limit reached for requests", "rate_limit_exceeded"), Follows.LIMITS),
    (429, error("Please check your billing details; you exceeded your requests per minute"), Follows.LIMITS),
    (429, "<!doctype html><p>Slow", Follows.LIMITS),
    (503, error("Slow down.", "slow_down"), Follows.LIMITS),
    (429, error("Resource Unavailable", "resource_unavailable"), Follows.LIMITS),
    (400, error("Unsupported value: 'temperature' does not support 0", "unsupported_value", param="temperature"), None),
    (422, {"detail": [{"loc": ["body", "max_completion_tokens"], "msg": "Extra inputs are not permitted"}]}, None),
    (404, error("No endpoints found that can handle the requested parameters."), None),
    (500, {"error": "failed to compile grammar"}, None),
    (400, {"error": "Model does not support response format"}, None),
    (400, error("Invalid schema for response_format 'grading'"), None),
    # errors in HTTP 200
    (200, {"code": 429, "message": "Provider returned error"}, Follows.LIMITS),
    (200, {"code": 402, "message": "Insufficient credits"}, "quota"),
    (200, {"code": "502", "message": "upstream"}, "provider"),
    (200, {"message": "Upstream error"}, "provider"),
    (200, "overloaded", "provider"),
    (200, "Insufficient balance", "quota"),
    (200, {"base_resp": {"status_code": 1008, "status_msg": "insufficient balance"}}, "quota"),
    (200, {"code": 401, "message": "x"}, "credentials"),
    (200, error(code="042912"), "provider"),
    (200, error(code="4" * 5_000), "provider"),
    # gateways that say 400 themselves
    (400, error("Provider returned error", 503), "provider"),
    (400, error("x", 429), Follows.LIMITS),
    (400, error("The server had an error", "internal_error", "server_error"), "provider"),
    (400, error("Overloaded", kind="overloaded_error"), "provider"),
    # refusals of what is in the request, whatever parameters of ours they mention
    (400, error("Blocked by safety: 'temperature', response_format, grammar", "safety"), Follows.AGAIN),
    (400, error("Prompt injection detected: it tries to override the system prompt", "guardrail"), Follows.AGAIN),
    (400, error("It tries to override the system prompt"), "refused"),
    (400, error("Content Exists Risk"), Follows.AGAIN),
    (500, error("Internal: system message bus is down"), "provider"),
    # whose words are those of money, and which are about something else
    (400, error("thinking_budget is not allowed", "invalid_thinking_budget"), "refused"),
    (400, error("x", kind="accreditation_check"), "refused"),
    (404, error("The model `x` does not exist.", 404, "NotFoundError", "model"), "model"),
    (404, {"message": "The model `x` does not exist.", "type": "NotFoundError"}, "model"),
    (
        413,
        error(
            "Request too large for model `x` on tokens per minute (TPM): Limit 6000, Requested 12328",
            "rate_limit_exceeded",
            "tokens",
        ),
        Follows.LIMITS,
    ),
    (
        400,
        error(
            "This model supports at most 512 completion tokens, whereas you provided 540.",
            "invalid_value",
            param="max_completion_tokens",
        ),
        None,
    ),
    (422, {"detail": [{"loc": ["body", "max_tokens"], "msg": "field required", "type": "missing"}]}, None),
    (400, error("Only these are allowed: temperature, max_tokens. Got: max_completion_tokens"), None),
    (403, error("用户额度不足", "insufficient_user_quota"), "quota"),
    (422, {"error": "`inputs` tokens + `max_new_tokens` must be <= 4096. Given: 5000"}, Follows.END),
]


@pytest.mark.parametrize(("status", "body", "promised"), SAID)
def test_what_endpoints_say_is_understood(status, body, promised):
    """Whatever its status and shape, a fault is blamed on what caused it; None: on a parameter that can be left out."""
    problem = read_problem(status, body)
    row = row_of(problem, teaches=lesson(problem, Profile()) is not None)
    assert row_of(problem, teaches=False) in ERRORS
    if promised is None:
        assert row.follows is Follows.LESSON
    else:
        assert promised in (row.reason, row.follows)


def answer(content="{}", finish="stop", prompt=1_000, **more):
    message = {"content": content, **more.pop("message", {})}
    return {
        "choices": [{"message": message, "finish_reason": finish}],
        "usage": {"prompt_tokens": prompt, "completion_tokens": 50, **more},
    }


THOUGHT = {"completion_tokens_details": {"reasoning_tokens": 40}}
CAME = [
    ("<!doctype html><p>Sign in", "HTTP 200 with a page"),
    ([], "HTTP 200 with a page"),
    ({"choices": None}, "HTTP 200 with a page"),
    ('{"choices": [{"mess', "HTTP 200, no JSON"),
    ({"choices": [], "usage": {"prompt_tokens": 9}}, "HTTP 200, no JSON"),
    (answer('{"grades": [', "length"), "HTTP 200, cut at"),
    (answer("", "length", **THOUGHT), "HTTP 200, cut while"),
    (answer('{"gr', "length", **THOUGHT), "HTTP 200, cut while"),
    (answer(None, "length"), "HTTP 200, cut while"),
    (answer("<think>Так", "length"), "HTTP 200, cut while"),
    (answer("Okay, let me look at the resume.", "length"), "HTTP 200, cut while"),
    (answer("```json\n{", "length"), "HTTP 200, cut at"),
    (answer(None, message={"refusal": "Нет."}), "HTTP 200, the model declines"),
    (answer(None, "content_filter"), "HTTP 200, `content_filter`"),
    (answer(None), "HTTP 200, empty"),
    (answer(" "), "HTTP 200, empty"),
    (answer([{"type": "image"}]), "HTTP 200, empty"),
    (answer(prompt=500), "HTTP 200, but the endpoint counted"),
]


@pytest.mark.parametrize(("body", "row"), CAME)
def test_what_comes_with_http_200_is_understood(body, row):
    """An answer that is none, or of no use, is known by its shape."""
    wrong = read_completion(body, sent_tokens=1_000).wrong
    assert wrong.what.startswith(row)


@pytest.mark.parametrize("counted", [0, 560, 1_000, 1_700])
def test_other_tokenizers_count_otherwise(counted):
    """Only far fewer tokens than ours are a prompt that was cut; none are an endpoint that does not count."""
    assert read_completion(answer(prompt=counted), sent_tokens=1_000).wrong is None


@pytest.mark.parametrize(
    "body",
    [
        {"choices": None, "error": {"code": 429}},
        {"choices": [{"error": {"code": 429}, "message": {"content": None}}]},
        {"choices": [{"finish_reason": "error", "message": {"content": "x"}}], "error": {"code": "429"}},
    ],
)
def test_an_error_in_http_200_has_its_own_status(body):
    """Gateways pass on what another said, and say 200 themselves."""
    assert read_completion(body, sent_tokens=0).problem.status == 429


@pytest.mark.parametrize("error", [{"code": 0}, {"code": "success", "message": ""}, "none", {}, False])
def test_an_error_that_is_none_is_no_outage(error):
    """Gateways fill its place beside good answers."""
    reading = read_completion(answer("{}") | {"error": error}, sent_tokens=0)
    assert (reading.problem, reading.content) == (None, "{}")


@pytest.mark.parametrize("count", [10**400, -5, "3000", True])
def test_a_count_that_makes_no_sense_is_none(count):
    """No metric can add it up."""
    assert read_completion(answer(prompt=count), sent_tokens=0).usage.prompt_tokens == 0


def test_an_answer_that_stands_where_thoughts_do_is_read():
    """Some servers take all that a model of this kind writes for thoughts."""
    read = read_completion(answer(None, message={"reasoning_content": '{"a": 1}'}), sent_tokens=0)
    assert (read.wrong, read.content) == (None, '{"a": 1}')


@pytest.mark.parametrize(
    ("body", "reasoned"),
    [
        (answer("ab</think>cd"), 25),
        (answer("{}", message={"reasoning_content": "ab"}), 25),
        (answer("{}", **THOUGHT), 40),
        (answer("{}"), 0),
    ],
)
def test_thoughts_that_nobody_counts_are_estimated(body, reasoned):
    """Else an endpoint that counts none would get no room for them."""
    assert abs(read_completion(body, sent_tokens=0).reasoned - reasoned) <= 20 * (reasoned == 25)


def test_an_answer_in_parts_is_put_together():
    """`content` may be a list."""
    body = answer([{"type": "text", "text": '{"a":'}, {"type": "thinking"}, {"type": "text", "text": " 1}"}])
    assert read_completion(body, sent_tokens=0).content == '{"a": 1}'


ERROR_OF = {
    Follows.LESSON: lambda _row: LessonError("x"),
    Follows.PROVIDER: lambda _row: TransientError("x"),
    Follows.BREAKER: lambda row: TrippingError("x", row.reason),
    Follows.AGAIN: lambda row: BrokenAnswerError("x", failure=Failure[row.reason]),
    Follows.END: lambda row: RefusedCallError("x", failure=Failure[row.reason]),
    Follows.COMPARE: lambda _row: RefusedCallError("x"),
}


@pytest.mark.parametrize(
    "row", [row for row in ROWS.values() if row.follows is not Follows.LIMITS], ids=lambda row: row.what
)
def test_each_row_keeps_its_promise(row):
    """Set-up and outages never reach a user's sentence; only what is in the request ends it."""
    fresh = Progress(calls=1)

    def decide(progress, **how):
        known = {"spread": 1.0, "outage": False, "others_pass": row.follows is not Follows.COMPARE, **how}
        return after_call(ERROR_OF[row.follows](row), progress, POLICY, **known)

    first = decide(fresh)
    match row.follows:
        case Follows.LESSON:
            assert first == AskAgain(0.0, fresh)
        case Follows.PROVIDER:
            assert isinstance(first, AskAgain)
            assert isinstance(decide(replace(fresh, faults=10_000)), AskAgain)
            assert decide(fresh, outage=True).reason == row.reason
        case Follows.BREAKER | Follows.COMPARE:
            assert isinstance(first, WaitForBreaker)
            assert first.reason == row.reason
            assert "OPENAI_" in EXPLAINED[row.reason]
        case Follows.AGAIN:
            assert isinstance(first, AskAgain)
            assert decide(first.progress) == End(Failure[row.reason])
        case Follows.END:
            assert first == End(Failure[row.reason])


def test_every_row_is_met_above():
    """A row that nothing leads to would be a promise that nobody has checked."""
    met = set()
    for status, body, _ in SAID:
        problem = read_problem(status, body)
        met.add(row_of(problem, teaches=lesson(problem, Profile()) is not None).what)
    for body, _ in CAME:
        met.add(read_completion(body, sent_tokens=1_000).wrong.what)
    assert ROWS.keys() - met == {"no answer within `OPENAI_TIMEOUT`, no connection, TLS, proxy"}


def test_every_reason_of_the_breaker_is_explained():
    """Operators read which setting mends it."""
    reasons = {row.reason for row in ROWS.values() if row.follows in (Follows.BREAKER, Follows.PROVIDER)}
    assert reasons <= OPEN_FOR.keys() == EXPLAINED.keys()


def test_the_page_shows_the_table():
    """docs/limits.md says what the code does: run `python -m dev.faults_table`."""
    text = PAGE.read_text(encoding="utf-8")
    assert text == page(text)


def test_what_may_be_logged_is_a_code():
    """An endpoint may quote the request in any field."""
    for body in (error(*SECRET_WORDS[:2]), error(code=" ".join(SECRET_WORDS)), {"error": SECRET_WORDS[0]}):
        assert str(read_problem(400, body)) == "400" or SECRET_WORDS[1].lower() not in str(read_problem(400, body))


def test_the_request_that_an_error_quotes_teaches_nothing():
    """FastAPI puts the whole input into its answer: a resume about temperatures and billing is no fault of ours."""
    quoted = {"input": "temperature reasoning_effort insufficient_quota", "ctx": {"error": {"code": "Arrearage"}}}
    problem = read_problem(422, {"detail": [{"type": "missing", "loc": ["body"], "msg": "Field required", **quoted}]})
    assert lesson(problem, Profile()) is None
    assert row_of(problem, teaches=False).reason == "refused"


@pytest.mark.parametrize(
    "body",
    [
        b"[" * 100_000,
        json.dumps({"error": {"message": "x" * 10**6}}).encode(),
        json.dumps({"detail": [{"msg": "y" * 100}] * 10_000}).encode(),
        b"\xff\x00" * 1_000,
        json.dumps({"error": {"code": True, "message": [None, {"message": 10**400}]}}).encode(),
    ],
)
def test_however_large_an_error_is_little_of_it_is_read(body):
    """Text of strangers is bounded before anything looks for words in it."""
    problem = read_problem(400, decoded(body))
    assert len(problem.text) <= MOST_TEXT
