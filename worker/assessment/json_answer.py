"""JSON that a model wrote: the schema that it is asked for, and reading it where no schema is enforced.

Forgiven are a block of thoughts before the object, code fences and prose around it, trailing commas, raw line breaks in
strings, keys that nobody asked for, numbers as strings. Time is linear: of an answer some 50,000 characters and twenty
objects are tried.
"""

import json
from collections.abc import Iterator
from typing import Any, Final, TypeVar

import re2
from pydantic import BaseModel, ValidationError

_MAX_OBJECT_STARTS: Final = 20
_MAX_CHARACTERS: Final = 50_000  # several times what the output cap allows; mending takes time for every character
_STRING_OR_TRAILING_COMMA: Final = re2.compile(r'(?s)("(?:\\.|[^"\\])*")|,(\s*[}\]])')

Model = TypeVar("Model", bound=BaseModel)


class BrokenAnswer(ValueError):
    """The model's answer cannot be used. The message says which rule it breaks, and never quotes it."""


def read_answer(content: str, model: type[Model], key: str, *, strict: bool) -> Model:
    """Read an answer as an object of a class that has `key`. `strict`: nothing is forgiven.

    Raises:
        BrokenAnswer: it is not JSON, or not of the class.
    """
    try:
        content.encode()
        if strict:
            return model.model_validate_json(content)
        try:
            return model.model_validate_json(content)
        except ValidationError:
            return model.model_validate(_object(content, key))
    except ValidationError as error:
        # Only the kinds of errors: even a field's name in `loc` may be the model's invention.
        broken = "the answer breaks the schema: " + ", ".join(sorted({detail["type"] for detail in error.errors()}))
    except UnicodeEncodeError:
        broken = "lone surrogates"
    except RecursionError:
        broken = "the answer cannot be read"
    except ValueError as error:
        broken = str(error)
    # Raised outside of the handler: a chained ValidationError would carry the answer's text into tracebacks.
    raise BrokenAnswer(broken)


def strict_schema(name: str, model: type[BaseModel]) -> dict[str, Any]:
    """The `response_format` for a strict schema. Make it once: the SDK would rebuild it at every call, 7.5 ms each.

    OpenAI's strict mode wants closed objects and every property required; titles and defaults only cost tokens.
    """
    schema = _closed(model.model_json_schema())
    return {"type": "json_schema", "json_schema": {"name": name, "strict": True, "schema": schema}}


def _closed(node: Any) -> Any:
    if isinstance(node, list):
        return [_closed(item) for item in node]
    if not isinstance(node, dict):
        return node
    dropped = {"title", "description", "default"}
    closed = {key: _closed(value) for key, value in node.items() if key not in dropped or isinstance(value, dict)}
    if "properties" in closed:
        closed |= {"additionalProperties": False, "required": list(closed["properties"])}
    return closed


def _object(content: str, key: str) -> dict[str, Any]:
    """The last outermost JSON object with `key`, behind the thoughts that some models write down first."""
    content = content.rpartition("</think>")[2]
    if len(content) > _MAX_CHARACTERS:
        raise ValueError("the answer is far too long")
    found = [candidate for candidate in _objects(content) if key in candidate]
    if not found:
        raise ValueError("the answer holds no such JSON object")
    json.dumps(found[-1], ensure_ascii=False).encode()  # a lone surrogate that was escaped ends here
    return found[-1]


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
