"""The first contact with brokers that are away: one line, whatever librdkafka has to say."""

import logging

import pytest
from confluent_kafka import KafkaException

from bridge.__main__ import parse
from bridge.commands import dead_letters
from bridge.kafka import LIBRDKAFKA_LOG
from bridge.kafka_trouble import FirstContact
from tests.unit.test_replay import FakeReader

NOBODY = {"bootstrap.servers": "127.0.0.1:1", "reconnect.backoff.ms": 10, "reconnect.backoff.max.ms": 10}


def test_brokers_that_are_away_write_no_lines(caplog):
    """What is wrong is raised, or said by us."""
    caplog.set_level(logging.INFO)
    caplog.set_level(logging.INFO, LIBRDKAFKA_LOG.name)  # another test's command may have silenced it
    with pytest.raises(KafkaException):
        FirstContact(NOBODY).metadata(1.0)
    assert [record.message for record in caplog.records] == []


def test_a_command_writes_its_own_line_only(caplog):
    """`dead-letters` says at its end what is wrong with Kafka."""
    caplog.set_level(logging.INFO, LIBRDKAFKA_LOG.name)
    dead_letters.run(parse(["dead-letters"]), "AI_handler.DLQ", FakeReader([]))
    assert not LIBRDKAFKA_LOG.isEnabledFor(logging.ERROR)
