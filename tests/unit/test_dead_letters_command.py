"""`python -m bridge dead-letters`: the last ones, by offset, time, reason and field."""

import pytest
from confluent_kafka import KafkaError

from bridge.__main__ import parse
from bridge.commands import dead_letters
from tests.unit.test_replay import FakeReader, letter


@pytest.fixture
def shown(capsys):
    def show(reader, *arguments):
        assert dead_letters.run(parse(["dead-letters", *arguments]), "AI_handler.DLQ", reader) == 0
        assert reader.closed
        return capsys.readouterr().out.splitlines()

    return show


def test_the_newest_comes_first(shown):
    """Offset, time, reason, field and the original's place; and nothing of what was in it."""
    letters = [letter(0), letter(40, "missing_field", hours=1, field=b"resume", value="СЕКРЕТ".encode())]
    assert [line.split() for line in shown(FakeReader(letters))] == [
        ["offset", "written", "reason", "field", "original"],
        ["0/40", "2026-01-02T13:00:00Z", "missing_field", "resume", "---", "-"],
        ["0/0", "2026-01-02T12:00:00Z", "not_json", "-", "---", "-"],
    ]


def test_only_the_last_are_shown(shown):
    """However many there are, and however many offsets went to transactions."""
    letters = [letter(number * 50, hours=number) for number in range(30)]
    lines = shown(FakeReader(letters), "--last", "3")
    assert [line.split()[0] for line in lines[1:]] == ["0/1450", "0/1400", "0/1350"]


@pytest.mark.parametrize("error", [None, KafkaError(KafkaError.UNKNOWN_TOPIC_OR_PART)])
def test_none_is_said(shown, error):
    """An empty topic, and one that was never made."""
    assert shown(FakeReader([], error)) == ["AI_handler.DLQ: none"]


def test_headers_give_no_orders_to_the_terminal(shown):
    """Whoever else writes to that topic."""
    lines = shown(FakeReader([letter(0, "\x1b[2Jgone", field=b"\xff" * 500)]))
    assert all(line.isprintable() and len(line) < 250 for line in lines)
