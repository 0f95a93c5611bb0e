"""A vacancy, and the stretches of it that a model copied."""

from difflib import SequenceMatcher
from functools import lru_cache
from typing import Final

from worker.assessment.plain_text import readable
from worker.assessment.source_text import SourceText, alike, says_something, words_in

MAX_SPAN: Final = 300  # characters that a model may copy as one requirement
_KEY: Final = 4  # letters by which words are aligned where a span is not there as it is
_ALIGNED: Final = 0.75  # of a span's words that must be there, in order
_LEAST_AROUND: Final = 3  # words on either side of the longest run among which the rest of a span is looked for
_PAIRS: Final = (("(", ")"), ("«", "»"), ("[", "]"), ("“", "”"), ("<", ">"))


class Vacancy:
    """A vacancy that was read; its `text` is as a person sees it, and as it is sent."""

    def __init__(self, text: str) -> None:
        self.text = readable(text)
        self.source = SourceText(self.text)

    def span(self, copied: str) -> str | None:
        """The vacancy's own words where a model copied them, or None: they are not there, or say nothing."""
        words = words_in(readable(copied)) if len(copied) <= MAX_SPAN else []
        if len(words) == 1 and len(words[0]) == 1:  # the language "C", and not the preposition «с»
            shown = (self._shown(range(n, n + 1)) for n, word in enumerate(self.source.words) if word == words[0])
            return next((letter for letter in shown if letter and letter.isupper()), None)
        if not says_something(words):
            return None
        places = self.source.find_words(words)
        stretch = places[0] if places else self._snapped(words)
        return None if stretch is None else self._shown(stretch)

    def _snapped(self, words: list[str]) -> range | None:
        """The stretch that has nearly all of the words in their order, whatever their endings."""
        if len(words) == 1:
            # A word alone has to share more than the few letters that are enough within a longer span.
            least = max(_KEY + 1, 3 * len(words[0]) // 5)
            forms = (range(n, n + 1) for n, word in enumerate(self.source.words) if alike(word, words[0], least))
            return next(forms, None)
        wanted, there = ([word[:_KEY] for word in found] for found in (words, self.source.words))
        # Words that come again and again are no anchors: else a vacancy of one word would take quadratic time.
        longest = SequenceMatcher(None, wanted, there, autojunk=True).find_longest_match()
        around = max(_LEAST_AROUND, len(wanted) // 2)
        begin = max(0, longest.b - longest.a - around)
        window = there[begin : longest.b - longest.a + len(wanted) + around]
        blocks = SequenceMatcher(None, window, wanted, autojunk=False).get_matching_blocks()[:-1]
        whole = blocks and blocks[0].b == 0 and blocks[-1].b + blocks[-1].size == len(wanted)
        if not whole or sum(block.size for block in blocks) < max(2, _ALIGNED * len(wanted)):
            return None
        return range(begin + blocks[0].a, begin + blocks[-1].a + blocks[-1].size)

    def _shown(self, stretch: range) -> str | None:
        """The stretch as the vacancy has it, in one line."""
        start, end = self.source.places[stretch.start][0], self.source.places[stretch.stop - 1][1]
        if self.text[max(0, start - 1) : start] == "." and not self.text[max(0, start - 2) : start - 1].strip():
            start -= 1  # ".NET"
        for opening, closing in _PAIRS:
            inside = self.text[start:end]
            if inside.count(opening) > inside.count(closing) and closing in self.text[end : end + 2]:
                end = self.text.index(closing, end) + 1
            elif inside.count(closing) > inside.count(opening) and self.text[max(0, start - 1) : start] == opening:
                start -= 1
        return " ".join(self.text[start:end].split()) if end - start <= MAX_SPAN else None


@lru_cache(maxsize=256)
def read_vacancy(text: str) -> Vacancy:
    """Read a vacancy; those of late are kept, since many resumes share one."""
    return Vacancy(text)
