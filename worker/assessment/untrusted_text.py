"""Text that strangers wrote, made safe to show to the model.

What a person would not see is gone, and so are look-alikes of our fences. What talks to the reviewer stays: it is
found, flagged and barred as evidence in `reading`.
"""

from dataclasses import dataclass, field
from typing import Final

import re2

from worker.assessment.plain_text import visible

_LONG_BRACKETS: Final = re2.compile(r"[<＜﹤]{3,}|[>＞﹥]{3,}")


@dataclass(frozen=True, slots=True)
class Sanitised:
    """A text that is safe to put between fences."""

    text: str = field(repr=False)


def sanitise(text: str) -> Sanitised:
    """Take out what a person would not see, and break up what our fences are made of.

    Invisible are zero-width, bidi, tag and control characters and lone surrogates; fences are made of runs of
    three and more angle brackets. Words, punctuation and line ends stay.
    """
    broken = _LONG_BRACKETS.sub(lambda match: " ".join(match[0]), visible(text))
    return Sanitised(str(broken))
