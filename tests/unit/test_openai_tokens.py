"""What a call is expected to cost, before it is made."""

import bpe_openai
import pytest

from dev.openai_standin.tokens import prompt_tokens
from tests.support.fakes import REQUIREMENTS, RESUME
from worker.assessment.grading import RESPONSE_FORMAT
from worker.assessment.prompt import build_messages
from worker.openai_client import OpenAIClient
from worker.ports import Call


class Route:
    """Leads nowhere."""

    client = None


@pytest.fixture(scope="module")
def client():
    encoding = bpe_openai.get_encoding("o200k_base")
    return OpenAIClient(
        Route(),
        key="sk-fake",
        base_url="http://127.0.0.1:9/v1",
        model="gpt-4.1-mini",
        count=lambda text: len(encoding.encode_ordinary(text)),
        timeout=1.0,
        output="auto",
    )


@pytest.mark.parametrize(
    "resume", [RESUME, "я" * 15_000, RESUME * 50, "🎓" * 3_000, "<|endoftext|>" * 500], ids=lambda text: text[:9]
)
def test_the_estimate_is_never_below_what_is_charged(client, resume):
    """A reservation covers the prompt as the provider counts it, and the whole output cap."""
    messages = build_messages(REQUIREMENTS, resume[:15_000], delimiter="0123456789abcdef")
    charged = len(prompt_tokens([(message["role"], message["content"]) for message in messages])) + 1_200
    assert charged <= client.tokens(Call(messages, RESPONSE_FORMAT, 1_200)) <= charged + 300
