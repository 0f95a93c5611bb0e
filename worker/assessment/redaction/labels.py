"""What a person's data are called where they stand, and what is between a label and its value."""

from typing import Final

from worker.assessment.redaction.placeholders import ANY
from worker.assessment.redaction.word_list import alternatives

NAME: Final = alternatives("label, name")
BIRTH: Final = alternatives("label, birth")
AGE: Final = alternatives("label, age")
SEX: Final = alternatives("label, sex")
CITIZENSHIP: Final = alternatives("label, citizenship")
FAMILY: Final = alternatives("label, family")
ADDRESS: Final = alternatives("label, address")
CHANNEL: Final = alternatives("label, channel")
"""A label that goes without any sign between it and its value."""
ANY_LABEL: Final = (
    rf"(?:{NAME}|{BIRTH}|{AGE}|{SEX}|{CITIZENSHIP}|{FAMILY}|{ADDRESS}|{CHANNEL}|{alternatives('label, others')})"
)

BEGIN: Final = rf"(?:^|[\n\t,;|•({{\"{ANY}]|[—•.-] )[ \t\"]*"
"""What stands before a label or a value that begins a segment of a line."""
ANY_SIGN: Final = r"(?:[ \t\n:;=|\"—\-.•)№_]{0,14})"
"""Between a label and a value whose shape tells what it is."""
SIGN: Final = r"(?:[ \t\"]*(?:[:=|]+[ |\t\"]*\n?[ \t]*|\t[ \t]*|[—-]+[ \t]+|\n[ \t]*)|   *)"
"""Between a label and a value of any words."""
