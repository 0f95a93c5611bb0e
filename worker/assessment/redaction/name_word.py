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
        # What somebody is to somebody, or at work: «сын», «начальник», "head".
        self.people = (
            self.lower in lists.PEOPLE or last in lists.PEOPLE or (not given and (post or key in lists.PEOPLE))
        )
        # It begins with a capital letter, or its last part does («аль-Хусейни»); some scripts have no other.
        self.capital = any(part[0] == part[0].upper() for part in (text, *re.split("['-]+", text)))
        self.short = len(text) <= 2 and self.capital  # it may be initials, or a part of them
        few = 1 < len(text) <= _LONGEST_ABBREVIATION and text.isupper()
        self.abbreviation = few and not (given or surname or patronymic)  # a few capitals that no list has
        # Running text is searched for it: others are names beside it only.
        named = (given or (surname and self.cyrillic and not common)) and self.capital
        self.tells_of_a_name = patronymic or named or turkic


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
    words = bare if len(bare) > 1 and any(word.capital for word in words) else words
    long = [word for word in words if len(word.text) > 1]
    if all(not word.cyrillic for word in words):
        return _is_a_latin_name(words, stranger=stranger)
    if not all(word.cyrillic for word in words) or not long:
        return False
    if any(word.patronymic or word.lower in terms("particles, Turkic") for word in long):
        if all(word.capital for word in long) and len(long) == 3 and long[-1].patronymic and not long[-1].common:
            return True  # «Щебетуха Ёлка Ивановна»
        strange = sum(not word.nameable for word in long)
        return strange <= 1 and any(word.given or word.unknown or word.surname for word in long)
    product = any(word.lower in terms("products") for word in long)
    if product and not any(SURNAME_ENDING.fullmatch(word.lower) for word in long):
        return False
    return _is_a_cyrillic_name(words, long, first=first, stranger=stranger)


def _is_a_cyrillic_name(words: list[Word], long: list[Word], *, first: bool, stranger: bool) -> bool:
    capital = all(word.capital for word in long)
    if not stranger and all(word.text.isupper() and len(word.text) <= _SHORT for word in words):
        return False  # «АСУ ТП»
    if stranger and capital and words[0].lower in terms("surnames, Asian") and len(words) < 4:
        return True  # «Ким Мин Джун»
    if not all(word.nameable for word in long):
        # «Анна Король»: beside an unmistakable given name one common word may be a surname.
        sure = any(word.only_given for word in long)
        surname = long[0].surname and not long[0].common  # «Рагимханов Селим»: it is a verb, says the dictionary
        return len(long) == 2 and capital and ((first and (long[0].given or surname)) or (stranger and sure))
    if len(long) == 1:
        return long[0].surname and len(words) > 1
    named = sum(word.given or word.surname for word in long)
    if all(word.common for word in long):
        return (named == len(long) or long[0].given) and first and capital and len(long) <= 3
    if _are_abbreviations(long) or (capital is False and any(word.capital for word in long)):
        return False
    return bool(named) or (stranger and all(word.unknown for word in long) and capital and len(long) <= 4)


def _is_a_latin_name(words: list[Word], *, stranger: bool) -> bool:
    if len(words) > 5 or any(word.lower in terms("English, common") for word in words):
        return False
    if not all(word.capital for word in words) and not all(word.text.islower() for word in words):
        return False
    ends = {words[0].key, words[-1].key}
    russian = pattern("surnames' endings in Latin letters, Russian ones")
    if any(russian.fullmatch(word.lower) for word in words):
        return True  # «Lavrentiy Ryabinin»: one word is on no list, the other ends as no product does
    if ends & terms("products") and not stranger:
        return False
    alike = not any(word.abbreviation for word in words) or all(word.text.isupper() for word in words)
    if all(word.surname for word in words) or (alike and any(word.only_given for word in words)):  # not «Clara NLP»
        return True
    # "Oluwaseun Adeyemi" in the first lines
    return stranger and all(word.capital for word in words) and not _are_abbreviations(words)


def _are_abbreviations(words: list[Word]) -> bool:
    """«НАКС НГДО»; in a line of capitals a name has a word of some length."""
    short = any(word.abbreviation and (word.cyrillic or len(word.text) <= _SHORT) for word in words)
    return short and not all(word.text.isupper() and len(word.text) > _SHORT for word in words)
