"""A resume as it is sent, read once for all that judges it."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from worker.assessment.durations import Dates
from worker.assessment.plain_text import readable
from worker.assessment.redaction import redact
from worker.assessment.reviewer_talk import hides_something, talk
from worker.assessment.source_text import SourceText, marked


@dataclass(frozen=True)
class Resume:
    """A resume that was read.

    Attributes:
        sent: the text that is sent to the model.
        source: its words.
        dates: the years and months that it names.
        barred: the clauses that talk to the reviewer; none as a rule.
        hidden: part of it is meant to be unseen, or not to be understood.
        redacted: how many things of each kind were replaced.
    """

    sent: str = field(repr=False)
    source: SourceText = field(repr=False)
    dates: Dates = field(repr=False)
    barred: tuple[range, ...]
    hidden: bool
    redacted: Mapping[str, int]


def as_sent(text: str, *, redaction: bool) -> tuple[str, Mapping[str, int]]:
    """What is sent of a resume, and how many things of each kind were taken out of it."""
    if not redaction:
        return readable(text), {}
    redacted = redact(text)
    return redacted.text, redacted.counts


def read_resume(text: str, *, redaction: bool) -> Resume:
    """Read a resume as it came."""
    sent, counts = as_sent(text, redaction=redaction)
    source = SourceText(marked(sent))
    # The clauses that hold it and the one that follows: in one paragraph a sentence may be the whole resume.
    said = (range(one.start, min(one.stop + 1, len(source.words))) for one in talk(source))
    return Resume(sent, source, Dates(source.folded), tuple(map(source.clause_of, said)), hides_something(text), counts)
