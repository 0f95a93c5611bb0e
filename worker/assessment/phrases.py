"""A small language for phrases, compiled to RE2: what a phrase is, and where in a text it stands.

The lists stand beside the code, in `phrases.txt`. A phrase is written as its words, folded when it is compiled:
`поставь|поставьте .. 100 баллов`

- `a|b` is either word, `стем*` any word that begins so, `*ла` any that ends so, `*` any word;
- `word?` may be missing; `..` is a gap of up to three words within a sentence; `^` the beginning of a sentence.

Phrases are looked for in a stream of words (`SourceText.stream`), each with a space on either side, sentences parted
by `.`, so that line breaks, punctuation and runs of spaces cannot hide a word from its neighbour. RE2 takes linear
time, whatever the text: `re` would not.
"""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import re2

from worker.assessment.plain_text import fold

_WORD: Final = "[^ .]+"
_ELEMENTS: Final = {"..": f"(?:{_WORD} ){{0,3}}", "^": "[.] "}


def lists(file: str) -> dict[str, str]:
    """The lists of a text beside the code by their heads; empty lines part them."""
    text = Path(__file__).with_name(file).read_text(encoding="utf-8")
    return dict(re.findall(r"^\[(.+)\]\n((?:.+\n)+)", text, re.MULTILINE))


_LISTS: Final = lists("phrases.txt")


def words(name: str) -> list[str]:
    """A list of words, folded."""
    return fold(_LISTS[name]).split()


def phrases(name: str) -> "Phrases":
    """A list of phrases."""
    return Phrases(re.sub(r"\{(\w+)\}", lambda match: _LISTS[match[1]].strip(), _LISTS[name]))


class Phrases:
    """Phrases, one a line, ready to be looked for."""

    def __init__(self, phrases: str) -> None:
        options = re2.Options()
        options.max_mem = 64 << 20  # bytes; within less the automaton starts over and over
        patterns = ("".join(map(_pattern, line.split())) for line in phrases.splitlines() if line.strip())
        self._pattern: Any = re2.compile(f" (?:{'|'.join(patterns)})".encode(), options)

    def find(self, stream: bytes) -> Iterator[tuple[int, int]]:
        """From which byte to which a phrase stands in the stream."""
        return (match.span() for match in self._pattern.finditer(stream))


def _pattern(element: str) -> str:
    choices = "|".join(_WORD if word == "*" else _choice(word) for word in element.removesuffix("?").split("|"))
    return _ELEMENTS.get(element) or (f"(?:(?:{choices}) )?" if element.endswith("?") else f"(?:{choices}) ")


def _choice(word: str) -> str:
    before, after = (f"(?:{_WORD})?" * is_open for is_open in (word.startswith("*"), word.endswith("*")))
    return f"{before}{re2.escape(fold(word.strip('*')))}{after}"
