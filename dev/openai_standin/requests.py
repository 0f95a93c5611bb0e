"""Reading a chat completions request, with the API's own complaints about what is wrong in it."""

import json
from dataclasses import dataclass
from typing import Any

from dev.openai_standin.replies import Reply, error
from dev.openai_standin.schema import strict_problem

BAD_KEY = "bad-key"


class RefusedError(Exception):
    """The call is turned away before it is counted; ``reply`` says why."""

    def __init__(self, reply: Reply) -> None:
        super().__init__(reply.status)
        self.reply = reply


@dataclass(frozen=True)
class ChatRequest:
    """What of a request matters here. ``messages`` are ``(role, text)``; ``output_cap`` is in tokens."""

    model: str
    messages: list[tuple[str, str]]
    output_cap: int | None
    schema: dict[str, Any] | None
    wants_json: bool
    body: dict[str, Any]


def check_key(authorization: str) -> None:
    """Any Bearer key but ``bad-key`` is good. Raises RefusedError (401)."""
    scheme, _, key = authorization.partition(" ")
    if scheme.lower() != "bearer" or not key.strip():
        raise RefusedError(
            error(
                401,
                "You didn't provide an API key. You need to provide your API key in an Authorization header "
                "using Bearer auth (i.e. Authorization: Bearer YOUR_KEY). You can obtain an API key from "
                "https://platform.openai.com/account/api-keys.",
            )
        )
    if key.strip() == BAD_KEY:
        raise RefusedError(
            error(
                401,
                f"Incorrect API key provided: {BAD_KEY}. You can find your API key at "
                "https://platform.openai.com/account/api-keys.",
                code="invalid_api_key",
            )
        )


def parse(body: bytes) -> ChatRequest:
    """Read the JSON body. Raises RefusedError (400)."""
    try:
        request = json.loads(body)
    except ValueError:
        request = None
    if not isinstance(request, dict):
        raise _refused("We could not parse the JSON body of your request.")
    if not isinstance(request.get("model"), str):
        raise _refused("you must provide a model parameter")
    if request.get("stream"):
        raise _refused("openai-standin does not stream", "stream")
    _check_temperature(request.get("temperature"))
    messages = _messages(request.get("messages"))
    schema, wants_json = _response_format(request.get("response_format"), messages)
    return ChatRequest(
        model=request["model"],
        messages=messages,
        output_cap=_output_cap(request),
        schema=schema,
        wants_json=wants_json,
        body=request,
    )


def _check_temperature(temperature: Any) -> None:
    if temperature is not None and not (isinstance(temperature, int | float) and 0 <= temperature <= 2):
        raise _refused("Invalid 'temperature': expected a number between 0 and 2.", "temperature")


def _messages(messages: Any) -> list[tuple[str, str]]:
    if not isinstance(messages, list) or not messages:
        raise _refused("Missing required parameter: 'messages'.", "messages", "missing_required_parameter")
    read = []
    for index, message in enumerate(messages):
        if not isinstance(message, dict) or message.get("role") not in _ROLES:
            raise _refused(f"Invalid value for 'messages[{index}].role'.", f"messages[{index}].role")
        read.append((message["role"], _text(message.get("content"), index)))
    return read


_ROLES = frozenset({"system", "developer", "user", "assistant"})


def _text(content: Any, index: int) -> str:
    if isinstance(content, str):
        return content
    if isinstance(content, list) and all(
        isinstance(part, dict) and isinstance(part.get("text"), str) for part in content
    ):
        return "".join(part["text"] for part in content)
    raise _refused(f"Invalid value for 'content': expected a string (messages[{index}]).", "messages")


def _output_cap(request: dict[str, Any]) -> int | None:
    if request.get("max_tokens") is not None and request.get("max_completion_tokens") is not None:
        raise _refused("Setting 'max_tokens' and 'max_completion_tokens' at the same time is not supported.")
    for name in ("max_completion_tokens", "max_tokens"):
        cap = request.get(name)
        if cap is not None:
            if type(cap) is not int or cap < 1:
                raise _refused(f"Invalid '{name}': expected a positive integer.", name)
            return cap
    return None


def _response_format(wanted: Any, messages: list[tuple[str, str]]) -> tuple[dict[str, Any] | None, bool]:
    kind = wanted.get("type") if isinstance(wanted, dict) else None
    if wanted is None or kind == "text":
        return None, False
    if kind == "json_object":
        if not any("json" in text.lower() for _, text in messages):
            raise _refused(
                "'messages' must contain the word 'json' in some form, to use 'response_format' of type 'json_object'.",
                "messages",
            )
        return None, True
    named = wanted.get("json_schema") if kind == "json_schema" else None
    if not isinstance(named, dict) or not isinstance(named.get("name"), str):
        raise _refused("Missing required parameter: 'response_format.json_schema'.", "response_format")
    schema = named.get("schema")
    if not isinstance(schema, dict):
        raise _refused("Missing required parameter: 'response_format.json_schema.schema'.", "response_format")
    problem = strict_problem(schema) if named.get("strict") else None
    if problem:
        raise _refused(f"Invalid schema for response_format '{named['name']}': {problem}", "response_format")
    return schema, True


def _refused(message: str, param: str | None = None, code: str | None = None) -> RefusedError:
    return RefusedError(error(400, message, param=param, code=code))
