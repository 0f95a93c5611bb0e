"""What each family of the stand-in refuses, in which words, and how it wraps what it takes."""

import asyncio
import json

import pytest

from dev.openai_standin.families import FAMILIES, NAMES, TOKENS_OF_EFFORT
from dev.openai_standin.faults import Fault
from dev.openai_standin.provider import Provider
from dev.openai_standin.settings import Settings

AZURE = {"api-version": "2024-10-21"}
RESUME = "Кондитер, пять лет. Торты, хлеб."
MESSAGES = [
    {"role": "system", "content": "Оцени резюме, ответь в JSON."},
    {"role": "user", "content": "<<<CRITERIA a1\n1. торты\n2. хлеб\nCRITERIA a1>>>"},
    {"role": "user", "content": f"<<<RESUME b2\n{RESUME}\nRESUME b2>>>"},
]
SCHEMA = {
    "type": "json_schema",
    "json_schema": {
        "name": "answer",
        "strict": True,
        "schema": {
            "type": "object",
            "additionalProperties": False,
            "required": ["grades"],
            "properties": {"grades": {"type": "array", "items": {}}},
        },
    },
}
JSON = {"response_format": {"type": "json_object"}}
OF_USERS = {"messages": [{**message, "role": "user"} for message in MESSAGES]}

# What a request may carry beside messages in JSON mode, one that is taken for each family.
TAKEN = {
    "gpt-4.1": {"temperature": 0, "response_format": SCHEMA, "max_completion_tokens": 900},
    "gpt-5": {"reasoning_effort": "minimal", "response_format": SCHEMA, "max_completion_tokens": 900},
    "gpt-5.6": {"temperature": 0, "reasoning_effort": "none", "response_format": SCHEMA},
    "gpt-6": {"temperature": 0, "reasoning_effort": "none", "response_format": SCHEMA},
    "gpt-6.2": {"reasoning_effort": "low", "response_format": SCHEMA, "max_completion_tokens": 900},
    "o": {"reasoning_effort": "low", "response_format": SCHEMA, **OF_USERS},
    "azure": {"temperature": 0, "max_tokens": 900, "response_format": SCHEMA},
    "yandex": {"temperature": 0, "max_tokens": 900, "response_format": SCHEMA},
    "vllm": {"temperature": 0, "max_tokens": 900, **JSON},
    "ollama": {"temperature": 0, "reasoning_effort": "none", "response_format": SCHEMA},
    "openrouter": {"temperature": 0, "max_completion_tokens": 900, **JSON},
    "deepseek": {"temperature": 0, "reasoning_effort": "none", **JSON},
    "groq": {"temperature": 0, "reasoning_effort": "none", **JSON},
    "mistral": {"temperature": 0, "max_tokens": 900, "response_format": SCHEMA},
}

# Family, what is sent, the status, words of the answer, what the journal says of it.
REFUSED = [
    ("gpt-4.1", {"reasoning_effort": "none"}, 400, "argument supplied: reasoning_effort", "reasoning_effort"),
    ("gpt-5", {"temperature": 0}, 400, "'temperature' does not support 0 with this model", "temperature"),
    ("gpt-5", {"reasoning_effort": "none"}, 400, "are: 'minimal', 'low', 'medium', and 'high'.", "reasoning_effort"),
    ("gpt-5", {"max_tokens": 9}, 400, "Use 'max_completion_tokens' instead", "max_tokens"),
    ("gpt-5.6", {"temperature": 0}, 400, "Only the default (1) value is supported", "temperature"),
    ("gpt-5.6", {"temperature": 0, "reasoning_effort": "low"}, 400, "Only the default (1) value", "temperature"),
    ("gpt-5.6", {"reasoning_effort": "minimal"}, 400, "'none', 'low', 'medium', 'high', 'xhigh'", "reasoning_effort"),
    ("gpt-6", {"temperature": 0}, 400, "'temperature' is not supported with this model", "temperature"),
    ("gpt-6", {"max_tokens": 9}, 400, "'max_tokens' is not supported", "max_tokens"),
    ("gpt-6.2", {"temperature": 0}, 400, "'temperature' is not supported", "temperature"),
    ("gpt-6.2", {"reasoning_effort": "none"}, 400, "'low', 'medium', 'high', and 'xhigh'", "reasoning_effort"),
    ("o", {}, 400, "'messages[0].role' does not support 'system'", "messages[0].role"),
    ("o", {"temperature": 0, **OF_USERS}, 400, "'temperature' is not supported", "temperature"),
    ("azure", {"max_completion_tokens": 9}, 400, "argument supplied: max_completion_tokens", "max_completion_tokens"),
    ("yandex", {"reasoning_effort": "none"}, 400, '"error": "Model does not support parameter', "reasoning_effort"),
    ("vllm", {"max_completion_tokens": 9}, 400, "('body', 'max_completion_tokens')", "max_completion_tokens"),
    ("vllm", {"response_format": SCHEMA}, 500, "Grammar error", "response_format"),
    ("ollama", {"reasoning_effort": "minimal"}, 400, "invalid reasoning value", "reasoning_effort"),
    ("openrouter", {"response_format": SCHEMA}, 404, "No endpoints found", "response_format"),
    ("deepseek", {"response_format": SCHEMA}, 400, "This response_format type is unavailable now", "response_format"),
    ("groq", {"response_format": SCHEMA}, 400, "does not support response format", "response_format"),
    ("groq", {"reasoning_effort": "low"}, 400, "must be one of `none` or `default`", "reasoning_effort"),
    ("mistral", {"max_completion_tokens": 9}, 422, '"detail": [{"type": "extra_forbidden"', "max_completion_tokens"),
]


@pytest.fixture
def provider():
    return Provider(Settings(rpm=10_000, rpd=10_000, tpm=1_000_000, latency=0.0), seed=7)


def ask(provider, family, query=AZURE, **sent):
    provider.change({"family": family})
    request = {"model": "m", "messages": MESSAGES, **sent}
    return asyncio.run(provider.complete(json.dumps(request).encode(), "Bearer sk-test", "", query))


@pytest.mark.parametrize("case", REFUSED, ids=lambda case: f"{case[0]}-{'-'.join(case[1])}")
def test_what_a_family_does_not_take_is_refused_in_its_words(provider, case):
    """A client meets the status and the sentence that users of that family report, and the journal says what it was."""
    family, sent, status, words, about = case
    reply = ask(provider, family, **sent)
    assert reply.status == status
    assert words in json.dumps(reply.body)
    [attempt] = provider.journal.attempts()
    assert attempt["refused"] == (about,)
    assert not attempt["admitted"]


@pytest.mark.parametrize("family", NAMES)
def test_every_family_takes_a_request_of_its_own_kind(provider, family):
    """There is a way to ask each of them."""
    replies = [ask(provider, family, **TAKEN[family]) for _ in range(1 + FAMILIES[family].stumbles)]
    assert replies[-1].body["choices"][0]["finish_reason"] == "stop"


@pytest.mark.parametrize("family", NAMES)
def test_every_family_says_where_it_was_reported(family):
    """Nothing is imitated that nobody has seen."""
    assert all(source.startswith("https://") for source in FAMILIES[family].sources)
    assert FAMILIES[family].sources


@pytest.mark.parametrize(("family", "plural"), [("azure", "arguments"), ("mistral", "detail"), ("vllm", "loc")])
def test_several_unknown_parameters_are_named_at_once(provider, family, plural):
    """One refusal can teach two things."""
    reply = ask(provider, family, reasoning_effort="none", max_completion_tokens=9)
    assert plural in str(reply.body)
    assert "max_completion_tokens" in str(reply.body)
    assert "reasoning_effort" in str(reply.body)


def test_a_schema_of_azure_depends_on_the_version(provider):
    """The query of the URL decides what may be asked; without one there is nothing."""
    assert ask(provider, "azure", {"api-version": "2024-02-01"}, response_format=SCHEMA).status == 400
    assert ask(provider, "azure", {}).status == 404
    assert ask(provider, "azure", response_format=SCHEMA).status == 200


@pytest.mark.parametrize(("effort", "counted"), [(None, "medium"), ("low", "low"), ("none", "none")])
def test_what_is_reasoned_is_counted_and_takes_of_the_cap(provider, effort, counted):
    """An answer whose cap was eaten by reasoning is cut, and the usage says by what."""
    sent = {"reasoning_effort": effort} if effort else {}
    usage = ask(provider, "gpt-6", **sent).body["usage"]
    assert usage["completion_tokens_details"]["reasoning_tokens"] == TOKENS_OF_EFFORT[counted]
    assert usage["completion_tokens"] > TOKENS_OF_EFFORT[counted]
    [choice] = ask(provider, "gpt-6", **sent, max_completion_tokens=150).body["choices"]
    assert (choice["finish_reason"] == "length") == (counted != "none")


def test_an_effort_that_is_not_heard_changes_nothing(provider):
    """Some accept the parameter and reason as they like."""
    usage = ask(provider, "deepseek", reasoning_effort="none").body["usage"]
    assert usage["completion_tokens_details"]["reasoning_tokens"] > 0


def test_a_schema_that_is_ignored_leaves_thoughts_and_fences(provider):
    """HTTP 200 promises nothing: the JSON stands behind a thought, between fences."""
    reply = ask(provider, "ollama", response_format=SCHEMA)
    content = reply.body["choices"][0]["message"]["content"]
    assert content.startswith("<think>")
    assert json.loads(content.split("```json\n")[1].removesuffix("\n```"))["grades"]


def test_content_may_be_a_list_of_parts(provider):
    """Read together, the parts of text are the answer."""
    content = ask(provider, "mistral").body["choices"][0]["message"]["content"]
    assert json.loads("".join(part["text"] for part in content if part["type"] == "text"))["grades"]


def test_a_long_prompt_is_cut_without_a_word(provider):
    """Only the count of the prompt's tokens tells."""
    long = [{"role": "user", "content": "опыт работы кондитером " * 2_000}]
    assert ask(provider, "ollama", messages=long).body["usage"]["prompt_tokens"] == 2_050
    assert ask(provider, None, messages=long).body["usage"]["prompt_tokens"] > 4_096


def test_an_error_comes_in_a_200(provider):
    """A gateway that fails late has already said that all is well."""
    first, second, third = (ask(provider, "openrouter", **JSON) for _ in range(3))
    assert (first.status, first.body["choices"], first.body["error"]["code"]) == (200, None, 502)
    assert second.body["choices"][0]["finish_reason"] == "error"
    assert third.body["choices"][0]["finish_reason"] == "stop"


def test_a_fault_may_say_when_to_come_back(provider):
    """The header is sent word for word, in seconds or as a date."""
    provider.faults.add(Fault(kind="overloaded", retry_after="Mon, 30 Nov 2026 05:00:00 GMT"))
    reply = ask(provider, None)
    assert reply.status == 529
    assert reply.headers["retry-after"] == "Mon, 30 Nov 2026 05:00:00 GMT"


@pytest.mark.parametrize(("kind", "start"), [("thinking", "<think>"), ("parts", [])])
def test_faults_change_how_an_answer_is_wrapped(provider, kind, start):
    """Any endpoint may do once what a family always does."""
    provider.faults.add(Fault(kind=kind))
    content = ask(provider, None).body["choices"][0]["message"]["content"]
    assert content[: len(start)] == start
    assert isinstance(content, type(start))


def test_a_prompt_may_be_cut_once(provider):
    """As a fault, with any endpoint."""
    provider.faults.add(Fault(kind="cut_prompt"))
    cut, whole = (ask(provider, None).body["usage"]["prompt_tokens"] for _ in range(2))
    assert cut == whole // 2
