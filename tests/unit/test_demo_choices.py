"""Whether the demo asks the real OpenAI: it costs money and sends data, so only when it was clearly wanted."""

from __future__ import annotations

import pytest

from dev.demo import SAMPLES, limits_for, read_samples, real_openai


@pytest.mark.parametrize(
    ("env", "expected"),
    [
        (None, False),
        ("OPENAI_KEY=\n", False),
        ("OPENAI_KEY=placeholder\n", False),
        ("OPENAI_KEY=sk-own\n", True),
        ("OPENAI_KEY=sk-own\nMODE=PROD\n", True),
        ("OPENAI_KEY=sk-own\nMODE=test\n", False),
    ],
)
def test_the_real_api_is_asked_only_with_a_key_of_ones_own(tmp_path, env, expected):
    """No `.env`, no key, the example's key or MODE=TEST: the stand-in answers."""
    (tmp_path / ".env.example").write_text("OPENAI_KEY=placeholder\n")
    if env is not None:
        (tmp_path / ".env").write_text(env)
    assert real_openai(tmp_path / ".env") is expected


def test_samples_are_requests_with_ids_of_their_own():
    """Each sample is shown in a row of its own."""
    samples = read_samples(SAMPLES)
    assert len(samples) == len(SAMPLES.read_text(encoding="utf-8").splitlines()) >= 10


@pytest.mark.parametrize("requests", [1, 12, 500])
def test_the_demo_is_done_in_a_minute(requests):
    """The stand-in's limit grows with one's own file, so that nobody waits for minutes."""
    assert requests <= int(limits_for(requests)["RPM"])
