"""What is merely suspicious in a resume and its grades: it is said to a person, and lowers nothing.

An honest resume may look like this now and then, so nothing here is proof.
"""

import re
from collections.abc import Iterator, Sequence, Set
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
    UNRELATED = "unrelated"  # no word in common with the gate that it confirms, or with most of the criteria
    NOT_OWN_WORK = "not_own_work"  # beside a quote: somebody else, a plan, a course, an offer
    DENIAL = "denial"  # a gate's quote denies it, or several quotes do
    IMPOSSIBLE_DATES = "impossible_dates"  # a period in a quote ends before it begins, or has not begun
    UNDATED = "undated"  # a duration that no date confirms
    NEAR_THRESHOLD = "near_threshold"


Suspicion = Sign | Doubt

_KEY: Final = 4  # letters by which words count as the same here
_LEAST_KEY: Final = 3
_SEVERAL: Final = 3
_SIGNS: Final = "«»\"'([{.,;:—–-•"
_WINDOW: Final = 12  # words before a quote in which its sentence may say whose work it was
_MOST_UNRELATED: Final = 2 / 3  # of what is confirmed, by words that name none of it
_MOST_DENIED: Final = 1 / 3
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
_OF_KIN: Final = "брата|сестры|мужа|жены|супруга|супруги|отца|матери|мамы|папы|друга|подруги|соседа|сына|дочери"
_COLLEAGUE: Final = "коллега|коллеги|напарник|напарница|тимлид|подрядчик|подрядчики|сослуживец|аутсорсер"
_NOT_OWN: Final = Phrases(
    {
        Doubt.NOT_OWN_WORK: f"""
            мой|моя|мои|наш|наша|наши *? {_KIN}|{_COLLEAGUE}
            ^ {_KIN}|{_COLLEAGUE}
            у моего|моей|нашего|нашей? {_OF_KIN}
            другой|другая сотрудник|сотрудница|отдел|человек
            *ал|*ил|*ел|*ала|*ила|*ела аутсорсер|подрядчик|{_KIN}
            ^ my|our|a *? brother|sister|husband|wife|father|mother|friend|colleague|colleagues|teammate|contractor|boss
            хочу|хотел|хотела|мечтаю|планирую|собираюсь|намерен|намерена|надеюсь|стремлюсь бы? *ть|*ться|*ти
            готов|готова *? изуч*|освои*|науч*|обуч*
            в планах
            прошел|прошла|прохожу|слушал|слушала|изучаю|изучал|изучала *? *? курс*|тренинг*|вебинар*|интенсив*
            want|plan|hope|intend|like|going|planning|eager to learn|study|master|become|get|try|start|work
            completed|took|taking|attended *? *? course|courses|training|bootcamp|webinar
            ^ требуется|требуются|нужен|нужна|ищем|ищете|необходим|необходимо|вам
            кандидат|соискатель должен|обязан
        """
    }
)
_STUDY: Final = ("курс", "обуч", "образ", "повыш", "трен", "cour", "trai", "educ")
_NEGATION: Final = frozenset(
    fold("не нет нету никогда ноль отсутствует отсутствуют not no never none zero don didn haven").split()
)
_NEGATIVE: Final = frozenset(word[:_KEY] for word in ("без", "отсутствие", "не", "no", "without"))
_NO_DENIAL_OF: Final = frozenset(fold("только просто менее ниже раз допускал допустил допустила нарушал only just less").split())
_PERIOD: Final = re.compile(
    r"((?:19|20)\d\d) ?(?:г\.|года?)? ?(?:[—–-]|по|до|to) ?(?:\d?\d[./]|[а-яa-z]{3,9}\.? )?((?:19|20)\d\d)|\b(?:с|since) ((?:19|20)\d\d)"
)


def doubts(proofs: Sequence[Proof], resume: Resume, vacancy: Vacancy, *, year: int) -> Iterator[Doubt]:
    """What is suspicious about the evidence of one resume, each once; `year` is the current one."""
    strong = [proof for proof in proofs if proof.level is Level.STRONG]
    gates = [proof for proof in strong if proof.criterion.kind is Kind.GATE]
    vocabulary = {word[:_KEY] for word in vacancy.source.words} | _COMMON
    if _many([not _own_words(proof, vocabulary) for proof in strong], 1 / 2):
        yield Doubt.ECHO
    if any(
        sum(any(same(one, other) for other in proof.stretches) for proof in strong) >= _SEVERAL
        for proof in strong
        for one in proof.stretches
    ):
        yield Doubt.ONE_FOR_SEVERAL
    one_script = _cyrillic(vacancy.source.words) == _cyrillic(resume.source.words)
    strangers = [proof for proof in strong if not _names(proof, resume)]
    if any(proof in gates for proof in strangers) or (
        one_script and _many([proof in strangers for proof in strong], _MOST_UNRELATED)
    ):
        yield Doubt.UNRELATED
    elsewhere = _elsewhere(resume)
    if any(_is_not_own(proof, elsewhere, resume) for proof in strong):
        yield Doubt.NOT_OWN_WORK
    if any(_denies(proof, resume) for proof in gates) or _many([_denies(one, resume) for one in strong], _MOST_DENIED):
        yield Doubt.DENIAL
    if any(_is_impossible(quote, year) for proof in strong for quote in proof.quotes):
        yield Doubt.IMPOSSIBLE_DATES
    if any(proof.undated for proof in strong):
        yield Doubt.UNDATED


def _many(holds: Sequence[bool], share: float) -> bool:
    return sum(holds) >= _SEVERAL and sum(holds) > share * len(holds)


def _own_words(proof: Proof, vocabulary: Set[str]) -> bool:
    """Whether there is a word of one's own in the quotes; names are none."""
    tokens = (token for quote in proof.quotes for token in quote.split() if token.lstrip(_SIGNS)[:1].islower())
    return any(word[:_KEY] not in vocabulary and len(word) >= _LEAST_KEY for word in words_in(" ".join(tokens)))


def _names(proof: Proof, resume: Resume) -> bool:
    """Whether a quote has a word of the criterion in it, whatever its ending."""
    asked = _keys(words_in(proof.criterion.text))
    return not asked or any(asked & _keys(resume.source.words[one.start : one.stop]) for one in proof.stretches)


def _keys(words: Sequence[str]) -> set[str]:
    telling = (word for word in words if word[:_KEY] not in _COMMON)
    return {word[:_LEAST_KEY] for word in telling if len(word) >= _LEAST_KEY or word.isascii()}


def _cyrillic(words: Sequence[str]) -> bool:
    return 2 * sum(word.isascii() for word in words) < len(words)


def _elsewhere(resume: Resume) -> list[range]:
    stream, numbers = resume.source.stream
    return [numbers(start, end) for _, start, end in _NOT_OWN.find(stream)]


def _is_not_own(proof: Proof, elsewhere: Sequence[range], resume: Resume) -> bool:
    if any(word.startswith(_STUDY) for word in words_in(proof.criterion.text)):
        return False
    for stretch in proof.stretches:
        sentence, clause = resume.source.sentence_of(stretch), resume.source.clause_of(stretch)
        first = max(sentence.start, min(clause.start, stretch.start - _WINDOW))
        if any(first <= said.start < clause.stop for said in elsewhere):
            return True
    return False


def _denies(proof: Proof, resume: Resume) -> bool:
    """Whether a clause of the quotes, or what directly follows one ("Docker - нет"), denies something."""
    if any(word[:_KEY] in _NEGATIVE for word in words_in(proof.criterion.text)):
        return False
    words = resume.source.words
    for stretch in proof.stretches:
        clause, sentence = resume.source.clause_of(stretch), resume.source.sentence_of(stretch)
        behind = range(clause.stop, min(sentence.stop, clause.stop + 1))
        if any(
            words[at] in _NEGATION and not (at + 1 < len(words) and words[at + 1] in _NO_DENIAL_OF)
            for at in (*clause, *behind)
        ):
            return True
    return False


def _is_impossible(quote: str, year: int) -> bool:
    periods = ((int(begin or since), int(end or since)) for begin, end, since in _PERIOD.findall(fold(quote)))
    return any(begin > end or begin > year for begin, end in periods)
