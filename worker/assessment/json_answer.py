"""JSON that a model wrote: the schema that it is asked for, and reading it where no schema is enforced.

Time is linear: an answer is at most 50,000 characters, and at most twenty objects are tried in it.
"""

import json
from collections.abc import Callable, Iterator
from typing import Any, Final, TypeVar

import re2
from pydantic import BaseModel, ValidationError

_MAX_OBJECT_STARTS: Final = 20
_MAX_CHARACTERS: Final = 50_000  # several times what the output cap allows; mending takes time for every character
_STRING_OR_TRAILING_COMMA: Final = re2.compile(r'(?s)("(?:\\.|[^"\\])*")|,(\s*[}\]])')

Model = TypeVar("Model", bound=BaseModel)


class BrokenAnswer(ValueError):
    """The model's answer cannot be used. The message says which rule it breaks, and never quotes it."""


def read_answer(
    content: str, model: type[Model], key: str, mended: Callable[[dict[str, Any]], dict[str, Any]], *, strict: bool
) -> Model:
    """Read an answer.

    Args:
        content: the answer.
        model: the class of what is asked for.
        key: a key of the object that is asked for, by which it is known among others.
        mended: puts right what is forgiven where no schema is enforced.
        strict: the endpoint promised the schema; otherwise forgiven are also code fences and prose around the object,
            trailing commas and raw line breaks in strings.

    Raises:
        BrokenAnswer: it is not JSON, or not of the schema.
    """
    try:
        body = content if strict else json.dumps(mended(_object(content, key)))
        return model.model_validate_json(body, strict=True)
    except ValidationError as error:
        broken = _complaint(error)
    except UnicodeEncodeError:
        broken = "lone surrogates"
    except RecursionError:
        broken = "the answer cannot be read"
    except ValueError as error:
        broken = str(error)
    # Raised outside of the handler: a chained ValidationError would carry the answer's text into tracebacks.
    raise BrokenAnswer(broken)


def listed(value: Any) -> list[dict[str, Any]]:
    """The objects of what should be a list of them."""
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def whole_number(value: Any) -> Any:
    """The number where a model wrote it as a string or with a fraction of nothing; else what it wrote."""
    if isinstance(value, str) and value.isdecimal() and len(value) < 4:
        return int(value)
    return int(value) if isinstance(value, float) and value.is_integer() else value


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


def _complaint(error: ValidationError) -> str:
    # Only the kinds of errors: even a field's name in `loc` may be the model's invention.
    return "the answer breaks the schema: " + ", ".join(sorted({detail["type"] for detail in error.errors()}))


def _object(content: str, key: str) -> dict[str, Any]:
    """The last outermost JSON object with `key`."""
    if len(content) > _MAX_CHARACTERS:
        raise ValueError("the answer is far too long")
    content.encode()  # lone surrogates end here
    found = [candidate for candidate in _objects(content) if key in candidate]
    if not found:
        raise ValueError("the answer holds no such JSON object")
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
