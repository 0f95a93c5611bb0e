"""What redaction took out of a resume, marked as `wdiff` marks it: `[-what went-]{+what is sent instead+}`."""

import json
import re
from collections.abc import Iterator
from difflib import SequenceMatcher
from typing import Final

from worker.assessment.plain_text import readable
from worker.assessment.redaction import redact

# A placeholder, a word, a sign or blanks.
_PIECE: Final = re.compile(r"«\[[А-ЯA-Z ]{1,20}\]»|\w+|\s+|[^\w\s]")


def resume_in(text: str) -> str:
    """The resume of a file: the whole text, or the `resume` of a JSON object, which may itself be such an object."""
    for _ in range(2):
        try:
            parsed = json.loads(text)
        except ValueError:
            return text
        if not isinstance(parsed, dict) or not isinstance(parsed.get("resume"), str):
            return text
        text = parsed["resume"]
    return text


def taken_out(resume: str) -> list[str]:
    """The lines of a resume as it would be sent, with what went marked; then how many things of each kind did."""
    redacted = redact(resume)
    lines = "".join(_marked(readable(resume), redacted.text)).split("\n")
    counts = ", ".join(f"{kind} {count}" for kind, count in sorted(redacted.counts.items()))
    return [*lines, "", f"taken out: {counts or 'nothing'}"]


def _marked(original: str, sent: str) -> Iterator[str]:
    old, new = _PIECE.findall(original), _PIECE.findall(sent)
    for change, start, end, new_start, new_end in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        gone, instead = "".join(old[start:end]), "".join(new[new_start:new_end])
        if change == "equal":
            yield gone
            continue
        yield f"[-{gone}-]" if gone else ""
        yield f"{{+{instead}+}}" if instead else ""
