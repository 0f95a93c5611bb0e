"""What two spellings of one text have in common.

A PDF export, a phone keyboard and a language model write the same words differently: in another case, with
full-width or combining characters, with `ё` or `е`, with a Latin `C` in `1С`, with soft hyphens and
zero-width characters between the letters. Everything that compares texts compares them after `fold`.
"""

import re
import unicodedata

# Unicode calls these letters or marks, but they print nothing: fillers, joiners and the Braille blank.
_BLANK_LETTERS = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0")
_LINE_ENDS = frozenset("\r\v\f\x1c\x1d\x1e\x85\u2028\u2029")
_VARIATION_SELECTORS = frozenset(map(chr, (*range(0xFE00, 0xFE10), *range(0xE0100, 0xE01F0))))
# Format (zero-width, bidi controls, tag characters, soft hyphen), control, and lone surrogates, which UTF-8
# lacks: the HTTP client would fail.
_INVISIBLE_CATEGORIES = frozenset({"Cf", "Cc", "Cs"})
_PRIVATE_USE = "Co"
_SOFT_HYPHEN_AT_LINE_END = re.compile("\u00ad[ \t]*\r?\n[ \t]*")

_CYRILLIC_LOOKALIKES = "авекмнорстухіјѕ"
_LATIN_LOOKALIKES = "abekmhopctyxijs"
_TO_LATIN = str.maketrans(_CYRILLIC_LOOKALIKES, _LATIN_LOOKALIKES)
_TO_CYRILLIC = str.maketrans(_LATIN_LOOKALIKES[:12], _CYRILLIC_LOOKALIKES[:12])
_ALPHANUMERIC_RUN = re.compile(r"[^\W_]+")


class _Table(dict[int, int | str | None]):
    """A `str.translate` table that works each character out once, when it is first met."""

    def __init__(self, *, keep_marks: bool) -> None:
        super().__init__()
        self._keep_marks = keep_marks

    def __missing__(self, code: int) -> int | str | None:
        character = chr(code)
        replacement: int | str | None = code
        if character in _LINE_ENDS:
            replacement = "\n"
        elif is_invisible(character):
            replacement = None
        elif unicodedata.category(character) == _PRIVATE_USE:
            replacement = " "  # a bullet of an icon font, between words
        elif not self._keep_marks and unicodedata.category(character) in {"Mn", "Me"}:
            replacement = None
        elif character in "™®©":
            replacement = " "  # NFKD would glue "TM" to the word
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


_VISIBLE = _Table(keep_marks=True)
_UNMARKED = _Table(keep_marks=False)


def visible(text: str) -> str:
    """The text as a person sees it: invisible and control characters gone, every line end a newline.

    The result can be encoded as UTF-8 and stored by Postgres (no lone surrogates, no NUL).
    """
    return _SOFT_HYPHEN_AT_LINE_END.sub("", text).replace("\r\n", "\n").translate(_VISIBLE)


def one_line(text: str) -> str:
    """The visible text with every run of whitespace made one space, and none at the ends."""
    return " ".join(visible(text).split())


def unmarked(text: str) -> str:
    """The visible text in compatibility form (NFKD), lower case, without accents (`ё` is `е`, `й` is `и`)."""
    decomposed = unicodedata.normalize("NFKD", visible(text))
    return unicodedata.normalize("NFKD", decomposed.casefold()).translate(_UNMARKED)


def fold(text: str) -> str:
    """`unmarked`, with look-alike letters of the other alphabet put right word by word.

    Folding twice changes nothing. Punctuation and line ends stay, so that sentences can still be told apart.
    """
    return in_one_alphabet(unmarked(text))


def in_one_alphabet(unmarked_text: str) -> str:
    """The second half of `fold`: as many characters come out as go in."""
    return _ALPHANUMERIC_RUN.sub(lambda match: _one_alphabet(match[0]), unmarked_text)


def _one_alphabet(word: str) -> str:
    # `1С`, `СRМ` and `ignоre` become Latin; `Pабота` with a Latin P becomes Cyrillic.
    if word.isascii():
        return word
    cyrillic = [letter for letter in word if "Ѐ" <= letter <= "ӿ"]
    foreign = any("a" <= letter <= "z" for letter in word) or any(map(str.isdecimal, word))
    if not cyrillic or not foreign:
        return word
    if all(letter in _CYRILLIC_LOOKALIKES for letter in cyrillic):
        return word.translate(_TO_LATIN)
    return word.translate(_TO_CYRILLIC)
