"""Rules that find one kind of data each, and sets of them that tell by one look at a text which of them it concerns."""

from collections import Counter
from collections.abc import Callable, Container, Iterator
from dataclasses import dataclass
from typing import Any

import re2

from worker.assessment.redaction.linear_pattern import linear
from worker.assessment.redaction.placeholders import Kind, Span, replaced
from worker.assessment.redaction.sheet import Sheet


@dataclass(frozen=True, slots=True)
class Rule:
    """A kind of data, the pattern that finds it (`linear`), the group that is redacted, and a last look at the match.

    With `alone`, a match that begins or ends in the middle of a word or a number does not count.
    """

    kind: Kind
    pattern: Any  # a string, compiled: RE2 has no types
    group: int = 0
    alone: bool = True
    accepts: Callable[[Any], bool] = bool

    def __post_init__(self) -> None:
        """Compile the pattern."""
        object.__setattr__(self, "pattern", linear(self.pattern))

    def spans(self, text: str) -> Iterator[Span]:
        """Where the rule holds."""
        for match in self.pattern.finditer(text):
            start, end = match.span(self.group)
            if start >= 0 and (not self.alone or stands_alone(text, start, end)) and self.accepts(match):
                yield start, end, self.kind


def stands_alone(text: str, start: int, end: int) -> bool:
    """Whether no letter or digit touches the span where it has one itself."""
    before = start > 0 and text[start].isalnum() and text[start - 1].isalnum()
    behind = end < len(text) and text[end - 1].isalnum() and text[end].isalnum()
    return not (before or behind)


class RuleSet:
    """Rules that are applied one after the other, to the part of a text that `part` leaves.

    One automaton made of all their patterns tells which of them a text matches at all; as a rule none. Repetitions
    multiply each other's states, so a set should be of one kind of data, or a few.
    """

    def __init__(self, *rules: Rule, part: Callable[[str], str] = str) -> None:
        self._rules = rules
        self._part = part
        self._patterns = re2.Set.SearchSet()
        for pattern in (*(rule.pattern.pattern for rule in rules), ""):
            self._patterns.Add(pattern)
        self._patterns.Compile()

    def applied(self, sheet: Sheet, counts: Counter[str]) -> Sheet:
        """The text with placeholders for what the rules find; `counts` as in `placeholders.replaced`."""
        look = self._part(sheet.look)
        matched = self._matched(look)
        for number, rule in enumerate(self._rules):
            if number in matched:
                before, sheet = sheet, replaced(sheet, rule.spans(look), counts)
                if sheet is not before:
                    look = self._part(sheet.look)
                    matched = self._matched(look)
        return sheet

    def _matched(self, look: str) -> Container[int]:
        found = self._patterns.Match(look)
        # The empty pattern matches every text, so nothing means that the automaton ran out of memory.
        return range(len(self._rules)) if found is None else found
