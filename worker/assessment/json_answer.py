"""JSON that a model wrote: the schema that it is asked for, and reading it where no schema is enforced.

Time is linear: an answer is at most 50,000 characters, and at most twenty objects are tried in it.
"""

import json
from collections.abc import Iterator
from typing import Any, Final

import re2
from pydantic import BaseModel, ValidationError

_MAX_OBJECT_STARTS: Final = 20
_MAX_CHARACTERS: Final = 50_000  # several times what the output cap allows; mending takes time for every character
_STRING_OR_TRAILING_COMMA: Final = re2.compile(r'(?s)("(?:\\.|[^"\\])*")|,(\s*[}\]])')


def strict_schema(name: str, model: type[BaseModel]) -> dict[str, Any]:
    """The `response_format` for a strict schema. Make it once: the SDK would rebuild it at every call, 7.5 ms each.

    OpenAI's strict mode wants `additionalProperties: false` and every property required, as pydantic writes it for
    closed models; the titles that it adds only cost tokens.
    """
    schema = _without_titles(model.model_json_schema())
    return {"type": "json_schema", "json_schema": {"name": name, "strict": True, "schema": schema}}


def _without_titles(node: Any) -> Any:
    if isinstance(node, dict):
        return {
            key: _without_titles(value)
            for key, value in node.items()
            if not (key in {"title", "description"} and isinstance(value, str))
        }
    return [_without_titles(item) for item in node] if isinstance(node, list) else node


def complaint(error: ValidationError) -> str:
    """Only the kinds of errors: even a field's name in `loc` may be the model's invention."""
    return "the answer breaks the schema: " + ", ".join(sorted({detail["type"] for detail in error.errors()}))


def find_object(content: str, key: str) -> str:
    """The last outermost JSON object with `key` in an answer of an endpoint that promises JSON but no schema.

    Forgiven: code fences and prose around the object, trailing commas, raw line breaks in strings.

    Raises:
        ValueError: there is none, or the answer is far too long. The message never quotes it.
    """
    if len(content) > _MAX_CHARACTERS:
        raise ValueError("the answer is far too long")
    try:
        content.encode()
    except UnicodeEncodeError:
        raise ValueError("lone surrogates") from None
    found = None
    for candidate in _objects(content):
        if key in candidate:
            found = candidate
    if found is None:
        raise ValueError("the answer holds no such JSON object")
    try:
        return json.dumps(found)
    except (RecursionError, ValueError):
        raise ValueError("the answer cannot be read") from None


def _objects(content: str) -> Iterator[dict[str, Any]]:
    decoder = json.JSONDecoder(strict=False)
    start = content.find("{")
    if start < 0:
        return
    rest = str(_STRING_OR_TRAILING_COMMA.sub(lambda match: match[1] or match[2], content[start:]))
    place = 0
    for _ in range(_MAX_OBJECT_STARTS):
        place = rest.find("{", place)
        if place < 0:
            return
        try:
            value, place = decoder.raw_decode(rest, place)
        except (ValueError, RecursionError):
            place += 1
            continue
        yield value
