"""Which answers are said again, and when, beside a hand-written Kafka."""

import threading

import pytest
from confluent_kafka import KafkaError

from bridge.repeating import TOO_LATE, Repeating
from tests.support.samples import SENT_AT, FakeMessage

DELAY = 60
OURS = [("processing-id", b"7")]


class FailedMessage:
    """What a consumer is given in the place of a message."""

    def __init__(self, code):
        self._error = KafkaError(code)

    def error(self):
        return self._error

    def partition(self):
        return None

    def offset(self):
        return None


class FakeKafka:
    """A consumer and a producer; ends the repeating when all is read or something is waited for."""

    def __init__(self, messages):
        self.messages = messages
        self.ended = threading.Event()
        self.repeated, self.stored, self.sought = [], [], []

    def subscribe(self, _topics, on_revoke, on_lost):
        assert on_revoke == on_lost

    def consume(self, _most, _seconds):
        self.ended.set()
        return self.messages

    def pause(self, _partitions):
        pass

    def seek(self, place):
        self.sought.append(place.offset)

    def store_offsets(self, offsets):
        self.stored += [place.offset for place in offsets]

    def produce(self, _topic, *, key, value, headers, on_delivery):
        assert key
        assert on_delivery
        self.repeated.append((value, dict(headers)["repeated-after"]))

    def flush(self, _seconds):
        return 0

    def purge(self):
        pass

    def close(self):
        pass


def repeat(*messages, after=DELAY):
    """What becomes of these messages so many seconds after the first was said."""
    kafka = FakeKafka(list(messages))
    repeating = Repeating(DELAY, "answers", lambda: kafka, lambda: kafka, kafka.ended, lambda: SENT_AT / 1000 + after)
    repeating.start()
    repeating.join(60)
    return kafka


def said(offset, headers=OURS, **more):
    return FakeMessage(offset, b"%d" % offset, raw_headers=headers, **more)


def test_an_answer_is_said_again_when_it_is_time():
    """The same bytes, with a header that tells them from the first; what is said again is not said a third time."""
    kafka = repeat(said(0), said(1, [*OURS, ("repeated-after", b"60")]), said(2, sent_at=SENT_AT + 1_000))
    assert kafka.repeated == [(b"0", b"60")]
    assert (kafka.stored, kafka.sought) == ([2], [2])


def test_answers_of_days_ago_are_left_out():
    """Who switches it on does not fill the topic with what is long known."""
    assert repeat(said(0), after=DELAY + TOO_LATE).repeated == []


def test_a_stranger_with_a_wrong_clock_holds_nothing_back():
    """A message of another handler that claims to be of next year is passed over, and not waited for."""
    kafka = repeat(said(0, [], sent_at=2 * SENT_AT), said(1))
    assert kafka.repeated == [(b"1", b"60")]
    assert (kafka.stored, kafka.sought) == ([2], [])


@pytest.mark.parametrize("code", [KafkaError.GROUP_AUTHORIZATION_FAILED, KafkaError.TOPIC_AUTHORIZATION_FAILED])
def test_a_missing_permission_is_told(caplog, code):
    """A repeat that never comes because its group may not be read stands in the log."""
    assert repeat(FailedMessage(code)).stored == []
    assert "answers are not repeated for now" in caplog.text


def test_a_hiccup_of_the_client_is_none(caplog):
    """A connection that broke is mended by the client."""
    assert repeat(FailedMessage(KafkaError._TRANSPORT), said(0)).repeated == [(b"0", b"60")]
    assert caplog.text == ""
