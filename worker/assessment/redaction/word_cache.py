"""Remembers what was found out of a word: resumes are written with the same few thousand.

Bounded in number and in length: a cache full of a stranger's "words" of 15,000 letters would be a gigabyte.
"""

from collections.abc import Callable
from typing import Final, Generic, TypeVar

LONGEST: Final = 64  # letters; what is longer is no word that comes again

T = TypeVar("T")


class _Known(dict[str, T], Generic[T]):
    """Answers by word, in two halves: those that nobody asked for while the newer half filled are forgotten.

    A dictionary that fills itself is asked without a call of Python's. Two threads may forget both halves: no harm.
    """

    def __init__(self, function: Callable[[str], T], words: int) -> None:
        super().__init__()
        self._function = function
        self._half = words // 2
        self._older: dict[str, T] = {}

    def __missing__(self, word: str) -> T:
        if len(word) > LONGEST:
            return self._function(word)
        older = self._older  # another thread may put another in its place
        answer = older[word] if word in older else self._function(word)
        if len(self) >= self._half:
            self._older = dict(self)
            self.clear()
        self[word] = answer
        return answer


def remembered(words: int) -> Callable[[Callable[[str], T]], Callable[[str], T]]:
    """Remember a function's answers for so many words."""
    return lambda function: _Known(function, words).__getitem__
