"""A small language for phrases, compiled to RE2: what a phrase is, and where in a text it stands.

A phrase is written as its words, folded when it is compiled:

    игнорируй|игнорируйте .. инструкц*|правил*

- `a|b` is either word, `стем*` any word that begins so, `*ла` any that ends so, `*` any word;
- `word?` may be missing;
- `..` is a gap of up to eight words within a sentence, `...` the same across sentences;
- `^` stands for the beginning of a sentence.

Phrases are looked for in a stream of words (`source_text.SourceText`), each with a space on either side, sentences
parted by `.`, so that line breaks, punctuation and runs of spaces cannot hide a word from its neighbour.
RE2 takes linear time, whatever the text: `re` would not.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

import re2

from worker.assessment.plain_text import fold

_END = "[.]"
_WORD = "[^ .]+"
_WIDEST_GAP = 8
_ELEMENTS: Final = {
    "..": f"(?:{_WORD} ){{0,{_WIDEST_GAP}}}",
    "...": f"(?:[^ ]+ ){{0,{_WIDEST_GAP}}}",
    "^": f"{_END} ",
    "*": f"{_WORD} ",
}


class Phrases:
    """Phrases by reason code, ready to be looked for.

    Args:
        phrases: for each code its phrases, one a line; blank lines and lines that begin with `#` are skipped.
    """

    def __init__(self, phrases: Mapping[str, str]) -> None:
        options = re2.Options()
        options.max_mem = 64 << 20  # bytes; within less the automaton starts over and over
        self._patterns: dict[str, Any] = {
            code: re2.compile(f" (?:{'|'.join(map(_pattern, _lines(text)))})".encode(), options)
            for code, text in phrases.items()
        }

    @property
    def codes(self) -> frozenset[str]:
        """All that `find` can say."""
        return frozenset(self._patterns)

    def find(self, stream: bytes) -> Iterator[tuple[str, int, int]]:
        """Code, and from which byte to which the phrase stands in the stream."""
        for code, pattern in self._patterns.items():
            for match in pattern.finditer(stream):
                yield code, match.start(), match.end()


def _lines(text: str) -> Sequence[str]:
    lines = (line.strip() for line in text.splitlines())
    return [line for line in lines if line and not line.startswith("#")]


def _pattern(phrase: str) -> str:
    return "".join(map(_element, phrase.split()))


def _element(element: str) -> str:
    if element in _ELEMENTS:
        return _ELEMENTS[element]
    optional = element.endswith("?")
    choices = "|".join(map(_choice, element.removesuffix("?").split("|")))
    return f"(?:(?:{choices}) )?" if optional else f"(?:{choices}) "


def _choice(word: str) -> str:
    folded = str(re2.escape(fold(word.strip("*"))))
    before = f"(?:{_WORD})?" if word.startswith("*") else ""
    after = f"(?:{_WORD})?" if word.endswith("*") else ""
    return before + folded + after
