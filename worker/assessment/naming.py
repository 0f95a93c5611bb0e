"""Whether words name what is asked for, or something else."""

from collections.abc import Iterable
from functools import lru_cache
from typing import Final

from worker.assessment.plain_text import fold
from worker.assessment.source_text import words_in

KEY: Final = 4  # letters by which words count as the same here
LEAST_KEY: Final = 3
# Neither one's own words nor a criterion's: what joins words, and commonplaces of resumes.
COMMON: Final = frozenset(
    word[:KEY]
    for word in fold(
        "опыт работа знание знаю навыки умею умение владею владение имею есть лет год года годы уверенный имеется "
        "хорошее отличное свободно наличие действующий стаж уровень более менее также для при или что это как над под "
        "про эксперт специалист профессионал делал проект использовал применял требования experience knowledge skills "
        "have working years year good strong expert used the and with for from"
    ).split()
)


@lru_cache(maxsize=2_000)
def asked_for(text: str) -> list[str]:
    """The words of a requirement; many resumes share a vacancy's."""
    return words_in(text)


def names(words: Iterable[str], requirement: str) -> bool:
    """Whether words share one with a requirement, the beginning of one ("медкнижка", "книжка") or its initials.

    Who writes in another alphabet shares no words.
    """
    wanted = asked_for(requirement)
    asked = {*filter(_tells, wanted), "".join(word[0] for word in wanted)}
    quoted = set(filter(_tells, words))
    asks_in_latin, is_latin = (all(map(str.isascii, found)) for found in (wanted, quoted))
    if asks_in_latin is not is_latin and (is_latin or len(wanted) > 2):
        return True
    return any(
        word == other or (min(len(word), len(other)) >= LEAST_KEY and (word[:KEY] in other or other[:KEY] in word))
        for word in asked
        for other in quoted
    )


def _tells(word: str) -> bool:
    return word[:KEY] not in COMMON and (len(word) >= LEAST_KEY or word.isascii())
