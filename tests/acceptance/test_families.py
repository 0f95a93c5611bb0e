"""The service with default settings and models of every family: it finds out what they take, once for the fleet."""

import json
from collections import Counter

import pytest

from dev.openai_standin.families import NAMES
from tests.support.fleet import scoring_request

# The most calls that a fleet may have refused: what it has to learn of each. Who reasons may have to be asked for the
# lowest effort before it shows what else it does not take.
LESSONS = {
    "gpt-4.1": 0,
    "gpt-5": 3,  # temperature; the effort none, whose refusal lists what is taken; temperature even so
    "gpt-5.6": 1,  # temperature, until the effort is none
    "gpt-6": 1,
    "gpt-6.2": 3,
    "o": 5,  # two roles besides
    "azure": 1,  # max_completion_tokens
    "yandex": 0,
    "vllm": 2,  # max_completion_tokens; the schema
    "ollama": 0,
    "openrouter": 1,  # the schema
    "deepseek": 1,
    "groq": 1,
    "mistral": 1,  # max_completion_tokens
}


@pytest.mark.parametrize("family", NAMES)
def test_every_family_scores_with_default_settings(family, make_fleet, standin):
    """A vacancy and two resumes, and six vacancies beside, are scored by two workers that learn the model together."""
    standin.set(family=family)
    fleet = make_fleet(OPENAI_BASE_URL=standin.base_url)
    fleet.create_topics()
    fleet.bridge()
    fleet.worker()
    fleet.worker()
    with fleet.reader() as reader:
        fleet.send(scoring_request(number, aside="" if number < 3 else f"Отдел {number}") for number in range(1, 9))
        notified = reader.records[fleet.names.notifications]
        assert reader.wait(lambda: len(notified) >= 8, 60.0), fleet.logs()
    assert all(json.loads(record.value)["success"] for record in notified), fleet.logs()
    refused = Counter(attempt["refused"] for attempt in standin.attempts() if attempt["refused"])
    assert refused.total() <= LESSONS[family], refused
