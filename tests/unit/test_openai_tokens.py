"""What a call is expected to cost, before it is made."""

import subprocess
import sys

import bpe_openai
import httpx2
import pytest

from dev.lone_profile import LoneProfile
from dev.openai_standin.tokens import prompt_tokens
from tests.support.fakes import RESUME, criteria_of
from worker.asking.openai_client import OpenAIClient
from worker.asking.profile import Profile
from worker.assessment.grading import RESPONSE_FORMAT
from worker.assessment.prompt import grading_messages
from worker.assessment.resume import read_resume
from worker.limits.tokens import count_tokens
from worker.ports import Call


class Route:
    """Leads nowhere."""

    client = httpx2.AsyncClient()


@pytest.fixture(scope="module")
def client():
    return OpenAIClient(
        Route(),
        key="sk-fake",
        base_url="http://127.0.0.1:9/v1",
        model="gpt-4.1-mini",
        count=count_tokens,
        timeout=1.0,
        profiles=LoneProfile(Profile()),
    )


@pytest.mark.parametrize(
    "resume", [RESUME, "я" * 15_000, RESUME * 50, "🎓" * 3_000, "<|endoftext|>" * 500], ids=lambda text: text[:9]
)
def test_the_estimate_is_never_below_what_is_charged(client, resume):
    """A reservation covers the prompt as the provider counts it, and the whole output cap."""
    sent = read_resume(resume[:15_000], redaction=False)
    messages = grading_messages(criteria_of(), sent, delimiter="012345678901234567")
    charged = len(prompt_tokens([(message["role"], message["content"]) for message in messages])) + 1_200
    assert charged <= client.tokens(Call(messages, RESPONSE_FORMAT, 1_200)) <= charged + 300


@pytest.mark.parametrize("text", ["", RESUME, "я" * 1_000, "🎓🏽" * 50, "<|endoftext|>", "a \n\n b", "\x00\u200b"])
def test_tokens_are_counted_as_the_package_counts_them(text):
    """The compiled part alone gives the same numbers as the package around it."""
    assert count_tokens(text) == len(bpe_openai.get_encoding("o200k_base").encode_ordinary(text))


def test_half_a_character_counts():
    """A lone surrogate, which no encoding takes, stops nobody."""
    assert count_tokens("a\ud800b") >= 2


def test_the_package_is_not_unpacked_for_counting():
    """A worker does not pay for tables that it never uses."""
    program = """if True:
        import sys
        from worker.limits.tokens import count_tokens
        count_tokens("a")
        print("bpe_openai" in sys.modules)
    """
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout == "False\n"


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_tables_are_not_held_twice():
    """What the tokenizer made its tables of leaves the memory of the process."""
    program = """if True:
        import re
        from worker.limits.tokens import count_tokens
        count_tokens("a")
        maps = open("/proc/self/smaps").read()
        print(sum(map(int, re.findall(r"_bindings.*\\nSize.*\\n.*\\n.*\\nRss: +(\\d+)", maps))))
    """
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True)
    assert 0 < int(done.stdout) < 10_000  # KB
