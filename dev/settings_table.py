"""`python -m dev.settings_table`: writes docs/settings.md, made from config/ and the groups of .env.example.

A test compares the file with what this would write.
"""

from collections.abc import Iterator
from pathlib import Path
from types import NoneType
from typing import Any, Literal, get_args, get_origin

import annotated_types
from pydantic import SecretStr
from pydantic.fields import FieldInfo

from config import Settings

CHECKOUT = Path(__file__).resolve().parent.parent
PAGE = CHECKOUT / "docs" / "settings.md"
EXAMPLE = CHECKOUT / ".env.example"

GROUP_MARK = "# --- "

HEAD = """\
# Settings

Environment variables, or lines of a `.env` in the project's folder; the environment wins. An empty value means "not
set". What is wrong or missing stops a process at its start, with one line for each variable, and so does a line of
`.env` that cannot be read. Nothing in it is expanded: `${X}` stays `${X}`. Switches are `on` or `off`. Every meaning
says its unit.

This page is made by `python -m dev.settings_table` from `config/`; `.env.example` has the same in a form to copy."""


def variables() -> dict[str, FieldInfo]:
    """Every setting by the name of its environment variable."""
    return {name.upper(): setting for name, setting in Settings.model_fields.items()}


def groups(example: str) -> dict[str, list[str]]:
    """The names under each heading of an `.env.example`; a heading without switched-on variables is left out."""
    found: dict[str, list[str]] = {}
    names: list[str] = []
    for line in example.splitlines():
        name, equals, _ = line.partition("=")
        if line.startswith(GROUP_MARK):
            names = found.setdefault(line.removeprefix(GROUP_MARK), [])
        elif equals and name.isupper() and name[0] != "#":
            names.append(name)
    return {heading: names for heading, names in found.items() if names}


def default_text(setting: FieldInfo) -> str:
    """A setting's default as one would write it into `.env`; empty where there is none."""
    match setting.default:
        case None:
            # `LOG_FILE=none` has a meaning of its own, but no setting has it for its default.
            return ""
        case bool(switch):
            return "on" if switch else "off"
        case float(number):
            return f"{number:.10g}"
        case frozenset() | tuple() | dict() as words:
            return ",".join(sorted(words))
        case int() | str() | Path() as value:
            return str(value)
        case SecretStr() as secret if not secret.get_secret_value():
            return ""
    raise TypeError(f"no idea how to write {setting.default!r}")


def allowed_text(setting: FieldInfo) -> str:
    """What a setting may be, as far as its type says: a choice of words or bounds of a number; else empty."""
    for kind in _alternatives(setting.annotation):
        if kind is bool:
            return "`on`, `off`"
        if get_origin(kind) is Literal:
            return ", ".join(f"`{word}`" for word in get_args(kind))
    return " ".join(filter(None, map(_bound, _constraints(setting))))


def page(example: str) -> str:
    """The whole of docs/settings.md."""
    found = variables()
    lines = [HEAD]
    for heading, names in groups(example).items():
        lines += ["", f"## {heading}", "", "| setting | default | allowed | meaning |", "| --- | --- | --- | --- |"]
        for name in names:
            default = default_text(found[name])
            shown = f"`{default}`" if default else ""
            meaning = " ".join((found[name].description or "").split())
            lines.append(f"| `{name}` | {shown} | {allowed_text(found[name])} | {meaning} |")
    return "\n".join([*lines, ""])


def _alternatives(annotation: Any) -> list[Any]:
    """The types of a union, without None; else the type alone."""
    if get_origin(annotation) is Literal:
        return [annotation]
    return [kind for kind in get_args(annotation) or (annotation,) if kind is not NoneType]


def _constraints(setting: FieldInfo) -> Iterator[object]:
    """What the field itself demands, and, of an optional one, its alternatives."""
    yield from setting.metadata
    for kind in _alternatives(setting.annotation):
        for extra in getattr(kind, "__metadata__", ()):
            yield from extra.metadata if isinstance(extra, FieldInfo) else (extra,)


def _bound(constraint: object) -> str:
    match constraint:
        case annotated_types.Ge(ge):
            return f"from {ge:,}"
        case annotated_types.Gt(gt):
            return f"above {gt:,}"
        case annotated_types.Le(le):
            return f"to {le:,}"
        case annotated_types.Lt(lt):
            return f"below {lt:,}"
    return ""


if __name__ == "__main__":
    PAGE.write_text(page(EXAMPLE.read_text(encoding="utf-8")), encoding="utf-8")
    print(f"wrote {PAGE.relative_to(CHECKOUT)}")
