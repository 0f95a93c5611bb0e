"""What is merely suspicious: an honest resume may look like this, so it is said to a person, and lowers nothing."""

from collections import Counter
from collections.abc import Sequence
from enum import StrEnum
from itertools import chain
from typing import Final

from worker.assessment.criteria import CriterionKind
from worker.assessment.grading import Level
from worker.assessment.naming import COMMON, KEY, LEAST_KEY, asked_for
from worker.assessment.phrases import Phrases
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
    NEAR_THRESHOLD = "near_threshold"  # see `judgement`


_SEVERAL: Final = 3  # criteria
_WINDOW: Final = 12  # words before a quote in which its sentence may say whose work it was
_SIGNS: Final = "«»\"'([{.,;:—–-•"
_KIN: Final = "брат|сестра|муж|жена|супруг|супруга|отец|мать|мама|папа|друг|подруга|сосед|соседка|сын|дочь|дядя|тетя"
_COLLEAGUE: Final = "коллега|коллеги|напарник|напарница|тимлид|подрядчик|подрядчики|сослуживец|аутсорсер"
_OF_PAPERS: Final = (
    "диплом", "удостов", "свидет", "сертиф", "лиценз", "аттест", "книжк", "медкн", "категор", "допу", "разреш", "прав",
    "аккред", "оконч", "унив", "инстит", "вуз", "мгу", "спбгу", "колледж", "акад", "техник", "учили", "образ", "бакал",
    "магист", "специал", "разряд", "корочк", "накс", "групп", "присв", "действ", "licen", "degree", "diplom", "certif",
    "univ", "college", "bachelor", "master", "permit", "card",
)  # fmt: skip
_NOT_OWN: Final = Phrases(
    f"""
    мой|моя|мои|наш|наша|наши *? {_KIN}|{_COLLEAGUE}
    ^ {_KIN}|{_COLLEAGUE}
    у моего|моей|нашего|нашей? брата|сестры|мужа|жены|отца|матери|мамы|папы|друга|подруги|соседа|сына|дочери
    другой|другая сотрудник|сотрудница|отдел|человек
    *ал|*ил|*ел|*ала|*ила|*ела аутсорсер|подрядчик|{_KIN}
    ^ my|our|a *? brother|sister|husband|wife|father|mother|friend|colleague|colleagues|teammate|contractor|boss
    хочу|хотел|хотела|мечтаю|планирую|собираюсь|намерен|намерена|надеюсь|стремлюсь бы? *ть|*ться|*ти
    готов|готова *? изуч*|освои*|науч*|обуч*
    в планах
    прошел|прошла|прохожу|слушал|слушала|изучаю|изучал|изучала *? *? курс*|тренинг*|вебинар*|интенсив*
    на|с|в|по|из курсе|курсах|занятия|занятии|занятиях|экскурсии|лекции|лекциях|туториалу|учебника|методичке
    учебный|учебного|учебном проект*|сервис*|кейс*
    буткемп*|bootcamp|интересует|интересуюсь|хотелось|овладеть|научиться
    want|plan|hope|intend|like|going|planning|eager to learn|study|master|become|get|try|start|work
    completed|took|taking|attended *? *? course|courses|training|bootcamp|webinar
    ^ требуется|требуются|нужен|нужна|ищем|ищете|необходим|необходимо|вам
    кандидат|соискатель должен|обязан
    """
)
_LAPSED: Final = Phrases(
    "просроч*|истек*|утерян*|утрачен*|лишен*|недеист*|аннулир*|отозван*|expired|lapsed|revoked|suspended|lost"
)
_DENIAL: Final = Phrases("не|нет|нету|никогда|ноль|отсутств*|not|no|never|none|zero")
# How words of criteria begin that are about study, or words that ask for the absence of something.
_STUDY: Final = ("курс", "обуч", "образов", "учеб", "повыш", "тренинг", "course", "train", "educat", "отсутств")
_ABSENCE: Final = frozenset(["без", "не", "no", "without"])


def suspicions(proofs: Sequence[Proof], resume: Resume, vacancy: Vacancy) -> tuple[Suspicion, ...]:
    """What is suspicious about a resume and its evidence; whether the threshold is near is not known here."""
    strong = [proof for proof in proofs if proof.level is Level.STRONG]
    vocabulary = COMMON.union(word[:KEY] for word in vacancy.source.words)
    strangers = [proof for proof in strong if not is_named(proof, resume)]
    denied, lapsed, others = (_beside(phrases, strong, resume) for phrases in (_DENIAL, _LAPSED, _NOT_OWN))
    reasons = Counter(chain.from_iterable(proof.reasons for proof in proofs))
    holds = {
        Suspicion.TO_REVIEWER: resume.addresses,
        Suspicion.HIDDEN: resume.hidden,
        Suspicion.ECHO: _many([proof for proof in strong if not _own_words(proof, vocabulary)], strong, 1 / 2),
        Suspicion.ONE_FOR_SEVERAL: bool(reasons[Lowering.ONE_FOR_MOST]) or _is_shared(strangers),
        Suspicion.UNRELATED: _has_a_gate([one for one in strangers if not _is_a_paper(one)])
        or _many(strangers, strong, 0.9),
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


def _beside(phrases: Phrases, proofs: Sequence[Proof], resume: Resume) -> list[Proof]:
    """The proofs of whose quotes one has a phrase in its clause, shortly before it or right behind it."""
    stream, numbers = resume.source.stream
    said = [numbers(start, end).start for start, end in phrases.find(stream)]

    def is_near(stretch: range) -> bool:
        sentence, clause = resume.source.sentence_of(stretch), resume.source.clause_of(stretch)
        first = max(sentence.start, min(clause.start, stretch.start - _WINDOW))
        return any(first <= word <= min(clause.stop, sentence.stop - 1) for word in said)

    def is_about_it(text: str) -> bool:
        return any(word.startswith(_STUDY) or word in _ABSENCE for word in asked_for(text))

    asked = [proof for proof in proofs if not is_about_it(proof.criterion.text)] if said else []
    return [proof for proof in asked if any(map(is_near, proof.stretches))]
