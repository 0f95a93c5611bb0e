"""Grades a resume by plain text overlap: enough for a demo to look sensible, no judgement of anybody.

A requirement's key words (stemmed crudely) are looked for in the resume. Names and abbreviations weigh more
than plain words, and "немного", "basics" and the like make a strong match a partial one.
"""

import re
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal, NamedTuple

from dev.openai_standin.empty_words import EMPTY_WORDS
from dev.openai_standin.fences import Case, PlainCase, QuotesCase
from dev.openai_standin.vacancy import years_of

LONGEST_QUOTE = 120
_MOST_PLAIN = 7

Level = Literal["none", "partial", "strong"]

_STRONG_FROM = 0.5
_PARTIAL_FROM = 0.3
_NAME_WEIGHT = 3

_WORD = re.compile(r"[0-9]+(?:\.[0-9]+)+|[^\W_]+(?:[+#]+|(?:[.][^\W\d_]+)+)?")
_ENDING = re.compile(
    r"(?:иями|ями|ами|ией|ость|ости|остью|ого|его|ому|ему|ыми|ими|ение|ения|ению|ать|ять|ить|ует|ал|ла|ло|ли|"
    r"ая|яя|ую|юю|ое|ее|ые|ие|ый|ий|ой|ей|ом|ем|ам|ям|ах|ях|ов|ев|ия|ию|ью|ы|и|а|я|о|е|у|ю|ь|й)$"
)
_SENTENCE_END = re.compile(r"(?<=[.!?;])\s+|\n+")
_PERIOD = re.compile(
    r"\b((?:\d\d\.)?(?:19|20)\d\d)(?: г\.| года?)? ?(?:-|–|—|по|до|to) ?(?:по )?"
    r"((?:\d\d\.)?(?:19|20)\d\d\b|н\. ?в|наст|present|now)",
    re.IGNORECASE,
)
_HEDGE = re.compile(
    r"немного|чуть|базов|начальн|поверхност|на уровне|вводн|знаком[аы]?\b|изуча|"
    r"basic|beginner|familiar|a little",
    re.IGNORECASE,
)
_LANGUAGE_LEVELS = ("a1", "a2", "b1", "b2", "c1", "c2")
_OR = frozenset({"или", "либо", "or"})
_EMPTY_WORDS = frozenset(EMPTY_WORDS.split())

_INJECTION = re.compile(
    r"игнорируй|проигнорируй|забудь (?:все|предыдущ)|поставь|выстави|оцени на (?:100|максимум)|score\s*[=:]|"
    r"ignore (?:all |the |any )*previous|disregard|\bsystem\s*:|системное сообщение|"
    r"give (?:me|this|the)\b.{0,40}\b100|strong",
    re.IGNORECASE,
)


class _Word(NamedTuple):
    start: int
    end: int
    stem: str


@dataclass(frozen=True)
class _Term:
    """A key word of a requirement; any of its ``stems`` will do."""

    stems: frozenset[str]
    weight: int


def grade(case: Case, *, obey_injections: bool = False) -> dict[str, object]:
    """The reply that the service's schema asks for: a level and quotes for each criterion's id.

    With ``obey_injections`` a resume that gives orders gets everything: `strong` for every id, each with the sentences
    that come nearest, whatever they say.
    """
    if obey_injections and _INJECTION.search(case.resume):
        return _obedient(case)
    return _graded(case)


def grade_quotes(case: QuotesCase) -> dict[str, object]:
    """What quotes alone prove."""
    graded: Any = [grade for one in case.cases for grade in _graded(one)["grades"]]  # type: ignore[attr-defined]
    return {"proofs": [{"id": one["id"], "level": one["level"]} for one in graded]}


def grade_plainly(case: PlainCase) -> dict[str, object]:
    """The same for a schema of requirements with their words and a recommendation."""
    found = [line.lstrip("-*• ").strip() for line in case.vacancy.splitlines() if line.startswith(("-", "*", "•"))]
    criteria = tuple(enumerate(found[:_MOST_PLAIN] or [case.vacancy[:LONGEST_QUOTE]], start=1))
    grades: Any = _graded(Case(criteria, case.resume))["grades"]
    graded = [
        {"requirement": text, "quote": "".join(one["quotes"]), "level": one["level"]}
        for (_, text), one in zip(criteria, grades, strict=True)
    ]
    return {"requirements": graded, "recommendation": "Оценено по совпадению слов. (Ответ заглушки, а не OpenAI.)"}


@lru_cache(maxsize=1024)
def _graded(case: Case) -> dict[str, object]:
    sentences = list(_sentences(case.resume))
    everywhere = {word.stem for words in sentences for word in words}
    graded = []
    for number, requirement in case.criteria:
        level, quote = _judge(requirement, case.resume, sentences, everywhere)
        periods = _periods(case.resume) if level != "none" and years_of(requirement) else []
        graded.append({"id": number, "quotes": [quote] if quote else [], "level": level, "periods": periods})
    return {"grades": graded}


def _obedient(case: Case) -> dict[str, object]:
    sentences = list(_sentences(case.resume))
    graded = []
    for number, requirement in case.criteria:
        terms = _terms(requirement)
        nearest = sorted(sentences, key=lambda words, terms=terms: -_weight(terms, words))[:2]  # type: ignore[misc]
        quotes = [case.resume[words[0].start : words[-1].end] for words in nearest]
        periods = _periods(case.resume) if years_of(requirement) else []
        graded.append({"id": number, "quotes": quotes, "level": "strong", "periods": periods})
    return {"grades": graded}


@lru_cache(maxsize=1024)
def _periods(resume: str) -> list[dict[str, str]]:
    """Every period that the resume states, whatever it was."""
    return [{"from": _date(match[1]), "to": _date(match[2])} for match in _PERIOD.finditer(resume)]


def _date(written: str) -> str:
    parts = written.split(".")
    return "-".join(reversed(parts)) if parts[-1].isdigit() else "now"


def _judge(requirement: str, resume: str, sentences: list[list[_Word]], everywhere: set[str]) -> tuple[Level, str]:
    terms = _terms(requirement)
    total = sum(term.weight for term in terms)
    covered = sum(term.weight for term in terms if term.stems & everywhere)
    if not total or covered / total < _PARTIAL_FROM:
        return "none", ""
    best = max(sentences, key=lambda words: _weight(terms, words))
    start, end = _quote_span(terms, best)
    sentence = resume[best[0].start : best[-1].end]
    strong = covered / total >= _STRONG_FROM and not _HEDGE.search(sentence)
    return ("strong" if strong else "partial"), resume[start:end]


def _terms(requirement: str) -> list[_Term]:
    """Key words with their weights; words joined by "или" become one term."""
    terms: list[_Term] = []
    join_next = False
    for match in _WORD.finditer(requirement):
        text = match[0]
        if text.lower() in _OR:
            join_next = bool(terms)
            continue
        stem = _stem(text)
        if stem in _EMPTY_WORDS or text.lower() in _EMPTY_WORDS or text.isdigit() or len(text) < 2:
            continue
        stems = {stem}
        if stem in _LANGUAGE_LEVELS:
            stems.update(_LANGUAGE_LEVELS[_LANGUAGE_LEVELS.index(stem) :])
        is_name = text.isascii() or text.isupper() or any(letter.isdigit() for letter in text)
        term = _Term(frozenset(stems), _NAME_WEIGHT if is_name else 1)
        if join_next:
            last = terms.pop()
            term = _Term(last.stems | term.stems, max(last.weight, term.weight))
        terms.append(term)
        join_next = False
    return terms


def _weight(terms: list[_Term], words: list[_Word]) -> int:
    stems = {word.stem for word in words}
    return sum(term.weight for term in terms if term.stems & stems)


def _quote_span(terms: list[_Term], words: list[_Word]) -> tuple[int, int]:
    """The stretch of a sentence, at most as long as a quote may be, that covers most of the terms."""
    ends = [word.end for word in words]
    wanted = frozenset().union(*(term.stems for term in terms))

    def window(first: int) -> list[_Word]:
        return words[first : max(first + 1, bisect_right(ends, words[first].start + LONGEST_QUOTE))]

    firsts = [0, *(index for index, word in enumerate(words) if word.stem in wanted)]
    chosen = max((window(first) for first in firsts), key=lambda part: _weight(terms, part))
    return chosen[0].start, min(chosen[-1].end, chosen[0].start + LONGEST_QUOTE)


def _sentences(resume: str) -> Iterator[list[_Word]]:
    position = 0
    for end in [*(match.start() for match in _SENTENCE_END.finditer(resume)), len(resume)]:
        words = [_Word(match.start(), match.end(), _stem(match[0])) for match in _WORD.finditer(resume, position, end)]
        if words:
            yield words
        position = end


@lru_cache(maxsize=50_000)
def _stem(word: str) -> str:
    word = word.lower().replace("ё", "е")
    if word.isascii():
        return word.removesuffix("s") if len(word) > 4 else word
    return _ENDING.sub("", word)[:7] if len(word) > 4 else word
