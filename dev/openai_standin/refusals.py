"""What endpoints say when they do not take a part of a request, in the words and shapes of public reports.

A check looks at the request's JSON and at the URL's query; its complaint names the parameters that it is about, for the
journal. ``families`` says who uses which, and where each was reported.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from dev.openai_standin.replies import Reply, error

Request = Mapping[str, Any]
Query = Mapping[str, str]


@dataclass(frozen=True)
class Complaint:
    """An answer that refuses, and the parameters that it is about."""

    reply: Reply
    about: tuple[str, ...]


Check = Callable[[Request, Query], Complaint | None]

_SCHEMAS_SINCE = "2024-08-01"


def unknown_arguments(*names: str) -> Check:
    """As OpenAI and Azure say it: all unknown ones in one sentence, and ``param`` is null."""

    def check(request: Request, _: Query) -> Complaint | None:
        found = _sent(request, names)
        if not found:
            return None
        plural = "s" if len(found) > 1 else ""
        return Complaint(error(400, f"Unrecognized request argument{plural} supplied: {', '.join(found)}"), found)

    return check


def no_max_tokens(request: Request, _: Query) -> Complaint | None:
    """The models that reason take the newer name only."""
    if request.get("max_tokens") is None:
        return None
    message = (
        "Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead."
    )
    return _complaint("max_tokens", message, "unsupported_parameter")


def efforts(*taken: str) -> Check:
    """Other values are refused; the message lists those that are taken."""
    *first, last = (f"'{value}'" for value in taken)
    listed = f"{', '.join(first)}, and {last}"

    def check(request: Request, _: Query) -> Complaint | None:
        asked = request.get("reasoning_effort")
        if asked is None or asked in taken:
            return None
        message = (
            f"Unsupported value: 'reasoning_effort' does not support '{asked}' with this model. "
            f"Supported values are: {listed}."
        )
        return _complaint("reasoning_effort", message, "unsupported_value")

    return check


def only_default_temperature(request: Request, _: Query) -> Complaint | None:
    """The parameter is known, and has one value."""
    asked = request.get("temperature")
    if asked is None or asked == 1:
        return None
    message = (
        f"Unsupported value: 'temperature' does not support {asked:g} with this model. "
        "Only the default (1) value is supported."
    )
    return _complaint("temperature", message, "unsupported_value")


def only_default_temperature_with_reasoning(request: Request, query: Query) -> Complaint | None:
    """Any value is taken from who does not let it reason."""
    return None if request.get("reasoning_effort") == "none" else only_default_temperature(request, query)


def no_temperature(request: Request, _: Query) -> Complaint | None:
    """The parameter is not known, unless it says what holds anyway."""
    if request.get("temperature") in (None, 1):
        return None
    message = "Unsupported parameter: 'temperature' is not supported with this model."
    return _complaint("temperature", message, "unsupported_parameter")


def no_temperature_with_reasoning(request: Request, query: Query) -> Complaint | None:
    """Any value is taken from who does not let it reason."""
    return None if request.get("reasoning_effort") == "none" else no_temperature(request, query)


def no_role(*refused: str) -> Check:
    """Messages of these roles are refused; ``param`` says which message."""

    def check(request: Request, _: Query) -> Complaint | None:
        for index, message in enumerate(request.get("messages") or ()):
            role = message.get("role") if isinstance(message, dict) else None
            if role in refused:
                text = f"Unsupported value: 'messages[{index}].role' does not support '{role}' with this model."
                return _complaint(f"messages[{index}].role", text, "unsupported_value")
        return None

    return check


def needs_api_version(request: Request, query: Query) -> Complaint | None:
    """Azure: no version, no such resource; an early one knows no schemas."""
    version = query.get("api-version", "")
    if not version:
        missing = {"error": {"code": "404", "message": "Resource not found"}}
        return Complaint(Reply(404, missing), ("api-version",))
    if _wants_schema(request) and version < _SCHEMAS_SINCE:
        message = "response_format value as json_schema is enabled only for api versions 2024-08-01-preview and later"
        return Complaint(error(400, message, code="BadRequest"), ("response_format",))
    return None


def as_a_string(name: str) -> Check:
    """``error`` is the sentence itself."""

    def check(request: Request, _: Query) -> Complaint | None:
        if not _sent(request, (name,)):
            return None
        body = {"code": "invalid-argument", "error": f"Model does not support parameter {name}."}
        return Complaint(Reply(400, body), (name,))

    return check


def extra_inputs(*names: str) -> Check:
    """vLLM: no ``error`` around it, pydantic's complaints as Python prints them, the status as ``code``."""

    def check(request: Request, _: Query) -> Complaint | None:
        found = _sent(request, names)
        if not found:
            return None
        said = [{**one, "loc": tuple(one["loc"])} for one in _forbidden(request, found)]
        body = {"object": "error", "message": str(said), "type": "BadRequestError", "param": None, "code": 400}
        return Complaint(Reply(400, body), found)

    return check


def detail_list(*names: str) -> Check:
    """FastAPI: 422 with a list under ``detail``."""

    def check(request: Request, _: Query) -> Complaint | None:
        found = _sent(request, names)
        if not found:
            return None
        return Complaint(Reply(422, {"detail": _forbidden(request, found)}), found)

    return check


def grammar_error(request: Request, _: Query) -> Complaint | None:
    """The schema cannot be compiled, which is said as a fault of the server."""
    if not _wants_schema(request):
        return None
    said = {
        "message": 'Grammar error: Unimplemented keys: ["maxItems"]',
        "type": "InternalServerError",
        "param": None,
        "code": 500,
    }
    return Complaint(Reply(500, {"error": said}), ("response_format",))


def no_endpoints(request: Request, _: Query) -> Complaint | None:
    """OpenRouter: nobody behind it takes all that is asked; it does not say what is too much."""
    if not _wants_schema(request):
        return None
    said = {"message": "No endpoints found that can handle the requested parameters.", "code": 404}
    return Complaint(Reply(404, {"error": said}), ("response_format",))


def format_unavailable(request: Request, _: Query) -> Complaint | None:
    """DeepSeek: JSON mode and no schemas; ``param`` is null."""
    if not _wants_schema(request):
        return None
    message = "This response_format type is unavailable now"
    return Complaint(error(400, message, code="invalid_request_error"), ("response_format",))


def format_with_a_blank(request: Request, _: Query) -> Complaint | None:
    """Groq: the message spells it with a blank, ``param`` with a line."""
    if not _wants_schema(request):
        return None
    message = (
        "This model does not support response format `json_schema`. See supported models at "
        "https://console.groq.com/docs/structured-outputs#supported-models"
    )
    return Complaint(error(400, message, param="response_format"), ("response_format",))


def groq_efforts(request: Request, _: Query) -> Complaint | None:
    """Two words of its own."""
    if request.get("reasoning_effort") in (None, "none", "default"):
        return None
    said = {"message": "`reasoning_effort` must be one of `none` or `default`", "type": "invalid_request_error"}
    return Complaint(Reply(400, {"error": said}), ("reasoning_effort",))


def ollama_efforts(request: Request, _: Query) -> Complaint | None:
    """Four, named in the message."""
    asked = request.get("reasoning_effort")
    if asked in (None, "none", "low", "medium", "high"):
        return None
    message = f'invalid reasoning value: \'{asked}\' (must be "high", "medium", "low", or "none")'
    return Complaint(error(400, message), ("reasoning_effort",))


def _sent(request: Request, names: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(name for name in names if request.get(name) is not None)


def _forbidden(request: Request, names: tuple[str, ...]) -> list[dict[str, Any]]:
    """Pydantic's complaints about fields that a model of it does not have."""
    return [
        {
            "type": "extra_forbidden",
            "loc": ["body", name],
            "msg": "Extra inputs are not permitted",
            "input": request[name],
        }
        for name in names
    ]


def _wants_schema(request: Request) -> bool:
    wanted = request.get("response_format")
    return isinstance(wanted, dict) and wanted.get("type") == "json_schema"


def _complaint(name: str, message: str, code: str) -> Complaint:
    return Complaint(error(400, message, param=name, code=code), (name,))
