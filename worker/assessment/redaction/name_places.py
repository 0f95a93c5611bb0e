"""The places where names stand, where names of others stand, and how initials are written."""

import re

from worker.assessment.redaction.linear_pattern import linear
from worker.assessment.redaction.placeholders import ANY
from worker.assessment.redaction.word_list import pattern, written_out

LABELLED = pattern("labelled names")
CERTAIN = ("фам", "фио", "ф.и.о", "ф. и. о", "surname", "last", "family", "full", "maiden")
BELOW = 2  # the group of those
INTRODUCED = pattern("introduced names")
# None of the three begins inside of itself: linear in any engine.
QUOTED_WITHOUT_STRAIGHT = re.compile(written_out("<typographic quotes>"))
QUOTED = pattern("quoted")
NAMED_AFTER = pattern("named after")
SEGMENT = re.compile(rf"(?:(?!  )[^\n,;|•\t:()/\"0-9{ANY}—])+")
REFERENCES = pattern("references")
INITIALS_BEHIND = linear(r"([ ,]{1,2}(?:\p{Lu}\.? ?\p{Lu}\.|\p{Lu}\.))")
INITIALS_BEFORE = linear(r"\p{Lu}\. ?\p{Lu}\. ?$")
