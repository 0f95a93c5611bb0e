"""docs/asyncapi.yaml: current, valid, and its examples are what it says.

The schema of AsyncAPI 3.0.0 in tests/support/asyncapi is that of the npm package @asyncapi/specs 6.11.1 (Apache-2.0),
with its white space removed.
"""

import json
from pathlib import Path

import pytest
import yaml
from jsonschema import Draft7Validator

from bridge import intake
from bridge.intake import Accepted
from contract import REQUEST_KEY
from dev.asyncapi import EXAMPLE, MEANINGS, PAGE, document, page, resolved

SPECIFICATION = Path(__file__).parents[1] / "support" / "asyncapi" / "3.0.0.json"


def test_the_document_is_current():
    """docs/asyncapi.yaml says what contract/ says."""
    assert PAGE.read_text() == page(), "run `python -m dev.asyncapi`"


def test_the_document_is_valid():
    """It is AsyncAPI 3.0.0 by the specification's own schema."""
    schema = json.loads(SPECIFICATION.read_text())
    faults = Draft7Validator(schema).iter_errors(yaml.safe_load(PAGE.read_text()))
    assert [f"{'/'.join(map(str, fault.absolute_path))}: {fault.message[:200]}" for fault in faults] == []


def test_every_reference_leads_somewhere():
    """No channel, message or schema is referred to that is not there."""
    assert resolved(document(), document())


@pytest.mark.parametrize("name", ["newRequest", "newNotification", "newProcessing"])
def test_the_examples_are_as_the_schemas_say(name):
    """Payload and headers of each example fit the message's own schemas."""
    message = resolved(document(), document())["components"]["messages"][name]
    assert message["examples"]
    for example in message["examples"]:
        Draft7Validator(message["payload"]).validate(example["payload"])
        Draft7Validator(message["headers"]).validate(example.get("headers", {}))


def test_the_example_of_a_request_is_one():
    """The bridge accepts what the document shows."""
    assert intake.read(REQUEST_KEY, json.dumps(EXAMPLE.model_dump()).encode()) == Accepted(EXAMPLE)


def test_no_meaning_is_left_over():
    """Each described field is a field of some message."""
    described = {name for schema in document()["components"]["schemas"].values() for name in schema["properties"]}
    assert described == set(MEANINGS)
