"""Whether the words that stand together are a name, and nothing else."""

from worker.assessment.redaction.linear_pattern import linear
from worker.assessment.redaction.name_lists import BRANDS, ENGLISH_COMMON, PRODUCT_NAMES, TURKIC_PARTICLES
from worker.assessment.redaction.name_word import SURNAME_ENDING, Word

_RUSSIAN_ENDING = linear(
    r"[\p{L}\-']{2,}(?:ov|ova|ev|eva|off|inin|inina|ruk|sky|skiy|skaya|tsky|enko|chuk|yan|"
    r"shvili|idze|edze|adze|zade|khelia|"
    r"vich|vych|ykh|ikh)"
)


def is_a_name(words: list[Word], *, first: bool) -> bool:
    """Whether words that stand alone are one person's name.

    Args:
        words: those of a segment of a line.
        first: whether it stands in the text's first line, where a common word may be a name.
    """
    if " ".join(word.lower for word in words[:2]) in BRANDS:
        return False
    long = [word for word in words if len(word.text) > 1]
    if all(not word.cyrillic for word in words):
        return is_a_latin_name(words)
    if not all(word.cyrillic for word in words) or not long:
        return False
    if any(word.patronymic or word.lower in TURKIC_PARTICLES for word in long):
        return any(word.given or word.unknown or word.surname for word in long) and (
            sum(not may_be_named(word) for word in long) <= 1
        )
    if any(word.lower in PRODUCT_NAMES for word in long) and not any(
        SURNAME_ENDING.fullmatch(word.lower) for word in long
    ):
        return False
    strangers = [word for word in long if not may_be_named(word)]
    if strangers:
        # «Анна Король»: beside an unmistakable given name one common word may be a surname.
        return len(long) == 2 and long[0].given and first and all(word.capital for word in words)
    if len(long) == 1:
        return long[0].surname and len(words) > 1
    named = sum(word.given or word.surname for word in long)
    if all(word.common for word in long):
        return (named == len(long) or long[0].given) and first and all(word.capital for word in long) and len(long) <= 3
    return bool(named) or (first and all(word.unknown and word.capital for word in long) and len(long) <= 4)


def may_be_named(word: Word) -> bool:
    """Whether it can be a part of a name."""
    return word.given or word.surname or word.patronymic or word.unknown or word.lower in TURKIC_PARTICLES


def is_a_latin_name(words: list[Word]) -> bool:
    """The same for words in Latin letters, wherever they stand."""
    if len(words) > 4 or any(word.lower in ENGLISH_COMMON for word in words):
        return False
    if not all(word.capital for word in words) and not all(word.text.islower() for word in words):
        return False
    ends = {words[0].key, words[-1].key}
    if ends & PRODUCT_NAMES and not any(_RUSSIAN_ENDING.fullmatch(word.lower) for word in words):
        return False
    if any(_RUSSIAN_ENDING.fullmatch(word.lower) for word in words):
        return True  # «Lavrentiy Ryabinin»: one word is on no list, the other ends as no product does
    return any(word.only_given for word in words) or all(word.surname for word in words)
