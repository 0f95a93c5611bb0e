"""The replay command as operators type it, on a real Kafka."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from confluent_kafka import Producer

from config import Settings
from dev.kafka_server import silent
from tests.support.samples import read_committed

CHECKOUT = Path(__file__).parents[2]


class Stage:
    def __init__(self, kafka, topics):
        self.input, self.dead = topics("in", "in.DLQ", partitions=2)
        self.kafka = kafka
        self.settings = Settings(openai_key="-", kafka_bootstrap_servers=kafka)
        producer = Producer({"bootstrap.servers": kafka, "transactional.id": self.dead}, logger=silent)
        producer.init_transactions(20)
        self.letters = [
            (b"new_request", b"\xff", "not_utf8"),
            (None, b"{}", "missing_key"),
            (b"k", None, "empty_value"),
        ]
        for partition, (key, value, reason) in zip((0, 1, 1), self.letters, strict=True):
            producer.begin_transaction()
            producer.produce(self.dead, value, key, partition, headers=[("reason", reason.encode())])
            producer.commit_transaction(20)
        read_committed(self.settings, self.dead)  # waits until all of them can be seen

    def replay(self, *arguments):
        """Exit code and output of the command."""
        environment = os.environ | {
            "OPENAI_KEY": "-", "KAFKA_BOOTSTRAP_SERVERS": self.kafka, "LOG_FILE": "none",
            "KAFKA_TOPIC_FOR_AI_HANDLER": self.input,
        }  # fmt: skip
        command = [sys.executable, "-m", "bridge", "replay", *arguments]
        done = subprocess.run(
            command, env=environment, cwd=CHECKOUT, capture_output=True, text=True, timeout=60, check=False
        )
        assert done.stderr == ""
        return done.returncode, done.stdout.splitlines()

    def sent(self):
        return sorted(
            (m.key() or b"", m.value() or b"", m.headers()) for m in read_committed(self.settings, self.input)
        )


@pytest.fixture
def stage(kafka, topics):
    return Stage(kafka, topics)


def test_a_dry_run_then_the_real_one(stage):
    """The dry run sends nothing; the real one sends everything as it came, from every partition."""
    code, said = stage.replay("--dry-run")
    assert (code, said[-1]) == (0, f"would replay 3 of 3 dead letters to {stage.input}")
    assert stage.sent() == []
    code, said = stage.replay()
    assert (code, said[-1]) == (0, f"replayed 3 of 3 dead letters to {stage.input}")
    assert stage.sent() == sorted((key or b"", value or b"", None) for key, value, _ in stage.letters)


def test_a_chosen_reason(stage):
    """Only the chosen reason is sent; the others are counted."""
    assert stage.replay("--reason", "not_utf8") == (0, [
        "empty_value: 1 dead letters, replayed 0",
        "missing_key: 1 dead letters, replayed 0",
        "not_utf8: 1 dead letters, replayed 1",
        f"replayed 1 of 3 dead letters to {stage.input}",
    ])  # fmt: skip
    assert stage.sent() == [(b"new_request", b"\xff", None)]


def test_the_dead_letters_stay(stage):
    """A replay takes nothing away: it can be repeated."""
    stage.replay()
    stage.replay()
    assert len(stage.sent()) == 6
    assert len(read_committed(stage.settings, stage.dead)) == 3


@pytest.mark.parametrize("command", [[], ["replay"]])
def test_help_needs_no_settings(command):
    """Whoever wants to know what the commands are needs no key."""
    done = subprocess.run(
        [sys.executable, "-m", "bridge", *command, "--help"],
        env={"PATH": os.environ["PATH"], "ENV_FILE": os.devnull},
        cwd=CHECKOUT, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
    assert "usage: python -m bridge" in done.stdout
