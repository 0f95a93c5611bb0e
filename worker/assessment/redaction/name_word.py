"""A word as a part of a name: what the dictionary, the lists and its ending say that it can be."""

import re
from dataclasses import dataclass, field
from typing import Final

from worker.assessment.redaction import name_lists as lists
from worker.assessment.redaction.morphology import KEPT_WORDS, Reading, readings
from worker.assessment.redaction.placeholders import JOINT
from worker.assessment.redaction.word_cache import remembered
from worker.assessment.redaction.word_list import pattern

_POSSESSIVES: Final = ("ов", "ова", "ову", "овой", "овым", "ев", "ева", "еву", "евой", "евым")
_LONGEST_ABBREVIATION: Final = 5
_SHORTEST_NOUN: Final = 2
_NOUNS: Final = Reading.ANIMATE | Reading.INANIMATE
_PATRONYMIC = pattern("patronymics")
SURNAME_ENDING = pattern("surnames' endings")
_LATIN_SURNAME_ENDING = pattern("surnames' endings in Latin letters")


@dataclass(frozen=True, slots=True, eq=False)
class Word:
    """What a word can be, wherever it stands."""

    text: str
    lower: str
    key: str  # under which the lists have it: a Latin word's `latin_key`
    cyrillic: bool
    common: bool  # it can name nobody
    given: bool
    only_given: bool  # it is hardly anything but a given name
    patronymic: bool
    surname: bool  # it is known, or ends, as a surname
    unknown: bool  # no list and no dictionary has it
    place: bool = False
    capital: bool = field(init=False)  # it begins with a capital letter, or its last part does: «аль-Хусейни»
    animate: bool = False  # a noun for somebody, «сменщик», or one of the `people`
    people: bool = field(init=False)  # what somebody is to somebody: «начальник», «сын», "head"
    abbreviation: bool = field(init=False)  # a few capitals that no list has
    short: bool = field(init=False)  # it may be initials, or a part of them
    brand: bool = field(init=False)  # a company that is called like a person may begin with it
    telling: bool = field(init=False)  # a text is searched for it
    tells_of_a_name: bool = field(init=False)  # running text is searched for it: others are names beside it only

    def __post_init__(self) -> None:
        """Note what would otherwise be asked of every word of every text."""
        few = 1 < len(self.text) <= _LONGEST_ABBREVIATION and self.text.isupper()
        first, last = self.lower, self.lower.rpartition("-")[2]  # «HR-менеджер»
        capital = any(part[0] == part[0].upper() for part in (self.text, *re.split("['-]", self.text)))
        people = first in lists.PEOPLE or last in lists.PEOPLE
        post = first.startswith(lists.POSTS) or last.startswith(lists.POSTS)
        people = people or (post and not self.given)
        for name, value in (
            ("short", len(self.text) <= 2),
            ("capital", capital),  # some scripts have no other
            ("abbreviation", few and not (self.given or self.surname or self.patronymic)),
            (
                "tells_of_a_name",
                self.patronymic
                or (self.given and capital)
                or (self.surname and self.cyrillic and capital and not self.common)
                or first in lists.TURKIC_PARTICLES,
            ),
            ("people", people),
            ("animate", self.animate or people),
        ):
            object.__setattr__(self, name, value)
        object.__setattr__(self, "brand", first in lists.FIRST_OF_BRANDS)
        beside = self.people or self.animate or first in lists.TITLES or self.brand
        object.__setattr__(self, "telling", beside or self.short or self.tells_of_a_name)


@remembered(KEPT_WORDS)
def word_of(text: str) -> Word:
    """What is known of a word."""
    text = text.replace(JOINT, "")
    return _cyrillic(text) if "Ѐ" <= text[0] <= "ӿ" else _other(text)


def _cyrillic(text: str) -> Word:
    lower = text.lower()
    last = lower.rpartition("-")[2]  # of a double name
    reading = readings(lower) | readings(last)
    # «Орешникова»: from «орешниковый», says the dictionary.
    adjective = Reading.ADJECTIVE in reading and lower.endswith(_POSSESSIVES)
    common = Reading.COMMON in reading and not adjective
    given = Reading.GIVEN in reading or lower.replace("ё", "е") in lists.EXTRA_GIVEN
    # Every pattern's ending of a patronymic has one of the two; to ask RE2 costs twenty times as much.
    telling = reading is Reading.UNKNOWN and ("ич" in lower or "вн" in lower)
    return Word(
        text, lower, lower, cyrillic=True, common=common, given=given,
        only_given=given and not common and lower not in lists.PRODUCT_NAMES,
        patronymic=Reading.PATRONYMIC in reading or (telling and _PATRONYMIC.fullmatch(lower) is not None),
        surname=Reading.SURNAME in reading
        or lower in lists.ASIAN_SURNAMES
        # «Абдулмеджидов»: of several men called Абдулмеджид, says the dictionary.
        or (given and lower.endswith(("ов", "ев")))
        or (not common and not given and SURNAME_ENDING.fullmatch(last) is not None),
        unknown=reading is Reading.UNKNOWN, place=Reading.PLACE in reading,
        animate=reading & _NOUNS == Reading.ANIMATE and len(lower) > _SHORTEST_NOUN,
    )  # fmt: skip


def _other(text: str) -> Word:
    lower = text.lower()
    key = lists.latin_key(lower)
    common = lower in lists.ENGLISH_COMMON
    given = key in lists.LATIN_GIVEN and lower != "iso"
    return Word(
        text, lower, key, cyrillic=False, common=common, given=given, unknown=not common, patronymic=False,
        only_given=given and not common and key not in lists.PRODUCT_NAMES and lower not in lists.PRODUCT_NAMES,
        surname=not common and (key in lists.LATIN_SURNAMES or _LATIN_SURNAME_ENDING.fullmatch(lower) is not None),
    )  # fmt: skip
