"""JSON that a model wrote: the schema that it is asked for, and reading it, whether or not the endpoint enforced one.

Forgiven are code fences and prose around the object, trailing commas, raw line breaks in strings, keys that nobody
asked for, numbers as strings. Time is linear: of an answer some 50,000 characters and twenty objects are tried.
"""

import json
from collections.abc import Callable, Iterator
from typing import Any, Final, TypeVar

import re2
from pydantic import BaseModel, ValidationError

_MAX_OBJECT_STARTS: Final = 20
_MAX_CHARACTERS: Final = 50_000  # several times what the output cap allows; mending takes time for every character
_STRING_OR_TRAILING_COMMA: Final = re2.compile(r'(?s)("(?:\\.|[^"\\])*")|,(\s*[}\]])')
_NOT_TOLD: Final = frozenset(["title", "description", "default", "$defs"])

Model = TypeVar("Model", bound=BaseModel)


class BrokenAnswer(ValueError):
    """The model's answer cannot be used. The message says which rule it breaks, and never quotes it."""


def read_answer(content: str, model: type[Model], key: str) -> Model:
    """The last outermost JSON object with `key` in an answer, as an object of a class.

    Raises:
        BrokenAnswer: there is none, or it is not of the class.
    """
    broken = "the answer holds no such JSON object"
    try:
        text = content if len(content) <= _MAX_CHARACTERS else ""
        found = [one for one in _objects(text) if key in one]
        if not found:
            text = str(_STRING_OR_TRAILING_COMMA.sub(lambda match: match[1] or match[2], text[text.find("{") :]))
            found = [one for one in _objects(text) if key in one]
        if found:
            json.dumps(found[-1], ensure_ascii=False).encode()
            return model.model_validate(found[-1])
    except ValidationError as error:
        # Only the kinds of errors: even a field's name in `loc` may be the model's invention.
        broken = "the answer breaks the schema: " + ", ".join(sorted({detail["type"] for detail in error.errors()}))
    except (UnicodeEncodeError, RecursionError):
        broken = "lone surrogates, or far too deep"
    # Raised outside of the handler: a chained ValidationError would carry the answer's text into tracebacks.
    raise BrokenAnswer(broken)


def strict_schema(name: str, model: type[BaseModel]) -> dict[str, Any]:
    """The `response_format` for a strict schema. Make it once: the SDK would rebuild it at every call, 7.5 ms each.

    OpenAI's strict mode wants closed objects and every property required; definitions in place cost fewer tokens.
    """
    schema = model.model_json_schema()
    return {"type": "json_schema", "json_schema": {"name": name, "strict": True, "schema": _closed(schema, schema)}}


def with_key(key: str, *values: object) -> Callable[[object], list[object]]:
    """What takes the objects of a list that have a key, with one of the values if there are any; nothing of no list."""

    def is_taken(one: object) -> bool:
        value = one.get(key) if isinstance(one, dict) else None
        return isinstance(one, BaseModel) or (value in values if values else bool(value))

    return lambda found: [one for one in found if is_taken(one)] if isinstance(found, list) else []


def _closed(node: Any, root: dict[str, Any]) -> Any:
    if isinstance(node, list):
        return [_closed(item, root) for item in node]
    if not isinstance(node, dict):
        return node
    if "$ref" in node:
        return _closed(root["$defs"][node["$ref"].removeprefix("#/$defs/")], root)
    told = {key: _closed(value, root) for key, value in node.items() if key not in _NOT_TOLD}
    return told | ({"additionalProperties": False, "required": [*told["properties"]]} if "properties" in told else {})


def _objects(content: str) -> Iterator[dict[str, Any]]:
    """The outermost objects of a text, in order."""
    decoder, place = json.JSONDecoder(strict=False), 0
    for _ in range(_MAX_OBJECT_STARTS):
        place = content.find("{", place)
        if place < 0:
            return
        try:
            value, place = decoder.raw_decode(content, place)
            yield value
        except (ValueError, RecursionError):
            place += 1
