"""One call of the model over the real SDK; the SDK's exceptions become ours.

The SDK's own retries are off: every attempt goes through the limiter, because failed requests count too
(OpenAI, "Rate limits"). The SDK sends the body as it is made here and hands out the response as it came: its
models of requests and answers cost more CPU than all the rest of a call (`create` and its models 4.3 ms, this 2.5 ms;
`.parse()`, which rebuilds the schema at every call, 5.7 ms), and validate nothing.
"""

import json
import string
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any, Literal, NoReturn

import httpx2
import openai

from worker.asking.route import Route
from worker.errors import (
    BrokenAnswerError,
    CallError,
    DeniedError,
    RefusedCallError,
    TransientError,
    TrippingError,
)
from worker.limits.provider_limits import Denial, ProviderView
from worker.ports import Answer, Call, Usage

SHARED_TEXTS = 64  # messages before the last, which many calls share: their tokens are remembered

JSON_MODE = {"type": "json_object"}

# Documented for chat completions: tokens that frame each message, and the answer.
TOKENS_PER_MESSAGE = 4
TOKENS_PER_REPLY = 3

LONGEST_NAME = 100  # characters of a model's name
_OF_NAMES = frozenset(string.ascii_letters + string.digits + "-._:/@")


class OpenAIClient:
    """Calls any OpenAI-compatible endpoint.

    Args:
        route: the way out.
        key: the API key.
        base_url: the endpoint, without a query.
        query: what every URL ends with.
        headers: that go with every request; never logged.
        model: its name.
        count: counts the tokens of a text.
        timeout: seconds, in total, for one call.
        output: `strict` schema, `json` mode, or `auto`, which changes to JSON mode when the endpoint says that
            it has no strict schemas.
    """

    def __init__(
        self,
        route: Route,
        *,
        key: str,
        base_url: str,
        model: str,
        count: Callable[[str], int],
        timeout: float,
        output: Literal["auto", "strict", "json"],
        query: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        self._route = route
        self._sdk = openai.AsyncOpenAI(
            api_key=key,
            base_url=base_url,
            default_query=query,
            default_headers=headers,
            max_retries=0,
            timeout=None,
            http_client=route.client,
        )
        self._model = model
        self._count = count
        self._count_shared = lru_cache(SHARED_TEXTS)(count)
        self._timeout = timeout
        self._schema_tokens: dict[str, int] = {}  # by the schema's name
        self._strict = output != "json"
        self._may_fall_back = output == "auto"

    def tokens(self, call: Call) -> int:
        """What the provider may charge at admission: the prompt and the whole output cap."""
        *shared, own = (message["content"] for message in call.messages)
        prompt = sum(map(self._count_shared, shared)) + self._count(own) + TOKENS_PER_MESSAGE * len(call.messages)
        return prompt + self._tokens_of_schema(call) + TOKENS_PER_REPLY + call.max_output_tokens

    def _tokens_of_schema(self, call: Call) -> int:
        name = call.response_format["json_schema"]["name"]
        if name not in self._schema_tokens:
            self._schema_tokens[name] = self._count(json.dumps(call.response_format, ensure_ascii=False))
        return self._schema_tokens[name]

    def ask(self, call: Call) -> Answer:
        """Ask once.

        Raises:
            TransientError, BrokenAnswerError, RefusedCallError, TrippingError, DeniedError: see `errors`.
        """
        strict = self._strict
        try:
            response = self._route.wait(self._create(call, strict=strict), self._timeout)
        except TimeoutError:
            raise TransientError(f"no answer within {self._timeout:g} s", network=True) from None
        except openai.APIConnectionError as error:  # refused, reset, proxy, TLS; also its timeouts
            raise TransientError(type(error.__cause__ or error).__name__, network=True) from None
        except openai.APIStatusError as error:
            self._explain(error, strict=strict)
        except openai.OpenAIError as error:  # a body that is not JSON, and what the SDK may add
            raise BrokenAnswerError(type(error).__name__) from None
        return _answer(response)

    async def _create(self, call: Call, *, strict: bool) -> httpx2.Response:
        return await self._sdk.post(
            "/chat/completions",
            body={
                "messages": call.messages,
                "model": self._model,
                "max_completion_tokens": call.max_output_tokens,
                "response_format": call.response_format if strict else JSON_MODE,
                "temperature": 0,
            },
            cast_to=httpx2.Response,
        )

    def _explain(self, error: openai.APIStatusError, *, strict: bool) -> NoReturn:
        """Raise what an error status means. Only codes go into the texts: messages may quote the prompt."""
        seen = ProviderView.from_headers(error.response.headers)
        body = error.body if isinstance(error.body, dict) else {}
        code = str(body.get("code") or body.get("type") or "")[:60]
        what = f"{error.status_code} {code}".strip()
        if code == "unsupported_country_region_territory":
            raise TrippingError(what, "region", seen) from None
        if error.status_code == 429 or code == "slow_down":
            denial = Denial.from_response(error.response.headers, body)
            if denial.kind in ("insufficient_quota", "spend_limit"):
                raise TrippingError(what, "quota", seen) from None
            raise DeniedError(what, denial, seen) from None
        if error.status_code in (401, 403, 404):
            raise TrippingError(what, "credentials", seen) from None
        if error.status_code in (408, 409) or error.status_code >= 500:
            raise TransientError(what, seen) from None
        if strict and self._may_fall_back and "response_format" in str(body.get("message", "")):
            self._strict = False
            raise BrokenAnswerError(f"{what}: no strict schemas here, using JSON mode", seen) from None
        raise RefusedCallError(what, seen) from None


def _answer(response: httpx2.Response) -> Answer:
    seen = ProviderView.from_headers(response.headers)
    completion: Any = None
    try:
        completion = json.loads(response.content)
        choice = completion["choices"][0]
        message = choice["message"]
        content, finish_reason = message.get("content"), choice.get("finish_reason")
    except (ValueError, RecursionError, LookupError, TypeError, AttributeError):
        raise BrokenAnswerError("not a chat completion", seen, usage=_usage(completion)) from None
    usage = _usage(completion)
    fault: CallError | None = None
    if finish_reason == "length":
        fault = BrokenAnswerError("truncated", seen, usage=usage)
    elif message.get("refusal"):
        fault = BrokenAnswerError("refused by the model", seen, usage=usage)
    elif not content or not isinstance(content, str):  # also what a content filter leaves; no error says so
        fault = BrokenAnswerError(f"empty, finish_reason {str(finish_reason)[:20]}", seen, usage=usage)
    if fault is not None:
        raise fault
    return Answer(
        usage.prompt_tokens,
        usage.cached_tokens,
        usage.completion_tokens,
        content=content,
        seen=seen,
        model=_name(completion.get("model")),
    )


def _usage(completion: object) -> Usage:
    counted = _part(completion, "usage")
    return Usage(
        prompt_tokens=_count(counted, "prompt_tokens"),
        cached_tokens=_count(_part(counted, "prompt_tokens_details"), "cached_tokens"),
        completion_tokens=_count(counted, "completion_tokens"),
    )


def _part(value: object, name: str) -> object:
    return value.get(name) if isinstance(value, dict) else None


def _name(value: object) -> str | None:
    """What looks like a model's name, and nothing else that may stand in its place."""
    fits = isinstance(value, str) and 0 < len(value) <= LONGEST_NAME and _OF_NAMES.issuperset(value)
    return str(value) if fits else None


def _count(usage: object, name: str) -> int:
    """Only a number will do: not every endpoint counts, and some count otherwise."""
    value = _part(usage, name)
    return value if isinstance(value, int) and not isinstance(value, bool) and value > 0 else 0
