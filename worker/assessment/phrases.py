"""A small language for phrases, compiled to RE2: what a phrase is, and where in a text it stands.

A phrase is written as its words, folded when it is compiled: `игнорируй|игнорируйте .. инструкц*|правил*`

- `a|b` is either word, `стем*` any word that begins so, `*ла` any that ends so, `*` any word;
- `word?` may be missing; `..` is a gap of up to eight words within a sentence; `^` the beginning of a sentence.

Phrases are looked for in a stream of words (`SourceText.stream`), each with a space on either side, sentences parted
by `.`, so that line breaks, punctuation and runs of spaces cannot hide a word from its neighbour. RE2 takes linear
time, whatever the text: `re` would not.
"""

from collections.abc import Iterator
from typing import Any, Final

import re2

from worker.assessment.plain_text import fold

_WORD: Final = "[^ .]+"
_ELEMENTS: Final = {"..": f"(?:{_WORD} ){{0,8}}", "^": "[.] ", "*": f"{_WORD} "}


class Phrases:
    """Phrases, one a line, ready to be looked for; blank lines and lines that begin with `#` are skipped."""

    def __init__(self, phrases: str) -> None:
        options = re2.Options()
        options.max_mem = 64 << 20  # bytes; within less the automaton starts over and over
        lines = (line.strip() for line in phrases.splitlines())
        patterns = (_pattern(line) for line in lines if line and not line.startswith("#"))
        self._pattern: Any = re2.compile(f" (?:{'|'.join(patterns)})".encode(), options)

    def find(self, stream: bytes) -> Iterator[tuple[int, int]]:
        """From which byte to which a phrase stands in the stream."""
        return (match.span() for match in self._pattern.finditer(stream))


def _pattern(phrase: str) -> str:
    return "".join(_ELEMENTS.get(element) or _either(element) for element in phrase.split())


def _either(element: str) -> str:
    choices = "|".join(map(_choice, element.removesuffix("?").split("|")))
    return f"(?:(?:{choices}) )?" if element.endswith("?") else f"(?:{choices}) "


def _choice(word: str) -> str:
    folded = str(re2.escape(fold(word.strip("*"))))
    anything = f"(?:{_WORD})?"
    return (anything if word.startswith("*") else "") + folded + (anything if word.endswith("*") else "")
