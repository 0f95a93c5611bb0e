"""A word as a part of a name: what the dictionary, the lists and its ending say that it can be."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from worker.assessment.redaction.linear_pattern import linear
from worker.assessment.redaction.morphology import Lexicon, Reading
from worker.assessment.redaction.name_lists import (
    ASIAN_SURNAMES,
    ENGLISH_COMMON,
    EXTRA_GIVEN,
    LATIN_GIVEN,
    LATIN_SURNAMES,
    PRODUCT_NAMES,
    latin_key,
)

_POSSESSIVES: Final = ("ов", "ова", "ову", "овой", "овым", "ев", "ева", "еву", "евой", "евым")

_PATRONYMIC = linear(
    r"(?:\p{L}{2,}(?:ович|евич|ёвич|ьич)(?:а|у|ем|ом|е)?|\p{L}{2,}(?:овн|евн|ёвн|ичн|иничн)(?:а|ы|е|у|ой|ою)|"
    r"\p{L}+-ооло(?:вич|вн)\p{L}{0,2}"
    r"|(?:ильич|лукич|фомич|кузьмич|ильинич|никитич|саввич)(?:а|у|ем|ом|е)?)"
)
SURNAME_ENDING = linear(
    r"\p{L}{2,}(?:(?:ов|ев|ёв|ин|ын)(?:а|у|ым|е|ой|ых)?|(?:ск|цк)(?:ий|ой|ая|ого|ому|им|ом|ую)|енко|нко|чук|щук|"
    r"юк|ук|ян|янц|швили|дзе|"
    r"заде|баев|беков|ич|вич|ых|их|ман|берг|штейн|ейн|ава|ия|уа|ец|ко|як|айло|ши)(?:а|у|ом|е)?"
)
_LATIN_SURNAME_ENDING = linear(
    r"[\p{L}\-']{2,}(?:ov|ova|ev|eva|yev|yeva|off|in|ina|yn|sky|skiy|skii|ski|skaya|skaia|tsky|enko|chuk|uk|yan|"
    r"ian|shvili|dze|zade|iya|ia|ich|vich|vych|ykh|kh)"
)


@dataclass(slots=True)
class Word:
    """A word of the text: where it stands, and what it can be."""

    start: int
    end: int
    text: str
    lexicon: Lexicon = field(repr=False)
    protected: bool = False
    _reading: Reading | None = None

    @property
    def lower(self) -> str:
        """The word in small letters."""
        return self.text.lower()

    @property
    def capital(self) -> bool:
        """Whether it begins with a capital letter."""
        return self.text[0].isupper()

    @property
    def cyrillic(self) -> bool:
        """Whether its first letter is Cyrillic."""
        return "Ѐ" <= self.text[0] <= "ӿ"

    @property
    def reading(self) -> Reading:
        """What the dictionary says, of the last part of a double name too."""
        if self._reading is None:
            self._reading = Reading.UNKNOWN
            if self.cyrillic:
                for part in {self.lower, self.lower.rpartition("-")[2]}:
                    self._reading |= self.lexicon.readings(part)
        return self._reading

    @property
    def common(self) -> bool:
        """Whether it can be a word that names nobody."""
        if not self.cyrillic:
            return self.lower in ENGLISH_COMMON
        if Reading.ADJECTIVE in self.reading and self.lower.endswith(_POSSESSIVES):
            return False  # «Орешникова»: from «орешниковый», says the dictionary
        return Reading.COMMON in self.reading

    @property
    def given(self) -> bool:
        """Whether it can be a given name."""
        return self._remembered("given", self._is_given)

    def _is_given(self) -> bool:
        if self.cyrillic:
            return Reading.GIVEN in self.reading or self.lower.replace("ё", "е") in EXTRA_GIVEN
        return latin_key(self.lower) in LATIN_GIVEN

    def _remembered(self, fact: str, find_out: Callable[[], bool]) -> bool:
        """A word is asked about again and again: at every place, by every rule, in every round of redaction."""
        key = (fact, self.text)
        found = self.lexicon.facts.get(key)
        if found is None:
            found = self.lexicon.facts[key] = find_out()
        return found

    @property
    def only_given(self) -> bool:
        """Whether it is hardly anything but a given name."""
        key = self.lower if self.cyrillic else latin_key(self.lower)
        return self.given and not self.common and key not in PRODUCT_NAMES and self.lower not in PRODUCT_NAMES

    @property
    def patronymic(self) -> bool:
        """Whether it can be a patronymic."""
        return self._remembered("patronymic", self._is_patronymic)

    def _is_patronymic(self) -> bool:
        if not self.cyrillic:
            return False
        reading = self.reading
        if reading is not Reading.UNKNOWN:
            return Reading.PATRONYMIC in reading
        lower = self.lower
        # Every pattern's ending has one of the two; to ask RE2 costs twenty times as much.
        return ("ич" in lower or "вн" in lower) and _PATRONYMIC.fullmatch(lower) is not None

    @property
    def surname(self) -> bool:
        """Whether it is known, or ends, as a surname."""
        return self._remembered("surname", self._is_surname)

    def _is_surname(self) -> bool:
        if not self.cyrillic:
            return self.lower not in ENGLISH_COMMON and (
                latin_key(self.lower) in LATIN_SURNAMES or _LATIN_SURNAME_ENDING.fullmatch(self.lower) is not None
            )
        if Reading.SURNAME in self.reading or self.lower in ASIAN_SURNAMES:
            return True
        if self.given and self.lower.endswith(("ов", "ев")):
            return True  # «Абдулмеджидов»: of several men called Абдулмеджид, says the dictionary
        return (
            not self.common and not self.given and SURNAME_ENDING.fullmatch(self.lower.rpartition("-")[2]) is not None
        )

    @property
    def unknown(self) -> bool:
        """Whether no list and no dictionary has it."""
        if self.cyrillic:
            return self.reading == Reading.UNKNOWN
        return self.lower not in ENGLISH_COMMON
