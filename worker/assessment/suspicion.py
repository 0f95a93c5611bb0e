"""What is merely suspicious about the evidence of a resume: it is said to a person, and lowers nothing.

An honest resume may look like this now and then, so nothing here is proof.
"""

from collections.abc import Collection, Iterator, Sequence
from enum import StrEnum
from functools import lru_cache
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
    UNDATED = "undated"  # a duration that no date confirms
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


def suspicions(proofs: Sequence[Proof], resume: Resume, vacancy: Vacancy) -> Iterator[Suspicion]:
    """What is suspicious about a resume and its evidence, each once."""
    if resume.barred:
        yield Suspicion.TO_REVIEWER
    if resume.hidden:
        yield Suspicion.HIDDEN
    strong = [proof for proof in proofs if proof.level is Level.STRONG]
    vocabulary = {word[:_KEY] for word in vacancy.source.words} | _COMMON
    strangers = [proof for proof in strong if not _names(proof, resume)]
    denied, lapsed, others = (_beside(phrases, strong, resume) for phrases in (_DENIAL, _LAPSED, _NOT_OWN))
    if _many([proof for proof in strong if not _own_words(proof, vocabulary)], strong, 1 / 2):
        yield Suspicion.ECHO
    shared = (_count(stretch, strong) >= _SEVERAL for proof in strong for stretch in proof.stretches)
    if any(shared) or any(Lowering.ONE_FOR_MOST in proof.reasons for proof in proofs):
        yield Suspicion.ONE_FOR_SEVERAL
    if any(map(_is_gate, strangers)) or _many(strangers, strong, 0.9):
        yield Suspicion.UNRELATED
    if others or any(map(_is_gate, denied + lapsed)) or _many(denied, strong, 1 / 3):
        yield Suspicion.NOT_OWN_WORK
    if sum(Lowering.ABSENT in proof.reasons for proof in proofs) > 1:
        yield Suspicion.INVENTED
    if any(proof.undated for proof in strong):
        yield Suspicion.UNDATED


def _many(some: Sequence[Proof], of: Sequence[Proof], share: float) -> bool:
    return len(some) >= _SEVERAL and len(some) > share * len(of)


def _is_gate(proof: Proof) -> bool:
    return proof.criterion.kind is CriterionKind.GATE


def _count(stretch: range, proofs: Sequence[Proof]) -> int:
    return sum(any(same(stretch, other) for other in proof.stretches) for proof in proofs)


def _own_words(proof: Proof, vocabulary: frozenset[str] | set[str]) -> bool:
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
    if _foreign(quoted, words) or (len(words) > 2 and _foreign(words, quoted)):
        return True
    return any(
        word == other or (min(len(word), len(other)) >= _LEAST_KEY and (word[:_KEY] in other or other[:_KEY] in word))
        for word in asked
        for other in quoted
    )


def _tells(word: str) -> bool:
    return word[:_KEY] not in _COMMON and (len(word) >= _LEAST_KEY or word.isascii())


def _foreign(words: Collection[str], to: Collection[str]) -> bool:
    return all(map(str.isascii, words)) and not all(map(str.isascii, to))


def _beside(phrases: Phrases, proofs: Sequence[Proof], resume: Resume) -> list[Proof]:
    """The proofs of whose quotes one has a phrase in its clause, shortly before it or right behind it."""
    stream, numbers = resume.source.stream
    said = [numbers(start, end).start for start, end in phrases.find(stream)]

    def is_near(stretch: range) -> bool:
        sentence, clause = resume.source.sentence_of(stretch), resume.source.clause_of(stretch)
        first = max(sentence.start, min(clause.start, stretch.start - _WINDOW))
        return any(first <= word <= min(clause.stop, sentence.stop - 1) for word in said)

    asked = [proof for proof in proofs if not _is_about_study(proof.criterion.text)] if said else []
    return [proof for proof in asked if any(map(is_near, proof.stretches))]


def _is_about_study(text: str) -> bool:
    return any(word.startswith(_STUDY) or word in _ABSENCE for word in _asked(text))


@lru_cache(maxsize=2_000)
def _asked(text: str) -> list[str]:
    return words_in(text)  # many resumes share a vacancy's words
