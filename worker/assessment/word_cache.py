"""Remembers what was found out of a word: resumes are written with the same few thousand.

Bounded in number and in length: a stranger's "word" may have 15,000 letters, and a cache full of those would be a
gigabyte.
"""

from collections.abc import Callable
from functools import lru_cache, wraps
from typing import Final, TypeVar

LONGEST: Final = 64  # letters; what is longer is no word that comes again

T = TypeVar("T")


def remembered(words: int) -> Callable[[Callable[[str], T]], Callable[[str], T]]:
    """Remember a function's answers for so many words."""

    def decorate(function: Callable[[str], T]) -> Callable[[str], T]:
        known = lru_cache(maxsize=words)(function)

        @wraps(function)
        def answer(word: str) -> T:
            return known(word) if len(word) <= LONGEST else function(word)

        return answer

    return decorate
