"""The messages that other teams depend on, to the letter."""

import json

import pytest
from pydantic import ValidationError

from contract import Assessment, Outcome, ScoringRequest, processed_mark
from tests.support.samples import addressee, request_fields, scored


def test_a_success_to_the_letter():
    """The notifications service gets exactly these bytes: order, nulls, integers, unescaped UTF-8."""
    assert scored(7, 80).notification == (
        '{"success":true,"response":{"callback_url":"https://client.example/callback","processing_id":7,"user_id":11,'
        '"resume_id":201,"requirements_id":301,"score":80,"matches":["Python от 3 лет","SQL"],'
        '"recommendation":"Пригласить.","verdict":"Подходит"},"message_error":null,"wait_seconds":null}'
    )


def test_a_processing_record_to_the_letter():
    """The storage service gets the same response without the callback URL."""
    assert scored(7, 80).processing == (
        '{"processing_id":7,"user_id":11,"resume_id":201,"requirements_id":301,"score":80,'
        '"matches":["Python от 3 лет","SQL"],"recommendation":"Пригласить.","verdict":"Подходит"}'
    )


def test_a_failure_to_the_letter():
    """A failure names whom it is for, invents no score, and tells the storage service nothing."""
    outcome = Outcome.failed(addressee(), "Слишком много запросов.", wait_seconds=432)
    assert outcome.notification == (
        '{"success":false,"response":{"callback_url":"https://client.example/callback","processing_id":7,"user_id":11,'
        '"resume_id":201,"requirements_id":301},"message_error":"Слишком много запросов. Попробуйте через 8 минут.",'
        '"wait_seconds":432}'
    )
    assert outcome.processing is None


def test_a_failure_that_waiting_does_not_help_has_no_wait():
    """`wait_seconds` is null unless it is set: any other value would become an HTTP 429 downstream."""
    assert json.loads(Outcome.failed(addressee(), "Ошибка.").notification)["wait_seconds"] is None


@pytest.mark.parametrize(
    ("seconds", "when"),
    [
        (0, "1 секунду"),
        (1, "1 секунду"),
        (3, "3 секунды"),
        (11, "11 секунд"),
        (21, "21 секунду"),
        (59, "59 секунд"),
        (60, "1 минуту"),
        (61, "2 минуты"),
        (720, "12 минут"),
        (1_260, "21 минуту"),
        (3_599, "1 час"),
        (3_600 + 1, "1 час 1 минуту"),
        (2 * 3_600 + 22 * 60, "2 часа 22 минуты"),
        (11 * 3_600, "11 часов"),
        (86_399, "1 день"),
        (86_400 + 1, "1 день 1 час"),
        (22 * 86_400 + 23 * 3_600, "22 дня 23 часа"),
        (111 * 86_400, "111 дней"),
    ],
)
def test_a_wait_is_said_in_russian(seconds, when):
    """The notifications service drops `wait_seconds`, so the sentence says when to come back, rounded up."""
    outcome = Outcome.failed(addressee(), "Сервис перегружен.", wait_seconds=seconds)
    assert json.loads(outcome.notification)["message_error"] == f"Сервис перегружен. Попробуйте через {when}."


def test_a_failure_never_carries_the_request():
    """Even when a whole request is given as the addressee, its resume does not leave with the failure."""
    outcome = Outcome.failed(ScoringRequest(**request_fields()), "Ошибка.")
    assert set(json.loads(outcome.notification)["response"]) == {
        "callback_url", "processing_id", "user_id", "resume_id", "requirements_id",
    }  # fmt: skip


def test_a_success_never_carries_the_request():
    """Nor does it leave with a success."""
    assessment = Assessment(score=0, matches=(), recommendation="", verdict="Не подходит")
    outcome = ScoringRequest(**request_fields()).addressee().scored(assessment)
    assert "Инженер" not in outcome.notification + outcome.processing
    assert json.loads(outcome.processing)["matches"] == []


def test_an_outcome_survives_redis():
    """What the worker stores is byte for byte what the bridge publishes."""
    outcome = scored()
    assert Outcome.model_validate_json(outcome.model_dump_json()) == outcome


@pytest.mark.parametrize(
    "wrong",
    [{"score": 101}, {"score": -1}, {"recommendation": "ы" * 701}, {"verdict": "Возможно"}],
    ids=["over 100", "below 0", "longer than the column", "a third verdict"],
)
def test_what_the_storage_service_would_lose_cannot_be_made(wrong):
    """An assessment that does not fit the storage service's columns is an error here, not a loss there."""
    fitting = {"score": 100, "matches": (), "recommendation": "ы" * 700, "verdict": "Подходит"}
    assert Assessment(**fitting)
    with pytest.raises(ValidationError):
        Assessment(**fitting | wrong)


def test_the_mark_has_the_platform_name():
    """The processed mark has the name that the platform's services look for."""
    assert processed_mark(7) == "processed_messages:7"


@pytest.mark.parametrize("show", [repr, str])
def test_requests_and_outcomes_do_not_show_their_text(show):
    """A request that is logged by mistake does not put a resume into the log."""
    shown = show(ScoringRequest(**request_fields())) + show(scored())
    assert not any(word in shown for word in ("Инженер", "Python", "Пригласить"))


def test_errors_do_not_quote_the_request():
    """A validation error that is logged by mistake does not either."""
    with pytest.raises(ValidationError) as caught:
        ScoringRequest(**request_fields(resume=["тайна"]))
    assert "тайна" not in str(caught.value)
