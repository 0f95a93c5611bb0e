"""The grammatical cases of names: what of a name stays the same, and which endings it takes."""

from typing import Final

from worker.assessment.redaction.word_list import words

_ADJECTIVE_ENDINGS: Final = words("endings of adjectives")
_POSSESSIVE_ENDINGS: Final = words("endings of possessives") | {""}
NOUN_ENDINGS: Final = words("endings of nouns") | {""}
_GIVEN_ENDINGS: Final = words("endings of given names") | {""}
_SOFT_ENDINGS: Final = words("endings of soft nouns")
_VOWEL_ENDINGS: Final = words("endings of nouns with a vowel")


def declined(surname: str) -> tuple[str, frozenset[str]]:
    """The unchanging beginning of a lower-case Cyrillic name, and the endings that its grammatical cases have."""
    if len(surname) > 4 and surname[-2:] in _ADJECTIVE_ENDINGS and surname[-4:-2] in {"ск", "цк"}:
        return surname[:-2], _ADJECTIVE_ENDINGS
    for ending in ("а", "у", "ым", "ой", "е", "ых", ""):
        base = surname.removesuffix(ending) if ending else surname
        if surname.endswith(ending) and len(base) > 3 and base.endswith(("ов", "ев", "ёв", "ин", "ын")):
            return base, _POSSESSIVE_ENDINGS
    if surname.endswith(("ая", "яя", "ый", "ий", "ой")) and len(surname) > 4:
        return surname[:-2], _ADJECTIVE_ENDINGS
    if surname.endswith(("ых", "их", "о", "е", "у", "и", "э", "ю")):
        return surname, frozenset([""])
    if surname.endswith(("а", "я")):
        return surname[:-1], _VOWEL_ENDINGS
    if surname.endswith(("ь", "й")):
        return surname[:-1], _SOFT_ENDINGS
    return surname, NOUN_ENDINGS


def declined_given(name: str) -> tuple[str, frozenset[str]]:
    """The same for a given name: «Иванов» is no form of «Иван»."""
    if name.endswith(("а", "я")):
        return name[:-1], _VOWEL_ENDINGS
    if name.endswith(("ь", "й")):
        return name[:-1], _SOFT_ENDINGS
    return name, _GIVEN_ENDINGS


def is_declined(word: str, stems: dict[str, frozenset[str]], longest: int) -> bool:
    """Whether a word is one of the stems with an ending that this stem has.

    Args:
        word: in small letters.
        stems: the endings of each.
        longest: letters of the longest stem.
    """
    shortest = max(1, len(word) - 3)
    return any(
        word[length:] in stems.get(word[:length], ()) for length in range(min(len(word), longest), shortest - 1, -1)
    )
