"""One call of the model over the real SDK; the SDK's exceptions become ours.

The SDK's own retries are off: every attempt goes through the limiter, because failed requests count too
(OpenAI, "Rate limits"). Requests are built once and answers validated by us: the SDK's `.parse()` rebuilds
the schema at every call.
"""

import json
from collections.abc import Callable
from typing import Any, Literal, NoReturn, cast

import openai

from worker.errors import (
    BrokenAnswerError,
    CallError,
    DeniedError,
    RefusedCallError,
    TransientError,
    TrippingError,
)
from worker.limits.provider_limits import Denial, ProviderView
from worker.ports import Answer, Call
from worker.route import Route

JSON_MODE = {"type": "json_object"}

# Documented for chat completions: tokens that frame each message, and the answer.
TOKENS_PER_MESSAGE = 4
TOKENS_PER_REPLY = 3


class OpenAIClient:
    """Calls any OpenAI-compatible endpoint.

    Args:
        route: the way out.
        key: the API key.
        base_url: the endpoint.
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
    ) -> None:
        self._route = route
        self._sdk = openai.AsyncOpenAI(
            api_key=key, base_url=base_url, max_retries=0, timeout=None, http_client=route.client
        )
        self._model = model
        self._count = count
        self._timeout = timeout
        self._schema_tokens: dict[str, int] = {}  # by the schema's name
        self._strict = output != "json"
        self._may_fall_back = output == "auto"

    def tokens(self, call: Call) -> int:
        """What the provider may charge at admission: the prompt and the whole output cap."""
        prompt = sum(self._count(message["content"]) + TOKENS_PER_MESSAGE for message in call.messages)
        return prompt + self._tokens_of_schema(call) + TOKENS_PER_REPLY + call.max_output_tokens

    def _tokens_of_schema(self, call: Call) -> int:
        name = call.response_format["json_schema"]["name"]
        if name not in self._schema_tokens:
            self._schema_tokens[name] = self._count(json.dumps(call.response_format))
        return self._schema_tokens[name]

    def ask(self, call: Call) -> Answer:
        """Ask once.

        Raises:
            TransientError, BrokenAnswerError, RefusedCallError, TrippingError, DeniedError: see `errors`.
        """
        strict = self._strict
        try:
            raw = self._route.wait(self._create(call, strict=strict), self._timeout)
        except TimeoutError:
            raise TransientError(f"no answer within {self._timeout:g} s", network=True) from None
        except openai.APIConnectionError as error:  # refused, reset, proxy, TLS; also its timeouts
            raise TransientError(type(error.__cause__ or error).__name__, network=True) from None
        except openai.APIStatusError as error:
            self._explain(error, strict=strict)
        except openai.OpenAIError as error:  # a body that is not JSON, and what the SDK may add
            raise BrokenAnswerError(type(error).__name__) from None
        return _answer(raw, strict=strict)

    async def _create(self, call: Call, *, strict: bool) -> Any:
        return await self._sdk.chat.completions.with_raw_response.create(
            model=self._model,
            messages=cast("Any", call.messages),  # plain dicts are what its TypedDicts are
            response_format=cast("Any", call.response_format if strict else JSON_MODE),
            temperature=0,
            max_completion_tokens=call.max_output_tokens,
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


def _answer(raw: Any, *, strict: bool) -> Answer:
    seen = ProviderView.from_headers(raw.headers)
    try:
        completion = raw.parse()
        choice = completion.choices[0]
        usage = completion.usage
        message = choice.message
        content = message.content
    except (openai.OpenAIError, ValueError, IndexError, TypeError, AttributeError):
        raise BrokenAnswerError("not a chat completion", seen) from None
    fault: CallError | None = None
    if choice.finish_reason == "length":
        fault = BrokenAnswerError("truncated", seen)
    elif getattr(message, "refusal", None):
        fault = BrokenAnswerError("refused by the model", seen)
    elif not content or not isinstance(content, str):  # also what a content filter leaves; no error says so
        fault = BrokenAnswerError(f"empty, finish_reason {choice.finish_reason}", seen)
    if fault is not None:
        raise fault
    details = getattr(usage, "prompt_tokens_details", None)
    return Answer(
        content=content,
        strict=strict,
        prompt_tokens=_count(usage, "prompt_tokens"),
        cached_tokens=_count(details, "cached_tokens"),
        completion_tokens=_count(usage, "completion_tokens"),
        seen=seen,
    )


def _count(usage: object, name: str) -> int:
    """Only a number will do: the SDK validates nothing, and not every endpoint counts."""
    value = getattr(usage, name, None)
    return value if isinstance(value, int) and value > 0 else 0
