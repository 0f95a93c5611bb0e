"""Whether the words that stand together are a name, and nothing else."""

from worker.assessment.redaction import name_lists as lists
from worker.assessment.redaction.name_word import SURNAME_ENDING, Word
from worker.assessment.redaction.word_list import pattern

_SHORT = 3  # letters of an abbreviation
_RUSSIAN_ENDING = pattern("surnames' endings in Latin letters, Russian ones")


def is_a_name(words: list[Word], *, first: bool, stranger: bool) -> bool:
    """Whether two or more words that stand alone are one person's name.

    In the text's first line a common word may be one; for a `stranger`, words that nobody knows are one.
    """
    if any(word.capital for word in words):
        words = [word for word in words if word.capital or word.lower not in lists.PARTICLES]
    long = [word for word in words if len(word.text) > 1]
    if all(not word.cyrillic for word in words):
        return _is_a_latin_name(words, stranger=stranger)
    if not all(word.cyrillic for word in words) or not long:
        return False
    if any(word.patronymic or word.lower in lists.TURKIC_PARTICLES for word in long):
        if all(word.capital for word in long) and len(long) == 3 and long[-1].patronymic and not long[-1].common:
            return True  # «Щебетуха Ёлка Ивановна»
        strange = sum(not may_be_named(word) for word in long)
        return strange <= 1 and any(word.given or word.unknown or word.surname for word in long)
    product = any(word.lower in lists.PRODUCT_NAMES for word in long)
    if product and not any(SURNAME_ENDING.fullmatch(word.lower) for word in long):
        return False
    return _is_a_cyrillic_name(words, long, first=first, stranger=stranger)


def _is_a_cyrillic_name(words: list[Word], long: list[Word], *, first: bool, stranger: bool) -> bool:
    capital = all(word.capital for word in long)
    if not stranger and all(word.text.isupper() and len(word.text) <= _SHORT for word in words):
        return False  # «АСУ ТП»
    if stranger and capital and words[0].lower in lists.ASIAN_SURNAMES and len(words) < 4:
        return True  # «Ким Мин Джун»
    if not all(map(may_be_named, long)):
        # «Анна Король»: beside an unmistakable given name one common word may be a surname.
        return len(long) == 2 and capital and (long[0].given if first else stranger and long[0].only_given)
    if len(long) == 1:
        return long[0].surname and len(words) > 1
    named = sum(word.given or word.surname for word in long)
    if all(word.common for word in long):
        return (named == len(long) or long[0].given) and first and capital and len(long) <= 3
    if _are_abbreviations(long) or (capital is False and any(word.capital for word in long)):
        return False
    return bool(named) or (stranger and all(word.unknown for word in long) and capital and len(long) <= 4)


def may_be_named(word: Word) -> bool:
    """Whether it can be a part of a name."""
    return word.given or word.surname or word.patronymic or word.unknown or word.lower in lists.TURKIC_PARTICLES


def _is_a_latin_name(words: list[Word], *, stranger: bool) -> bool:
    if len(words) > 5 or any(word.lower in lists.ENGLISH_COMMON for word in words):
        return False
    if not all(word.capital for word in words) and not all(word.text.islower() for word in words):
        return False
    ends = {words[0].key, words[-1].key}
    if any(_RUSSIAN_ENDING.fullmatch(word.lower) for word in words):
        return True  # «Lavrentiy Ryabinin»: one word is on no list, the other ends as no product does
    if ends & lists.PRODUCT_NAMES and not stranger:
        return False
    if any(word.only_given for word in words) or all(word.surname for word in words):
        return True
    # "Oluwaseun Adeyemi" in the first lines
    return stranger and all(word.capital for word in words) and not _are_abbreviations(words)


def _are_abbreviations(words: list[Word]) -> bool:
    """«НАКС НГДО»; in a line of capitals a name has a word of some length."""
    short = any(word.abbreviation and (word.cyrillic or len(word.text) <= _SHORT) for word in words)
    return short and not all(word.text.isupper() and len(word.text) > _SHORT for word in words)
