"""`python -m bridge send`: what is sent, and what a person sees."""

import json

import pytest

from bridge.__main__ import parse
from bridge.commands.send import WrongRequest, request_of, table
from contract import DIALECTS, Assessment, Notification, Outcome
from contract.year_2026 import Processing
from tests.support.samples import failed, request_value, scored


def notification(outcome):
    return Notification.model_validate_json(outcome.notification)


def test_a_request_is_sent_as_it_is():
    """The file's bytes go to Kafka untouched."""
    assert request_of(request_value(7), None) == (request_value(7), 7)


def test_one_file_serves_for_many_requests():
    """`--processing-id` gives the same request another id, and changes nothing else."""
    value, processing_id = request_of(request_value(7), 8)
    assert processing_id == 8
    assert json.loads(value) == json.loads(request_value(8))


@pytest.mark.parametrize(
    ("value", "why"),
    [
        (b"", "empty_value"),
        (b"{oops", "not_json"),
        (request_value(resume="  "), "blank_text"),
        (request_value(-1), "invalid_field"),
    ],
)
def test_what_the_bridge_would_not_accept_is_not_sent(value, why):
    """A mistake in the file is said at once, by the reason that its dead letter would have."""
    with pytest.raises(WrongRequest, match=why):
        request_of(value, None)


@pytest.mark.parametrize("value", [b"", b"{oops", b"[1]", b"5", b"\xff"])
def test_no_other_id_for_what_is_no_object(value):
    """Nor does `--processing-id` help."""
    with pytest.raises(WrongRequest):
        request_of(value, 8)


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
    shown = table(DIALECTS["2026"].heard(Outcome.scored(Processing(processing_id=7), found).notification))
    assert shown[1] == "score           80 of 100"
