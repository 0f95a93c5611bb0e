"""What is sent abroad has no person in it: `redact` puts placeholders where a resume names or describes its owner.

It lowers exposure; it is no anonymisation in the sense of the law: who knows a career may know its owner.

In this order: pictures, addresses of the network, documents, dates, family and so on by patterns; names (`names`); what
only a redacted neighbour tells («Иванов, 31 год»); forms that tell the writer's sex (`grammatical_gender`). Then
placeholders that stand side by side become one, together with the labels and the punctuation between them: two resumes
that differ in the person only, in what is told of him or her and in which order, become the same text.

What stays: versions, standards, articles of law, periods of work, amounts, products, employers, schools, and cities
outside of an address: where somebody worked is part of the work. Pure, linear in the text's length; the only thing read
is the dictionary that comes with `pymorphy3`.
"""

import re
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Final

from worker.assessment.plain_text import visible
from worker.assessment.redaction.contact_patterns import EMAILS, HANDLES, LINKS, PHONES, PICTURES
from worker.assessment.redaction.grammatical_gender import in_masculine
from worker.assessment.redaction.linear_pattern import linear
from worker.assessment.redaction.names import find_names
from worker.assessment.redaction.particulars import ADDRESSES, BIRTH, CITIZENSHIP, DOCUMENTS, FAMILY, NEIGHBOURS, SEX
from worker.assessment.redaction.placeholders import ANY, KIND_OF, SYMBOLS, Kind, replaced, spelled, unspelled
from worker.assessment.redaction.rules import RuleSet

REDACTION_VERSION: Final = "1"

_MOST_ROUNDS: Final = 4

# A Mac decomposes й and ё; full-width signs and unusual spaces come with PDF exports.
_SPACES: Final = "\u00a0\u2000-\u200a\u202f\u205f\u3000"
_FULL_WIDTH: Final = re.compile(f"[{_SPACES}\uff01-\uff5e]")
_DECOMPOSED: Final = (("и\u0306", "й"), ("И\u0306", "Й"), ("е\u0308", "ё"), ("Е\u0308", "Ё"))

_LABEL = (
    r"(?:ф\. ?и\. ?о\.?|фио|фамилия|имя|отчество|(?:мобильный |контактный |сотовый |мой |рабочий )?телефон(?:ы)?|"
    r"тел|моб|сот|"
    r"эл(?:ектронная|\.)? ?почта|(?:моя )?почта|e-?mail|mail|почтой|phone|mobile|cell|tel|telegram|телеграмм?|tg|"
    r"тг|skype|скайп|"
    r"whats ?app|ватсап|viber|вайбер|instagram|вк|vk|github|linkedin|сайт|портфолио|website|portfolio|web|link|"
    r"ссылка|"
    r"контакты|контактные данные|contacts?|contact details|личные данные|персональные данные|паспорт|"
    r"паспортные данные|снилс|инн|"
    r"возраст|age|пол|sex|дата рождения|date of birth|фото|photo|адрес|address|г\. ?р\.?|name|full name|"
    r"семейное положение|гражданство|marital status|nationality|living in|доб\. ?\d+|или|и)"
)
_NOTE = (
    r"(?:[—–\-] ?предпочитаемый способ связи|\((?:mobile|home|work|whats ?app|viber|telegram|ватсап|моб\.?|"
    r"дом\.?|раб\.?)(?:[,/ ]{1,2}(?:whats ?app|viber|telegram|ватсап))*\))"
)
_GAP = rf"(?:[ \t\n,;|•·:.()/\\—–\-]|\"|{_LABEL}[.:|]|{_NOTE})"
_CHANNEL = r"(?:фио|телефон|тел|моб|почта|e-?mail|mail|tg|telegram|телеграм|skype|whats ?app|ватсап|viber|wa|phone)"
_LABELLED = linear(
    rf"(?im)(?:^|[\n,;|•({ANY} ])((?:{_LABEL}/)*{_LABEL}[ \t]*[.:|—–\-][ \t|:.—–\-\"]*|{_CHANNEL}[ \t]+)[{ANY}]"
)
_NOTED = linear(rf"(?i)[{ANY}]([ \t]*{_NOTE})")
# Where the first finds nothing `_LABELLED` cannot, where the second finds nothing `_NOTED` cannot; RE2 takes ten times
# as long to say so.
_MAY_BE_LABELLED = re.compile(rf"[ \t|:.—–\-\"][{ANY}]")
_MAY_BE_NOTED = re.compile(rf"[{ANY}][ \t]*[—–\-(]")
# Placeholders and what is between them have no character in common: linear in any engine.
_SIDE_BY_SIDE = re.compile(rf"[{ANY}](?:[ \t\n,;|•·:.()/\\—–\-]*[{ANY}])+")
# «… Смирнова. Смирнов отметил»: two sentences, and the second is about somebody.
_ANOTHER_SENTENCE = re.compile(r"\. +")


@dataclass(frozen=True, slots=True)
class Redacted:
    """A text without its person, and how many things of each kind were replaced (`placeholders.Kind`)."""

    text: str = field(repr=False)
    counts: Mapping[str, int]


def redact(text: str) -> Redacted:
    """Replace what names or describes a person by placeholders.

    The result is `visible` (no invisible characters, line ends are newlines), at most some three times as long as the
    text, and redacting it again changes nothing. Never raises.
    """
    counts: Counter[str] = Counter()
    current = unspelled(_plain(text))
    unchanged = 0
    for step in _STEPS * _MOST_ROUNDS:
        before, current = current, step(current, counts)
        unchanged = unchanged + 1 if current == before else 0
        if unchanged == len(_STEPS):
            break
    return Redacted(spelled(current), MappingProxyType(dict(counts)))


def _plain(text: str) -> str:
    shown = _FULL_WIDTH.sub(_ordinary, visible(text))
    for decomposed, composed in _DECOMPOSED:
        shown = shown.replace(decomposed, composed)
    return shown


def _ordinary(match: re.Match[str]) -> str:
    sign = match[0]
    return chr(ord(sign) - 0xFEE0) if sign > "\uff00" else " "


def _without_names(text: str, counts: Counter[str]) -> str:
    return replaced(text, find_names(text), counts)


def _in_masculine(text: str, counts: Counter[str]) -> str:
    text, changed = in_masculine(text)
    if changed:
        counts["gender_ending"] += changed
    return text


def _merged(text: str, _counts: Counter[str]) -> str:
    """Labels and notes of placeholders go; placeholders side by side become one."""
    if _MAY_BE_LABELLED.search(text):
        text = _without(_LABELLED, text)
    if _MAY_BE_NOTED.search(text):
        text = _without(_NOTED, text)
    return _SIDE_BY_SIDE.sub(lambda match: ". ".join(map(_one, _ANOTHER_SENTENCE.split(match[0]))), text)


def _without(pattern: Any, text: str) -> str:
    pieces: list[str] = []
    done = 0
    for match in pattern.finditer(text):
        start, end = match.span(1)
        pieces.append(text[done:start])
        done = end
    return "".join((*pieces, text[done:])) if pieces else text


def _one(run: str) -> str:
    kinds = {KIND_OF[letter] for letter in run if letter in KIND_OF}
    return SYMBOLS[kinds.pop()] if len(kinds) == 1 else SYMBOLS[Kind.PERSON]


_STEPS: Final[tuple[Callable[[str, Counter[str]], str], ...]] = (
    RuleSet(*PICTURES).applied,
    RuleSet(*EMAILS, *LINKS, *HANDLES).applied,
    RuleSet(*DOCUMENTS).applied,
    RuleSet(*BIRTH).applied,
    RuleSet(*PHONES).applied,
    RuleSet(*ADDRESSES, *CITIZENSHIP, *FAMILY, *SEX).applied,
    _without_names,
    _merged,
    RuleSet(*NEIGHBOURS).applied,
    _in_masculine,
    _merged,
)
"""Done over and over until all of them in a row change nothing: each may show the others something new."""
