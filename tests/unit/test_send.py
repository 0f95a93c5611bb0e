"""`python -m bridge send`: what is sent, and what a person sees."""

import json

import pytest

from bridge.__main__ import parse
from bridge.commands.send import chosen, table
from bridge.request_file import WrongRequest
from contract import DIALECTS, Assessment, Notification, Outcome
from contract.year_2026 import Processing
from tests.support.samples import failed, request_value, scored


def notification(outcome):
    return Notification.model_validate_json(outcome.notification)


def test_a_request_is_sent_as_it_is():
    """The file's bytes go to Kafka untouched."""
    (written,) = chosen(request_value(7), None)
    assert (written.value, written.request.processing_id) == (request_value(7), 7)


def test_one_file_serves_for_many_requests():
    """`--processing-id` gives the same request another id, and changes nothing else."""
    (written,) = chosen(request_value(7), 8)
    assert written.request.processing_id == 8
    assert json.loads(written.value) == json.loads(request_value(8))
    with pytest.raises(WrongRequest, match="it holds 2 requests, and --processing-id is for one"):
        chosen(request_value(7) + b"\n" + request_value(9), 8)


def test_one_file_may_hold_many_requests():
    """What `make demo FILE=` takes, one request a line, is sent as well."""
    written = chosen(request_value(7) + b"\n\n" + request_value(8) + b"\n", None)
    assert [each.request.processing_id for each in written] == [7, 8]
    assert [each.value for each in written] == [request_value(7), request_value(8)]


def test_a_score_as_a_table():
    """Score, verdict, matches one a line, recommendation."""
    assert table(notification(scored(7, score=80))) == [
        "processing_id   7",
        "score           80 of 100",
        "verdict         Подходит",
        "matches         Python от 3 лет",
        "                SQL",
        "recommendation  Пригласить.",
    ]


def test_a_failure_as_a_table():
    """What the end user reads, and how long to wait."""
    assert table(notification(failed(7))) == [
        "processing_id  7",
        "failed         Превышен лимит. Попробуйте позже. Попробуйте через 1 минуту.",
        "wait_seconds   60",
    ]


def test_texts_give_no_orders_to_the_terminal():
    """An escape sequence in a text is shown without its escape."""
    body = json.loads(scored(7).notification)
    body["response"] |= {"matches": ["\x1b[2Jgone", "a\rb"], "recommendation": "\x07" + "слово " * 40}
    lines = table(Notification.model_validate(body))
    assert all(line.isprintable() and len(line) <= 100 for line in lines)
    assert lines[3].split() == ["matches", "[2Jgone"]


def test_a_candidate_without_matches():
    """No match is shown as a dash."""
    body = json.loads(scored(7, score=0).notification)
    body["response"] |= {"matches": [], "verdict": "Не подходит"}
    assert "matches         –" in table(Notification.model_validate(body))


def test_the_command_line():
    """A file, or `-` for standard input; two minutes of patience unless it is said otherwise."""
    options = parse(["send", "-"])
    assert (options.command, options.file, options.timeout, options.json) == ("send", "-", 120.0, False)


def test_an_answer_of_the_second_contract():
    """A person sees the same table, whichever contract is spoken."""
    outcome = Outcome.failed(Processing(processing_id=7), "Ошибка.", wait_seconds=60)
    assert table(DIALECTS["2026"].heard(outcome.notification)) == [
        "processing_id  7",
        "failed         Ошибка. Попробуйте через 1 минуту.",
    ]
    found = Assessment(score=80, matches=("SQL",), recommendation="Пригласить.", verdict="Подходит")
    shown = table(DIALECTS["2026"].heard(Processing(processing_id=7).scored(found).notification))
    assert shown[1] == "score           80 of 100"
