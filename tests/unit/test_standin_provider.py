"""What the stand-in answers to one call, without any HTTP."""

import asyncio
import json
from collections import Counter

import pytest
from pydantic import ValidationError

from dev.openai_standin import tokens
from dev.openai_standin.faults import Fault
from dev.openai_standin.journal import content_key
from dev.openai_standin.provider import ConnectionDroppedError, Provider
from dev.openai_standin.settings import Settings

KEY = "Bearer sk-test"
RESUME = "Кондитер, пять лет. Торты, хлеб."
MESSAGES = [
    {"role": "system", "content": "Оцени резюме, ответь в JSON."},
    {"role": "user", "content": "<<<CRITERIA a1\n1. торты\n2. хлеб\nCRITERIA a1>>>"},
    {"role": "user", "content": f"<<<RESUME b2\n{RESUME}\nRESUME b2>>>"},
]
GRADES = {
    "type": "object",
    "additionalProperties": False,
    "required": ["grades"],
    "properties": {"grades": {"type": "array", "items": {}}},
}


@pytest.fixture
def provider():
    return Provider(Settings(rpm=10_000, rpd=10_000, tpm=1_000_000, latency=0.0), seed=7)


def schema_format(schema, strict=True):
    return {"type": "json_schema", "json_schema": {"name": "answer", "strict": strict, "schema": schema}}


def ask(provider, authorization=KEY, tag="", **changes):
    request = {"model": "gpt-4.1-mini", "messages": MESSAGES, "max_completion_tokens": 500, **changes}
    body = json.dumps({name: value for name, value in request.items() if value is not None}).encode()
    return asyncio.run(provider.complete(body, authorization, tag))


def content(reply):
    return reply.body["choices"][0]["message"]["content"]


def problem(reply):
    return reply.status, reply.body["error"]["code"], reply.body["error"]["type"]


def test_a_completion_has_the_full_shape(provider):
    """The SDK finds every field of a chat completion, and usage that adds up."""
    body = ask(provider).body
    assert body["object"] == "chat.completion"
    assert body["id"].startswith("chatcmpl-standin-")
    assert body["model"] == "gpt-4.1-mini"
    assert body["system_fingerprint"] == "fp_openai_standin"
    [choice] = body["choices"]
    assert choice["finish_reason"] == "stop"
    assert choice["message"]["role"] == "assistant"
    assert choice["message"]["refusal"] is None
    usage = body["usage"]
    assert usage["total_tokens"] == usage["prompt_tokens"] + usage["completion_tokens"]
    assert usage["completion_tokens"] == len(tokens.encode(choice["message"]["content"]))


@pytest.mark.parametrize("wanted", [schema_format(GRADES), {"type": "json_object"}, None])
def test_fenced_prompts_are_graded_in_every_format(provider, wanted):
    """Strict schema, JSON mode and plain text all get the grades of the fenced resume."""
    graded = json.loads(content(ask(provider, response_format=wanted)))
    assert [item["level"] for item in graded["grades"]] == ["strong", "strong"]


def test_other_schemas_get_a_valid_value(provider):
    """A schema that is not the service's is answered with something that fits it."""
    schema = {
        "type": "object",
        "additionalProperties": False,
        "required": ["colour", "parts", "count", "note"],
        "properties": {
            "colour": {"$ref": "#/$defs/Colour"},
            "parts": {"type": "array", "items": {"type": "boolean"}},
            "count": {"type": "integer", "minimum": 3},
            "note": {"anyOf": [{"type": "null"}, {"type": "string"}]},
        },
        "$defs": {"Colour": {"enum": ["red", "blue"], "type": "string"}},
    }
    reply = json.loads(content(ask(provider, response_format=schema_format(schema))))
    assert reply == {"colour": "red", "parts": [False], "count": 3, "note": None}


@pytest.mark.parametrize(
    ("schema", "complaint"),
    [
        ({**GRADES, "additionalProperties": True}, "'additionalProperties' is required"),
        ({**GRADES, "required": []}, "Missing 'grades'"),
        ({"type": "array", "items": {}}, "'type: \"object\"'"),
    ],
)
def test_strict_mode_refuses_loose_schemas(provider, schema, complaint):
    """A schema that OpenAI's strict mode would refuse is refused here, so nobody learns it in production."""
    reply = ask(provider, response_format=schema_format(schema))
    assert reply.status == 400
    assert complaint in reply.body["error"]["message"]
    assert ask(provider, response_format=schema_format(schema, strict=False)).status == 200


@pytest.mark.parametrize(
    "changes",
    [
        {"messages": []},
        {"messages": [{"role": "wizard", "content": "x"}]},
        {"messages": [{"role": "user", "content": 5}]},
        {
            "messages": [{"role": "user", "content": "no such word"}],
            "response_format": {"type": "json_object"},
        },
        {"model": None},
        {"temperature": 3},
        {"max_completion_tokens": 0},
        {"max_tokens": 5},
        {"response_format": {"type": "json_schema"}},
        {"stream": True},
    ],
)
def test_wrong_requests_are_refused_uncounted(provider, changes):
    """What the API would call invalid gets a 400 and costs no quota."""
    assert problem(ask(provider, **changes))[2] == "invalid_request_error"
    assert provider.journal.totals()["statuses"] == {"400": 1}
    assert provider.buckets.levels()["rpm"].remaining == 10_000


@pytest.mark.parametrize(("key", "code"), [("", None), ("Bearer ", None), ("Bearer bad-key", "invalid_api_key")])
def test_a_key_is_needed(provider, key, code):
    """No key or a bad one gets a 401."""
    assert problem(ask(provider, authorization=key))[:2] == (401, code)


def test_the_output_cap_cuts_the_answer(provider):
    """An answer longer than the cap ends there, with finish reason length."""
    body = ask(provider, max_completion_tokens=5).body
    assert body["choices"][0]["finish_reason"] == "length"
    assert body["usage"]["completion_tokens"] <= 6


@pytest.mark.parametrize("cap", ["max_tokens", "max_completion_tokens"])
def test_prompt_and_cap_are_charged_and_kept(provider, cap):
    """By default the cap is charged with the prompt on admission and not given back."""
    reply = ask(provider, **{"max_completion_tokens": None, cap: 500})
    charged = reply.body["usage"]["prompt_tokens"] + 500
    assert provider.journal.attempts()[0]["tokens"] == charged
    # It refills while we look.
    for remaining in (provider.buckets.levels()["tpm"].remaining, reply.headers["x-ratelimit-remaining-tokens"]):
        assert int(remaining) in range(1_000_000 - charged, 1_000_000 - charged + 100_000)


@pytest.mark.parametrize(("charge", "returned"), [("admission", False), ("use", True)])
def test_charge_by_use_refunds_the_rest(charge, returned):
    """When use is charged, the unused part of the cap can be spent on the next request at once."""
    clock = [0.0]
    provider = Provider(Settings(tpm=40_000, latency=0.0, charge=charge), clock=lambda: clock[0])
    usage = ask(provider, max_completion_tokens=30_000).body["usage"]
    used = usage["total_tokens"] if returned else usage["prompt_tokens"] + 30_000
    assert provider.buckets.levels()["tpm"].remaining == 40_000 - used


def test_a_long_prompt_is_cached_in_steps_of_128():
    """The second request with the same long beginning reports cached tokens; short prompts never do."""
    provider = Provider(Settings(rpm=100, latency=0.0))
    shared = {"role": "system", "content": "Правила оценки резюме. " * 300}
    prompts = [[shared, {"role": "user", "content": text}] for text in ("первый", "второй")]
    usages = [ask(provider, messages=messages).body["usage"] for messages in prompts]
    cached = [usage["prompt_tokens_details"]["cached_tokens"] for usage in usages]
    assert cached[0] == 0
    assert cached[1] >= 1024
    assert cached[1] % 128 == 0
    assert usages[1]["prompt_tokens"] - cached[1] < 128 + 20
    assert ask(provider).body["usage"]["prompt_tokens_details"]["cached_tokens"] == 0
    assert ask(provider).body["usage"]["prompt_tokens_details"]["cached_tokens"] == 0


def test_headers_are_on_every_answer_unless_switched_off(provider):
    """Good answers and faults alike carry the six headers; without headers there are none."""
    provider.change({"rpd": 5_000, "request_headers": "day"})
    for kind in (None, "status_500"):
        if kind:
            fault(provider, kind)
        headers = ask(provider).headers
        assert headers["x-ratelimit-limit-requests"] == "5000"
        assert headers["x-ratelimit-limit-tokens"] == "1000000"
        assert headers.keys() >= {"x-ratelimit-reset-requests", "x-ratelimit-reset-tokens"}
    provider.change({"headers": False})
    assert ask(provider).headers == {}


def fault(provider, kind, **details):
    provider.faults.add(Fault(kind=kind, **details))


@pytest.mark.parametrize(
    ("kind", "status", "code", "error_type"),
    [
        ("status_500", 500, None, "server_error"),
        ("status_503", 503, None, "service_unavailable_error"),
        ("slow_down", 503, "slow_down", "service_unavailable_error"),
        ("insufficient_quota", 429, "insufficient_quota", "insufficient_quota"),
        ("unsupported_country", 403, "unsupported_country_region_territory", "request_forbidden"),
        ("bad_request", 400, "invalid_value", "invalid_request_error"),
        ("invalid_key", 401, "invalid_api_key", "invalid_request_error"),
        ("model_not_found", 404, "model_not_found", "invalid_request_error"),
        ("rate_limit", 429, "rate_limit_exceeded", "requests"),
    ],
)
def test_error_faults(provider, kind, status, code, error_type):
    """Each fault comes with the API's status and code, once, and counts against the limits."""
    fault(provider, kind)
    assert problem(ask(provider)) == (status, code, error_type)
    assert ask(provider).status == 200
    assert provider.journal.totals()["admitted"] == 2


def test_a_spurious_429_is_consistent(provider):
    """A rate limit out of the blue names a bucket whose numbers give the wait that it tells."""
    fault(provider, "rate_limit", seconds=3, bucket="tpm", limit=40_000)
    reply = ask(provider)
    assert "(TPM): Limit 40000, Used 41999, Requested 1. Please try again in 3s." in reply.body["error"]["message"]
    assert reply.headers["retry-after-ms"] == "3000"


def test_not_strict_hits_schemas_only(provider):
    """An endpoint without strict schemas refuses them and goes on serving JSON mode."""
    fault(provider, "not_strict", share=1.0)
    assert ask(provider, response_format={"type": "json_object"}).status == 200
    reply = ask(provider, response_format=schema_format(GRADES))
    assert reply.status == 400
    assert reply.body["error"]["message"] == (
        "Invalid parameter: 'response_format' of type 'json_schema' is not supported with this model."
    )


def test_bad_answers(provider):
    """Garbage, a broken schema, truncation, a refusal and an empty answer all come with status 200."""
    for kind in ("garbage", "broken_schema", "truncated", "refusal", "empty"):
        fault(provider, kind)
    garbage, broken, truncated, refusal, empty = (
        ask(provider, response_format=schema_format(GRADES)).body["choices"][0] for _ in range(5)
    )
    for spoilt in (garbage, truncated):
        with pytest.raises(json.JSONDecodeError):
            json.loads(spoilt["message"]["content"])
    assert "recommendation" not in json.loads(broken["message"]["content"])
    assert truncated["finish_reason"] == "length"
    assert refusal["message"]["content"] is None
    assert refusal["message"]["refusal"]
    assert empty["message"]["content"] is None
    assert empty["message"]["refusal"] is None


def test_reset_drops_the_connection_and_counts(provider):
    """A dropped connection was still a request to the provider."""
    fault(provider, "reset")
    with pytest.raises(ConnectionDroppedError):
        ask(provider)
    [attempt] = provider.journal.attempts()
    assert (attempt["status"], attempt["fault"], attempt["admitted"]) == (0, "reset", True)


def test_faults_by_count_and_by_share(provider):
    """A counted fault ends by itself; a share hits about that part of all calls until it is cleared."""
    fault(provider, "status_500", count=2)
    fault(provider, "status_503", share=0.25)
    statuses = [ask(provider).status for _ in range(402)]
    assert statuses[:2] == [500, 500]
    counted = Counter(statuses[2:])
    assert counted.keys() == {200, 503}
    assert 60 < counted[503] < 140
    provider.faults.clear()
    assert {ask(provider).status for _ in range(20)} == {200}


def test_a_denied_call_leaves_the_fault_for_the_next(provider):
    """A fault is not spent on a call that the limits turned away."""
    provider.change({"rpm": 3, "used": {"rpm": 3}})
    fault(provider, "status_500")
    assert ask(provider).status == 429
    provider.change({"used": {"rpm": 0}})
    assert ask(provider).status == 500


def test_the_journal_tells_what_was_sent_first_though_the_network_swaps_it(provider):
    """The order in which calls start is told from that in which the limits see them."""
    provider.change({"jitter": 0.05})
    body = json.dumps({"model": "gpt-4.1-mini", "messages": MESSAGES}).encode()

    async def send():
        await asyncio.gather(*(provider.complete(body, KEY, str(number)) for number in range(10)))

    asyncio.run(send())
    attempts = provider.journal.attempts()
    assert [attempt["at"] for attempt in attempts] == sorted(attempt["at"] for attempt in attempts)
    assert [attempt["tag"] for attempt in sorted(attempts, key=lambda attempt: attempt["sent"])] == list("0123456789")


def test_the_journal_tells_what_was_asked_but_not_the_resume(provider):
    """Each attempt is listed with status, tokens, tag and the resume's hash, never its text."""
    ask(provider, tag="worker-1")
    provider.change({"rpm": 3, "used": {"rpm": 3}})
    ask(provider)
    first, second = provider.journal.attempts()
    assert first["key"] == second["key"] == content_key(RESUME)
    assert (first["status"], first["tag"], first["bucket"]) == (200, "worker-1", None)
    assert (second["status"], second["bucket"], second["admitted"]) == (429, "rpm", False)
    assert first["at"] <= second["at"]
    assert provider.journal.totals() == {
        "attempts": 2,
        "admitted": 1,
        "tokens": first["tokens"],
        "statuses": {"200": 1, "429": 1},
        "keys": 1,
    }
    assert "Кондитер" not in json.dumps(provider.journal.attempts(), ensure_ascii=False)


@pytest.mark.parametrize(
    "change", [{"rpm": 0}, {"foreign_share": 2}, {"no_such": 1}, {"used": {"rph": 1}}, {"trace": "odd"}]
)
def test_settings_that_make_no_sense_change_nothing(provider, change):
    """A wrong setting is refused as a whole."""
    before = provider.settings
    with pytest.raises(ValueError, match=r"."):
        provider.change({"tpm": 5, **change})
    assert provider.settings == before


def test_a_fault_is_counted_or_shared(provider):
    """A fault with both a count and a share is a mistake and is refused."""
    with pytest.raises(ValidationError):
        fault(provider, "reset", count=1, share=0.5)
