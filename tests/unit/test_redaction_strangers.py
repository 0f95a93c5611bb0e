"""Redaction on people whom somebody made up who knew none of its rules: it gets no worse."""

import pytest

from tests.support.redaction_judge import judge

# Of a hundred, a little below what was measured.
LEAST = {
    "judged_once": {
        "name": 93, "third_person": 93, "phone": 100, "mail": 98, "document": 90, "birth": 94, "link": 90,
        "handle": 93, "address": 82, "work": 95, "lookalike": 98,
    },
    "developed_with": {
        "name": 97, "third_person": 97, "phone": 99, "mail": 100, "document": 99, "birth": 98, "link": 98,
        "handle": 99, "address": 98, "work": 97, "lookalike": 98,
    },
}  # fmt: skip


@pytest.mark.parametrize("name", LEAST)
def test_people_of_a_stranger(name):
    """As much of a person is gone, and as much work stays, as when it was measured."""
    found = judge(name)
    share = {kind: 100 * good / count for kind, (good, count) in found.items()}
    assert {kind: (share[kind], found[kind]) for kind, least in LEAST[name].items() if share[kind] < least} == {}
    assert share.keys() == LEAST[name].keys()
