"""A resume as it is sent, read once for all that judges it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

from worker.assessment.durations import Dates
from worker.assessment.plain_text import readable
from worker.assessment.redaction import redact
from worker.assessment.reviewer_talk import Sign, other_signs, talk
from worker.assessment.source_text import SourceText


@dataclass(frozen=True)
class Resume:
    """A resume that was read.

    Attributes:
        sent: the text that is sent to the model.
        source: its words.
        dates: the years and months that it names.
        to_reviewer: the stretches that talk to the reviewer.
        signs: how it betrays that part of it is meant for the reviewer; sorted, empty as a rule.
        redacted: how many things of each kind were replaced.
    """

    sent: str = field(repr=False)
    source: SourceText = field(repr=False)
    dates: Dates = field(repr=False)
    to_reviewer: tuple[range, ...]
    signs: tuple[Sign, ...]
    redacted: Mapping[str, int]

    @cached_property
    def barred(self) -> tuple[range, ...]:
        """The sentences that talk to the reviewer."""
        return tuple(map(self.source.sentence_of, self.to_reviewer))


def as_sent(text: str, *, redaction: bool) -> tuple[str, Mapping[str, int]]:
    """What is sent of a resume, and how many things of each kind were taken out of it."""
    sent = readable(text)
    if not redaction:
        return sent, {}
    redacted = redact(sent)
    return redacted.text, redacted.counts


def read_resume(text: str, *, redaction: bool) -> Resume:
    """Read a resume as it came."""
    sent, counts = as_sent(text, redaction=redaction)
    source = SourceText(sent)
    to_reviewer = tuple(talk(source))
    signs = set(other_signs(text, source.folded)) | ({Sign.TO_REVIEWER} if to_reviewer else set())
    return Resume(sent, source, Dates(source.folded), to_reviewer, tuple(sorted(signs)), counts)
