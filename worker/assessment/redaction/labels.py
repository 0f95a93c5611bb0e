"""What a person's data are called where they stand, and what is between a label and its value."""

from typing import Final

from worker.assessment.redaction.placeholders import ANY
from worker.assessment.redaction.word_list import alternatives

ANY_LABEL: Final = "|".join(
    alternatives(f"label, {kind}")
    for kind in ("name", "birth", "age", "sex", "citizenship", "family", "address", "channel", "others")
)
BEGIN: Final = rf"(?:^|[\n\t,;|•({{\"{ANY}]|[—•.-] )[ \t\"]*"
"""What stands before a label or a value that begins a segment of a line."""
ANY_SIGN: Final = r"(?:[ \t\n:;=|?\"—\-.•)№_]{0,14})"
"""Between a label and a value whose shape tells what it is."""
SIGN: Final = r"(?:[ \t\"]*(?:[:=|?]+[ |—\t\"]*\n?[ \t]*|\t[ \t]*|[—-]+[ \t]+|\n{1,2}[ \t]*|[ .]{3,}))"
"""Between a label and a value of any words."""
