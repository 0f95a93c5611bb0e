"""A resume as it is sent, read once for all that judges it."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from worker.assessment.durations import Dates
from worker.assessment.plain_text import readable
from worker.assessment.redaction import redact
from worker.assessment.reviewer_talk import addresses, hides_something, orders
from worker.assessment.source_text import SourceText, marked


@dataclass(frozen=True)
class Resume:
    """A resume that was read."""

    sent: str = field(repr=False)  # to the model
    source: SourceText = field(repr=False)  # its words
    dates: Dates = field(repr=False)  # the years and months that it names
    barred: tuple[range, ...]  # the clauses that give the reviewer orders; none as a rule
    addresses: bool  # it seems to speak to the reviewer
    hidden: bool  # part of it is meant to be unseen, or not to be understood
    redacted: Mapping[str, int]  # how many things of each kind were replaced


def read_resume(text: str, *, redaction: bool) -> Resume:
    """Read a resume as it came."""
    redacted = redact(text) if redaction else None
    sent, counts = (redacted.text, redacted.counts) if redacted else (readable(text), {})
    source = SourceText(marked(sent))
    barred = tuple(map(source.clause_of, orders(source)))
    return Resume(sent, source, Dates(source.folded), barred, addresses(source), hides_something(text), counts)
