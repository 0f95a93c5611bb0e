"""`python -m bridge replay`: which dead letters are sent again, and what it says."""

from datetime import UTC, datetime
from types import SimpleNamespace

import pytest
from confluent_kafka import KafkaError

from bridge.commands import replay
from bridge.commands.replay import Pace
from config import Settings
from contract import REQUEST_KEY
from tests.support.samples import FakeMessage

NOON = int(datetime(2026, 1, 2, 12, tzinfo=UTC).timestamp() * 1000)
HOUR = 3_600_000
SETTINGS = Settings(openai_key="-")


def letter(offset, reason="not_json", *, hours=0, key=REQUEST_KEY, value=b"{oops", field=None):
    headers = [] if reason is None else [("reason", reason.encode())]
    headers += [] if field is None else [("field", field)]
    return FakeMessage(offset, value, key, headers, NOON + hours * HOUR)


class FakeReader:
    """A consumer of a dead-letter topic of one partition."""

    def __init__(self, letters, error=None, topic="AI_handler.DLQ"):
        self.letters = letters
        self.error = error
        self.topic = topic
        self.closed = False

    def list_topics(self, topic, timeout):
        assert topic == self.topic
        assert timeout
        return SimpleNamespace(topics={topic: SimpleNamespace(error=self.error, partitions={0: None})})

    def get_watermark_offsets(self, _partition, timeout):
        assert timeout
        return (self.letters[0].at, self.letters[-1].at + 1) if self.letters else (0, 0)

    def assign(self, partitions):
        self.next = partitions[0].offset

    def consume(self, count, timeout):
        assert timeout
        batch = [letter for letter in self.letters if letter.at >= self.next][: min(count, 2)]
        if not batch:
            return [SimpleNamespace(error=lambda: KafkaError(KafkaError._PARTITION_EOF))]
        self.next = batch[-1].at + 1
        return batch

    def close(self):
        self.closed = True


class FakeProducer:
    """Delivers when polled or flushed; `refuses` is the error of every delivery; its queue holds three."""

    def __init__(self, refuses=None, stuck=0):
        self.sent = []
        self.refuses = refuses
        self.stuck = stuck
        self.waiting = []

    def produce(self, topic, *, key, value, on_delivery):
        if len(self.waiting) == 3:
            raise BufferError
        self.sent.append((topic, key, value))
        self.waiting.append(on_delivery)

    def poll(self, _timeout):
        while self.waiting:
            self.waiting.pop()(self.refuses, None)

    def flush(self, _timeout):
        self.poll(0)
        return self.stuck


@pytest.fixture
def run(capsys):
    def run(letters, *arguments, producer=None):
        run.reader, run.producer = FakeReader(letters), producer or FakeProducer()
        code = replay.run(replay.arguments().parse_args(arguments), SETTINGS, run.reader, run.producer)
        run.said = capsys.readouterr().out
        return code

    return run


FIELDS = [b"resume", b"resume", b"\xff"]
LETTERS = [letter(0), letter(3, "blank_text", hours=1), letter(4, hours=2), letter(9, None, hours=3)]


def test_everything_is_sent_again_as_it_came(run):
    """Key and value go to the input topic untouched, without the dead letter's headers."""
    letters = [letter(0, key=None, value=b"\xff"), letter(1, value=None), *[letter(n) for n in range(2, 9)]]
    assert run(letters) == 0
    assert run.producer.sent == [("AI_handler", item.raw_key, item.raw_value) for item in letters]
    assert run.reader.closed


def test_it_says_what_it_did(run):
    """The result names each reason, how many there were and how many went."""
    assert run(LETTERS, "--reason", "not_json") == 0
    assert run.said.splitlines() == [
        "blank_text: 1 dead letters, replayed 0",
        "not_json: 2 dead letters, replayed 2",
        "unknown: 1 dead letters, replayed 0",
        "replayed 2 of 4 dead letters to AI_handler",
    ]


def test_the_fields_of_the_other_contract_are_named(capsys):
    """What is one of ours depends on the contract that is spoken."""
    letters = [letter(0, "missing_field", field=b"requirement"), letter(1, "missing_field", field=b"callback_url")]
    settings = Settings(openai_key="-", contract="2026")
    reader = FakeReader(letters, topic="processing.requested.DLQ")
    assert replay.run(replay.arguments().parse_args(["--dry-run"]), settings, reader, FakeProducer()) == 0
    assert capsys.readouterr().out.splitlines()[0] == "missing_field: 2 dead letters (requirement 1), would replay 2"


def test_the_fields_are_named(run):
    """Whoever mends the sender reads which field it was; a stranger's header is not repeated."""
    letters = [
        letter(number, "missing_field", field=field) for number, field in enumerate([b"resume", b"resume", b"\xff"])
    ]
    assert run(letters, "--dry-run") == 0
    assert run.said.splitlines()[0] == "missing_field: 3 dead letters (resume 2), would replay 3"


@pytest.mark.parametrize("error", [None, KafkaError(KafkaError.UNKNOWN_TOPIC_OR_PART)])
def test_no_dead_letters_are_said(capsys, error):
    """An empty topic and one that nobody has made yet hold none, which is no error."""
    options = replay.arguments().parse_args(["--dry-run"])
    assert replay.run(options, SETTINGS, FakeReader([], error), FakeProducer()) == 0
    assert capsys.readouterr().out == "AI_handler.DLQ: none\n"


def test_a_dry_run_sends_nothing(run):
    """A dry run says the same and touches nothing."""
    assert run(LETTERS, "--dry-run") == 0
    assert run.producer.sent == []
    assert run.said.splitlines()[-1] == "would replay 4 of 4 dead letters to AI_handler"


@pytest.mark.parametrize(
    ("arguments", "offsets"),
    [
        (["--reason", "not_json"], [0, 4]),
        (["--reason", "not_json", "--reason", "blank_text"], [0, 3, 4]),
        (["--since", "2026-01-02T13:00"], [3, 4, 9]),
        (["--until", "2026-01-02T13:00"], [0]),
        (["--since", "2026-01-02T16:00+03:00", "--until", "2026-01-02T18:00+03:00"], [3, 4]),
        (["--limit", "2"], [0, 3]),
        (["--limit", "1", "--since", "2026-01-02T14:00"], [4]),
        (["--limit", "0"], []),
    ],
)
def test_the_choice(run, arguments, offsets):
    """Reason, time (UTC unless it says otherwise) and number narrow the choice, and they combine."""
    letters = [letter(item.at, dict(item.raw_headers).get("reason", b"not_utf8").decode(), value=str(item.at).encode(),
                      hours=(item.sent_at - NOON) // HOUR) for item in LETTERS]  # fmt: skip
    assert run(letters, *arguments) == 0
    assert [int(value) for _, _, value in run.producer.sent] == offsets


def test_what_is_written_meanwhile_is_left():
    """A replay that makes new dead letters does not chase its own tail."""
    reader = FakeReader([letter(0), letter(1)])
    reader.get_watermark_offsets = lambda *_, **__: (0, 1)
    producer = FakeProducer()
    assert replay.run(replay.arguments().parse_args([]), SETTINGS, reader, producer) == 0
    assert len(producer.sent) == 1


def test_a_refusal_is_an_error(run):
    """What could not be sent is counted, and the exit code says so."""
    refusing = FakeProducer(refuses=KafkaError(KafkaError.TOPIC_AUTHORIZATION_FAILED))
    assert run(LETTERS, producer=refusing) == 1
    assert "replayed 0 of 4 dead letters" in run.said
    assert "4 could not be sent: " in run.said


def test_a_silent_broker_is_an_error(run):
    """So is what was still on its way when the time ran out."""
    assert run(LETTERS, producer=FakeProducer(stuck=3)) == 1
    assert run.said.splitlines()[-2:] == [
        "replayed 1 of 4 dead letters to AI_handler",
        "3 could not be sent: time ran out",
    ]


def test_a_replay_stays_below_the_cap():
    """However long it lasts, no window sees as many replayed letters as would stop the bridge."""
    now = [1_000.0]
    pace = Pace(100, 60.0, None, lambda: now[0])
    sent = []
    for _ in range(400):
        now[0] += pace.wait()
        sent.append(now[0])
    assert sent[24] == 1_000.0, "a handful goes at once"
    assert max(sum(at <= other < at + 60.0 for other in sent) for at in sent) <= 77
    assert sent[-1] < 1_000.0 + 500.0


def test_an_operator_may_be_faster():
    """Who knows that the letters are good again says how many a second."""
    pace = Pace(4, 60.0, 50.0, lambda: 7.0)
    assert [round(pace.wait(), 3) for _ in range(3)] == [0.0, 0.02, 0.04]


def test_what_is_not_whole_is_not_sent(run):
    """A dead letter that was cut would only be a worse one: it is counted, and stays."""
    cut = FakeMessage(1, b"{", REQUEST_KEY, [("reason", b"not_json"), ("original-size", b"3000000")], NOON)
    buried = FakeMessage(2, None, None, [("reason", b"unpublishable")], NOON)
    assert run([letter(0), cut, buried]) == 0
    assert len(run.producer.sent) == 1
    assert "2 cannot be replayed: their originals are not kept whole" in run.said


@pytest.mark.parametrize(
    "arguments",
    [["--reason", "boredom"], ["--rate", "0"], ["--rate", "nan"], ["--since", "yesterday"], ["--limit", "x"], ["now"]],
)
def test_wrong_arguments(run, arguments, capsys):
    """A wrong argument ends with code 2 before anything is sent."""
    with pytest.raises(SystemExit) as caught:
        run(LETTERS, *arguments)
    assert caught.value.code == 2
    assert "usage: python -m bridge replay" in capsys.readouterr().err
    assert run.producer.sent == []
