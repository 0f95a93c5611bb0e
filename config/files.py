"""The files that settings are read from: `.env`, read in full or not at all, and one file for each secret.

`.env` is read with python-dotenv's own parser, so what that accepts stays accepted: comments, `export`, quotes with
escapes, values over several lines, BOM, CRLF. But where python-dotenv skips a line that it cannot read, and the setting
has its default, which may be another provider, another mode or no password, here the start ends. Nothing is expanded:
`${X}` inside a password is part of the password.
"""

import io
import os
import re
import unicodedata
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

from dotenv.parser import Binding, parse_stream
from pydantic_settings import DotEnvSettingsSource, SecretsSettingsSource

from file_text import NotUtf8Error, file_text

PROJECT = Path(__file__).parents[1]
# What a line looks like that was swallowed by the quotes of an earlier one; in small letters it may be a text's own.
_ASSIGNMENT = re.compile(r"\s*(?:export\s+)?([A-Za-z_][A-Za-z0-9_]*)\s*=")
# Cyrillic letters that look like ours.
_LOOK_ALIKES = str.maketrans("АВЕЅІЈКМНОРСТУХ", "ABESIJKMHOPCTYX")


class UnreadableFileError(Exception):
    """A file of settings cannot be read; the text is one line for each fault, and quotes no value."""


def read_env_file(file: Path, ours: Collection[str] = ()) -> dict[str, str | None]:
    """The variables of an `.env`; None where a name stands alone, which none of `ours` may.

    Raises:
        UnreadableFileError: it is not there, may not be read, is not UTF-8, or has lines that cannot be read.
    """
    variables: dict[str, str | None] = {}
    values: dict[str, str | None] = {}
    faults = []
    # As people know it: by its name where it is the one in the project's folder.
    shown = file.name if file.parent == PROJECT else str(file)
    for binding in parse_stream(io.StringIO(_text(file, shown), newline="")):
        place = f"{shown} line {_line(binding)}"
        if binding.error:
            faults.append(f"{place} cannot be read: {_why(binding)}")
        elif binding.key is not None:
            name = binding.key.upper()
            if _swallows(binding.original.string, ours):
                faults.append(f"{place} cannot be read: the quote that opens there closes on a later line")
            if binding.value is None and name in ours:
                faults.append(f"{place} cannot be read: {binding.key} has no value: it must be NAME=VALUE")
            if (meant := plain(name)) != name and meant in ours:
                faults.append(f"{place}: the name looks like {meant} and has another letter in it: type it anew")
            if name in ours and values.get(name, binding.value) != binding.value:
                faults.append(f"{place}: {name} has another value on an earlier line: leave one of the two")
            if binding.value:
                values[name] = binding.value
            variables[binding.key] = binding.value
    if faults:
        raise UnreadableFileError("\n".join(faults))
    return variables


def plain(name: str) -> str:
    """A variable's name in capitals, without what cannot be seen in it and with Latin letters for their look-alikes."""
    folded = unicodedata.normalize("NFKC", name).upper().translate(_LOOK_ALIKES)
    return "".join(letter for letter in folded if letter.isprintable())


def _swallows(written: str, ours: Collection[str]) -> bool:
    """Whether a line of this value would be a variable of its own."""
    names = [found[1] for line in written.strip().splitlines()[1:] if (found := _ASSIGNMENT.match(line))]
    return any(name.isupper() or name.upper() in ours for name in names)


def _text(file: Path, shown: str) -> str:
    try:
        content = file.read_bytes()
    except OSError as error:
        raise UnreadableFileError(f"{shown} cannot be read: {error.strerror}") from None
    try:
        return file_text(content)
    except NotUtf8Error as error:
        raise UnreadableFileError(f"{shown} {error}") from None


def _line(binding: Binding) -> int:
    """Where it begins; the parser counts the empty lines before it in."""
    written = binding.original.string
    return binding.original.line + written[: len(written) - len(written.lstrip())].count("\n")


def _why(binding: Binding) -> str:
    written = binding.original.string.strip()
    name, equals, value = written.partition("=")
    if not equals or len(name.removeprefix("export ").split()) != 1:
        return "it must be NAME=VALUE"
    quote = value.lstrip()[:1]
    if quote not in ("'", '"'):
        return "it must be NAME=VALUE"
    if value.count(quote) == 1:
        return f"{name.strip()} has no closing quote"
    return f"something stands after the closing quote of {name.strip()}: quote all of the value"


class EnvFile(DotEnvSettingsSource):
    """`.env` for pydantic-settings; a file that `ENV_FILE` names has to be there, the project's own need not."""

    def _read_env_files(self) -> Mapping[str, str | None]:
        path = Path(str(self.env_file))
        if not os.environ.get("ENV_FILE") and not path.exists():
            return {}
        names = {name.upper() for name in self.settings_cls.model_fields}
        return {name.lower(): value for name, value in read_env_file(path, names).items() if value}


class SecretFiles(SecretsSettingsSource):
    """Secrets that are files; one that is there and cannot be read is no secret that is not set."""

    def __call__(self) -> dict[str, Any]:
        if self.secrets_dir is None:
            return super().__call__()
        folder = Path(str(self.secrets_dir))
        if not folder.is_dir():
            raise UnreadableFileError(f"SECRETS_DIR: {folder} is no folder")
        for name in self.settings_cls.model_fields:
            if file := self.find_case_path(folder, name, self.case_sensitive):
                read_secret(file, f"{name.upper()}: {file}")
        return super().__call__()


def read_secret(file: Path, shown: str) -> str:
    """What a file holds without the blanks around it. Raises UnreadableFileError, which calls it as it is `shown`."""
    try:
        secret = file.read_text(encoding="utf-8").strip()
    except OSError as error:
        raise UnreadableFileError(f"{shown} cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise UnreadableFileError(f"{shown} is not UTF-8") from None
    if not secret:
        raise UnreadableFileError(f"{shown} is empty")
    return secret
