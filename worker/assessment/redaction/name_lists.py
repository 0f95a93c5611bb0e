"""What the lists of names say; Latin names are compared as `latin_key` folds them: one entry, several spellings."""

import re
import unicodedata
from typing import Final

from worker.assessment.redaction.placeholders import ANY
from worker.assessment.redaction.word_cache import remembered
from worker.assessment.redaction.word_list import linear, pattern, phrases, words, written_out

_CYRILLIC: Final = "абвгдеёжзийклмнопрстуфхцчшщъыьэюяўқғҳіїєәөүұң"
_LATIN: Final = "a b v g d e e zh z i i k l m n o p r s t u f h ts ch sh sch _ i _ e iu ia u k g h i i e a o u u n"
_TO_LATIN: Final = dict(zip(_CYRILLIC, _LATIN.replace("_", "").split(" "), strict=True))


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


_CYRILLIC_GIVEN: Final = words("given, in Cyrillic")  # the dictionary knows most of them
EXTRA_GIVEN: Final = frozenset(word.replace("ё", "е") for word in _CYRILLIC_GIVEN)
# An Uzbek or an Azerbaijani writes ж or дж as j (Jasurbek), which is an i to most others.
LATIN_GIVEN: Final = frozenset(
    latin_key(word)
    for name in (*_CYRILLIC_GIVEN, *words("given, in Latin letters"))
    for word in {name, name.replace("дж", "j").replace("ж", "j")}
)
ASIAN_SURNAMES: Final = words("surnames, Asian")  # their endings say nothing
LATIN_SURNAMES: Final = frozenset(map(latin_key, words("surnames, in Latin letters")))
TURKIC_PARTICLES: Final = words("particles, Turkic")
PARTICLES: Final = words("particles")
PRODUCT_NAMES: Final = words("products")  # given names that are more often something else
BRANDS: Final = phrases("brands")
FIRST_OF_BRANDS: Final = frozenset(brand.split()[0] for brand in BRANDS)
ENGLISH_COMMON: Final = words("English, common")  # no line with one of them is a name
RESPECTED: Final = phrases("respect", "|")
RELATIVES: Final = words("relatives")
POSTS: Final = tuple(words("posts, their beginnings"))
PEOPLE: Final = RELATIVES | words("people, whole words")
WORDS_AS_SURNAMES: Final = words("surnames that are words")
PARTS: Final = words("parts of a firm")
TITLES: Final = words("titles")
HEADING_WORDS: Final = words("headings")
SIDEBARS: Final = phrases("sidebars")
ELSEWHERE: Final = words("elsewhere")  # where this comes, no name of somebody follows

# The places where names stand, where names of others stand, and how initials are written.
LABELLED = pattern("labelled names")
CERTAIN = ("фам", "фио", "ф.и.о", "ф. и. о", "surname", "last", "family", "full", "maiden")
BELOW = 2  # the group of those, and (`NAMED_AFTER`) of who gave an atelier its name
INTRODUCED = pattern("introduced names")
# None of the three begins inside of itself: linear in any engine.
QUOTED_WITHOUT_STRAIGHT = re.compile(written_out("<typographic quotes>"))
QUOTED = pattern("quoted")
NAMED_AFTER = pattern("named after")
SEGMENT = re.compile(rf"(?:(?!  )[^\n,;|•\t:()/\"0-9{ANY}—])+")
REFERENCES = pattern("references")
INITIALS_BEHIND = linear(r"([ ,]{1,2}(?:\p{Lu}\.? ?\p{Lu}\.|\p{Lu}\.))")
INITIALS_BEFORE = linear(r"\p{Lu}\. ?\p{Lu}\. ?$")
