"""Later mentions of people who are named in a text: any grammatical case, either alphabet."""

from collections.abc import Iterable

from worker.assessment.redaction.declension import NOUN_ENDINGS, declined, declined_given, is_declined
from worker.assessment.redaction.name_lists import TURKIC_PARTICLES, latin_key
from worker.assessment.redaction.name_word import Word


class Mentions:
    """Knows a word that is a form of a name.

    Args:
        names: the words that are names, or parts of them.
    """

    def __init__(self, names: Iterable[Word]) -> None:
        self._stems: dict[str, frozenset[str]] = {}
        self._keys: set[str] = set()
        for word in names:
            if len(word.text) < 2 or word.lower in TURKIC_PARTICLES:
                continue
            self._keys.add(latin_key(word.lower))
            if word.cyrillic and (word.surname or not word.patronymic):
                self._learn(word)
        self._longest = max(map(len, self._stems), default=0)
        self._beginnings = {stem[:2] for stem in self._stems}

    def _learn(self, word: Word) -> None:
        for part in word.lower.split("-"):
            stem, endings = declined_given(part) if word.given and not word.surname else declined(part)
            self._stems[stem] = self._stems.get(stem, frozenset()) | endings
            if part.endswith("ец") and len(part) > 3:
                self._stems[f"{part[:-2]}ц"] = NOUN_ENDINGS  # «Кравец», «Кравца»

    def has(self, word: Word) -> bool:
        """Whether it mentions one of them."""
        lower = word.lower
        if not word.cyrillic:
            return word.capital and len(lower) > 3 and word.key in self._keys and not word.common
        if lower[:2] not in self._beginnings and lower[:1] not in self._beginnings:
            return False
        if not all(is_declined(part, self._stems, self._longest) for part in lower.split("-")):
            return False
        return word.capital or (len(lower) > 4 and not word.common)
