"""What is sent abroad has no person in it: `redact` puts placeholders where a resume names or describes its owner.

It lowers exposure; it is no anonymisation in the sense of the law: who knows a career may know its owner.

Placeholders side by side become one, with the labels and the punctuation between them: two resumes that differ in the
person only become the same text. Pure, linear in the text's length; all that is read are `pymorphy3`'s dictionary and
the tagger's weights.
"""

import re
from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from itertools import accumulate
from types import MappingProxyType
from typing import Final

from worker.assessment.plain_text import readable
from worker.assessment.redaction.grammatical_gender import masculine_forms
from worker.assessment.redaction.homes import find_homes
from worker.assessment.redaction.last_looks import find_handles
from worker.assessment.redaction.names import find_names
from worker.assessment.redaction.placeholders import ANY, KIND_OF, SYMBOLS, Kind, spelled, unspelled
from worker.assessment.redaction.rules import RuleSet, replaced
from worker.assessment.redaction.sheet import Sheet, places_near_placeholders
from worker.assessment.redaction.tagger import Known, find_tagged
from worker.assessment.redaction.word_list import pattern

REDACTION_VERSION: Final = "7"

_MOST_ROUNDS: Final = 4  # of the rules
_MOST_LOOKS: Final = 2  # of the tagger: what it takes out shows it more; a third look showed nothing in 329 texts

# Where the first of each pair finds nothing, the other cannot; RE2 takes ten times as long to say so.
_LABELS_AND_NOTES = (
    (re.compile(rf"(?<=[ \t\n|:.=—\-\"])[{ANY}]"), "labels of placeholders"),
    (re.compile(rf"[{ANY}][ \t]*[—\-(]"), "notes of placeholders"),
)
# Placeholders and what is between them have no character in common: linear in any engine.
_SIDE_BY_SIDE = re.compile(rf"[{ANY}](?:[ \t\n,;|•·:.()/\\—\-]*[{ANY}])+")
_ANOTHER_SENTENCE = re.compile(r"\. +")  # «… Смирнова. Смирнов отметил»


@dataclass(frozen=True, slots=True)
class Redacted:
    """A text without its person, and how many things of each kind were replaced (`placeholders.Kind`)."""

    text: str = field(repr=False)
    counts: Mapping[str, int]


def redact(text: str) -> Redacted:
    """Replace what names or describes a person in a resume by placeholders.

    The result is `readable`, at most some three times as long, and redacting it again changes nothing in all but one or
    two of a thousand resumes. Never raises.
    """
    counts: Counter[str] = Counter()
    sheet = _neutral(by_rules(Sheet.of(unspelled(readable(text))), counts), counts)
    known: Known = {}
    for _ in range(_MOST_LOOKS):
        before, sheet = sheet, replaced(sheet, find_tagged(sheet.look, sheet.end_of_head, known), counts)
        if sheet is before:
            break
        sheet = _neutral(by_rules(sheet, counts, again=True), counts)
    return Redacted(spelled(sheet.text), MappingProxyType(dict(+counts)))


def _neutral(sheet: Sheet, counts: Counter[str]) -> Sheet:
    """The text with masculine forms only: the tagger does not see who writes either."""
    changes = masculine_forms(sheet.text)
    counts["gender_ending"] += len(changes)
    return sheet.changed(changes)


def by_rules(sheet: Sheet, counts: Counter[str], *, again: bool = False) -> Sheet:
    """The text without what the rules find, which had been applied if `again`; `counts` as in `replaced`."""
    unchanged = 0
    for step in (*(_STEPS_AGAIN if again else _STEPS), *_STEPS_AGAIN * (_MOST_ROUNDS - 1)):
        before, sheet = sheet, step(sheet, counts)
        unchanged = unchanged + 1 if sheet is before else 0
        if unchanged == len(_STEPS):
            break
    return sheet


def _without_names(sheet: Sheet, counts: Counter[str], *, again: bool = False) -> Sheet:
    look, end = sheet.look, sheet.end_of_head
    if not again:
        return replaced(sheet, find_names(look, end), counts)
    # There are more beside placeholders only. An empty line stands for others, and a sign for the end.
    places = places_near_placeholders(look)
    near = "".join(f"{look[start:stop]}\n" for start, stop in places)
    begins = list(accumulate((stop - start + 1 for start, stop in places), initial=0))
    end = sum(min(stop, end) - start + 1 for start, stop in places if start < end)

    def at(place: int) -> int:
        number = bisect_right(begins, place) - 1
        return place - begins[number] + places[number][0]

    found = find_names(f"{near}\n—", end)
    return replaced(sheet, [(at(start), at(stop - 1) + 1, kind) for start, stop, kind in found], counts)


def _merged(sheet: Sheet, _counts: Counter[str]) -> Sheet:
    """Labels and notes of placeholders go; placeholders side by side become one."""
    for _ in range(_MOST_ROUNDS):
        before = sheet
        for may_be, name in _LABELS_AND_NOTES:
            found = pattern(name).finditer(sheet.look) if may_be.search(sheet.look) else ()
            sheet = sheet.changed((*match.span(1), "") for match in found)
        together = _SIDE_BY_SIDE.finditer(sheet.look)
        runs = ((*run.span(), ". ".join(map(_one, _ANOTHER_SENTENCE.split(run[0])))) for run in together)
        sheet = sheet.changed(run for run in runs if run[2] != sheet.text[run[0] : run[1]])
        if sheet is before:
            break
    return sheet


def _one(run: str) -> str:
    kinds = {KIND_OF[letter] for letter in run if letter in KIND_OF}
    return SYMBOLS[kinds.pop()] if len(kinds) == 1 else SYMBOLS[Kind.PERSON]


_STEPS: Final[tuple[Callable[[Sheet, Counter[str]], Sheet], ...]] = (
    RuleSet("pictures", "emails", "links").applied,
    RuleSet("handles").applied,
    RuleSet("documents").applied,
    RuleSet("birth").applied,
    RuleSet("phones").applied,
    RuleSet("sex", "family", "citizenship").applied,
    RuleSet("labelled addresses").applied,
    RuleSet("addresses").applied,
    _without_names,
    RuleSet("head", part="personal").applied,
    RuleSet("personal", part="personal").applied,
    lambda sheet, counts: replaced(sheet, find_handles(sheet), counts),
    lambda sheet, counts: replaced(sheet, find_homes(sheet.personal), counts),
    _merged,
    RuleSet("neighbours").applied,
)
"""Done over and over until none of them changes anything: each may show the others something new."""
_STEPS_AGAIN: Final = tuple(
    partial(rules.applied, again=True)
    if isinstance(rules := getattr(step, "__self__", None), RuleSet)
    else partial(_without_names, again=True)
    if step is _without_names
    else step
    for step in _STEPS
)
