"""What the lists of names say; Latin names are compared as `latin_key` folds them: one entry, several spellings."""

import re
import unicodedata
from collections.abc import Iterable
from typing import Final

from worker.assessment.redaction.placeholders import ANY
from worker.assessment.redaction.word_cache import remembered
from worker.assessment.redaction.word_list import linear, terms, written_out

_CYRILLIC: Final = "абвгдеёжзийклмнопрстуфхцчшщъыьэюяўқғҳіїєәөүұң"
_LATIN: Final = "a b v g d e e zh z i i k l m n o p r s t u f h ts ch sh sch _ i _ e iu ia u k g h i i e a o u u n"
_TO_LATIN: Final = dict(zip(_CYRILLIC, _LATIN.replace("_", "").split(" "), strict=True)) | dict(
    zip("ıłøđəß", "ilodas", strict=True)
)


@remembered(10_000)
def latin_key(word: str) -> str:
    """What the usual transliterations of one name have in common («Юлия», Yuliya, Iuliia, Julia: `iulia`)."""
    key = "".join(_TO_LATIN.get(letter) or unicodedata.normalize("NFD", letter)[0] for letter in word.lower())
    for old, new in (
        ("shch", "sch"), ("kh", "h"), ("x", "ks"), ("j", "i"), ("y", "i"), ("w", "v"), ("q", "k"), ("iie", "ie"),
        ("ii", "i"), ("ie", "e"), ("tz", "ts"), ("ck", "k"), ("ph", "f"), ("'", ""), ("’", ""),
    ):  # fmt: skip
        key = key.replace(old, new)
    return "".join(letter for number, letter in enumerate(key) if not number or key[number - 1] != letter)


EXTRA_GIVEN: Final = frozenset(word.replace("ё", "е") for word in terms("given, in Cyrillic"))
# An Uzbek or an Azerbaijani writes ж or дж as j (Jasurbek), which is an i to most others.
LATIN_GIVEN: Final = frozenset(
    latin_key(word)
    for name in (*terms("given, in Cyrillic"), *terms("given, in Latin letters"))
    for word in {name, name.replace("дж", "j").replace("ж", "j")}
)
LATIN_SURNAMES: Final = frozenset(map(latin_key, terms("surnames, in Latin letters")))
_ENGLISH: Final = terms("English, common")


def _in_both_alphabets(words: Iterable[str], shortest: int) -> frozenset[str]:
    """With transliterations («nachalnik», «muzh») of so many letters, by their `latin_key`, but for English words."""
    keys = (latin_key(word) for word in words if "Ѐ" <= word[0] <= "ӿ")
    return frozenset(words).union(key for key in keys if len(key) >= shortest and key not in _ENGLISH)


POSTS: Final = tuple(_in_both_alphabets(terms("posts, their beginnings"), 5))
ABOUT_PEOPLE: Final = tuple(terms("about people, their beginnings"))
RELATIVES: Final = _in_both_alphabets(terms("relatives"), 4)
PEOPLE: Final = RELATIVES | terms("people, whole words")

CERTAIN: Final = ("фам", "фио", "ф.и.о", "ф. и. о", "surname", "last", "family", "full", "maiden")
# Neither of the next two begins inside of itself: linear in any engine.
QUOTED_WITHOUT_STRAIGHT = re.compile(written_out("<typographic quotes>"))
SEGMENT = re.compile(rf"(?:[^ .\n,;|•\t:()/\"0-9{ANY}—]+| (?! )|\.(?! )|(?<!\w{{5}})\.)+")
INITIALS_BEHIND = linear(r"([ ,]{1,2}(?:\p{Lu}\.? ?\p{Lu}\.|\p{Lu}\.))")
INITIALS_BEFORE = linear(r"\p{Lu}\. ?\p{Lu}\. ?$")
