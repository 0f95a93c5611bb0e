"""A word as a part of a name: what dictionary, lists and ending say; and whether words are a whole one."""

import re
from typing import Final

from worker.assessment.redaction import name_lists as lists
from worker.assessment.redaction.morphology import KEPT_WORDS, Reading, readings
from worker.assessment.redaction.placeholders import JOINT
from worker.assessment.redaction.word_cache import remembered
from worker.assessment.redaction.word_list import pattern, terms

_POSSESSIVES: Final = ("ов", "ова", "ову", "овой", "овым", "ев", "ева", "еву", "евой", "евым")
_PATRONYMICS: Final = ("ovich", "evich", "ovna", "evna", "ichna")  # transliterated
_LONGEST_ABBREVIATION: Final = 5
_NOUNS: Final = Reading.ANIMATE | Reading.INANIMATE
SURNAME_ENDING = pattern("surnames' endings")
_SHORT: Final = 3  # letters of an abbreviation


class Word:
    """What a word can be, wherever it stands."""

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
        product = self.lower in terms("products") or key in terms("products")
        self.only_given = given and not common and not product  # it is hardly anything but a given name
        self.patronymic = patronymic
        self.surname = surname  # it is known, or ends, as a surname
        self.unknown = reading is Reading.UNKNOWN if self.cyrillic else not common
        self.place = Reading.PLACE in reading
        turkic = self.lower in terms("particles, Turkic")
        self.nameable = given or surname or patronymic or self.unknown or turkic  # it can be a part of a name
        last = self.lower.rpartition("-")[2]  # «HR-менеджер»
        # «Технология» begins like a post.
        begins = key.startswith(lists.POSTS) or last.startswith(lists.POSTS)
        post = (begins and reading & _NOUNS != Reading.INANIMATE) or self.lower.startswith(lists.ABOUT_PEOPLE)
        # What somebody is to somebody: «сын», or at work: «начальник», "head".
        kin = not given and not lists.RELATIVES.isdisjoint((self.lower, key))
        self.people = kin or not lists.PEOPLE.isdisjoint((self.lower, last)) or (post and not given)
        # It begins with a capital letter, or its last part does («аль-Хусейни»); some scripts have no other.
        self.capital = any(part[0] == part[0].upper() for part in (text, *re.split("['-]+", text)))
        self.short = len(text) <= 2 and self.capital  # it may be initials, or a part of them
        few = 1 < len(text) <= _LONGEST_ABBREVIATION and text.isupper()
        self.abbreviation = few and not (given or surname or patronymic)  # a few capitals that no list has
        # Running text is searched for it: others are names beside it only.
        self.tells_of_a_name = patronymic or (given and self.capital)


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
    adjective = Reading.ADJECTIVE in reading and lower.endswith(_POSSESSIVES) and len(lower) > 3
    common = Reading.COMMON in reading and not adjective
    given = Reading.GIVEN in reading or lower.replace("ё", "е") in lists.EXTRA_GIVEN
    # Every pattern's ending of a patronymic has one of the two; to ask RE2 costs twenty times as much.
    telling = reading is Reading.UNKNOWN and ("ич" in lower or "вн" in lower)
    return Word(
        text, lower, reading, common=common, given=given,
        patronymic=Reading.PATRONYMIC in reading or (telling and pattern("patronymics").fullmatch(lower) is not None),
        surname=Reading.SURNAME in reading
        or lower in terms("surnames, Asian")
        # «Абдулмеджидов»: of several men called Абдулмеджид, says the dictionary.
        or (given and lower.endswith(("ов", "ев")) and len(lower) > 3)
        or (not common and not given and SURNAME_ENDING.fullmatch(last) is not None),
    )  # fmt: skip


def _other(text: str) -> Word:
    lower = text.lower().removesuffix("'s")
    key = lists.latin_key(lower)
    common = lower in terms("English, common")
    given = key in lists.LATIN_GIVEN and lower != "iso"
    ending = pattern("surnames' endings in Latin letters")
    surname = not common and (key in lists.LATIN_SURNAMES or ending.fullmatch(lower) is not None)
    patronymic = lower.endswith(_PATRONYMICS) and not given
    return Word(text, key, Reading.UNKNOWN, common=common, given=given, patronymic=patronymic, surname=surname)


def is_a_name(words: list[Word], *, first: bool, stranger: bool) -> bool:
    """Whether two or more words that stand alone are one person's name.

    In the text's first line a common word may be one; for a `stranger`, words that nobody knows are one.
    """
    bare = [word for word in words if word.lower not in terms("particles")]
    words = bare if len(bare) > 1 else words
    long = [word for word in words if len(word.text) > 1]
    small = any(len(word.text) == 1 and not word.capital for word in words)  # «Джонсон и Джонсон»
    if small or not long or len(words) < 2 or len({word.cyrillic for word in words}) > 1:
        return False
    if long[0].cyrillic:
        return _is_a_cyrillic_name(long, first=first, stranger=stranger)
    return _is_a_latin_name(words, stranger=stranger)


def _is_a_cyrillic_name(long: list[Word], *, first: bool, stranger: bool) -> bool:
    capital, named = all(word.capital for word in long), any(word.given or word.surname for word in long)
    if any(word.patronymic or word.lower in terms("particles, Turkic") for word in long):
        strange = sum(not word.nameable for word in long)
        return strange <= 1 or (capital and len(long) == 3)  # «Щебетуха Ёлка Ивановна»
    product = any(word.lower in terms("products") for word in long)
    if product and not any(SURNAME_ENDING.fullmatch(word.lower) for word in long):
        return False
    if _are_abbreviations(long) and not stranger:
        return False
    if not all(word.nameable for word in long):
        # «Анна Король»: beside an unmistakable given name one common word may be a surname.
        sure = (first and long[0].given) or (stranger and any(word.only_given for word in long))
        return capital and len(long) == 2 and sure
    if all(word.common for word in long):
        return named and first and capital
    if not capital and any(word.capital for word in long):
        return False
    return named or (stranger and capital and len(long) <= 4)


def _is_a_latin_name(words: list[Word], *, stranger: bool) -> bool:
    if any(word.lower in terms("English, common") for word in words):
        return False
    if not all(word.capital for word in words) and not all(word.text.islower() for word in words):
        return False
    if {words[0].key, words[-1].key} & terms("products") and not stranger:
        return False
    russian = pattern("surnames' endings in Latin letters, Russian ones")
    if all(word.surname for word in words) or any(russian.fullmatch(word.lower) for word in words):
        return True  # «Lavrentiy Ryabinin»: one word is on no list, the other ends as no product does
    alike = not any(word.abbreviation for word in words) or all(word.text.isupper() for word in words)
    if alike and any(word.only_given for word in words):  # not «Clara NLP»
        return True
    return stranger and words[0].capital and not _are_abbreviations(words)  # "Oluwaseun Adeyemi"


def _are_abbreviations(words: list[Word]) -> bool:
    """«НАКС НГДО»; in a line of capitals a name has a word of some length."""
    short = any(word.abbreviation and (word.cyrillic or len(word.text) <= _SHORT) for word in words)
    return short and not all(word.text.isupper() and len(word.text) > _SHORT for word in words)
