"""Later mentions of people who are named in a text: any grammatical case, either alphabet."""

from collections.abc import Iterable
from typing import Final

from worker.assessment.redaction.name_lists import TURKIC_PARTICLES, latin_key
from worker.assessment.redaction.name_word import Word
from worker.assessment.redaction.word_list import words

_ENDINGS: Final = words("endings of names")


def stem(name: str) -> str:
    """What the grammatical cases of a lower-case Cyrillic name have in common; «Иванов» is no form of «Иван»."""
    name = name.replace("ё", "е")
    for length in range(min(3, len(name) - 2), 0, -1):
        if name[-length:] in _ENDINGS:
            return name[:-length]
    return f"{name[:-2]}ц" if name.endswith("ец") else name  # «Кравец», «Кравца»


class Mentions:
    """Knows a word that is a form of one of the names, or of a part of one."""

    def __init__(self, names: Iterable[Word]) -> None:
        known = [word for word in names if len(word.text) > 1 and word.lower not in TURKIC_PARTICLES]
        self._keys = {latin_key(word.lower) for word in known}
        told = [word for word in known if word.cyrillic and (word.surname or not word.patronymic)]
        self._stems = {stem(part) for word in told for part in word.lower.split("-")}
        self._beginnings = {found[:2] for found in self._stems | self._keys}

    def has(self, word: Word) -> bool:
        """Whether it mentions one of them."""
        if word.beginning not in self._beginnings:
            return False
        lower = word.lower
        if not word.cyrillic:
            return word.capital and len(lower) > 3 and word.key in self._keys and not word.common
        fits = word.capital or (len(lower) > 4 and not word.common)
        return fits and all(stem(part) in self._stems for part in lower.split("-"))
