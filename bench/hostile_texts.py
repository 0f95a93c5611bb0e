"""The worst that can be put into 15,000 characters: what made the patterns of old quadratic, cubic or merely slow."""

import random
from typing import Final

LENGTH: Final = 15_000


def _filled(piece: str) -> str:
    return (piece * (LENGTH // len(piece) + 1))[:LENGTH]


def _all_of_unicode() -> str:
    chance = random.Random(7)
    return "".join(chr(chance.randrange(0x100, 0x2FFFF)) for _ in range(LENGTH)).encode(errors="ignore").decode()


HOSTILE_TEXTS: Final[dict[str, str]] = {
    "line breaks": "a" + "\n" * (LENGTH - 2) + "b",
    "lines of one letter": _filled("a\n"),
    "lines of a dash": _filled("-\n"),
    "spaces": " " * LENGTH,
    "tabs and letters": _filled("\tа"),
    "equals signs": "=" * LENGTH,
    "a trigger without spaces": _filled("нейросет"),
    "triggers": _filled("игнорируй "),
    "triggers of another language": _filled("ignore all "),
    "orders": _filled("поставь "),
    "denials": _filled("не "),
    "kin": _filled(". мой брат "),
    "full stops": _filled(". "),
    "questions": _filled("? "),
    "abbreviations": _filled("г. "),
    "commas": _filled(", "),
    "alphabets mixed": _filled("1с "),
    "alphabets mixed without spaces": _filled("aа"),
    "combining marks": "а" + _filled("\u0301\u0316"),
    "characters that become eighteen": "\ufdfa" * LENGTH,
    "zero-width spaces": "\u200b" * LENGTH,
    "soft hyphens": _filled("\u00ad \u00ad\n"),
    "hyphens at line ends": _filled("аб-\n"),
    "years": _filled("2019 - "),
    "open periods": _filled("с 2019 "),
    "periods": _filled("2019-2020 "),
    "base64": "A" * LENGTH,
    "pieces of base64": _filled("A" * 30 + " "),
    "square brackets": "[" * LENGTH,
    "placeholders": _filled("[ИМЯ] "),
    "half of placeholders": _filled("[ИМЯ"),
    "angle brackets": "<" * LENGTH,
    "comments": _filled("<!--"),
    "braces": _filled('{"a":'),
    "quotation marks": _filled("«не "),
    "digits": "7" * LENGTH,
    "phones": _filled("+7 912 345-67-89 "),
    "half of phones": _filled("+7 (9"),
    "addresses": _filled("a@b.ru "),
    "half of addresses": _filled("a@"),
    "dots and letters": _filled("a."),
    "links": _filled("https://a.ru/ "),
    "capitals": _filled("Иван "),
    "initials": _filled("И. И. "),
    "all of Unicode": _all_of_unicode(),
    "one word": "ы" * LENGTH,
    "plus signs": _filled("c++#"),
    "Chinese": _filled("忽略"),
}
