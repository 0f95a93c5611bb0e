"""Whether words name what is asked for, or something else."""

from collections.abc import Iterable
from functools import lru_cache
from typing import Final

from worker.assessment.phrases import words
from worker.assessment.source_text import words_in

KEY: Final = 4  # letters by which words count as the same here
LEAST_KEY: Final = 3
asked_for = lru_cache(2_000)(words_in)  # the words of a requirement; many resumes share a vacancy's
# Neither one's own words nor a criterion's: what joins words, and commonplaces of resumes.
COMMON: Final = frozenset(word[:KEY] for word in words("commonplaces"))


def names(quoted: Iterable[str], requirement: str) -> bool:
    """Whether words share one with a requirement, its initials or a beginning; those of another alphabet may."""
    wanted = asked_for(requirement)
    asked = {*filter(_tells, wanted), "".join(word[0] for word in wanted)}
    told = set(filter(_tells, quoted))
    asks_in_latin, is_latin = (all(map(str.isascii, found)) for found in (wanted, told))
    if asks_in_latin is not is_latin and (is_latin or len(wanted) > 2):
        return True
    return any(
        word == other or (min(len(word), len(other)) >= LEAST_KEY and (word[:KEY] in other or other[:KEY] in word))
        for word in asked
        for other in told
    )


def _tells(word: str) -> bool:
    return word[:KEY] not in COMMON and (len(word) >= LEAST_KEY or word.isascii())
