"""JSON schemas in requests: what strict mode refuses, and the plainest value that a schema allows."""

from collections.abc import Iterator
from typing import Any

Schema = dict[str, Any]


def strict_problem(schema: Schema) -> str | None:
    """Why OpenAI's strict mode would refuse this schema with a 400, or None.

    Its rules: objects close themselves (``additionalProperties: false``) and require every property.
    """
    if schema.get("type") != "object":
        return "schema must be a JSON Schema of 'type: \"object\"'."
    for context, part in _parts(schema, ()):
        if part.get("type") != "object" and "properties" not in part:
            continue
        if part.get("additionalProperties") is not False:
            return f"In context={context}, 'additionalProperties' is required to be supplied and to be false."
        missing = [name for name in part.get("properties", {}) if name not in part.get("required", [])]
        if missing:
            return (
                f"In context={context}, 'required' is required to be supplied and to be an array including "
                f"every key in properties. Missing '{missing[0]}'."
            )
    return None


def plainest_value(schema: Schema, root: Schema | None = None) -> Any:
    """A value that fits the schema; strings say where they come from."""
    root = schema if root is None else root
    if "$ref" in schema:
        return plainest_value(_resolve(root, schema["$ref"]), root)
    if schema.get("anyOf"):
        return plainest_value(schema["anyOf"][0], root)
    if "const" in schema or schema.get("enum"):
        return schema.get("const", schema.get("enum", [None])[0])
    kind = schema.get("type", "object" if "properties" in schema else "string")
    if isinstance(kind, list):
        kind = kind[0]
    if kind == "object":
        return {name: plainest_value(part, root) for name, part in schema.get("properties", {}).items()}
    if kind == "array":
        item = plainest_value(schema.get("items", {}), root)
        return [item] * max(1, schema.get("minItems", 1))
    scalars = {"integer": schema.get("minimum", 0), "number": schema.get("minimum", 0)}
    return {**scalars, "boolean": False, "null": None}.get(kind, "openai-standin")


def _resolve(root: Schema, reference: str) -> Schema:
    part: Any = root
    for name in reference.removeprefix("#").strip("/").split("/"):
        part = part[name] if name else part
    if not isinstance(part, dict):
        raise KeyError(reference)
    return part


def _parts(schema: Any, context: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], Schema]]:
    if isinstance(schema, list):
        for index, part in enumerate(schema):
            yield from _parts(part, (*context, str(index)))
    if not isinstance(schema, dict):
        return
    yield context, schema
    for keyword in ("items", "anyOf"):
        yield from _parts(schema.get(keyword), (*context, keyword))
    for keyword in ("properties", "$defs"):
        for name, part in schema.get(keyword, {}).items():
            yield from _parts(part, (*context, keyword, name))
