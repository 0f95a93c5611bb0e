"""Taking over from an earlier handler, on a real Kafka: where the answers tell to begin, and where nothing tells."""

import argparse
import json
import time

import pytest
from confluent_kafka import KafkaException, Producer, TopicPartition

from bridge.commands import predecessor
from bridge.kafka import make_reader, offset_ranges
from config import Settings
from tests.support.samples import request_value, until


class Takeover:
    def __init__(self, kafka, topics, partitions=2):
        self.requests, self.answers = topics("in", "answers", partitions=partitions)
        self.settings = Settings(
            openai_key="-", kafka_bootstrap_servers=kafka, kafka_group_id=f"group-{self.requests}",
            kafka_topic_for_ai_handler=self.requests, kafka_topic_for_notifications=self.answers,
        )  # fmt: skip
        self.producer = Producer({"bootstrap.servers": kafka})
        until(self.is_there)

    def is_there(self):
        """A topic that was created a moment ago has no leader yet."""
        reader = make_reader(self.settings)
        try:
            return offset_ranges(reader, self.requests) + offset_ranges(reader, self.answers)
        except KafkaException:
            return None
        finally:
            reader.close()

    def ask(self, *ids, partition=0, value=request_value, **more):
        for number in ids:
            self.producer.produce(self.requests, value(number), b"new_request", partition, **more)
        assert self.producer.flush(30) == 0

    def answer(self, *ids, key=b"new_notifications", partition=0):
        for number in ids:
            body = json.dumps({"response": {"processing_id": number}})
            self.producer.produce(self.answers, body, key, partition)
        assert self.producer.flush(30) == 0

    def run(self, *, put=True, **changes):
        settings = self.settings.model_copy(update=changes)
        reader = make_reader(settings, settings.kafka_group_id)
        return predecessor.run(argparse.Namespace(set=put), settings, reader)

    def begins(self):
        reader = make_reader(self.settings, self.settings.kafka_group_id)
        places = [TopicPartition(self.requests, number) for number in range(2)]
        found = [place.offset for place in reader.committed(places, timeout=20)]
        reader.close()
        return found


@pytest.fixture
def takeover(kafka, topics):
    return Takeover(kafka, topics)


def test_each_partition_begins_at_its_first_open_request(takeover, capsys):
    """An answer counts wherever it stands; one partition is all answered, and begins at its end."""
    takeover.ask(1, 2, 3, 4)
    takeover.ask(11, 12, partition=1)
    takeover.answer(1, 2, 4, 11, partition=1)
    takeover.answer(12)
    assert takeover.run() == 0
    assert takeover.begins() == [2, 2]
    assert "3 requests are answered, the last at offset 3 (processing_id 4); 1 are not" in capsys.readouterr().out


def test_topics_with_nothing_in_them(takeover):
    """A platform that has never been used begins at the beginning."""
    assert takeover.run() == 0
    assert takeover.begins() == [0, 0]


def test_answers_whose_topic_is_not_there_are_not_none(takeover):
    """A misspelt topic does not let everything be answered again: the command ends, and sets nothing."""
    takeover.ask(1, 2)
    takeover.answer(1, 2)
    with pytest.raises(KafkaException, match="Unknown topic"):
        takeover.run(kafka_topic_for_notifications="nobody-has-made-it")
    assert takeover.begins() == [-1001, -1001]


def test_what_is_no_request_and_no_answer(takeover):
    """Wrong types, strangers' keys and bodies that are no objects are passed over."""
    values = [b"", b"[]", b'{"processing_id": "1"}', b'{"processing_id": true}', b"\xff", b"{" * 50_000]
    for body in values:
        takeover.producer.produce(takeover.requests, body, b"new_request", 0)
        takeover.producer.produce(takeover.answers, body, b"new_notifications", 0)
    takeover.producer.produce(takeover.answers, b'{"response": {"processing_id": 1}}', b"a stranger's", 0)
    takeover.producer.produce(takeover.answers, b'{"response": {"processing_id": 2.0}}', b"new_notifications", 0)
    takeover.ask(1, 2)
    assert takeover.run() == 0
    assert takeover.begins() == [len(values), 0]


def test_old_requests_are_left_alone(takeover):
    """Of what was sent four days ago nobody knows whether it was answered."""
    takeover.ask(1, timestamp=int((time.time() - 4 * 86_400) * 1000))
    takeover.ask(2)
    assert takeover.run() == 0
    assert takeover.begins() == [1, 0]
