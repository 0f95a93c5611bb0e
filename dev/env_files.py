"""`python -m dev.env_files` (`make env`): writes `.env` and `.test.env`, the example with passwords made up.

A file that is there already is left alone. Needs nothing but Python.
"""

import os
import secrets
from collections.abc import Mapping
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parent.parent


def filled(example: str, values: Mapping[str, str]) -> str:
    """The example with these values in place of its own; a variable that is switched off is switched on.

    Raises:
        KeyError: the example does not have such a variable.
    """
    left = dict(values)
    lines = []
    for line in example.splitlines():
        name = line.removeprefix("#").partition("=")[0]
        lines.append(f"{name}={left.pop(name)}" if name in left else line)
    if left:
        raise KeyError(*left)
    return "\n".join([*lines, ""])


def passwords() -> dict[str, str]:
    """New ones; letters and digits, which fit into a URL as they are."""
    return {"REDIS_PASSWORD": secrets.token_hex(16), "FLOWER_BASIC_AUTH": f"operator:{secrets.token_hex(16)}"}


FOR_TESTS = {"OPENAI_KEY": "test", "MODE": "TEST", "COMPOSE_PROFILES": "test", "ENV_FILE": ".test.env"}


def write(folder: Path, example: str) -> list[str]:
    """Write what is missing; what was done, a line each."""
    done = []
    for name, more in ((".env", {}), (".test.env", FOR_TESTS)):
        file = folder / name
        try:
            # Only for its owner from the first byte on.
            descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except FileExistsError:
            done.append(f"{name} is there already: left as it is")
            continue
        with os.fdopen(descriptor, "w", encoding="utf-8") as written:
            written.write(filled(example, {**passwords(), **more}))
        yours = "" if more else ": set OPENAI_KEY in it, and RPM, RPD, TPM or empty them"
        done.append(f"{name} written{yours}")
    return done


if __name__ == "__main__":
    print("\n".join(write(CHECKOUT, (CHECKOUT / ".env.example").read_text(encoding="utf-8"))))
