"""The sentences that users read when a request fails."""

import re

import pytest

from contract import Failure

EACH = pytest.mark.parametrize("failure", Failure, ids=lambda failure: failure.name)


@EACH
def test_a_failure_is_told_in_russian_and_without_internals(failure):
    """No codes, names of products or numbers: a sentence or two, in Russian, that says what to do."""
    sentence = failure.value
    assert not re.search(r"[A-Za-z0-9_]", sentence)
    assert re.fullmatch(r"[А-ЯЁ][^.]*\.( [А-ЯЁ][^.]*\.)?", sentence)
    # What to do is said by `saying_when` where the sentence has a time to name.
    assert failure in (Failure.QUEUE_TOO_LONG, Failure.USER_LIMIT) or re.search(r"[Оо]тправьте", sentence)


def test_failures_can_be_told_apart():
    """Two ends of a request never read the same."""
    assert len({failure.value for failure in Failure}) == len(Failure)
