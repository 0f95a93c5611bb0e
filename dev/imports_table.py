"""`python -m dev.imports_table` writes into docs/architecture.md who may import what, as import-linter is told."""

from __future__ import annotations

import re
import tomllib
from typing import Any

from dev.kafka_server import CHECKOUT

PAGE = CHECKOUT / "docs" / "architecture.md"
MANY = 8  # modules that are told together
HEAD = "| rule | holds for | may not import | but |"


def table(project: str) -> str:
    """The contracts of a pyproject.toml, a row each."""
    contracts = tomllib.loads(project)["tool"]["importlinter"]["contracts"]
    return "\n".join([HEAD, "| --- | --- | --- | --- |", *map(_row, contracts)])


def page(text: str, project: str) -> str:
    """The page with its table anew."""
    return re.sub(rf"{re.escape(HEAD)}\n(?:\|.*\n)*", lambda _: table(project) + "\n", text)


def _row(contract: dict[str, Any]) -> str:
    if contract["type"] == "independence":
        sources, forbidden = contract["modules"], "each other"
    else:
        sources, forbidden = contract["source_modules"], _names(contract["forbidden_modules"])
    excepted = [line.split(" -> ") for line in contract.get("ignore_imports", ())]
    exceptions = _names(dict.fromkeys(importer for importer, _ in excepted))
    return f"| {contract['name']} | {_each(sources)} | {forbidden} | {exceptions} |"


def _names(modules: Any) -> str:
    within = [name for name in modules if name.startswith("worker.")]
    if len(within) > MANY:
        return f"{_each(name for name in modules if name not in within)}, the rest of `worker`"
    return _each(modules)


def _each(modules: Any) -> str:
    return ", ".join(f"`{name}`" for name in modules)


def main() -> None:
    """Write the page."""
    PAGE.write_text(page(PAGE.read_text(encoding="utf-8"), (CHECKOUT / "pyproject.toml").read_text()), encoding="utf-8")
    print("wrote docs/architecture.md")


if __name__ == "__main__":
    main()
