"""What is merely suspicious in a resume and its grades: it is said to a person, and lowers nothing.

An honest resume may look like this now and then, so nothing here is proof.
"""

from collections.abc import Iterator, Sequence
from enum import StrEnum
from typing import Final

from worker.assessment.criteria import Kind
from worker.assessment.grading import Level
from worker.assessment.phrases import Phrases
from worker.assessment.plain_text import fold
from worker.assessment.proof import Proof, same
from worker.assessment.resume import Resume
from worker.assessment.reviewer_talk import Sign
from worker.assessment.source_text import words_in
from worker.assessment.vacancy import Vacancy

NEAR: Final = 5  # points around the threshold


class Doubt(StrEnum):
    """What is suspicious about the evidence."""

    ECHO = "echo"  # most of what is confirmed is the vacancy's words and nothing of one's own
    ONE_FOR_SEVERAL = "one_for_several"  # one stretch of words confirms three and more criteria
    GATE_UNRELATED = "gate_unrelated"  # no word in common with the gate that it confirms
    NOT_OWN_WORK = "not_own_work"  # beside a quote: somebody else, a plan, a course, a denial
    UNDATED = "undated"  # a duration that no date confirms
    NEAR_THRESHOLD = "near_threshold"


Suspicion = Sign | Doubt

_KEY: Final = 4  # letters by which words count as the same here
_LEAST_KEY: Final = 3
_SEVERAL: Final = 3
_WINDOW: Final = 12  # words before a quote in which its sentence may say whose work it was
# Neither one's own words nor a gate's: what joins words, and commonplaces of resumes.
_COMMON: Final = frozenset(
    word[:_KEY]
    for word in fold(
        "опыт работа знание знаю навыки умею умение владею владение имею имеется есть лет год года годы уверенный хорошее "
        "отличное свободно наличие действующий стаж уровень более менее также для при или что это как без над под про "
        "требования experience knowledge skills have work working years year good strong the and with for from"
    ).split()
)
_KIN: Final = "брат*|сестр*|муж|мужа|жена|жены|супруг*|отец|отца|мать|мама|друг|друга|подруг*|сосед*|сын|дочь|дядя"
_COLLEAGUE: Final = "коллег*|напарник*|тимлид*|подрядчик*|сослуживец|сослуживц*"
_NOT_OWN: Final = Phrases(
    {
        Doubt.NOT_OWN_WORK: f"""
            мой|моя|мои|наш|наша|наши|моего|моей|нашего|нашей *? {_KIN}|{_COLLEAGUE}
            ^ {_COLLEAGUE}
            my|our *? brother|sister|husband|wife|father|mother|friend|colleague|colleagues|teammate|contractor|lead|boss
            хочу|хотел|хотела|мечтаю|планирую|собираюсь|намерен|намерена|надеюсь|стремлюсь *? *ть|*ться|*ти
            готов|готова *? изуч*|освои*|науч*|обуч*
            в планах
            прошел|прошла|прохожу|слушал|слушала|изучаю|изучал|изучала *? *? курс*|тренинг*|вебинар*|интенсив*
            want|plan|hope|intend|would|like|going|planning|eager to learn|study|master|become|get|try|start|work
            completed|took|taking|attended *? *? course|courses|training|bootcamp|webinar
        """
    }
)
_STUDY: Final = ("курс", "обуч", "образ", "повыш", "трен", "cour", "trai", "educ")
_DENIAL: Final = frozenset("нет нету отсутствует отсутствуют no none".split())
_IDLE: Final = _DENIAL | frozenset("не опыта пока было знаний навыков experience yet".split())
_NEGATIVE: Final = frozenset(("без", "отсу", "не", "no", "with", "нет"))


def doubts(proofs: Sequence[Proof], resume: Resume, vacancy: Vacancy) -> Iterator[Doubt]:
    """What is suspicious about the evidence of one resume, each once."""
    strong = [proof for proof in proofs if proof.level is Level.STRONG]
    vocabulary = {word[:_KEY] for word in vacancy.source.words} | _COMMON
    echoes = [proof for proof in strong if not any(_own_words(quote, vocabulary) for quote in proof.quotes)]
    if len(echoes) >= _SEVERAL and 2 * len(echoes) > len(strong):
        yield Doubt.ECHO
    if any(
        sum(any(same(one, other) for other in proof.stretches) for proof in strong) >= _SEVERAL
        for proof in strong
        for one in proof.stretches
    ):
        yield Doubt.ONE_FOR_SEVERAL
    if any(proof.criterion.kind is Kind.GATE and not _names(proof) for proof in strong):
        yield Doubt.GATE_UNRELATED
    elsewhere = _elsewhere(resume)
    if any(_is_not_own(proof, elsewhere, resume) for proof in strong):
        yield Doubt.NOT_OWN_WORK
    if any(proof.undated for proof in strong):
        yield Doubt.UNDATED


def _own_words(quote: str, vocabulary: set[str] | frozenset[str]) -> bool:
    return any(word[:_KEY] not in vocabulary for word in words_in(quote) if len(word) >= _LEAST_KEY)


def _names(proof: Proof) -> bool:
    """Whether a quote has a word of the criterion in it, whatever its ending."""
    asked = _keys(proof.criterion.text)
    return not asked or any(asked & _keys(quote) for quote in proof.quotes)


def _keys(text: str) -> set[str]:
    return {word[:_LEAST_KEY] for word in words_in(text) if word[:_KEY] not in _COMMON and (len(word) > 2 or word.isascii())}


def _elsewhere(resume: Resume) -> list[range]:
    stream, numbers = resume.source.stream()
    return [numbers(start, end) for _, start, end in _NOT_OWN.find(stream)]


def _is_not_own(proof: Proof, elsewhere: Sequence[range], resume: Resume) -> bool:
    keys = {word[:_KEY] for word in words_in(proof.criterion.text)}
    if keys & _NEGATIVE or any(key.startswith(_STUDY) for key in keys):
        return False
    for stretch in proof.stretches:
        sentence, clause = resume.source.sentence_of(stretch), resume.source.clause_of(stretch)
        before = range(max(sentence.start, min(clause.start, stretch.start - _WINDOW)), clause.stop)
        if any(before.start <= said.start < before.stop for said in elsewhere):
            return True
        if _is_denied_behind(clause, stretch, sentence, resume.source.words):
            return True
    return False


def _is_denied_behind(clause: range, stretch: range, sentence: range, words: Sequence[str]) -> bool:
    behind = words[stretch.stop : clause.stop] or words[clause.stop : min(sentence.stop, clause.stop + 2)]
    return bool(_DENIAL & set(behind[:2])) and set(behind[:2]) <= _IDLE
