"""Words reduced to what their forms share, and the words that say nothing about a skill.

A crude rule instead of a morphology: it needs no dictionary, 30 MB or start-up time, and all that rests on it is
whether two words *may* speak of the same thing.
"""

from collections.abc import Iterable
from typing import Final

from worker.assessment.plain_text import fold
from worker.assessment.word_cache import remembered

_LENGTH: Final = 5
_VOWELS: Final = "аеиоуыэюяь"

# Words that join others.
_FUNCTION: Final = """
    а без более был была были было в во все всех вы где да для до его ее если есть еще же за и из или им их к как
    когда кто ко либо меня мне мной мы на над нас не нет ни но о об обо он она они от по под при про с сам сама со
    так также там то тоже только у уже чем что чтобы эта эти это этот этого я ли бы будет мой моя мои наш наша наши
    an a and are as at be been but by for from had has have he her his i in into is it its me my no not of on or our
    she so that the their them they this to under up us was we were which who will with you your
"""
# Words that resumes and vacancies share whatever the trade is: neither evidence nor a topic.
_GENERIC: Final = """
    опыт опыта опытом опыте работа работы работе работу работой работал работала работать работаю работает знание
    знания знаний знаю знать навык навыки навыков навыками умение умения умею уметь владение владею владеть
    уверенный уверенное уверенно уверенная уверенного уверенным хороший хорошее хорошо хорошая отличное отличный
    отлично свободное свободный свободно профессиональное профессиональный практический практика год года году лет
    месяц месяца месяцев стаж стажа стажем уровень уровня уровне уровнем наличие наличии понимание понимания
    эксперт эксперта специалист специалиста профи мастер опытный опытная продвинутый ключевой ключевые требования
    требование требуется обязательно желательно плюс плюсом минимум менее ниже выше около свыше очень человек
    experience experienced knowledge skill skills skilled years year months level good strong excellent advanced
    proficient proficiency expert specialist working work worked ability understanding least minimum plus solid
    fluent confident
"""  # fmt: skip
# What evidence of languages is called in the two languages of most resumes.
_ALIASES: Final = {"engli": "англи", "germa": "немец", "frenc": "франц", "chine": "китаи", "spani": "испан"}


@remembered(20_000)
def stem(word: str) -> str:
    """What the forms of a folded word share: `зарплата` and `зарплаты`, `query` and `queries`."""
    if not word.isalpha() or len(word) < 3:
        return word
    if word.isascii():
        if word.endswith("s") and len(word) > 3 and not word.endswith("ss"):
            word = word[:-1]
        word = word[:-1] + "i" if word.endswith("y") else word.removesuffix("e") if len(word) > 4 else word
    elif len(word) <= _LENGTH + 1:
        bare = word.removesuffix("и").removesuffix("м").removesuffix("х") if len(word) > 4 else word
        word = bare.rstrip(_VOWELS) if len(bare.rstrip(_VOWELS)) > 1 else bare
    cut = word[:_LENGTH]
    return _ALIASES.get(cut, cut)


FUNCTION_WORDS: Final = frozenset(fold(_FUNCTION).split())
GENERIC_WORDS: Final = frozenset(fold(_GENERIC).split())


@remembered(20_000)
def is_content(word: str) -> bool:
    """Whether a folded word says something: not a function word, not a commonplace of resumes, not one letter."""
    return (
        word not in FUNCTION_WORDS
        and word not in GENERIC_WORDS
        and (len(word) > 1 or word.isdecimal())
        and word != PRIVATE
    )


PRIVATE: Final = "приватно"
"""The word that a redacted name, phone or address becomes in a reading: it is no evidence of anything."""


def stems_of(words: Iterable[str]) -> frozenset[str]:
    """The stems of those words that say something."""
    return frozenset(filter(None, map(_telling_stem, words)))


@remembered(20_000)
def _telling_stem(word: str) -> str:
    return stem(word) if is_content(word) else ""
