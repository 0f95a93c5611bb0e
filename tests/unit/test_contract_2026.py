"""The platform's second contract, as its storage service reads it: an answer that breaks a rule stops that service."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from contract import MAX_RECOMMENDATION, Assessment, Dispatch, Outcome
from contract.year_2026 import DIALECT, Processing, ScoringRequest

FIELDS = {
    "processing_id": int, "success": bool, "message_error": str, "wait_seconds": type(None), "score": int,
    "matches": list, "recommendation": str, "verdict": str,
}  # fmt: skip
REQUEST = {
    "processing_id": 7, "resume_id": 201, "requirement_id": 301, "user_id": 11, "resume": "Python, SQL",
    "requirement": "Нужен Python",
}  # fmt: skip
IDS = st.integers(0, 2**31 - 1)
# Whatever a string of Python can hold: U+0000 and halves of surrogate pairs too.
TEXTS = st.lists(st.sampled_from(["\0", "\ud800", "\udfff", "я"]) | st.text(max_size=3), max_size=20).map("".join)


def keep(body):
    """Do with an answer's bytes what the storage service does, and PostgreSQL behind it."""
    answer = json.loads(body.encode("utf-8").decode("utf-8"))
    assert {name: type(value) for name, value in answer.items()} == FIELDS
    assert all(type(match) is str for match in answer["matches"])
    assert answer["processing_id"] < 2**31
    assert answer["score"] < 2**31
    assert len(answer["recommendation"]) <= 1_500
    assert len(answer["verdict"]) <= 50
    for text in (answer["message_error"], answer["recommendation"], answer["verdict"], *answer["matches"]):
        assert "\0" not in text
        text.encode("utf-8")  # a lone surrogate has no bytes
    return answer


@given(
    IDS,
    st.integers(0, 100),
    st.lists(TEXTS, max_size=5).map(tuple),
    TEXTS.map(lambda text: text[:MAX_RECOMMENDATION]),
    st.sampled_from(["Подходит", "Не подходит"]),
)
def test_every_score_can_be_kept(processing_id, score, matches, recommendation, verdict):
    """Whatever stands in a vacancy, the row gets all eight fields, in types and lengths that it takes."""
    found = Assessment.model_construct(score=score, matches=matches, recommendation=recommendation, verdict=verdict)
    outcome = Processing(processing_id=processing_id).scored(found)
    answer = keep(outcome.notification)
    assert (answer["success"], answer["message_error"], answer["score"]) == (True, "", score)
    assert (outcome.success, outcome.processing) == (True, None)


@given(IDS, TEXTS, st.none() | st.integers(0, 10**6))
def test_every_failure_can_be_kept(processing_id, message, wait_seconds):
    """A failure empties what an earlier score may have left, and never says how long to wait but in its sentence."""
    outcome = Outcome.failed(Processing(processing_id=processing_id), message, wait_seconds=wait_seconds)
    answer = keep(outcome.notification)
    assert (answer["success"], answer["score"], answer["matches"]) == (False, 0, [])
    assert (answer["recommendation"], answer["verdict"]) == ("", "")
    assert ("Попробуйте через" in answer["message_error"]) >= (wait_seconds is not None)
    assert not outcome.success


def test_a_score_to_the_letter():
    """The storage service gets exactly these bytes."""
    found = Assessment(score=80, matches=("Python",), recommendation="Пригласить.", verdict="Подходит")
    assert Processing(processing_id=7).scored(found).notification == (
        '{"processing_id":7,"success":true,"message_error":"","wait_seconds":null,"score":80,"matches":["Python"],'
        '"recommendation":"Пригласить.","verdict":"Подходит"}'
    )


def test_a_request_on_its_way_to_the_worker():
    """What is read under the platform's names comes out of Redis as the same request, of the same contract."""
    request = ScoringRequest.model_validate({**REQUEST, "trace": "unknown fields are ignored"})
    assert (request.requirements_id, request.requirements) == (301, "Нужен Python")
    body = Dispatch(request=request, deadline_at=1.0).model_dump_json(exclude_none=True)
    assert Dispatch.model_validate_json(body).request == request


@pytest.mark.parametrize("broken", [{"requirement": " "}, {"requirement": None}, {"processing_id": 2**31}])
def test_what_is_no_request(broken):
    """A blank text and an id that no column holds are not worked on."""
    with pytest.raises(ValidationError):
        ScoringRequest.model_validate({**REQUEST, **broken})


def test_whom_an_answer_of_a_predecessor_was_for():
    """The answers' topic tells what is answered, whoever wrote it."""
    assert DIALECT.answered_id({"processing_id": 7, "success": True}) == 7


@pytest.mark.parametrize("changes", [{"message_error": None}, {"matches": [1]}, {"verdict": 5}])
def test_an_answer_of_another_handler_that_cannot_be_read(changes):
    """`python -m bridge send` takes it for no answer, as with the first contract, and does not end over it."""
    body = {"processing_id": 7, "success": True, "message_error": "", "score": 1, **changes}
    with pytest.raises(ValueError, match="ProcessingFinished"):
        DIALECT.heard(json.dumps(body))
