"""What two spellings of one text have in common.

A PDF export, a phone keyboard and a language model write the same words differently: in another case, with
full-width or combining characters, with `ё` or `е`, with a Latin `C` in `1С`, with soft hyphens and
zero-width characters between the letters. Everything that compares texts compares them after `fold`.

Time is linear in the length. The characters of which most texts are made are copied or lowered by the run; the others
are looked up. Unicode's own normalisation is kept away from whole texts: it sorts runs of combining marks by insertion
(15,000 marks take seconds), and one character may become eighteen.
"""

import html
import re
import unicodedata
from functools import lru_cache
from typing import Final

import re2

_LINE_ENDS = frozenset("\a\r\v\f\x1c\x1d\x1e\x85\u2028\u2029")
# Unicode calls these letters or marks, but they print nothing: fillers, joiners, Braille's blank, variation selectors.
_BLANK = re.compile("[\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0\ufdd0-\ufdef\ufe00-\ufe0f\U000e0100-\U000e01ef]")
# Format (zero-width, bidi controls, tag characters, soft hyphen), control, and lone surrogates, which UTF-8
# lacks: the HTTP client would fail.
_INVISIBLE_CATEGORIES = frozenset({"Cf", "Cc", "Cs"})

_CYRILLIC_LOOKALIKES = "авекмнорстухіјѕ"
_LATIN_LOOKALIKES = "abekmhopctyxijs"
_TO_LATIN = str.maketrans(_CYRILLIC_LOOKALIKES, _LATIN_LOOKALIKES)
_TO_CYRILLIC = str.maketrans(_LATIN_LOOKALIKES[:12], _CYRILLIC_LOOKALIKES[:12])
_LONE = re.compile(rf"(?<![^\W_])[{_CYRILLIC_LOOKALIKES}](?![^\W_])")
# A word begins in one alphabet and goes on in the other.
_MIXED = re.compile("(?<![^\\W_])(?:[a-z0-9]++[\u0400-\u04ff]|[\u0400-\u04ff]++[a-z0-9])[^\\W_]*")

_KEPT: Final = 20_000  # characters that are remembered
_LONGEST_EXPANSION: Final = 4  # characters; the few that become more (Arabic ligatures) stay as they are

# All but these are rare: they are visible, and `lower` and two letters are all that folding does to them.
# One class of characters and a plus: linear in any engine, and a fifth of the price of a look-up for each character.
_RARE: Final = re.compile("([^\n\t -~А-яЁё«»—–•]+)")
_ENTITY: Final = re.compile(r"&(?:#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,30});")
_BYTES: Final = re.compile(r"(?:\\'[0-9a-fA-F]{2}){1,4000}|(?:=[0-9A-F]{2}(?:=\n)?){2,4000}")  # RTF's; of a vCard
_UNIT: Final = re.compile(r"\\u(?:([0-9]{3,5}) ?\?|([0-9a-fA-F]{4}))")  # RTF's; JSON's
_LAST_UNIT: Final = 0x10000
# Each sign is one character that is no space: linear in any engine.
_SPACED: Final = re.compile(
    r"(?<!\S)(?:[\w+(] {1,4}){3}(?:[\w.,@+:()/№-] {1,4})+[\w.)](?!\S)|(?m:^(?:[А-ЯЁ] ){2,}[А-ЯЁ]$)"
)
_MAY_BE_SPACED: Final = re2.compile(r"(?m)(?:^|\s)\S {1,4}\S {1,4}\S(?: |$)")  # a tenth of its price
_SPACED_NUMBER: Final = 8
_ESCAPE: Final = re.compile(r"\\+([!-+\--/:-@\[\]-`{-~])")
# A regular expression has letters behind backslashes, too: it is no escaped text.
_ESCAPED: Final = re.compile(r"(?<!\S)[^\s\\]*+(?:\\++[!-+\--/:-@\[\]-`{-~][^\s\\]*+)++(?!\S)")
_LABELS: Final = re.compile(
    "(?:first|last|family)?name|address|location|phone|mobile|tel|e?mail|homepage|social|git(?:hub|lab)|linkedin|twitter|"
    "orcid|born|birthday|dateofbirth|nationality"
)
_COMMAND: Final = re.compile(r"\\([A-Za-z]{2,})\*?((?:\[[^\[\]{}\n]*\]){0,3})((?:\{[^{}\n]*\})+)")
# LaTeX's and RTF's: what they stand for, in this order.
_MARKUP: Final = tuple(
    (re.compile(pattern), words)
    for pattern, words in (
        (r"(?<!\\)\\{2,}+(?:\[[\w.]*\])?(?=[\s}&]|$)|\\(?:par|line|row)\b ?\n?|\\n(?=[А-яЁёA-Z\d•])", "\n"),
        (r"\\(?:tab|cell)\b ?", "\t"),
        (r"\\endash\b ?", "–"),
        (r"\\emdash\b ?", "—"),
        (r"\\item\b ?", "• "),
        (r"\\fa([A-Z][a-z]+)\b\*?(?:\{\}|\\ )? ?", r"\1: "),
        (
            r"\\(?:pard|plain|rtf1|ansi(?:cpg)?|deff|[bi](?=0| )|ul(?:none)?|tx|fs|cf|li|fi|s[ab]|lang)-?\d*\b ?",
            " ",
        ),
        (r"\\(?:hfill|q?quad|huge|LARGE|[Ll]arge|small|footnotesize|bfseries|itshape|centering)\b ?|\\[, ]", " "),
        (r"\\(?:begin|end)\{\w+\*?\}", ""),
    )
)
_OPENING: Final = re.compile(r"\\[A-Za-z]{2,}\*?(?:\[[^\[\]{}\n]*\])?\{")
_DASH, _QUOTED = re.compile(r"(?<=\d)--(?=[\dн])|(?<=[\w}] )---(?= \w)"), re.compile("<<([^<>\n]{1,80})>>")
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
_TAGS, _TAGS_WITHIN = re.compile("\x1f+"), re.compile(r"(?<=[^\W_])\x1f+(?=[^\W_])")

_DECOMPOSED: Final = re.compile("[иИеЕ][\u0306\u0308]")  # a Mac writes й and ё as two characters


@lru_cache(_KEPT)
def _seen(character: str) -> str:
    """A rare character as a person sees it; empty if it is invisible."""
    if character in _LINE_ENDS:
        return "\n"
    category = unicodedata.category(character)
    is_none = ord(character) & 0xFFFE == 0xFFFE  # Unicode's noncharacters, beside U+FDD0 to U+FDEF
    if is_none or _BLANK.match(character) or category in _INVISIBLE_CATEGORIES:
        return ""
    return "•" if category == "Co" else character  # private use: an icon font's bullet


@lru_cache(_KEPT)
def _bare(character: str) -> str:
    """A rare character in compatibility form, lower case, without accents."""
    if character in "™®©№":
        return " "  # compatibility form would glue "TM" to the word, and make a denial of "№"
    seen = _seen(character)
    folded = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", seen).casefold())
    bare = "".join(part for part in folded if unicodedata.category(part) not in {"Mn", "Me"})
    return bare if len(bare) <= _LONGEST_EXPANSION else seen


def visible(text: str) -> str:
    """The text as a person sees it: invisible and control characters gone, every line end a newline.

    The result can be encoded as UTF-8 and stored by Postgres (no lone surrogates, no NUL).
    """
    return _RARE.sub(lambda match: "".join(map(_seen, match[0])), _lines(text))


def readable(text: str) -> str:
    """The text as its reader sees it: `visible`, without HTML's tags; those of blocks become line ends.

    HTML entities, bytes and units in RTF, JSON and vCards, commands of RTF and LaTeX, and Markdown's escapes become
    what they stand for; what is s p a c e d  o u t is closed up.
    """
    if "&" in text or "\\" in text or "=D" in text:
        # An invisible character may stand within what it hides: it goes first, else a second reading would find more.
        text = _ENTITY.sub(lambda match: html.unescape(match[0]), visible(text))
        text = _UNIT.sub(_decoded_unit, _BYTES.sub(_decoded_bytes, text))
        for markup, words in _MARKUP if "\\" in text else ():
            text = markup.sub(words, text)
        text = _OPENING.sub(" ", _COMMAND.sub(_said_by_command, text))
        text = _ESCAPED.sub(lambda match: _ESCAPE.sub(r"\1", match[0]), text)
    shown = visible(text)
    if "\u0306" in shown or "\u0308" in shown:
        shown = _DECOMPOSED.sub(lambda match: unicodedata.normalize("NFC", match[0]), shown)
    if _MAY_BE_SPACED.search(shown):
        shown = _SPACED.sub(_closed_up, shown)
    if "<" in shown:
        # `visible` left no control character: this one marks where a tag stood, which parts two words.
        tagged = str(_INLINE.sub("\x1f", _BLOCK.sub("\n", shown)))
        shown = _QUOTED.sub(r"«\1»", _TAGS.sub("", _TAGS_WITHIN.sub(" ", tagged)))
    return _DASH.sub("–", shown) if "--" in shown else shown


def _said_by_command(match: re.Match[str]) -> str:
    """What a command of LaTeX says: "name: Ivan Petrov", "2019–2021 | Welder | Ozon"."""
    option, words = match[2].strip("[]"), [word for word in match[3][1:-1].split("}{") if word]
    if _LABELS.fullmatch(match[1]):
        return f"{option or match[1]}: {' '.join(words)}"
    return " | ".join(words)


def _decoded_bytes(match: re.Match[str]) -> str:
    written = match[0]
    try:
        return bytes.fromhex(re.sub(r"=\n|[\\'=]", "", written)).decode("cp1251" if written[0] == "\\" else "utf-8")
    except UnicodeDecodeError:
        return written


def _decoded_unit(match: re.Match[str]) -> str:
    unit = int(match[1]) if match[1] else int(match[2], 16)
    return chr(unit) if unit < _LAST_UNIT else ""


def _closed_up(match: re.Match[str]) -> str:
    """A line that was spaced out, letter by letter: wider gaps are between words."""
    spaced = match[0]
    signs = spaced.split()
    if not any(map(str.isalpha, signs)) and len(signs) < _SPACED_NUMBER:
        return spaced
    gap = min(map(len, re.findall(" +", spaced)))
    closed = " ".join("".join(word.split()) for word in re.split(f" {{{gap + 1},}}", spaced))
    return "".join(signs) if _SPACED.search(closed) else closed


def invisible(text: str) -> str:
    """The invisible characters of a text, in order."""
    return "".join(character for character in "".join(_RARE.findall(text)) if not _seen(character))


def unmarked(text: str) -> str:
    """The visible text in compatibility form, lower case, without accents (`ё` is `е`, `й` is `и`)."""
    pieces = _RARE.split(_lines(text))  # every other one is rare
    pieces[::2] = [piece.lower().replace("ё", "е").replace("й", "и") for piece in pieces[::2]]
    pieces[1::2] = ["".join(map(_bare, piece)) for piece in pieces[1::2]]
    return "".join(pieces)


def fold(text: str) -> str:
    """`unmarked`, with look-alike letters of the other alphabet put right word by word; a lone one becomes Latin.

    Folding twice changes nothing. Punctuation and line ends stay, so that sentences can still be told apart.
    """
    bare = unmarked(text)
    if bare.isascii():
        return bare
    bare = _LONE.sub(lambda match: match[0].translate(_TO_LATIN), bare)  # "категории С", "С++"
    return _MIXED.sub(lambda match: _one_alphabet(match[0]), bare)


def _lines(text: str) -> str:
    # A word that a soft hyphen broke over two lines is whole again.
    return text.replace("\r\n", "\n").replace("\u00ad\n", "")


@lru_cache(_KEPT)
def _one_alphabet(word: str) -> str:
    # `1С`, `СRМ` and `ignоre` become Latin; `Pабота` with a Latin P becomes Cyrillic.
    is_latin = all(letter in _CYRILLIC_LOOKALIKES for letter in word if "Ѐ" <= letter <= "ӿ")
    return word.translate(_TO_LATIN if is_latin else _TO_CYRILLIC)
