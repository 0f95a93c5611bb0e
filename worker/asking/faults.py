"""What comes back instead of an answer, and what follows from it: one table, read from the top, the first row counts.

A fault is blamed on what caused it, and the status alone does not say that: HTTP 200 may carry an error, 400 a missing
balance, 404 a parameter, 500 a schema. So the table looks at codes and words, too, wherever in a body they stand.
docs/limits.md shows it (`python -m dev.faults_table`). Pure.

The words are those of OpenAI, Azure, OpenRouter, vLLM, Ollama, DeepSeek, Groq, Gemini, DashScope, Mistral and Yandex,
as their references and public reports quote them.
"""

import json
import string
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

MOST_TEXT = 2_000  # characters of an error that are read
MOST_PARTS = 200  # values of an error's JSON that are looked at
LONGEST_CODE = 60

_OF_CODES = frozenset(string.ascii_letters + string.digits + "-._")
_CODES = ("code", "reason", "type", "status", "status_code")  # the most telling first
_PARAMS = ("param", "parameter", "loc")
_AROUND = ("message", "msg", "detail", "title", "error", "errors", "error_description", "metadata", "raw", "details",
           "innererror", "base_resp", "status_msg")  # fmt: skip


class Follows(StrEnum):
    """What follows; the rest of the row says for what."""

    LESSON = "lesson"
    LIMITS = "wait for limits"
    PROVIDER = "wait for the provider"
    BREAKER = "open the breaker"
    AGAIN = "one more try, then fail"
    END = "fail at once"
    COMPARE = "fail only if others pass"


@dataclass(frozen=True, slots=True)
class Problem:
    """What an error says, bounded and in lower case."""

    status: int  # HTTP's, or that of an error inside of HTTP 200
    codes: tuple[str, ...] = ()  # machine-readable names of what is wrong
    params: tuple[str, ...] = ()  # names of parameters that it blames
    text: str = ""  # what it says to people. It may quote the request, so it is never shown.
    wrapped: bool = False  # HTTP said 200, and nothing inside has a number

    def __str__(self) -> str:
        """The status and the first code, if it looks like one: what may be logged."""
        code = next((code for code in self.codes if len(code) <= LONGEST_CODE and _OF_CODES.issuperset(code)), "")
        return f"{self.status} {code}".strip()


@dataclass(frozen=True, slots=True)
class Row:
    """One row of the table.

    A refusal (4xx but 429) is recognised by status, code or word, whatever else is said, and so is an error in HTTP 200
    without a number; a 429 and an outage by status and code alone, since their texts advise about everything.
    """

    what: str  # comes back, for people
    follows: Follows  # from it
    reason: str = ""  # of the circuit breaker, or the name of the failure
    # statuses, codes, params, words: by which it is recognised; `*…*` is within a code.
    statuses: frozenset[int] = frozenset()
    codes: tuple[str, ...] = ()
    words: tuple[str, ...] = ()
    params: tuple[str, ...] = ()

    def fits(self, problem: Problem) -> bool:
        """Whether this row is about it."""
        refusal = 300 <= problem.status < 500 and problem.status != 429
        if refusal and not set(self.params).isdisjoint(problem.params):
            return True
        worded = refusal or problem.wrapped
        return self.certain(problem) or (worded and any(word in problem.text for word in self.words))

    def certain(self, problem: Problem) -> bool:
        """Whether a status or a code says so: a text may quote the request."""
        return problem.status in self.statuses or any(_is_one(code, self.codes) for code in problem.codes)


def _is_one(code: str, codes: tuple[str, ...]) -> bool:
    return any(one.strip("*") in code if one.startswith("*") else code == one for one in codes)


NO_ROOM: Final = ("resource_unavailable", "capacity_exceeded")  # in a service tier: OpenAI's and Groq's code
ERRORS: Final[tuple[Row, ...]] = (
    Row(
        "our country is refused, with 403 or 400",
        Follows.BREAKER, "region",
        codes=("unsupported_country_region_territory",),
        words=("country, region, or territory", "location is not supported", "not available in your country",
               "not available in your region"),
    ),
    Row(
        "money: 402, `insufficient_quota`, `billing_*`, spend limits, `Arrearage`, with 429, 403 or 400",
        Follows.BREAKER, "quota", frozenset({402}),
        ("insufficient_quota", "insufficient_balance", "arrearage", "*billing*", "*credit_balance*",
         "*credit_limit*", "*_credits*", "*spend_limit*", "*budget_exceeded*", "*budget_limit*", "*exceeded_budget*",
         "*hard_limit*", "*usage_limit*", "*user_quota*", "*token_quota*"),
        ("insufficient balance", "credit balance is too low", "insufficient credits", "billing hard limit",
         "account is in good standing", "account is not active", "overdue payment"),
    ),
    Row(
        "the key: 401, `invalid_api_key`, also with 400",
        Follows.BREAKER, "credentials", frozenset({401}),
        ("invalid_api_key", "invalidapikey", "api_key_invalid", "invalid_authentication", "authentication_error",
         "account_deactivated"),
        ("incorrect api key", "invalid api key", "api key not valid", "api key is invalid", "no auth credentials"),
    ),
    Row(
        "a filter stopped what was sent: `content_filter`, `invalid_prompt`, moderation",
        Follows.AGAIN, "BROKEN_ANSWER",
        codes=("content_filter", "content_policy_violation", "invalid_prompt", "data_inspection_failed",
               "responsibleaipolicyviolation", "*moderation*", "*safety*", "*guardrail*"),
        words=("input was flagged", "content management policy", "inappropriate content", "content exists risk",
               "prompt injection", "blocked by safety"),
    ),
    Row(
        "what the model wrote is not JSON, and the endpoint says so with 400: `json_validate_failed`",
        Follows.AGAIN, "BROKEN_ANSWER",
        codes=("json_validate_failed", "output_parse_failed"),
        words=("failed to validate json", "failed to generate json"),
    ),
    Row(
        "no room: 429 `resource_unavailable`; a *lesson* where `OPENAI_SERVICE_TIER` asked for a tier",
        Follows.LIMITS,
        codes=NO_ROOM,
    ),
    Row(
        "429, `rate_limit_exceeded`, also with 413, `slow_down`",
        Follows.LIMITS, "", frozenset({429}),
        ("rate_limit_exceeded", "slow_down", "*throttling*", "resource_exhausted"),
    ),
    Row(
        "more tokens than the model's context: 413, `context_length_exceeded`",
        Follows.END, "TOO_LARGE", frozenset({413}),
        ("context_length_exceeded", "string_above_max_length", "request_too_large"),
        ("context length", "context window", "maximum context", "prompt is too long", "input is too long",
         "number of input tokens", "available context size", "`max_new_tokens` must be"),
    ),
    Row("a parameter of ours, named in `param`, a code or a text, with 400, 404, 422, 500 or 501", Follows.LESSON),
    Row(
        "the model: `model_not_found`, `model_decommissioned`, with 404, 403 or 400",
        Follows.BREAKER, "model",
        codes=("model_not_found", "model_decommissioned", "model_not_available", "model_deprecated",
               "deploymentnotfound", "invalid_model", "*model_permission_blocked*", "model_terms_required"),
        words=("model not exist", "model does not exist", "you do not have access to it", "not a valid model",
               "has been decommissioned", "try pulling it first", "unknown model", "model not found",
               "failed to get model", "failed to parse model", "` does not exist", "' does not exist"),
        params=("model",),
    ),
    Row("403 for another reason", Follows.BREAKER, "credentials", frozenset({403})),
    Row(
        "nothing is there: 404, `unknown_url`, 405, 3xx",
        Follows.BREAKER, "url", frozenset({301, 302, 303, 307, 308, 404, 405, 410}), ("unknown_url",),
    ),
    Row(
        "an outage: 5xx, 529, 408, 409, 425, `overloaded_error`, also with 400",
        Follows.PROVIDER, "provider", frozenset({408, 409, 425, 498, 499, *range(500, 600)}),
        ("internal_error", "internal_server_error", "server_error", "overloaded_error", "service_unavailable_error"),
    ),
    Row("400, 422 or another refusal that names nothing known", Follows.COMPARE, "refused", frozenset(range(1000))),
)  # fmt: skip

LESSON: Final = next(row for row in ERRORS if row.follows is Follows.LESSON)

# What else may come back. openai_client.py and answers.py recognise these by their shape.
SILENT: Final = Row("no answer within `OPENAI_TIMEOUT`, no connection, TLS, proxy", Follows.PROVIDER, "provider")
NO_COMPLETION: Final = Row("HTTP 200 with a page or JSON that is no answer of a model", Follows.PROVIDER, "provider")
THOUGHT_TOO_LONG: Final = Row("HTTP 200, cut while the model still reasoned", Follows.LESSON)
CUT: Final = Row("HTTP 200, cut at the output cap", Follows.AGAIN, "BROKEN_ANSWER")
DECLINED: Final = Row("HTTP 200, the model declines", Follows.AGAIN, "BROKEN_ANSWER")
FILTERED: Final = Row("HTTP 200, `content_filter`", Follows.AGAIN, "BROKEN_ANSWER")
EMPTY: Final = Row("HTTP 200, empty", Follows.AGAIN, "BROKEN_ANSWER")
UNREADABLE: Final = Row("HTTP 200, no JSON of the schema in it", Follows.AGAIN, "BROKEN_ANSWER")
CUT_PROMPT: Final = Row(
    "HTTP 200, but the endpoint counted far fewer tokens than were sent", Follows.AGAIN, "TOO_LARGE"
)
ANSWERS: Final = (
    SILENT, NO_COMPLETION, THOUGHT_TOO_LONG, CUT, DECLINED, FILTERED, EMPTY, UNREADABLE, CUT_PROMPT,
)  # fmt: skip


def row_of(problem: Problem, *, teaches: bool) -> Row:
    """The row about an error. `teaches`: it names a parameter that the request could do without."""
    return next((row for row in ERRORS if (teaches if row is LESSON else row.fits(problem))), ERRORS[-1])


def read_problem(status: int, body: object) -> Problem:
    """What an error says.

    Args:
        status: HTTP's; that inside of the body counts where HTTP says 200, 400 or 500, as gateways do for all else.
        body: decoded JSON, or the text of a body that is none.
    """
    codes: list[str] = []
    params: list[str] = []
    texts: list[str] = []
    inside = 0
    for name, value in _parts(body):
        if isinstance(value, bool):
            continue
        if isinstance(value, int):
            if name in _CODES and 400 <= value < 600:
                inside = inside or value
        elif name in _CODES:
            codes.append(value.lower()[:MOST_TEXT])
            if len(value) == 3 and value.isdecimal() and 400 <= int(value) < 600:
                inside = inside or int(value)
        elif name in _PARAMS:
            params.append(value.lower()[:MOST_TEXT])
        else:
            texts.append(value.lower()[:MOST_TEXT])
    wrapped = status == 200 and not inside
    if status in {200, 400, 500}:
        status = inside or (502 if status == 200 else status)
    return Problem(status, tuple(codes), tuple(params), "\n".join(texts)[:MOST_TEXT], wrapped)


def _parts(body: object) -> Iterator[tuple[str, str | int]]:
    """The names and values that say what is wrong; `input` and whatever else may quote the request is left out."""
    waiting: list[tuple[str, object]] = [("error", body)]
    for _ in range(MOST_PARTS):
        if not waiting:
            return
        name, value = waiting.pop(0)
        if isinstance(value, str | int):
            yield name, value
        elif isinstance(value, list):
            waiting.extend((name, one) for one in value[:MOST_PARTS])
        elif isinstance(value, Mapping):
            waiting.extend((key, value[key]) for key in (*_CODES, *_PARAMS, *_AROUND) if key in value)


def decoded(content: bytes) -> object:
    """The JSON of a body, or its beginning as text where it is none."""
    try:
        return json.loads(content)
    except (ValueError, RecursionError):
        return content[: 4 * MOST_TEXT].decode(errors="replace")
