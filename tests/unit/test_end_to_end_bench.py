"""The benchmark of the whole way: what it measures is there."""

import importlib

import pytest

from bench.end_to_end.__main__ import percentiles
from bench.end_to_end.load import requests
from bench.end_to_end.stages import STAGES
from contract import ScoringRequest


@pytest.mark.parametrize("path", [path for paths in STAGES.values() for path in paths])
def test_each_stage_is_a_function_of_the_service(path, monkeypatch):
    """`--profile` leaves nothing out because a function was renamed."""
    monkeypatch.setenv("OPENAI_KEY", "sk-fake")
    module, _, names = path.partition(":")
    found = importlib.import_module(module)
    for name in names.split("."):
        found = getattr(found, name)
    assert callable(found)


def test_no_two_requests_of_the_load_are_alike():
    """Each is valid, as long as asked, and a question of its own, which no cache answers."""
    asked = [ScoringRequest.model_validate_json(body) for _, body in requests(30, 5_000)]
    assert {len(request.resume) for request in asked} == {5_000}
    assert len({request.resume for request in asked}) == len({request.processing_id for request in asked}) == 30


def test_percentiles():
    """The median and the slowest but one per cent."""
    assert percentiles([]) == []
    assert percentiles([float(number) for number in range(1, 201)]) == [100.5, 199.0]
