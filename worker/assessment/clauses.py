"""The clauses of a sentence, and which of them deny what they speak of.

A denial is "не" and its kin, unless the word behind it takes the edge off ("не только", "не менее", "не допустил ни
одной аварии"). What a relative clause denies is not the skill: "клиенты, которые не платили".
"""

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

import re2

from worker.assessment.plain_text import between_clauses, fold, words_of
from worker.assessment.stems import stems_of
from worker.assessment.word_cache import remembered

_CONJUNCTIONS: Final = frozenset(fold("но а однако зато but while").split())
_CONTRASTS: Final = frozenset(fold("но однако зато but").split())
_RELATIVES: Final = frozenset(fold("что чтобы где когда кто who which that because").split())
_WHICH: Final = "котор"
_QUOTED_DENIAL: Final = re2.compile(r"[«\"“](?:не|нет|no|not) [^«»\"“”]{0,80}[»\"”]")
_NOT: Final = frozenset(["не", "ни", "нет", "нету", "никогда", "not", "no", "never", "cannot", "neither", "nor"])
_NOT_DENYING: Final = frozenset(
    fold(
        """
        только просто менее более ниже меньше хуже раз реже выше старше младше считая прерывая прекращая останавливая
        допуская допускал допускала допустил допустила нарушал нарушала нарушая превышает превышал превышая снижая
        теряя выходя боюсь требует требующих оставляя подводил подводила опаздывал опаздывала единого единой
        единственный пропустил пропустила пропуская отказывал отказывала заметил заметила жаловался жаловались
        пожаловался доначислил доначислила пострадал пострадала
        only just less more fewer later below under missed one single
        """
    ).split()
)
_LACKING: Final = ("отсутств", "нулев", "lacking")
_NIL: Final = frozenset(fold("ноль пусто прочерк мимо увы никак nil nothing zero barely hardly").split())
_CONTRACTED: Final = frozenset(
    ["don", "didn", "doesn", "haven", "hasn", "hadn", "isn", "wasn", "weren", "couldn", "can"]
)  # "don't": two words
_WITHOUT: Final = frozenset({"без", "without", "вместо"})
# "Ни одного проекта на X" is no such praise as "ни одного срыва".
_WORK: Final = ("проект", "опыт", "строк", "задач", "дня")
_OF_SKILL: Final = frozenset(fold("опыта практики знаний знания навыков умения experience knowledge practice").split())
# What a mere denial consists of.
_IDLE: Final = frozenset(
    fold(
        """
        не нет нету ни пока еще мне у меня было была был были опыта опыт знаний практики навыка 0 лет года год нулевой
        ноль так и этого этим с ним ней них совсем вовсе вообще no not none never yet zero experience
        """
    ).split()
)
_OPENING: Final = frozenset({"не", "not", "never", "пока"})
_INVALID: Final = (
    "просрочен", "истек", "утерян", "утрач", "аннулир", "приостанов", "лишен", "недеиств", "отозван", "закончилс",
    "закончилас", "закончилос",
    "expired", "revoked", "suspend",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Clause:
    """One clause of a sentence.

    Attributes:
        stems: of its words that say something.
        denies: it denies what it speaks of.
        without: the stems of what it says to be without.
        only_denies: it is nothing but a denial, so of the clause before it: "Docker — нет".
        contrasts: it begins with "но": what stands before it was not all.
        denies_all: it denies experience and nothing else, so of all before it: "Excel, ВПР, Access: опыта нет".
        invalid: it says that something has expired, was lost or withdrawn.
    """

    stems: frozenset[str] = field(repr=False)
    denies: bool
    without: frozenset[str] = field(repr=False)
    only_denies: bool
    denies_all: bool
    contrasts: bool
    invalid: bool


def clauses_of(folded: str) -> tuple[Clause, ...]:
    """The clauses of a folded sentence, in order."""
    bare = folded
    if "«" in folded or '"' in folded or "“" in folded:
        bare = str(_QUOTED_DENIAL.sub(" ", folded))
    parts = map(words_of, between_clauses(bare).split("\n"))
    return tuple(_clause(found, opening) for part in parts for found, opening in _parted(part) if found)


@remembered(20_000)
def _opens_a_clause(word: str) -> bool:
    return word in _CONJUNCTIONS or word in _RELATIVES or word.startswith(_WHICH)


def _parted(part: list[str]) -> Iterator[tuple[list[str], str]]:
    """The clauses between conjunctions, each with the conjunction that opens it."""
    start, opening = 0, ""
    for place in itertools.compress(itertools.count(), map(_opens_a_clause, part)):
        yield part[start:place], opening
        start, opening = place + 1, part[place]
    yield part[start:], opening


@remembered(20_000)
def _may_deny(word: str) -> bool:
    known = word in _NOT or word in _WITHOUT or word in _NIL or word in _CONTRACTED or word == "0"
    return known or word.startswith((*_LACKING, *_INVALID))


def _clause(found: Sequence[str], opening: str) -> Clause:
    contrasts = opening in _CONTRASTS
    if not any(map(_may_deny, found)):
        return Clause(stems_of(found), False, frozenset(), False, False, contrasts, False)
    # What a relative clause denies is not what stands before it.
    only_denies = (not opening or opening in _CONJUNCTIONS) and _only_denies(found)
    return Clause(
        stems=stems_of(found),
        denies=_denies(found),
        without=stems_of(after for word, after in itertools.pairwise(found) if word in _WITHOUT),
        only_denies=only_denies,
        contrasts=contrasts,
        denies_all=only_denies and any(word in _OF_SKILL for word in found),
        invalid=_invalid(found),
    )


def _invalid(found: Sequence[str]) -> bool:
    """Whether something has expired or was withdrawn; "не истек" and "лишений не было" say that nothing was."""
    return any(
        word.startswith(_INVALID) and not _NOT & {*found[max(0, place - 1) : place], *found[place + 1 : place + 2]}
        for place, word in enumerate(found)
    )


def _denies(found: Sequence[str]) -> bool:
    for place, word in enumerate(found):
        following = found[place + 1] if place + 1 < len(found) else ""
        if word in _NOT:
            if following.startswith("одн"):
                counted = found[place + 2] if place + 2 < len(found) else ""
                if word == "ни" and counted.startswith(_WORK) and "не" not in found:
                    return True
            elif following not in _NOT_DENYING:
                return True
        elif word in _WITHOUT:
            if following in _OF_SKILL:
                return True
        elif word.startswith(_LACKING) or (word in _CONTRACTED and following == "t"):
            return True
    return False


def _only_denies(found: Sequence[str]) -> bool:
    lacking = [word for word in found if word.startswith(_LACKING) or word in _NIL]
    if not lacking and not any(word in _NOT or word == "0" for word in found):
        return False
    rest = [word for word in found if word not in _IDLE and word not in lacking]
    if not rest:
        return True
    return found[0] in _OPENING and len(rest) <= 2 and not any(word in _NOT_DENYING for word in found)
