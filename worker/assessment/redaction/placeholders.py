"""What stands in a text instead of a person's data.

While a text is worked on, a placeholder is a single character of Unicode's private use area, which `visible` lets no
stranger bring in: patterns meet one character that is neither letter nor digit nor space. `spelled` writes it out as
one word or two in brackets («[ИМЯ]»), and `unspelled` reads it back, so that redacting twice changes nothing.
"""

import re
from enum import StrEnum
from typing import Final

Kind = StrEnum(
    "Kind", "NAME PHONE EMAIL LINK HANDLE BIRTH_DATE AGE SEX FAMILY CITIZENSHIP ADDRESS DOCUMENT PHOTO PERSON"
)
"""What was redacted, by the code under which it is counted; a person is several of the others, side by side."""
_WORDS: Final = (
    "ИМЯ|ТЕЛЕФОН|EMAIL|ССЫЛКА|НИК|ДАТА РОЖДЕНИЯ|ВОЗРАСТ|ПОЛ|СЕМЬЯ|ГРАЖДАНСТВО|АДРЕС|ДОКУМЕНТ|ФОТО|ЛИЧНЫЕ ДАННЫЕ"
)
WORDS: Final = dict(zip(Kind, _WORDS.split("|"), strict=True))
SPELLINGS: Final = {kind: f"«[{word}]»" for kind, word in WORDS.items()}
SYMBOLS: Final = {kind: chr(0xE000 + number) for number, kind in enumerate(Kind)}
KIND_OF: Final = {symbol: kind for kind, symbol in SYMBOLS.items()}
# For the inside of a character class in a pattern.
ANY: Final = f"{SYMBOLS[Kind.NAME]}-{SYMBOLS[Kind.PERSON]}"

MATCH: Final = "\ue0fd"  # where a match begins (`last_looks`)
JOINT: Final = "\ue0fe"
"""A line end inside of a word, an e-mail address or a link, as it is looked at (`sheet`)."""

_SPELLING: Final = re.compile(rf"«\[({_WORDS})\]»")
_SYMBOL_OF_WORD: Final = {word: SYMBOLS[kind] for kind, word in WORDS.items()}
MARK: Final = re.compile(f"[{ANY}]")

Span = tuple[int, int, Kind]


def spelled(text: str) -> str:
    """The text with every placeholder written out."""
    return MARK.sub(lambda match: SPELLINGS[KIND_OF[match[0]]], text)


def unspelled(text: str) -> str:
    """The text with every written placeholder as one character."""
    return str(_SPELLING.sub(lambda match: _SYMBOL_OF_WORD[match[1]], text)) if "«[" in text else text
