"""What is merely suspicious: an honest resume may look like this, so it is said to a person, and lowers nothing."""

import re
from collections import Counter
from collections.abc import Sequence
from enum import StrEnum
from itertools import chain
from typing import Final

from worker.assessment.criteria import CriterionKind
from worker.assessment.grading import Level
from worker.assessment.naming import COMMON, KEY, LEAST_KEY, asked_for
from worker.assessment.phrases import Phrases, phrases, words
from worker.assessment.proof import Lowering, Proof, is_named, same
from worker.assessment.resume import Resume
from worker.assessment.source_text import words_in
from worker.assessment.vacancy import Vacancy


class Suspicion(StrEnum):
    """What a person should look at, and why."""

    TO_REVIEWER = "to_reviewer"  # the resume tells the reviewer what to do, or forges a message or an answer of ours
    HIDDEN = "hidden"  # part of it a reader would not see, or not understand
    ECHO = "echo"  # most of what is confirmed is the vacancy's words and nothing of one's own
    ONE_FOR_SEVERAL = "one_for_several"  # one stretch of words confirms three and more criteria
    UNRELATED = "unrelated"  # no word in common with the gate that it confirms, or with most of the criteria
    NOT_OWN_WORK = "not_own_work"  # somebody else, a plan, a course; a gate's quote beside a denial, or several quotes
    INVENTED = "invented"  # the model quoted what is not in the resume, more than once
    UNDATED = "undated"  # years that no date confirms, whether or not words claim them
    MISSED = "missed"  # the second look that was due could not be had; see `scoring`
    MIXED = "mixed"  # the vacancy's resumes were graded by different models; see `scoring`
    NEAR_THRESHOLD = "near_threshold"  # see `judgement`


_SEVERAL: Final = 3  # criteria
_WINDOW: Final = 12  # words before a quote in which its sentence may say whose work it was
_SIGNS: Final = "«»\"'([{.,;:—–-•"
_OF_PAPERS: Final = tuple(words("papers"))
_NOT_OWN, _LAPSED, _DENIAL = map(phrases, ("not one's own work", "lapsed", "denial"))
# How words of criteria begin that are about study, or words that ask for the absence of something.
_STUDY: Final = ("курс", "обуч", "образов", "учеб", "повыш", "тренинг", "course", "train", "educat", "отсутств")
_NOT: Final = frozenset(["не", "not"])
_CURRENT: Final = re.compile("(?:не|not) (?:просроч|истек|утер|утрач|лиш|отозв|expired|lapsed|revoked)")
_ABSENCE: Final = frozenset(["без", "не", "no", "without"])


def suspicions(proofs: Sequence[Proof], resume: Resume, vacancy: Vacancy) -> tuple[Suspicion, ...]:
    """What is suspicious about a resume and its evidence; whether the threshold is near is not known here."""
    strong = [proof for proof in proofs if proof.level is Level.STRONG]
    vocabulary = COMMON.union(word[:KEY] for word in vacancy.source.words)
    strangers = [proof for proof in strong if not is_named(proof, resume)]
    no_papers = [one for one in strangers if not _is_a_paper(one)]
    denied, lapsed = (_beside(said, strong, resume) for said in (_DENIAL, _LAPSED))
    others = _beside(_NOT_OWN, strong, resume, window=_WINDOW)
    reasons = Counter(chain.from_iterable(proof.reasons for proof in proofs))
    holds = {
        Suspicion.TO_REVIEWER: resume.addresses or bool(resume.barred),
        Suspicion.HIDDEN: resume.hidden,
        Suspicion.ECHO: _many([proof for proof in strong if not _own_words(proof, vocabulary)], strong, 1 / 2),
        Suspicion.ONE_FOR_SEVERAL: bool(reasons[Lowering.ONE_FOR_MOST]) or _is_shared(strangers),
        Suspicion.UNRELATED: _has_a_gate(no_papers) or _many(strangers, strong, 0.9),
        Suspicion.NOT_OWN_WORK: bool(others) or _has_a_gate(denied + lapsed) or _many(denied, strong, 1 / 3),
        Suspicion.INVENTED: reasons[Lowering.ABSENT] > 1,
        Suspicion.UNDATED: any(one.undated for one in strong) or bool(reasons[Lowering.YEARS_UNDATED]),
    }
    return tuple(suspicion for suspicion, found in holds.items() if found)


def _many(some: Sequence[Proof], of: Sequence[Proof], share: float) -> bool:
    return len(some) >= _SEVERAL and len(some) > share * len(of)


def _has_a_gate(proofs: Sequence[Proof]) -> bool:
    return any(proof.criterion.kind is CriterionKind.GATE for proof in proofs)


def _is_a_paper(proof: Proof) -> bool:
    """Whether a quote has a usual word of papers, a number, or the beginning of a word that is asked for."""
    usual = (*_OF_PAPERS, *(word[:LEAST_KEY] for word in asked_for(proof.criterion.text) if len(word) > KEY))
    return any(word.startswith(usual) or word.isdecimal() for word in words_in(" ".join(proof.quotes)))


def _is_shared(proofs: Sequence[Proof]) -> bool:
    """Whether several proofs have one stretch that names nothing of what they are for."""
    return any(
        sum(any(same(stretch, other) for other in proof.stretches) for proof in proofs) >= _SEVERAL
        for stretch in chain.from_iterable(proof.stretches for proof in proofs)
    )


def _own_words(proof: Proof, vocabulary: frozenset[str]) -> bool:
    """Whether there is a word of one's own in the quotes; names are none."""
    tokens = (token for quote in proof.quotes for token in quote.split() if token.lstrip(_SIGNS)[:1].islower())
    return any(word[:KEY] not in vocabulary and len(word) >= LEAST_KEY for word in words_in(" ".join(tokens)))


def _beside(list_of: Phrases, proofs: Sequence[Proof], resume: Resume, window: int = 0) -> list[Proof]:
    """The proofs of whose quotes one has a phrase in its clause, up to so many words before it, or right behind it."""
    (stream, numbers), there = resume.source.stream, resume.source.words
    found = (numbers(start, end).start for start, end in list_of.find(stream))
    # "Не просрочена" denies nothing.
    said = [
        n for n in found if _NOT.isdisjoint(there[max(0, n - 1) : n]) and not _CURRENT.match(" ".join(there[n : n + 2]))
    ]

    def is_near(stretch: range) -> bool:
        sentence, clause = resume.source.sentence_of(stretch), resume.source.clause_of(stretch)
        first = max(sentence.start, min(clause.start, stretch.start - window))
        # Right behind it "нет" belongs to it, and «не» to what follows ("Допуск есть, не пью").
        last = clause.stop + (clause.stop < sentence.stop and there[clause.stop] not in _NOT)
        return any(first <= word < last for word in said)

    near = [proof for proof in proofs if any(map(is_near, proof.stretches))] if said else []
    # A criterion may itself be about study, or about the absence of something.
    return [
        one for one in near if not any(w.startswith(_STUDY) or w in _ABSENCE for w in asked_for(one.criterion.text))
    ]
