"""`make env`: files to start with, whose passwords nobody else has."""

import stat
from pathlib import Path

import pytest
from dotenv import dotenv_values

from dev.env_files import filled, write

EXAMPLE = (Path(__file__).parents[2] / ".env.example").read_text()


def test_both_files_are_written_with_passwords_of_their_own(tmp_path):
    """Redis and Flower have passwords from the first start on, and only their owner can read them."""
    write(tmp_path, EXAMPLE)
    service, tests = dotenv_values(tmp_path / ".env"), dotenv_values(tmp_path / ".test.env")
    assert service.keys() | {"COMPOSE_PROFILES", "ENV_FILE"} == tests.keys()
    passwords = {values[name] for values in (service, tests) for name in ("REDIS_PASSWORD", "FLOWER_BASIC_AUTH")}
    assert len(passwords) == 4
    assert all(len(password) >= 32 for password in passwords)
    assert (service["OPENAI_KEY"], tests["MODE"], tests["COMPOSE_PROFILES"]) == ("", "TEST", "test")
    assert stat.S_IMODE((tmp_path / ".env").stat().st_mode) == 0o600


def test_what_is_there_is_left_alone(tmp_path):
    """Nobody loses the key that is in their `.env`."""
    (tmp_path / ".env").write_text("OPENAI_KEY=mine\n")
    assert write(tmp_path, EXAMPLE)[0] == ".env is there already: left as it is"
    assert (tmp_path / ".env").read_text() == "OPENAI_KEY=mine\n"


def test_a_variable_that_the_example_lacks_is_an_error():
    """A misspelt name is not lost in silence."""
    with pytest.raises(KeyError):
        filled("A=1\n", {"B": "2"})
