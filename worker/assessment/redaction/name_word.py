"""A word as a part of a name: what the dictionary, the lists and its ending say that it can be."""

import re
from typing import Final

from worker.assessment.redaction import name_lists as lists
from worker.assessment.redaction.morphology import KEPT_WORDS, Reading, readings
from worker.assessment.redaction.placeholders import JOINT
from worker.assessment.redaction.word_cache import remembered
from worker.assessment.redaction.word_list import pattern

_POSSESSIVES: Final = ("ов", "ова", "ову", "овой", "овым", "ев", "ева", "еву", "евой", "евым")
_LONGEST_ABBREVIATION: Final = 5
_NOUNS: Final = Reading.ANIMATE | Reading.INANIMATE
_PATRONYMIC = pattern("patronymics")
SURNAME_ENDING = pattern("surnames' endings")
_LATIN_SURNAME_ENDING = pattern("surnames' endings in Latin letters")


class Word:
    """What a word can be, wherever it stands."""

    __slots__ = (
        "abbreviation", "animate", "beginning", "brand", "capital", "common", "cyrillic", "given", "key", "lower",
        "only_given", "patronymic", "people", "place", "short", "surname", "telling", "tells_of_a_name", "text", "unknown",
    )  # fmt: skip

    def __init__(
        self, text: str, key: str, reading: Reading, *, common: bool, given: bool, patronymic: bool, surname: bool
    ) -> None:
        """Note what would otherwise be asked of every word of every text."""
        self.text = text
        self.lower = text.lower()
        self.key = key  # under which the lists have it: a Latin word's `latin_key`
        self.beginning = key[:2].replace("ё", "е")
        self.cyrillic = "Ѐ" <= text[0] <= "ӿ"
        self.common = common  # it can name nobody
        self.given = given
        product = self.lower in lists.PRODUCT_NAMES or key in lists.PRODUCT_NAMES
        self.only_given = given and not common and not product  # it is hardly anything but a given name
        self.patronymic = patronymic
        self.surname = surname  # it is known, or ends, as a surname
        self.unknown = reading is Reading.UNKNOWN if self.cyrillic else not common
        self.place = Reading.PLACE in reading
        last = self.lower.rpartition("-")[2]  # «HR-менеджер»
        post = self.lower.startswith(lists.POSTS) or last.startswith(lists.POSTS)
        # What somebody is to somebody: «начальник», «сын», "head".
        self.people = self.lower in lists.PEOPLE or last in lists.PEOPLE or (post and not given)
        self.animate = self.people or (reading & _NOUNS == Reading.ANIMATE and len(text) > 2)  # «сменщик»
                # It begins with a capital letter, or its last part does («аль-Хусейни»); some scripts have no other.
        self.capital = any(part[0] == part[0].upper() for part in (text, *re.split("['-]", text)))
        self.short = len(text) <= 2 and self.capital  # it may be initials, or a part of them
        few = 1 < len(text) <= _LONGEST_ABBREVIATION and text.isupper()
        self.abbreviation = few and not (given or surname or patronymic)  # a few capitals that no list has
        self.brand = self.lower in lists.FIRST_OF_BRANDS  # a company that is called like a person may begin with it
        # Running text is searched for it: others are names beside it only.
        named = (given or (surname and self.cyrillic and not common)) and self.capital
        self.tells_of_a_name = patronymic or named or self.lower in lists.TURKIC_PARTICLES
        beside = self.animate or self.lower in lists.TITLES or self.brand
        self.telling = beside or self.short or self.tells_of_a_name


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
        text, lower, reading, common=common, given=given,
        patronymic=Reading.PATRONYMIC in reading or (telling and _PATRONYMIC.fullmatch(lower) is not None),
        surname=Reading.SURNAME in reading
        or lower in lists.ASIAN_SURNAMES
        # «Абдулмеджидов»: of several men called Абдулмеджид, says the dictionary.
        or (given and lower.endswith(("ов", "ев")))
        or (not common and not given and SURNAME_ENDING.fullmatch(last) is not None),
    )  # fmt: skip


def _other(text: str) -> Word:
    lower = text.lower()
    key = lists.latin_key(lower)
    common = lower in lists.ENGLISH_COMMON
    given = key in lists.LATIN_GIVEN and lower != "iso"
    surname = not common and (key in lists.LATIN_SURNAMES or _LATIN_SURNAME_ENDING.fullmatch(lower) is not None)
    return Word(text, key, Reading.UNKNOWN, common=common, given=given, patronymic=False, surname=surname)
