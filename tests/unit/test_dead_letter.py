"""Dead letters: what they carry, and how many there may be."""

import hashlib

import pytest

from bridge import intake
from bridge.dead_letter import CUTS, DeadLetterCap, PendingLetter
from bridge.intake import Reason, Rejected
from tests.support.fakes import FakeClock
from tests.support.samples import FakeMessage


@pytest.fixture
def clock():
    return FakeClock(1_000.0)


def letter_of(message, reason, cut=CUTS[0]):
    letter = PendingLetter.of(message, Rejected(reason))
    letter.cut = CUTS.index(cut)
    return letter.dead_letter()


def test_a_dead_letter_is_its_original_and_says_where_from():
    """Key and value stay as they came; the headers name reason, topic, partition, offset and time, no more."""
    letter = letter_of(FakeMessage(41, b"\xff{oops", b"new_request"), Reason.NOT_UTF8)
    assert (letter.key, letter.value) == (b"new_request", b"\xff{oops")
    assert letter.headers == (
        ("reason", b"not_utf8"),
        ("original-topic", b"AI_handler"),
        ("original-partition", b"0"),
        ("original-offset", b"41"),
        ("original-timestamp", b"1750000000000"),
    )


def test_a_dead_letter_names_the_field():
    """Whoever mends the sender reads which of our fields it is about, and never what was in it."""
    message = FakeMessage(1, b'{"resume": "x"}')
    letter = PendingLetter.of(message, intake.read(b"new_request", message.value())).dead_letter()
    assert letter.headers[:2] == (("reason", b"missing_field"), ("field", b"callback_url"))
    twice = intake.read(b"new_request", '{"тайна": 1, "тайна": 2}'.encode())
    assert "field" not in dict(PendingLetter.of(message, twice).dead_letter().headers)


def test_missing_key_and_value_stay_missing():
    """A tombstone is kept as a tombstone."""
    letter = letter_of(FakeMessage(0, None, None), Reason.EMPTY_VALUE)
    assert (letter.key, letter.value) == (None, None)


def test_headers_carry_no_content():
    """No part of a resume ever stands in a header."""
    letter = letter_of(FakeMessage(0, '{"resume": "тайна"}'.encode()), Reason.MISSING_FIELD)
    assert not any("тайна".encode() in value for _, value in letter.headers)


@pytest.mark.parametrize("cut", CUTS)
def test_what_is_too_large_is_cut_and_says_so(cut):
    """A value that cannot be kept whole keeps its beginning; its size and digest tell which message it was."""
    value = b"x" * (cut + 1)
    letter = letter_of(FakeMessage(41, value), Reason.NOT_JSON, cut)
    headers = dict(letter.headers)
    assert letter.value == value[:cut]
    assert headers["original-size"] == str(cut + 1).encode()
    assert headers["original-sha256"] == hashlib.sha256(value).hexdigest().encode()
    assert "original-size" not in dict(letter_of(FakeMessage(41, value[:cut]), Reason.NOT_JSON, cut).headers)


def test_the_cap_stops_a_bad_deploy(clock):
    """So many dead letters within the window are allowed, and not one more."""
    cap = DeadLetterCap(3, 60.0, clock)
    assert [cap.count() for _ in range(5)] == [True, True, True, False, False]
    assert cap.tripped
    assert "3 dead letters within 60 s" in cap.reason
    assert "python -m bridge resume" in cap.reason


def test_the_window_slides(clock):
    """A slow trickle of dead letters never stops the bridge."""
    cap = DeadLetterCap(3, 60.0, clock)
    for _ in range(30):
        assert cap.count()
        clock.now += 20.0
    assert not cap.tripped


def test_once_tripped_a_whole_window_has_to_pass(clock):
    """At the cap there is no trickle of one dead letter after the other: it stops, and then it goes on."""
    cap = DeadLetterCap(3, 60.0, clock)
    for _ in range(4):
        cap.count()
        clock.now += 10.0
    clock.now += 35.0
    assert cap.tripped
    assert not cap.count()
    clock.now += 6.0
    assert not cap.tripped
    assert [cap.count() for _ in range(4)] == [True, True, True, False]


@pytest.mark.parametrize(("written", "allowed"), [(2, 1), (3, 0), (1_000, 0)])
def test_a_restart_grants_no_new_allowance(clock, written, allowed):
    """A supervisor that restarts the bridge again and again does not dead-letter the topic step by step."""
    cap = DeadLetterCap(3, 60.0, clock, [clock.now - 5.0] * written)
    assert cap.tripped == (allowed == 0)
    assert sum(cap.count() for _ in range(5)) == allowed
    clock.now += 60.0
    assert cap.count()


def test_an_operator_resumes(clock):
    """The operator's word gives the whole allowance, once; what was written after it counts."""
    cap = DeadLetterCap(2, 60.0, clock, [clock.now, clock.now])
    cap.resume(clock.now)
    assert not cap.tripped
    assert [cap.count() for _ in range(3)] == [True, True, False]
    cap.resume(clock.now)
    assert cap.tripped
