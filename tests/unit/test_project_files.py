"""What runs elsewhere and not here: GitHub's files follow their schemas, and name what is there."""

import json
import re
from importlib.resources import files
from pathlib import Path

import jsonschema
import pytest
import yaml

CHECKOUT = Path(__file__).parents[2]
WORKFLOWS = sorted((CHECKOUT / ".github" / "workflows").glob("*.yml"))
TARGETS = set(re.findall(r"^([a-z]+):", (CHECKOUT / "Makefile").read_text(), re.MULTILINE))


def typed(path):
    document = yaml.safe_load(path.read_text())  # reads `on` as a truth
    return {("on" if key is True else key): value for key, value in document.items()}


def schema(name):
    vendored = files("check_jsonschema.builtin_schemas.vendor") / f"{name}.json"
    return json.loads(vendored.read_text(encoding="utf-8"))


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_workflows_follow_githubs_schema(path):
    """A misspelt key would only be seen when a release is due."""
    jsonschema.validate(typed(path), schema("github-workflows"))


def test_dependabot_follows_its_schema():
    """Updates come for everything that is pinned."""
    jsonschema.validate(typed(CHECKOUT / ".github" / "dependabot.yml"), schema("dependabot"))


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_actions_are_pinned_by_digest(path):
    """A tag of somebody else's may point elsewhere tomorrow; the comment says which version the digest was."""
    used = re.findall(r"uses: (.*)", path.read_text())
    assert used
    assert [action for action in used if not re.fullmatch(r"[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", action)] == []


@pytest.mark.parametrize("path", [*WORKFLOWS, CHECKOUT / ".pre-commit-config.yaml"], ids=lambda path: path.name)
def test_commands_are_targets_of_the_makefile(path):
    """What the hosted machines and the hook run is what developers run."""
    named = re.findall(r"(?:run|entry): make (\w+)", path.read_text())
    assert set(named) <= TARGETS
    assert named or "bash .ci/run" in path.read_text()
