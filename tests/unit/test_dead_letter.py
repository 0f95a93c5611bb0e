"""Dead letters: what they carry, and how many there may be."""

import pytest

from bridge.dead_letter import DeadLetter, DeadLetterCap, TooManyDeadLetters
from bridge.intake import Reason
from tests.support.samples import FakeMessage


class Clock:
    def __init__(self):
        self.now = 1_000.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


def test_a_dead_letter_is_its_original_and_says_where_from():
    """Key and value stay as they came; the headers name reason, topic, partition, offset and time, no more."""
    letter = DeadLetter.of(FakeMessage(41, b"\xff{oops", b"new_request"), Reason.NOT_UTF8)
    assert (letter.key, letter.value) == (b"new_request", b"\xff{oops")
    assert letter.headers == (
        ("reason", b"not_utf8"),
        ("original-topic", b"AI_handler"),
        ("original-partition", b"0"),
        ("original-offset", b"41"),
        ("original-timestamp", b"1750000000000"),
    )


def test_missing_key_and_value_stay_missing():
    """A tombstone is kept as a tombstone."""
    letter = DeadLetter.of(FakeMessage(0, None, None), Reason.EMPTY_VALUE)
    assert (letter.key, letter.value) == (None, None)


def test_headers_carry_no_content():
    """No part of a resume ever stands in a header."""
    letter = DeadLetter.of(FakeMessage(0, '{"resume": "тайна"}'.encode()), Reason.MISSING_FIELD)
    assert not any("тайна".encode() in value for _, value in letter.headers)


def test_the_cap_stops_a_bad_deploy(clock):
    """So many dead letters within the window are allowed, and not one more."""
    cap = DeadLetterCap(3, 60.0, clock)
    for _ in range(3):
        cap.count()
        clock.now += 10
    with pytest.raises(TooManyDeadLetters, match=r"3 dead letters within 60 s.*reason"):
        cap.count()


def test_the_window_slides(clock):
    """A slow trickle of dead letters never stops the bridge."""
    cap = DeadLetterCap(3, 60.0, clock)
    for _ in range(30):
        cap.count()
        clock.now += 20.0


def test_a_refused_dead_letter_is_not_counted(clock):
    """Once the window has passed, the bridge goes on, however often it was refused before."""
    cap = DeadLetterCap(1, 60.0, clock)
    cap.count()
    clock.now += 59
    with pytest.raises(TooManyDeadLetters):
        cap.count()
    clock.now += 1
    cap.count()


def test_a_restart_grants_no_new_allowance(clock):
    """A supervisor that restarts the bridge again and again does not dead-letter the topic step by step."""
    cap = DeadLetterCap(3, 60.0, clock, already=2)
    cap.count()
    with pytest.raises(TooManyDeadLetters):
        cap.count()


def test_more_than_the_limit_before_the_start_is_forgotten_in_time(clock):
    """However many were written before, the bridge may write again one window later."""
    cap = DeadLetterCap(3, 60.0, clock, already=1_000_000)
    with pytest.raises(TooManyDeadLetters):
        cap.count()
    clock.now += 60
    cap.count()
