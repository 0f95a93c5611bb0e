"""Russian words as the OpenCorpora dictionary knows them, through `pymorphy3`.

The dictionary is loaded when it is first asked, once per process: 15 MB and 0.05 s. Only look-ups are used, some 50
microseconds each, so the process remembers the words that it met last.
"""

from enum import Flag, auto
from functools import cache, lru_cache
from typing import Any, Final

import pymorphy3_dicts_ru
from pymorphy3.opencorpora_dict import Dictionary

from worker.assessment.redaction.word_cache import remembered


class Reading(Flag):
    """What a word can be. The dictionary gives most words several readings."""

    UNKNOWN = 0
    GIVEN = auto()
    SURNAME = auto()
    PATRONYMIC = auto()
    COMMON = auto()  # anything that names no person
    PLACE = auto()
    NOUN = auto()
    FEMININE_SUBJECT = auto()  # a feminine noun or pronoun in the nominative
    GENDERED = auto()  # a verb of the past or a short adjective: it tells the speaker's sex
    ADJECTIVE = auto()
    PASSIVE = auto()  # a short participle («назначена»)
    ANIMATE = auto()  # a noun for somebody: «сменщик», «сестра»
    INANIMATE = auto()


KEPT_WORDS: Final = 8_000
"""What a cache of words holds: some 3 MB at most, and all that resumes are written with, but for the rarest."""


@cache
def _dictionary() -> tuple[Any, Any]:
    """The dictionary, and that `е` may stand for `ё`; the analyzer around it would guess at other words, for 6 MB."""
    dictionary = Dictionary(pymorphy3_dicts_ru.get_path())
    dictionary.prediction_suffixes_dawgs.clear()  # what that would guess by: 4 MB
    return dictionary, dictionary.words.compile_replaces({"е": "ё"})


@remembered(KEPT_WORDS)
def readings(word: str) -> Reading:
    """Every reading of a lower-case Cyrillic word (`е` may stand for `ё`); none for a word that is not listed."""
    dictionary, substitutes = _dictionary()
    found = 0
    for parses in dictionary.words.similar_item_values(word, substitutes):
        for paradigm, index in parses:
            found |= _reading(paradigm, index).value
    return Reading(found)


_OF_NAMES: Final = {
    "Surn": Reading.SURNAME, "Patr": Reading.PATRONYMIC, "Name": Reading.GIVEN,
    "Poss": Reading.UNKNOWN,  # «петров» as in «петров день»: a surname, if anything, in a resume
}  # fmt: skip


@lru_cache(maxsize=65_536)  # there are some 3,000 paradigms with a dozen forms each; no text of anybody's is kept
def _reading(paradigm: int, index: int) -> Reading:
    tag = _dictionary()[0].build_tag_info(paradigm, index)
    for mark, reading in _OF_NAMES.items():
        if mark in tag:
            return reading
    found = Reading.PLACE | Reading.COMMON if "Geox" in tag else Reading.COMMON
    if tag.POS == "NOUN":
        found |= Reading.NOUN | (Reading.ANIMATE if "anim" in tag else Reading.INANIMATE)
    if tag.POS in {"NOUN", "NPRO", "ADJF", "PRTF"} and "Abbr" not in tag and {"femn", "sing", "nomn"} in tag:
        found |= Reading.FEMININE_SUBJECT
    if tag.gender in {"femn", "masc"} and ((tag.POS == "VERB" and "past" in tag) or tag.POS in {"ADJS", "PRTS"}):
        found |= Reading.GENDERED
    if tag.POS in {"ADJS", "ADJF"}:
        found |= Reading.ADJECTIVE
    if tag.POS == "PRTS":
        found |= Reading.PASSIVE
    return found


@remembered(KEPT_WORDS)
def masculine(word: str) -> str | None:
    """The masculine form, with `е` for `ё`, of a lower-case verb of the past, short adjective or participle.

    «работала» → «работал», «прошла» and «прошёл» → «прошел», «готова» → «готов»; None where there is none.
    """
    dictionary, substitutes = _dictionary()
    for spelling, parses in dictionary.words.similar_items(word, substitutes):
        for paradigm, index in parses:
            if Reading.GENDERED not in _reading(paradigm, index):
                continue
            stem = dictionary.build_stem(dictionary.paradigms[paradigm], index, spelling)
            wanted = dictionary.build_tag_info(paradigm, index)
            for prefix, tag, suffix in dictionary.build_paradigm_info(paradigm):
                if {"masc", "sing"} in tag and (tag.POS, tag.tense) == (wanted.POS, wanted.tense):
                    return f"{prefix}{stem}{suffix}".replace("ё", "е")
    return None
