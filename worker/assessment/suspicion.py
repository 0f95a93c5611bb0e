"""What is merely suspicious: an honest resume may look like this, so it is said to a person, and lowers nothing."""

from collections import Counter
from collections.abc import Sequence
from enum import StrEnum
from functools import lru_cache
from itertools import chain
from typing import Final

from worker.assessment.criteria import CriterionKind
from worker.assessment.grading import Level
from worker.assessment.phrases import Phrases
from worker.assessment.plain_text import fold
from worker.assessment.proof import Lowering, Proof, same
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
_KEY: Final = 4  # letters by which words count as the same here
_LEAST_KEY: Final = 3
_WINDOW: Final = 12  # words before a quote in which its sentence may say whose work it was
_SIGNS: Final = "«»\"'([{.,;:—–-•"
# Neither one's own words nor a criterion's: what joins words, and commonplaces of resumes.
_COMMON: Final = frozenset(
    word[:_KEY]
    for word in fold(
        "опыт работа знание знаю навыки умею умение владею владение имею имеется есть лет год года годы уверенный хорошее "
        "отличное свободно наличие действующий стаж уровень более менее также для при или что это как над под про эксперт "
        "специалист профессионал делал проект использовал применял требования experience knowledge skills have working "
        "years year good strong expert used the and with for from"
    ).split()
)
_KIN: Final = "брат|сестра|муж|жена|супруг|супруга|отец|мать|мама|папа|друг|подруга|сосед|соседка|сын|дочь|дядя|тетя"
_COLLEAGUE: Final = "коллега|коллеги|напарник|напарница|тимлид|подрядчик|подрядчики|сослуживец|аутсорсер"
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
    vocabulary = _COMMON.union(word[:_KEY] for word in vacancy.source.words)
    strangers = [proof for proof in strong if not _names(proof, resume)]
    denied, lapsed, others = (_beside(phrases, strong, resume) for phrases in (_DENIAL, _LAPSED, _NOT_OWN))
    reasons = Counter(chain.from_iterable(proof.reasons for proof in proofs))
    holds = {
        Suspicion.TO_REVIEWER: bool(resume.barred),
        Suspicion.HIDDEN: resume.hidden,
        Suspicion.ECHO: _many([proof for proof in strong if not _own_words(proof, vocabulary)], strong, 1 / 2),
        Suspicion.ONE_FOR_SEVERAL: bool(reasons[Lowering.ONE_FOR_MOST]) or _is_shared(strong),
        Suspicion.UNRELATED: _has_a_gate(strangers) or _many(strangers, strong, 0.9),
        Suspicion.NOT_OWN_WORK: bool(others) or _has_a_gate(denied + lapsed) or _many(denied, strong, 1 / 3),
        Suspicion.INVENTED: reasons[Lowering.ABSENT] > 1,
        Suspicion.UNDATED: any(one.undated for one in strong) or bool(reasons[Lowering.YEARS_UNDATED]),
    }
    return tuple(suspicion for suspicion, found in holds.items() if found)


def _many(some: Sequence[Proof], of: Sequence[Proof], share: float) -> bool:
    return len(some) >= _SEVERAL and len(some) > share * len(of)


def _has_a_gate(proofs: Sequence[Proof]) -> bool:
    return any(proof.criterion.kind is CriterionKind.GATE for proof in proofs)


def _is_shared(proofs: Sequence[Proof]) -> bool:
    """Whether several proofs have one stretch."""
    return any(
        sum(any(same(stretch, other) for other in proof.stretches) for proof in proofs) >= _SEVERAL
        for stretch in chain.from_iterable(proof.stretches for proof in proofs)
    )


def _own_words(proof: Proof, vocabulary: frozenset[str]) -> bool:
    """Whether there is a word of one's own in the quotes; names are none."""
    tokens = (token for quote in proof.quotes for token in quote.split() if token.lstrip(_SIGNS)[:1].islower())
    return any(word[:_KEY] not in vocabulary and len(word) >= _LEAST_KEY for word in words_in(" ".join(tokens)))


def _names(proof: Proof, resume: Resume) -> bool:
    """Whether a quote shares a word with the criterion, the beginning of one ("медкнижка", "книжка") or its initials.

    Who writes in another alphabet shares no words.
    """
    words = _asked(proof.criterion.text)
    asked = {*filter(_tells, words), "".join(word[0] for word in words)}
    quoted = {word for one in proof.stretches for word in resume.source.words[one.start : one.stop] if _tells(word)}
    asks_in_latin, is_latin = (all(map(str.isascii, found)) for found in (words, quoted))
    if asks_in_latin is not is_latin and (is_latin or len(words) > 2):
        return True
    return any(
        word == other or (min(len(word), len(other)) >= _LEAST_KEY and (word[:_KEY] in other or other[:_KEY] in word))
        for word in asked
        for other in quoted
    )


def _tells(word: str) -> bool:
    return word[:_KEY] not in _COMMON and (len(word) >= _LEAST_KEY or word.isascii())


def _beside(phrases: Phrases, proofs: Sequence[Proof], resume: Resume) -> list[Proof]:
    """The proofs of whose quotes one has a phrase in its clause, shortly before it or right behind it."""
    stream, numbers = resume.source.stream
    said = [numbers(start, end).start for start, end in phrases.find(stream)]

    def is_near(stretch: range) -> bool:
        sentence, clause = resume.source.sentence_of(stretch), resume.source.clause_of(stretch)
        first = max(sentence.start, min(clause.start, stretch.start - _WINDOW))
        return any(first <= word <= min(clause.stop, sentence.stop - 1) for word in said)

    def is_about_it(text: str) -> bool:
        return any(word.startswith(_STUDY) or word in _ABSENCE for word in _asked(text))

    asked = [proof for proof in proofs if not is_about_it(proof.criterion.text)] if said else []
    return [proof for proof in asked if any(map(is_near, proof.stretches))]


@lru_cache(maxsize=2_000)
def _asked(text: str) -> list[str]:
    return words_in(text)  # many resumes share a vacancy's words
