r"""How to reach a person: e-mail addresses, links, handles, telephone numbers; and pictures in a text.

Patterns look at a text's one form (`sheet`), in which no line ends inside of an address or a number. RE2 knows no
look-around and its `\b`, `\w` and `\s` are ASCII only, so a rule's `accepts` looks at what stands beside a match.
"""

from typing import Any, Final

from worker.assessment.redaction.head import NOT_HANDLES, PRODUCT_SITES, YEAR
from worker.assessment.redaction.linear_pattern import linear
from worker.assessment.redaction.name_lists import ENGLISH_COMMON
from worker.assessment.redaction.particulars import UNIT, is_unnumbered
from worker.assessment.redaction.rules import rules, stands_alone
from worker.assessment.redaction.word_list import pattern, words


def _is_encoded(match: Any) -> bool:
    blob = match[0]
    return any(map(str.isdigit, blob)) and any(map(str.islower, blob)) and any(map(str.isupper, blob))


PICTURES: Final = rules("pictures", _is_encoded)

EMAILS: Final = rules("emails")

_SITES_OF_WORK: Final = pattern("sites of work before")
_ENDINGS_OF_FILES: Final = words("endings of files")
_BARE_DOMAIN = pattern("bare domains")


def _is_a_path(match: Any) -> bool:
    host, _, path = match[0].partition("/")
    file = host.lower().endswith(PRODUCT_SITES) or host.lower().rpartition(".")[2] in _ENDINGS_OF_FILES
    if file or _BARE_DOMAIN.fullmatch(path):
        return False  # "Ozon.ru/Avito.ru" are two employers
    if _SITES_OF_WORK.search(match.string[max(0, match.start() - 40) : match.start()]):
        return False
    return any(letter.islower() or letter.isdigit() for letter in path)  # "Mail.ru/VK" are two as well


LINKS: Final = rules("links", _is_a_path)

_ANNOTATIONS: Final = words("annotations")


def _is_a_handle(match: Any) -> bool:
    text, start, end = match.string, match.start(), match.end()
    name = match[0][1:]
    if (start and (text[start - 1].isalnum() or text[start - 1] in "@/._-")) or text[end : end + 1] in ("/", "(", "-"):
        return False
    if name.lower() in _ANNOTATIONS or name.lower().split(".")[0] in _ANNOTATIONS:
        return False
    # @RestController is an annotation; a person's handle may be written so too, but then a messenger is named.
    return len(name) > 2 and (not any(map(str.isupper, name)) or any(map(str.isdigit, name)) or name.isupper())


_ONES_OWN: Final = pattern("own before handles")  # «пишите в тг petrov»


def _is_a_value(match: Any) -> bool:
    """Whether what stands behind a messenger's name is somebody's name there."""
    said, value, text = match[1], match[2], match.string
    if not stands_alone(text, *match.span()) or value.lower().strip("@.") in NOT_HANDLES:
        return False
    # "Telegram ivan_petrov90", "ВКонтакте id123"; "VK2" and "Viber 20.4" are versions.
    digits = any(map(str.isdigit, value))
    if any(sign in "@_#" for sign in value) or ("." in value and value.islower()) or (value[0].isalpha() and digits):
        return True
    if value[0].isdigit() or _ONES_OWN.search(text[max(0, match.start() - 24) : match.start() + 1]):
        return not value[0].isdigit()
    # "GitHub: actions, pages" names features; "Telegram: ivanov" at a line's end names a person.
    rest = text[match.end() : match.end() + 2].lstrip(" \t")[:1]
    if not said.strip(" "):
        alone = (not match.start() or text[match.start() - 1] == "\n") and rest in {"", "\n"}
        return alone and ("." in value or "-" in value or not value[1:].islower())
    if rest == ",":  # "Kaggle: vladciobo, Competitions Master"
        strange = value.islower() and value.lower() not in ENGLISH_COMMON and ":" in said
        return "-" in value or (strange and not text[match.end() + 2 : match.end() + 3].islower())
    return not rest or rest in "\n|;)•\"'"


HANDLES: Final = rules("handles", _is_a_value, _is_a_handle)

_THOUSANDS = linear(r"\+? ?\d{1,3}(?:[ .]\d{3})+")


def _is_a_phone(match: Any) -> bool:
    text, start, end = match.string, match.start(), match.end()
    found = match[0]
    before, behind = text[max(0, start - 2) : start], text[end : end + 2]
    # A part of a longer number, a date, a version or an amount of money is none. A plus begins a number of its own.
    begins = found[0] == "+" and found[1].isdigit()
    if (before[-1:].isdigit() and not begins) or behind[:1].isdigit():
        return False
    if (before[:1].isdigit() and before[1:] in {".", "-", "/"}) or (
        behind[:1] in {".", "-", "/", ","} and behind[1:].isdigit()
    ):
        return False
    if found[0] != "+" and not is_unnumbered(match):
        return False
    digits = sum(map(str.isdigit, found.partition(",")[0].partition("доб")[0]))
    if found[0] == "0" and (digits < 10 or before.rstrip(" ")[-1:].isdigit()):
        return False
    if found.startswith("("):
        return 8 <= digits <= 12
    unit = UNIT.match(text[end : end + 8])
    if _THOUSANDS.fullmatch(found):
        # "+1 200 000 руб." is money; "+376 712 345" is Andorra.
        return not unit and (digits > 10 or (found.startswith("+") and digits == 9))
    # "89 123 456 789 руб." is money, too.
    return not (unit and found[0].isdigit() and found.replace(" ", "").isdigit())


def _is_spoken(match: Any) -> bool:
    digits = sum(map(str.isdigit, match[0]))
    told = digits + sum(map(str.isalpha, match[0].replace("-", " ").split()))
    measured = UNIT.match(match.string[match.end() : match.end() + 8]) or YEAR.search(match[0])
    return told >= (7 if digits else 6) and not measured


PHONES: Final = rules("phones", _is_spoken, _is_a_phone)
