"""The checker of the fault suite finds what it is there to find."""

from __future__ import annotations

import json

import pytest

from contract import NOTIFICATION_KEY, PROCESSING_KEY, Addressee, Assessment, Outcome
from tests.support.delivery_checker import Record, check, content_key

ASSESSMENT = Assessment(score=70, matches=("Python",), recommendation="Подходит по навыкам.", verdict="Подходит")


def request(processing_id):
    return {
        "callback_url": f"https://client.example/{processing_id}",
        "processing_id": processing_id,
        "user_id": 1,
        "resume_id": 2,
        "requirements_id": 3,
        "requirements": "Python",
        "resume": f"Python, {processing_id} лет",
    }


def addressee(processing_id):
    return Addressee.model_validate(request(processing_id))


def record(topic, key, value, processing_id, timestamp=105.0):
    headers = (("processing-id", str(processing_id).encode()), ("schema-version", b"1"))
    return Record(topic, 0, 0, timestamp, key, value.encode(), headers)


def notification(processing_id, outcome=None):
    outcome = outcome or addressee(processing_id).scored(ASSESSMENT)
    return record("notifications", NOTIFICATION_KEY, outcome.notification, processing_id)


def upload(processing_id):
    outcome = addressee(processing_id).scored(ASSESSMENT)
    return record("uploading_data", PROCESSING_KEY, outcome.processing, processing_id)


def failure(processing_id):
    return notification(processing_id, Outcome.failed(addressee(processing_id), "Не получилось."))


def asked(processing_id, **changes):
    return {"key": content_key(request(processing_id)["resume"]), "admitted": True, "fault": None, **changes}


def changed(message, **fields):
    """The same message with other fields; those of `response` may be named too."""
    body = json.loads(message.value)
    for name, value in fields.items():
        (body if name in body else body["response"])[name] = value
    return record(message.topic, message.key, json.dumps(body), int(message.header("processing-id")))


def compare(notifications, uploads, sent=(1, 2), **more):
    return check([request(pid) for pid in sent], notifications=notifications, uploads=uploads, **more)


def test_a_perfect_delivery_is_clean():
    """Every request once in both topics: nothing to report."""
    report = compare([notification(1), notification(2)], [upload(1), upload(2)], attempts=[asked(1), asked(2)])
    assert report.clean
    assert report.asked_once == 1.0


def test_a_failure_is_an_end_without_a_stored_result():
    """A failure notification is a delivery, not a torn pair."""
    report = compare([notification(1), failure(2)], [upload(1)])
    assert report.clean
    assert report.failed == [2]


def test_a_loss_is_found():
    """A request without a notification is lost."""
    report = compare([notification(1)], [upload(1)])
    assert report.lost == [2]
    assert not report.clean


def test_a_duplicate_is_found_in_each_topic():
    """Duplicates are told for each topic by itself."""
    report = compare([notification(1), notification(2), notification(1)], [upload(1), upload(2), upload(2)])
    assert report.doubled_notifications == [1]
    assert report.doubled_uploads == [2]
    assert not report.clean


def test_a_torn_pair_is_found_whichever_half_is_missing():
    """A success in one topic only is torn, and so is a failure that was stored."""
    report = compare([notification(1), failure(3)], [upload(2), upload(3)], sent=(1, 2, 3))
    assert report.torn == [1, 2, 3]
    assert not report.clean


def test_a_result_that_nobody_asked_for_is_found():
    """An id that was never sent does not hide among the others."""
    report = compare([notification(1), notification(9)], [upload(1), upload(9)], sent=(1,))
    assert report.strangers == [9]
    assert not report.clean


@pytest.mark.parametrize(
    "fields",
    [
        {"score": 70.0},
        {"score": True},
        {"score": 101},
        {"matches": "Python"},
        {"recommendation": "я" * 701},
        {"verdict": "подходит"},
        {"user_id": "1"},
        {"user_id": True},
        {"callback_url": "https://elsewhere.example"},
        {"wait_seconds": 5},
        {"message_error": ""},
        {"success": 1},
    ],
    ids=str,
)
def test_a_field_that_breaks_the_contract_is_found(fields):
    """Each field of a notification is compared by value and by type."""
    report = compare([changed(notification(1), **fields)], [upload(1)], sent=(1,))
    assert report.wrong


@pytest.mark.parametrize("fields", [{"wait_seconds": 0}, {"message_error": None}, {"message_error": "failed"}], ids=str)
def test_a_failure_that_breaks_the_contract_is_found(fields):
    """A failure needs a Russian sentence, and a wait only where there is one."""
    report = compare([changed(failure(1), **fields)], [], sent=(1,))
    assert report.wrong


def test_two_topics_that_disagree_are_found():
    """The stored result must be the one that was notified."""
    report = compare([notification(1)], [changed(upload(1), score=71)], sent=(1,))
    assert report.wrong == ["upload 1: differs from the notification"]


def test_a_wrong_key_or_header_is_found():
    """The Kafka key and the processing-id header belong to the contract."""
    body = notification(1).value.decode()
    assert compare([record("notifications", b"other", body, 1)], [upload(1)], sent=(1,)).wrong
    assert compare([record("notifications", NOTIFICATION_KEY, body, 2)], [upload(1)], sent=(1,)).wrong


def test_calls_of_the_model_are_counted_per_request():
    """Asked twice and asked never are seen; calls that were turned away or spoilt on purpose are no questions."""
    attempts = [
        asked(1),
        asked(1),
        asked(2),
        asked(2, admitted=False),
        asked(2, fault="status_500"),
    ]
    report = compare([], [], sent=(1, 2, 3), attempts=attempts)
    assert report.asked == {2: 1, 1: 1, 0: 1}
    assert report.asked_once == pytest.approx(1 / 3)


def test_the_time_from_request_to_notification_starts_with_the_first_message():
    """A request that was sent again is measured from its first arrival."""
    value = json.dumps(request(1)).encode()
    inputs = [Record("AI_handler", 0, offset, 100.0 + offset, b"new_request", value) for offset in range(3)]
    bad = Record("AI_handler", 0, 3, 90.0, b"new_request", b"\xff")
    report = compare([notification(1)], [upload(1)], sent=(1,), inputs=[*inputs, bad])
    assert report.delays == [5.0]
    assert ("the slowest", "5.0") in report.rows()
