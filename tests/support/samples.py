"""Requests and messages that the tests of the bridge share."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass, field

from confluent_kafka import Consumer

from bridge.kafka import make_reader, offset_ranges, read_range
from contract import REQUEST_KEY, Addressee, Assessment, Dispatch, Outcome, ScoringRequest

SENT_AT = 1_750_000_000_000  # milliseconds since 1970


def request_fields(processing_id=7, **changes):
    """The fields of a valid request."""
    return {
        "callback_url": "https://client.example/callback",
        "processing_id": processing_id,
        "user_id": 11,
        "resume_id": 201,
        "requirements_id": 301,
        "requirements": "Python от 3 лет, SQL",
        "resume": "Инженер. Пять лет на Python, SQL каждый день",
        **changes,
    }


def request_value(processing_id=7, **changes):
    """A valid request as the sender writes it."""
    return json.dumps(request_fields(processing_id, **changes), ensure_ascii=False).encode()


def addressee(processing_id=7):
    """Whom the answer to such a request belongs to."""
    return ScoringRequest(**request_fields(processing_id)).addressee()


def dispatch(processing_id=7, deadline_at=2e9):
    """Such a request as the worker gets it."""
    return Dispatch(request=ScoringRequest(**request_fields(processing_id)), deadline_at=deadline_at)


def scored(processing_id=7, score=80):
    """A worker's outcome: a score."""
    assessment = Assessment(
        score=score, matches=("Python от 3 лет", "SQL"), recommendation="Пригласить.", verdict="Подходит"
    )
    return addressee(processing_id).scored(assessment)


def failed(processing_id=7):
    """A worker's outcome: a failure."""
    recipient = Addressee(**addressee(processing_id).model_dump())
    return Outcome.failed(recipient, "Превышен лимит. Попробуйте позже.", wait_seconds=60)


@dataclass
class FakeMessage:
    """What `confluent_kafka.Message` says of itself."""

    at: int
    raw_value: bytes | None
    raw_key: bytes | None = REQUEST_KEY
    raw_headers: list[tuple[str, bytes]] = field(default_factory=list)
    sent_at: int = SENT_AT

    def topic(self):
        return "AI_handler"

    def partition(self):
        return 0

    def offset(self):
        return self.at

    def key(self):
        return self.raw_key

    def value(self):
        return self.raw_value

    def headers(self):
        return self.raw_headers or None

    def timestamp(self):
        return (1, self.sent_at)

    def error(self):
        return None


def until(condition, timeout=60.0):
    """Wait for a condition; what it returned."""
    deadline = time.monotonic() + timeout
    while not (found := condition()):
        assert time.monotonic() < deadline, "it never happened"
        time.sleep(0.01)
    return found


def read_committed(settings, topic, *, settled=True):
    """All committed messages of a topic, up to its end now.

    A commit returns before its markers stand in the topics, so this waits until no transaction is open in it;
    `settled=False` is for a test that leaves one open.
    """
    reader = make_reader(settings)
    anybody = Consumer({**settings.kafka, "group.id": "any", "isolation.level": "read_uncommitted"})
    until(lambda: reader.list_topics(topic, timeout=10).topics[topic].partitions)
    if settled:
        until(lambda: offset_ranges(reader, topic) == offset_ranges(anybody, topic))
    messages = [message for part in offset_ranges(reader, topic) for message in read_range(reader, part)]
    anybody.close()
    reader.close()
    return messages


def snapshot(client):
    """What Redis holds, as a backup does; the function that puts it back."""
    kept = {key: (client.pttl(key), client.dump(key)) for key in client.scan_iter()}

    def restore():
        client.flushdb()
        for key, (ttl, value) in kept.items():
            client.restore(key, max(ttl, 0), value)

    return restore
