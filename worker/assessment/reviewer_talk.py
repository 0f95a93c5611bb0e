"""Text that is meant for the reviewer, not for the employer: what it looks like, and where it stands.

Two lists. Orders about our rules and marks prove: so few and so precise that no honest sentence is among them. The model
addressed, messages forged, what a reader would not see are said to a person. Both miss attacks: no score rests on them.
"""

import base64
import binascii
import re
from collections.abc import Iterator
from contextlib import suppress
from itertools import islice
from typing import Final

import re2

from worker.assessment.phrases import Phrases, phrases
from worker.assessment.plain_text import invisible, readable, visible
from worker.assessment.source_text import SourceText

_ORDERS, _ADDRESSES = phrases("orders to the reviewer"), phrases("the reviewer addressed")
_NOT_ORDERED: Final = (b" never ", b" not ", b" to ", " не ".encode(), b" t ")  # before what is no order then
# Who looks for injections by trade quotes them.
_ABOUT_ATTACKS: Final = (b"injection", "инъекц".encode(), "атак".encode(), b"attack", b"jailbreak")
_NEAR: Final = 120  # bytes

_TAG: Final = re.compile("[\U000e0020-\U000e007e]")
# A soft hyphen breaks words, joiners and variation selectors make emoji and Persian: all are what they seem.
_INNOCENT: Final = re.compile("[\u00ad\u200c-\u200f\ufe00-\ufe0f]+")
_MOST_INNOCENT: Final = 40  # other zero-width characters come with any export; more, beside so few letters, do not
_UNSEEN: Final = re2.compile(r"(?i)<[^<>]{0,200}(?:display\s*:\s*none|visibility\s*:\s*hidden|font-size\s*:\s*0[^.\d])")
_BASE64: Final = re2.compile(r"[A-Za-z0-9+/]{24,}={0,2}")
_LONGEST_ENCODED, _MOST_ENCODED = 2_000, 20  # characters; pieces of a text that are decoded


def orders(source: SourceText) -> list[range]:
    """The stretches of a text that give the reviewer orders, as numbers of its words."""
    return _said(_ORDERS, source)


def addresses(source: SourceText) -> bool:
    """Whether a text seems to speak to the reviewer, orders apart."""
    return bool(_said(_ADDRESSES, source))


def _said(list_of: Phrases, source: SourceText) -> list[range]:
    stream, numbers = source.stream
    found = [
        numbers(start, end)
        for start, end in list_of.find(stream)
        if not stream[max(0, start - _NEAR) : start + 1].endswith(_NOT_ORDERED)
        and not any(word in stream[max(0, start - _NEAR) : end + _NEAR] for word in _ABOUT_ATTACKS)
    ]
    quoted = source.quoted() if found else []
    return [one for one in found if not any(mark.start <= one.start and one.stop <= mark.stop for mark in quoted)]


def hides_something(text: str) -> bool:
    """Whether a text, as it came, holds what a reader would not see, or orders in base64."""
    unseen = invisible(text)
    return bool(
        # Letters that are tags (but in flags) and a reversed direction have no place in a resume.
        (_TAG.search(unseen) and "\U0001f3f4" not in text)
        or "\u202e" in unseen
        or _UNSEEN.search(text)
        or len(_INNOCENT.sub("", unseen)) > max(_MOST_INNOCENT, len(text) // 20)
        or any(orders(order) or addresses(order) for order in _encoded(text))
    )


def _encoded(text: str) -> Iterator[SourceText]:
    for match in islice(_BASE64.finditer(visible(text)), _MOST_ENCODED):
        blob = match[0][:_LONGEST_ENCODED]
        with suppress(binascii.Error, ValueError):
            yield SourceText(readable(base64.b64decode(blob + "=" * (-len(blob) % 4)).decode()))
