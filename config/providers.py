"""Several providers in order of preference: each table of the file `PROVIDERS` becomes settings of its own.

A table has the settings' own names in lower case, those of `OPENAI_…` and `EGRESS_…` without that beginning. It says
all of its provider: what it leaves out has its default, whatever `.env` says, so that no key or proxy is another's.
Without that file `.env` is the only provider, and its name is empty.
"""

import difflib
import os
import re
import shlex
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource

from config.faults import faults_of
from config.files import UnreadableFileError, read_secret
from config.settings import Role, Settings

NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,29}")  # goes into keys, logs and labels
_KEYS = ("key", "key_env", "key_file", "key_command")  # of which a table has one
_OWN = ("rpm", "rpd", "tpm", "parallel", "limits_burst", "redaction", "egress_check")
FIELDS = {
    **{name.removeprefix("openai_"): name for name in Settings.model_fields if name.startswith("openai_")},
    **{name: f"egress_{name}" for name in ("trace_url", "blocked_countries", "allowed_countries")},
    **{name: name for name in _OWN if name in Settings.model_fields},
}
"""The settings that belong to a provider, by their names in a table."""
_RETIRED = {"allow_http", "max_reasoning_tokens"}  # see startup.py
_NOT_INHERITED = {*FIELDS.values(), "providers", "yandex_cloud_api_key", "yandex_cloud_folder_id"}
_SWITCHES = {name for name, field in Settings.model_fields.items() if field.annotation is bool}
_NAMES = re.compile("|".join(sorted((field.upper() for field in FIELDS.values()), key=len, reverse=True)))
_SHORT = {field.upper(): name for name, field in FIELDS.items()}


class _Table(Settings):
    """One provider's settings, which are given all that they are."""

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],  # noqa: ARG003 # pydantic's
        init_settings: PydanticBaseSettingsSource,
        *_: Any,
        **__: Any,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """The table alone: neither the environment nor a file."""
        return (init_settings,)


def named(text: str, provider: str) -> str:
    """A sentence for operators that names settings, with the names that they have in the provider's table."""
    return _NAMES.sub(lambda found: _SHORT[found[0]], text) if provider else text


def read_providers(settings: Settings, role: Role = "tool") -> tuple[dict[str, Settings], list[str]]:
    """The settings of each provider by its name, in the order of the file, and one line for each fault.

    A key that is not there is a fault of workers only; with faults the settings are good for nothing.
    """
    if settings.providers is None:
        return {"": settings}, []
    file = settings.providers
    try:
        tables = _tables(file)
    except OSError as error:
        return {}, [f"PROVIDERS: {file} cannot be read: {error.strerror}"]
    except (ValueError, RecursionError) as error:  # its own words may quote a key
        place = re.search(r"line \d+, column \d+", str(error))
        return {}, [f"PROVIDERS: {file} is no TOML{f', see {place[0]}' if place else ''}"]
    found: dict[str, Settings] = {}
    faults: list[str] = []
    inherited = {name: getattr(settings, name) for name in settings.model_fields_set - _NOT_INHERITED}
    for name, table in tables.items():
        if not isinstance(table, dict):
            faults.append(f"{file.name}: {name} stands outside of a table: each provider has one, as [home]")
        elif not NAME.fullmatch(name):
            faults.append(f"{file.name} [{name}]: a name is up to 30 small letters, digits, `-` and `_`")
        else:
            one, wrong = _provider(table, inherited, role, file.parent)
            faults += [f"{file.name} [{name}] {line}" for line in wrong]
            if one is not None:
                found[name] = one
    if not tables:
        faults.append(f"PROVIDERS: {file} has no table: each provider has one, as [home]")
    return found, faults + list(_twice(found, file.name, mix=settings.provider_mix))


def retired_in_tables(settings: Settings) -> list[str]:
    """What stands in a provider's table and was a setting once, as in `[home] allow_http`."""
    tables = {} if settings.providers is None else _tables(settings.providers)
    return [f"[{name}] {one}" for name, table in tables.items() for one in sorted(_RETIRED.intersection(table))]


def _tables(file: Path) -> dict[str, Any]:
    return tomllib.loads(file.read_text(encoding="utf-8"))


def request_rate(providers: Mapping[str, Settings]) -> float:
    """Requests a second that the limits of all allow, see `Settings.request_rate`."""
    return sum(one.request_rate for one in providers.values())


def calls_in_flight(settings: Settings, providers: Mapping[str, Settings]) -> int:
    """How many calls one worker may have under way, see `Settings.calls_in_flight`."""
    parallel = [one.parallel for one in providers.values()]
    return settings.calls_in_flight(request_rate(providers), sum(parallel) if all(parallel) else 0)


def _twice(found: Mapping[str, Settings], file: str, *, mix: bool) -> Iterator[str]:
    first: dict[str, str] = {}
    asks: dict[tuple[object, ...], str] = {}
    for name, one in found.items():
        key = (one.openai_key.get_secret_value(), one.openai_key_command)
        whose = (one.openai_project, one.openai_organization, one.openai_headers)
        asked = (*key, *whose, one.openai_model, one.openai_base_url)
        if mix and any(key) and (same := asks.setdefault(asked, name)) != name:
            yield f"{file} [{name}] key: [{same}] asks {one.openai_model} with it too, so its limits would count twice"
        other = first.setdefault(one.openai_model, name)
        if other != name and not mix:
            yield f"{file} [{name}] model: [{other}] has {one.openai_model} too: with PROVIDER_MIX=on both may"


def _provider(
    table: dict[str, Any], inherited: dict[str, Any], role: Role, folder: Path
) -> tuple[Settings | None, list[str]]:
    """A table's settings, or None, and what is wrong with them: a field, a colon, the fault."""
    known = {*FIELDS, *_KEYS, *_RETIRED}
    faults = [f"{name}: no such setting{_guess(name)}" for name in table if name not in known]
    other_kinds = {name: fault for name, value in table.items() if (fault := _other_kind(name, value))}
    faults += [f"{name}: {fault}" for name, fault in other_kinds.items()]
    values = {
        FIELDS[name]: _written(name, value)
        for name, value in table.items()
        if name in FIELDS and name not in other_kinds
    }
    kinds = [name for name in _KEYS if name in table]
    if len(kinds) > 1:
        faults.append(f"{kinds[1]}: {kinds[0]} is there too: leave one of the two")
    elif not kinds and role == "worker":
        faults.append("key: required; or key_env, key_file or key_command")
    elif kinds and kinds[0] in ("key_env", "key_file"):
        values["openai_key"], fault = _key(kinds[0], str(table[kinds[0]]), folder)
        faults += [fault] if fault and role == "worker" else []
    if "openai_prices" in values and "=" not in str(values["openai_prices"]):
        values["openai_prices"] = (
            f"{table.get('model', Settings.model_fields['openai_model'].default)}={table['prices']}"
        )
    try:
        found = _Table(**inherited | values)
    except ValidationError as error:
        wrong, _ = faults_of(error)
        return None, faults + [named(line, "-") for line in wrong]
    if not faults and role == "worker":
        faults += [named(line, "-") for line in found.missing(role)]
    return (None if faults else found), faults


def _key(kind: str, where: str, folder: Path) -> tuple[str, str | None]:
    """The key, or an empty one and what is wrong."""
    if kind == "key_env":
        key = os.environ.get(where, "")
        return key, None if key else f"key_env: the variable {where} is not set"
    try:
        return read_secret(folder / where, f"key_file: {where}"), None
    except UnreadableFileError as error:
        return "", str(error)
    except ValueError:
        return "", "key_file: no path has such a character"


def _other_kind(name: str, value: object) -> str | None:
    """What is wrong with a value of TOML that the setting cannot have and `.env` cannot say."""
    if isinstance(value, bool) and name in FIELDS and FIELDS[name] not in _SWITCHES:
        return "is no switch"
    may_be = {list: ("allowed_countries", "blocked_countries", "key_command"), dict: ("headers",)}
    is_several = isinstance(value, list | dict) and name not in may_be[type(value)]
    return "must be one value" if is_several and (name in FIELDS or name in _KEYS) else None


def _written(name: str, value: object) -> object:
    """A value of TOML as it would stand in `.env`, where it is read and checked in one way."""
    match value:
        case bool():
            return value
        case list():
            return shlex.join(map(str, value)) if name == "key_command" else ",".join(map(str, value))
        case dict():
            return "; ".join(f"{each}: {one}" for each, one in value.items())
    return str(value)


def _guess(name: str) -> str:
    near = difflib.get_close_matches(name.lower().removeprefix("openai_").removeprefix("egress_"), [*FIELDS, *_KEYS], 1)
    return f"; did you mean {near[0]}?" if near else ""
