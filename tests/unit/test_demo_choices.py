"""Whether the demo asks the real OpenAI: it costs money and sends data, so only when it was clearly wanted."""

from __future__ import annotations

import json

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


def test_ones_own_request_may_take_several_lines(tmp_path):
    """The request that the README tells one to copy is sent as it stands in its file; one a line does too."""
    text = (SAMPLES.parent / "request.json").read_text(encoding="utf-8")
    file = tmp_path / "mine.json"
    file.write_text(text, encoding="utf-8")
    (sample,) = read_samples(file)
    assert (sample.value, sample.vacancy) == (text.encode(), "Бариста в кофейню")
    file.write_text("\n".join(json.dumps({**json.loads(text), "processing_id": number}) for number in (4, 5)))
    assert [sample.processing_id for sample in read_samples(file)] == [4, 5]


def test_what_is_no_request_is_said(tmp_path):
    """Whoever mistypes reads in which file, on which line and what."""
    file = tmp_path / "mine.json"
    file.write_text('{"processing_id": 1}')
    with pytest.raises(SystemExit, match=r"mine\.json: line 1: `callback_url` is missing"):
        read_samples(file)


@pytest.mark.parametrize("requests", [1, 12, 500])
def test_the_demo_is_done_in_a_minute(requests):
    """The stand-in's limit grows with one's own file, so that nobody waits for minutes."""
    assert requests <= int(limits_for(requests)["RPM"])
