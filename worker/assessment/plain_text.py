"""What two spellings of one text have in common.

A PDF export, a phone keyboard and a language model write the same words differently: in another case, with
full-width or combining characters, with `ё` or `е`, with a Latin `C` in `1С`, with soft hyphens and
zero-width characters between the letters. Everything that compares texts compares them after `fold`.

Time is linear in the length. The characters of which most texts are made are copied or lowered by the run; the others
are replaced by `str.translate`, one table lookup each. Unicode's own normalisation is kept away from whole texts: it
sorts runs of combining marks by insertion (15,000 marks take seconds), and one character may become eighteen.
"""

import html
import re
import unicodedata
from collections.abc import Callable
from typing import Final

import re2

# Unicode calls these letters or marks, but they print nothing: fillers, joiners and the Braille blank.
_BLANK_LETTERS = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0")
_LINE_ENDS = frozenset("\r\v\f\x1c\x1d\x1e\x85\u2028\u2029")
_VARIATION_SELECTORS = frozenset(map(chr, (*range(0xFE00, 0xFE10), *range(0xE0100, 0xE01F0))))
# Format (zero-width, bidi controls, tag characters, soft hyphen), control, and lone surrogates, which UTF-8
# lacks: the HTTP client would fail.
_INVISIBLE_CATEGORIES = frozenset({"Cf", "Cc", "Cs"})
_PRIVATE_USE = "Co"
_SOFT_HYPHEN = "\u00ad"

_CYRILLIC_LOOKALIKES = "авекмнорстухіјѕ"
_LATIN_LOOKALIKES = "abekmhopctyxijs"
_TO_LATIN = str.maketrans(_CYRILLIC_LOOKALIKES, _LATIN_LOOKALIKES)
_TO_CYRILLIC = str.maketrans(_LATIN_LOOKALIKES[:12], _CYRILLIC_LOOKALIKES[:12])
_LONE = re.compile(rf"(?<![^\W_])[{_CYRILLIC_LOOKALIKES}](?![^\W_])")
_MIXED = re.compile("[a-z0-9][\u0400-\u04ff]|[\u0400-\u04ff][a-z0-9]")
_MIXED_WORD = re2.compile(r"[\pL\pN]*(?:[a-z0-9][\x{400}-\x{4FF}]|[\x{400}-\x{4FF}][a-z0-9])[\pL\pN]*")

_KEPT_ENTRIES: Final = 20_000  # of a table: texts that use all of Unicode must not fill the memory with it
_LONGEST_EXPANSION: Final = 4  # characters; the few that become more (Arabic ligatures) stay as they are

# All but these are rare: they are visible, and `lower` and two letters are all that folding does to them.
# One class of characters and a plus: linear in any engine, and a fifth of the price of a look-up for each character.
_RARE: Final = re.compile("([^\n\t -~А-яЁё«»—–•]+)")
_ENTITY: Final = re.compile(r"&(?:#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,30});")
_RTF: Final = re.compile(r"(?:\\'[0-9a-fA-F]{2})+")
_ESCAPE: Final = re.compile(r"\\([!-/:-@\[-`{-~])")
_ATTRIBUTES: Final = r"(?:\s+[\w:-]+(?:\s*=\s*(?:\"[^\"]*\"|'[^']*'|[^\s<>\"']+))?)*\s*/?"
# Only what HTML knows: "<Boost>" and "<имя>" are somebody's words.
_BLOCK: Final = re2.compile(
    r"(?i)</?(?:address|article|blockquote|body|br|center|dd|div|dl|dt|h[1-6]|head|header|hr|html|li|main|ol|p|pre|"
    r"section|table|tbody|td|tfoot|th|thead|title|tr|ul)"
    rf"{_ATTRIBUTES}>"
)
_INLINE: Final = re2.compile(
    rf"(?i)</?(?:a|abbr|b|big|code|em|font|i|img|meta|o:p|s|small|span|strike|strong|sub|sup|u){_ATTRIBUTES}>|"
    r"(?s:<style\b.*?</style>|<script\b.*?</script>)"
)
# `re` knows the same letters and digits as `str.isalnum`.
_BETWEEN_WORDS: Final = re.compile(r"[^\w+#\n ]|_")

# A Mac writes й and ё as two characters.
_DECOMPOSED: Final = (("и\u0306", "й"), ("И\u0306", "Й"), ("е\u0308", "ё"), ("Е\u0308", "Ё"))
_UNEVEN: Final = re.compile(r"[^\n\t -)+-_a-}А-яЁё«»“”„•]+")
_LONG_DASHES: Final = frozenset("–—―⸺⸻")
_FORMS: Final = {"-": "−⁃", " ": "*~", "'": "`ʻʼ‘’´ʹ′", "•": "·∙‣●○▪▫◦■□►▶✓✔", "|": "│┃¦"}


class _Table(dict[int, int | str | None]):
    """A `str.translate` table that works each character out when it is first met."""

    def __init__(self, replacement: Callable[[str], int | str | None]) -> None:
        super().__init__()
        self._replacement = replacement

    def __missing__(self, code: int) -> int | str | None:
        replacement = self._replacement(chr(code))
        if len(self) < _KEPT_ENTRIES:
            self[code] = replacement
        return replacement


def is_invisible(character: str) -> bool:
    """Whether a person looking at the text would miss this character (tab and newline count as visible)."""
    if character in "\n\t" or character in _LINE_ENDS:
        return False
    return (
        character in _BLANK_LETTERS
        or character in _VARIATION_SELECTORS
        or unicodedata.category(character) in _INVISIBLE_CATEGORIES
    )


def _seen(character: str) -> int | str | None:
    if character in _LINE_ENDS:
        return "\n"
    if is_invisible(character):
        return None
    # As an icon font's bullet looks.
    return "•" if unicodedata.category(character) == _PRIVATE_USE else ord(character)


def _bare(character: str) -> int | str | None:
    if character in "™®©№":
        return " "  # compatibility form would glue "TM" to the word, and make a denial of "№"
    seen = _seen(character)
    if not isinstance(seen, int):
        return seen
    folded = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", character).casefold())
    bare = "".join(part for part in folded if unicodedata.category(part) not in {"Mn", "Me"})
    return bare if len(bare) <= _LONGEST_EXPANSION else seen


_VISIBLE = _Table(_seen)


def _even(character: str) -> str:
    if character in _LONG_DASHES:
        return "—"
    category = unicodedata.category(character)
    if category in {"Pd", "Zs"}:
        return "-" if category == "Pd" else " "
    folded = unicodedata.normalize("NFKC", character)
    return folded if len(folded) == 1 else character


_UNMARKED = _Table(_bare)
_EVEN = _Table(_even)
_EVEN.update({ord(sign): form for form, signs in _FORMS.items() for sign in signs})
_ONLY_INVISIBLE = _Table(lambda character: ord(character) if is_invisible(character) else None)


def decoded(text: str) -> str:
    """The text with HTML entities, RTF's bytes and Markdown's escapes written as the characters that they stand for.

    Once: what comes out of it is not decoded again.
    """
    if "&" in text:
        text = _ENTITY.sub(lambda match: html.unescape(match[0]), text)
    if "\\" in text:
        text = _RTF.sub(lambda match: bytes.fromhex(match[0].replace("\\'", "")).decode("cp1251", "replace"), text)
        text = _ESCAPE.sub(r"\1", text)
    return text


def visible(text: str) -> str:
    """The text as a person sees it: invisible and control characters gone, every line end a newline.

    The result can be encoded as UTF-8 and stored by Postgres (no lone surrogates, no NUL).
    """
    return _RARE.sub(lambda match: match[0].translate(_VISIBLE), _lines(text))


def readable(text: str) -> str:
    """The text as its reader sees it: `visible`, `decoded`, without HTML's tags; those of blocks become line ends."""
    shown = visible(decoded(text))
    for decomposed, composed in _DECOMPOSED:
        shown = shown.replace(decomposed, composed)
    return str(_INLINE.sub("", _BLOCK.sub("\n", shown))) if "<" in shown else shown


def even(visible_text: str) -> str:
    """The text, character for character, with one form for all that only looks different.

    Dashes are "-" or "—", blanks, asterisks and tildes " ", apostrophes "'", bullets "•", full-width characters ASCII.
    """
    return _UNEVEN.sub(lambda match: match[0].translate(_EVEN), visible_text)


def invisible(text: str) -> str:
    """The invisible characters of a text, in order."""
    return "".join(_RARE.findall(text)).translate(_ONLY_INVISIBLE)


def one_line(text: str) -> str:
    """The visible text with every run of whitespace made one space, and none at the ends."""
    return " ".join(visible(text).split())


def unmarked(text: str) -> str:
    """The visible text in compatibility form, lower case, without accents (`ё` is `е`, `й` is `и`)."""
    pieces = _RARE.split(_lines(text))  # every other one is rare
    pieces[::2] = [piece.lower().replace("ё", "е").replace("й", "и") for piece in pieces[::2]]
    pieces[1::2] = [piece.translate(_UNMARKED) for piece in pieces[1::2]]
    return "".join(pieces)


def fold(text: str) -> str:
    """`unmarked`, with look-alike letters of the other alphabet put right word by word; a lone one becomes Latin.

    Folding twice changes nothing. Punctuation and line ends stay, so that sentences can still be told apart.
    """
    bare = unmarked(text)
    if bare.isascii():
        return bare
    bare = _LONE.sub(lambda match: match[0].translate(_TO_LATIN), bare)  # "категории С", "С++"
    return str(_MIXED_WORD.sub(lambda match: _one_alphabet(match[0]), bare)) if _MIXED.search(bare) else bare


def between_words(folded: str) -> str:
    """The folded text with a space for every character that is no part of a word; line ends stay."""
    return _BETWEEN_WORDS.sub(" ", folded)


def words_of(bare: str) -> list[str]:
    """The words of what `between_words` returned, in order: letters and digits, and `C++`, `C#` and their like.

    Elsewhere a sign is punctuation: "5+" and "#1" are numbers.
    """
    found = bare.split()
    if "+" not in bare and "#" not in bare:
        return found
    return [word for piece in found for word in _without_signs(piece)]


def _without_signs(piece: str) -> list[str]:
    if piece.isalnum():
        return [piece]
    stem = piece.rstrip("+#")
    sign = piece[len(stem) :]
    if stem.isalnum() and not stem[-1].isdecimal() and sign[:2] in {"++", "#"}:
        return [stem + sign[:2]]
    return piece.replace("+", " ").replace("#", " ").split()


def _lines(text: str) -> str:
    # A word that a soft hyphen broke over two lines is whole again.
    return text.replace("\r\n", "\n").replace(_SOFT_HYPHEN + "\n", "")


def _one_alphabet(word: str) -> str:
    # `1С`, `СRМ` and `ignоre` become Latin; `Pабота` with a Latin P becomes Cyrillic.
    cyrillic = [letter for letter in word if "Ѐ" <= letter <= "ӿ"]
    if all(letter in _CYRILLIC_LOOKALIKES for letter in cyrillic):
        return word.translate(_TO_LATIN)
    return word.translate(_TO_CYRILLIC)
