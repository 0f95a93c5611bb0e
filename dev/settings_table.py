"""`python -m dev.settings_table`: the README's table of settings, printed from config.py.

It belongs between `<!-- settings -->` and `<!-- /settings -->` in README.md; a test compares the two.
"""

from pathlib import Path

from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from config import Settings


def variables() -> dict[str, FieldInfo]:
    """Every setting by the name of its environment variable."""
    return {name.upper(): setting for name, setting in Settings.model_fields.items()}


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
        case frozenset() as words:
            return ",".join(sorted(words))
        case ():
            return ""
        case int() | str() | Path() as value:
            return str(value)
        case default if default is PydanticUndefined:
            return ""
    raise TypeError(f"no idea how to write {setting.default!r}")


def table() -> str:
    """The table in Markdown."""
    rows = ["| setting | default | meaning |", "| --- | --- | --- |"]
    for name, setting in variables().items():
        default = default_text(setting)
        rows.append(f"| `{name}` | {f'`{default}`' if default else ''} | {setting.description} |")
    return "\n".join(rows)


if __name__ == "__main__":
    print(table())
