"""How many tokens a prompt has, and how much of it the provider's prefix cache would already know.

Not simulated: OpenAI also counts the response schema as input, by a rule that it does not publish.
"""

import hashlib
import warnings
from array import array
from collections import OrderedDict
from collections.abc import Iterable
from functools import lru_cache
from typing import Any, TypeAlias

Tokens: TypeAlias = "array[int]"
"""Quoted: Python 3.11 cannot subscript the class itself."""

_PER_MESSAGE = 3
_REPLY_PRIMER = 3

_CACHE_FROM = 1024
_CACHE_STEP = 128
_CACHED_PREFIXES = 100_000


@lru_cache(maxsize=1)
def _encoding() -> Any:
    with warnings.catch_warnings():
        # The package opens its data through a function that Python 3.11 deprecated and 3.13 brought back.
        warnings.simplefilter("ignore", DeprecationWarning)
        import bpe_openai  # noqa: PLC0415  a second to import: only those who count pay for it

    return bpe_openai.get_encoding("o200k_base")


@lru_cache(maxsize=512)
def encode(text: str) -> Tokens:
    """The tokens of ``text``; markers such as ``<|endoftext|>`` count as plain text."""
    return array("I", _encoding().encode_ordinary(text))


def cut(text: str, tokens: int) -> str:
    """The beginning of ``text`` that fits into so many tokens, as an output cap would cut it."""
    encoded = encode(text)
    return text if len(encoded) <= tokens else str(_encoding().decode(list(encoded[:tokens])))


def prompt_tokens(messages: Iterable[tuple[str, str]]) -> Tokens:
    """All tokens of ``(role, content)`` messages; the framing around each counts too."""
    prompt = array("I")
    for role, content in messages:
        prompt.extend([0] * _PER_MESSAGE)
        prompt.extend(encode(role))
        prompt.extend(encode(content))
    prompt.extend([0] * _REPLY_PRIMER)
    return prompt


class PrefixCache:
    """OpenAI's prompt cache: the longest prefix seen before, from 1,024 tokens on, in steps of 128."""

    def __init__(self) -> None:
        self._seen: OrderedDict[bytes, None] = OrderedDict()

    def cached_tokens(self, prompt: Tokens) -> int:
        """How many tokens of ``prompt`` were cached; the prompt is cached from now on."""
        cached = 0
        digest = hashlib.blake2b(prompt[:_CACHE_FROM].tobytes(), digest_size=16)
        for length in range(_CACHE_FROM, len(prompt) + 1, _CACHE_STEP):
            if length > _CACHE_FROM:
                digest.update(prompt[length - _CACHE_STEP : length].tobytes())
            key = digest.digest()
            if key in self._seen:
                cached = length
            self._seen[key] = None
        while len(self._seen) > _CACHED_PREFIXES:
            self._seen.popitem(last=False)
        return cached
