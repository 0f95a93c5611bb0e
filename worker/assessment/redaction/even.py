"""One form for all that only looks different, character for character: so that a rule is written for one of them."""

import re
import unicodedata
from functools import lru_cache
from typing import Final

_KEPT: Final = 20_000  # characters that are remembered
_UNEVEN: Final = re.compile(r"[^\n\t -)+-_a-}А-яЁё«»“”„•]+")
_FORMS: Final = {"—": "–—―⸺⸻", "-": "−⁃", " ": "*~", "'": "`ʻʼ‘’´ʹ′", "•": "·∙‣●○▪▫◦■□►▶✓✔", "|": "│┃¦"}


def even(visible_text: str) -> str:
    """The text with dashes as "-" or "—", blanks, asterisks and tildes as " ", apostrophes as "'", bullets as "•".

    Full-width characters become ASCII. Every character stays in its place.
    """
    return _UNEVEN.sub(lambda match: "".join(map(_form, match[0])), visible_text)


@lru_cache(_KEPT)
def _form(character: str) -> str:
    form = next((form for form, signs in _FORMS.items() if character in signs), None)
    if form is not None:
        return form
    category = unicodedata.category(character)
    if category in {"Pd", "Zs"}:
        return "-" if category == "Pd" else " "
    folded = unicodedata.normalize("NFKC", character)
    return folded if len(folded) == 1 else character
