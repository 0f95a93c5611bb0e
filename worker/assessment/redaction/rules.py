"""Rules that find one kind of data each, and sets of them that tell by one look at a text which of them it concerns.

`rules.txt` has a rule a line: its set, the kind of data, the group that is redacted, whether it must stand `alone` (not
begin or end in the middle of a word or a number), the last look at a match, and the pattern (`word_list`).
"""

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Final

import re2

from worker.assessment.redaction import last_looks
from worker.assessment.redaction.placeholders import JOINT, SYMBOLS, Kind, Span
from worker.assessment.redaction.sheet import Sheet, near_placeholders
from worker.assessment.redaction.word_list import linear, written_out

_TEXT: Final = Path(__file__).with_name("rules.txt").read_text(encoding="utf-8")
_CONTACTS: Final = frozenset((Kind.EMAIL, Kind.LINK, Kind.HANDLE))
_ROWS: Final = [line.split("\t") for line in _TEXT.splitlines()]


def _last_look(name: str, *said: str) -> Callable[[Any], bool]:
    look = bool if name == "-" else getattr(last_looks, name)
    return partial(look, *said) if said else look


@dataclass(frozen=True, slots=True)
class Rule:
    """A line of `rules.txt`."""

    kind: Kind
    pattern: Any  # RE2 has no types
    group: int
    alone: bool
    accepts: Callable[[Any], bool]

    def spans(self, text: str) -> Iterator[Span]:
        """Where the rule holds."""
        for match in self.pattern.finditer(text):
            start, end = match.span(self.group)
            if start >= 0 and (not self.alone or last_looks.stands_alone(text, start, end)) and self.accepts(match):
                yield start, end, self.kind


def replaced(sheet: Sheet, spans: Iterable[Span], counts: Counter[str]) -> Sheet:
    """The text with a placeholder for each span (start, end, kind); of spans that overlap the first and longest counts.

    `counts` is increased by the number of spans of each kind.
    """
    changes: list[tuple[int, int, str]] = []
    contacts: list[str] = []
    done = 0
    for start, end, kind in sorted(spans, key=lambda span: (span[0], -span[1])):
        if done <= start < end:
            counts[kind.value] += 1
            changes.append((start, end, SYMBOLS[kind]))
            done = end
            if kind in _CONTACTS:
                contacts.append(sheet.look[start:end].lower().replace(JOINT, ""))
    return sheet.changed(changes, contacts)


class RuleSet:
    """Rules that are applied one after the other, to that `part` of a sheet.

    One automaton made of all their patterns tells which of them a text matches at all; as a rule none. Repetitions
    multiply each other's states, so a set should be of one kind of data, or a few.
    """

    def __init__(self, *names: str, part: str = "look") -> None:
        self.rules = [
            Rule(Kind[kind], linear(written_out(pattern)), int(group), alone == "alone", _last_look(*look.split(":")))
            for name, kind, group, alone, look, pattern in _ROWS
            if name in names
        ]
        self._part = part
        self._patterns = re2.Set.SearchSet()
        for pattern in (*(rule.pattern.pattern for rule in self.rules), ""):
            self._patterns.Add(pattern)
        self._patterns.Compile()

    def applied(self, sheet: Sheet, counts: Counter[str], *, again: bool = False) -> Sheet:
        """The text with placeholders for what the rules find; `counts` as in `replaced`.

        Once they were applied to all of a text, they find more only near placeholders.
        """
        look = getattr(sheet, self._part)
        matched = self._matched(near_placeholders(look) if again else look)
        for number, rule in enumerate(self.rules):
            if number in matched:
                before, sheet = sheet, replaced(sheet, rule.spans(look), counts)
                if sheet is not before and number + 1 < len(self.rules):
                    look = getattr(sheet, self._part)
                    matched = {*matched, *self._matched(near_placeholders(look))}
        return sheet

    def _matched(self, look: str) -> Collection[int]:
        found = self._patterns.Match(look)
        # The empty pattern matches every text, so nothing means that the automaton ran out of memory.
        return range(len(self.rules)) if found is None else found
