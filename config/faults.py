"""What is wrong with settings, one line each, of pydantic's own words or in better ones."""

from types import NoneType
from typing import Literal, get_args, get_origin

from pydantic import ValidationError

from config.fields import Fields

# Of pydantic's own sentences, those that say more about Python than about the setting.
_SAID = {
    "int_parsing": "must be a whole number",
    "float_parsing": "must be a number",
    "finite_number": "must be a number",
    "bool_parsing": "must be `on` or `off`",
}
LONGEST_SHOWN = 20  # characters of a wrong value


def faults_of(error: ValidationError) -> tuple[list[str], set[str]]:
    """One line for each fault, and the names of the settings that have one of their own."""
    lines: list[str] = []
    wrong: set[str] = set()
    for fault in error.errors(include_url=False):
        text = _SAID.get(fault["type"]) or fault["msg"].removeprefix("Value error, ")
        text = text.replace("Input should be", "must be")
        if fault["loc"]:
            name = str(fault["loc"][0])
            if name not in wrong:  # a union complains once for each of its types
                lines.append(f"{name.upper()}: {text}{_instead_of(name, fault['input'])}")
            wrong.add(name)
        else:
            lines += text.splitlines()
    return lines, wrong


def _instead_of(name: str, value: object) -> str:
    """What was written, where it can be neither a secret nor a text: a number, a switch, a choice of words."""
    kind = Fields.model_fields[name].annotation
    kinds = (kind,) if kind in (int, float, bool) or get_origin(kind) is Literal else get_args(kind)
    shown = str(value)
    harmless = all(each in (int, float, bool, NoneType) or get_origin(each) is Literal for each in kinds)
    return f", not {shown!r}" if kinds and harmless and len(shown) <= LONGEST_SHOWN else ""
