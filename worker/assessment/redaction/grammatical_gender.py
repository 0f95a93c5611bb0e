"""The speaker's sex, which Russian grammar tells in every verb: «вела склад» becomes «вёл склад».

Only where the sentence's subject is the writer, as far as code can see: a clause in which a feminine noun or pronoun
could be the subject («система обрабатывала», «выросла выручка») stays as it is. Not covered: nouns («ученица»), full
adjectives, and a verb whose object looks like a subject and stands before it.
"""

import re
from typing import Final, NamedTuple

from worker.assessment.redaction.morphology import KEPT_WORDS, Reading, masculine, readings
from worker.assessment.redaction.word_cache import remembered
from worker.assessment.redaction.word_list import LETTERS, terms

_FEMININE: Final = ("ла", "лась", "на", "ва", "ма", "да", "та")
# Spelled in two ways by the men themselves («вёл» and «вел», «ответственен» and «ответствен»).
_MASCULINE: Final = ("ёл", "ёлся", "енен")
_ENDINGS: Final = (*_FEMININE, *_MASCULINE)
# One class of characters and a plus: linear in any engine, and a tenth of RE2's price for many matches.
_WORD = re.compile(f"[{LETTERS}]+")
_LINE: Final = re.compile(r"[^\n]+")
_SENTENCE_END: Final = frozenset(".;!?\n•|")
# Linear only in a text that ends with a sign, as `masculine_forms` sees to: an unfinished clause would be read again
# from each of its letters.
_CLAUSE = re.compile(r"((?:[^.,;:!?()\n—–•|]+|(?<=\d)[.,:–](?=\d))*)([.,;:!?()\n—–•|])")

_Word = tuple[int, int, str]  # start, end, in small letters; or another form of it


class _Grammar(NamedTuple):
    tells: bool  # the speaker's sex
    subject: bool  # it can be a feminine subject that is not the writer
    passive: bool


@remembered(KEPT_WORDS)
def _grammar(word: str) -> _Grammar:
    reading = readings(word)
    return _Grammar(
        # «страна», «мыла», «права» are nouns too; «книжка: № 5, действительна» is of papers.
        tells=word not in terms("of things")
        and word.endswith(_ENDINGS)
        and Reading.GENDERED in reading
        and Reading.NOUN not in reading,
        subject=(Reading.FEMININE_SUBJECT in reading and word != "сама" and Reading.PASSIVE not in reading)
        or (reading is Reading.UNKNOWN and word.endswith(("ка", "та", "ия"))),  # «медкнижка»
        passive=Reading.PASSIVE in reading,
    )


def masculine_forms(text: str) -> list[_Word]:
    """The writer's feminine forms in the text: where each stands, and its masculine form."""
    lines = [(line.start(), line[0], _WORD.findall(line[0].lower())) for line in _LINE.finditer(text)]
    words = {word for *_, those in lines for word in those}
    telling = {word for word in words if word == "сама" or (word.endswith(_ENDINGS) and _grammar(word).tells)}
    found: list[_Word] = []
    for begin, line, those in lines:
        another = False  # somebody else acts in this sentence: «команда внедрила CRM, настроила телефонию»
        for match in () if telling.isdisjoint(those) else _CLAUSE.finditer(f"{line}\n"):  # the last clause ends, too
            said = _WORD.finditer(line, *match.span(1))
            clause = [(begin + word.start(), begin + word.end(), word[0].lower()) for word in said]
            if not telling.isdisjoint(word for *_, word in clause):
                changes, another = _changes(clause, another=another)
                found += [
                    (start, end, _in_case_of(text[start:end], form))
                    for start, end, form in changes
                    if start == clause[0][0] or text[start].islower() or text[start:end].isupper()  # «деревья Меркла»
                ]
            another = another and match[2] not in _SENTENCE_END
    return found


def _changes(clause: list[_Word], *, another: bool) -> tuple[list[_Word], bool]:
    """What to change in a clause, and whether a feminine subject other than the writer acts in its sentence."""
    read = [_grammar(word) for _, _, word in clause]
    subjects = [number for number, grammar in enumerate(read) if grammar.subject]
    first = subjects[0] if subjects else len(clause)
    last = subjects[-1] if subjects else -1
    # Behind a verb, a noun in -ь is more likely its object («вела отчётность»), for the two forms are one.
    last_certain = max((number for number in subjects if not clause[number][2].endswith("ь")), default=-1)
    found: list[_Word] = []
    for number, (start, end, word) in enumerate(clause):
        if word == "сама" and not another and not subjects:
            found.append((start, end, "сам"))
        if not read[number].tells:
            continue
        if word.endswith(_FEMININE):
            behind = last if read[number].passive else last_certain
            if another or first < number or behind > number:
                another = True
                continue
        form = masculine(word)
        if form is not None and form != word:
            found.append((start, end, form))
    return found, another


def _in_case_of(original: str, form: str) -> str:
    if original.isupper() and len(original) > 1:
        return form.upper()
    return form.capitalize() if original[0].isupper() else form
