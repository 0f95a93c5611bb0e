"""The speaker's sex, which Russian grammar tells in every verb: «вела склад» becomes «вёл склад».

Only where the sentence's subject is the writer, as far as code can see: a clause in which a feminine noun or pronoun
could be the subject («система обрабатывала», «выросла выручка») stays as it is. What is changed is changed in the text
that is sent, so that quotes from it are still verbatim.

Not covered: nouns («ученица», «отличница»), full adjectives («ответственная»), and a verb whose object looks like a
subject and stands in front of it. Such a resume loses nothing; it only is not identical to its masculine twin.
"""

import re
from typing import Final

from worker.assessment.redaction.morphology import Lexicon, Reading

_FEMININE: Final = ("ла", "лась", "на", "ва", "ма", "да", "та")
# Spelled in two ways by the men themselves («вёл» and «вел», «ответственен» and «ответствен»).
_MASCULINE: Final = ("ёл", "ёлся", "енен")
_ENDINGS: Final = (*_FEMININE, *_MASCULINE)
# One class of characters and a plus: linear in any engine, and a tenth of RE2's price for many matches.
_WORD = re.compile(r"[^\W\d_]+")
_CLAUSE_END: Final = frozenset(".,;:!?()\n—–•|")
_SENTENCE_END: Final = frozenset(".;!?\n•|")

_Word = tuple[int, int, str]  # start, end, in small letters


def in_masculine(text: str, lexicon: Lexicon) -> tuple[str, int]:
    """The text with the writer's feminine forms made masculine, and how many were."""
    words = list(_WORD.finditer(text))
    pieces: list[str] = []
    done = changed = 0
    clause: list[_Word] = []
    another = False  # somebody else acts in this sentence: «команда внедрила CRM, настроила телефонию»
    for number, match in enumerate(words):
        clause.append((match.start(), match.end(), match[0].lower()))
        behind = text[match.end() : words[number + 1].start() if number + 1 < len(words) else len(text)]
        if number + 1 < len(words) and not _CLAUSE_END.intersection(behind):
            continue
        changes, here = _changes(clause, lexicon, another=another)
        for start, end, form in changes:
            pieces += (text[done:start], _in_case_of(text[start:end], form))
            done = end
            changed += 1
        clause = []
        another = (another or here) and not _SENTENCE_END.intersection(behind)
    return ("".join((*pieces, text[done:])), changed) if changed else (text, 0)


def _changes(clause: list[_Word], lexicon: Lexicon, *, another: bool) -> tuple[list[_Word], bool]:
    """What to change in a clause, and whether a feminine subject other than the writer acts in it."""
    if not any(word == "сама" or (word.endswith(_ENDINGS) and _tells(lexicon.readings(word))) for _, _, word in clause):
        return [], False
    read = [lexicon.readings(word) for _, _, word in clause]
    subjects = [
        number
        for number, reading in enumerate(read)
        if Reading.FEMININE_SUBJECT in reading and clause[number][2] != "сама" and Reading.PASSIVE not in reading
    ]
    first = subjects[0] if subjects else len(clause)
    last = subjects[-1] if subjects else -1
    # Behind a verb, a noun in -ь is more likely its object («вела отчётность»), for the two forms are one.
    last_certain = max((number for number in subjects if not clause[number][2].endswith("ь")), default=-1)
    found: list[_Word] = []
    for number, (start, end, word) in enumerate(clause):
        if word == "сама" and not another and not subjects:
            found.append((start, end, "сам"))
        if not word.endswith(_ENDINGS) or not _tells(read[number]):
            continue
        if word.endswith(_FEMININE):
            behind = last if Reading.PASSIVE in read[number] else last_certain
            if another or first < number or behind > number:
                another = True
                continue
        form = lexicon.masculine(word)
        if form is not None and form != word:
            found.append((start, end, form))
    return found, another


def _tells(reading: Reading) -> bool:
    # «страна», «мыла», «права» are nouns too.
    return Reading.GENDERED in reading and Reading.NOUN not in reading


def _in_case_of(original: str, form: str) -> str:
    if original.isupper() and len(original) > 1:
        return form.upper()
    return form.capitalize() if original[0].isupper() else form
