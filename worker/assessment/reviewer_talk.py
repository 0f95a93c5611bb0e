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

from worker.assessment.phrases import Phrases
from worker.assessment.plain_text import invisible, readable, visible
from worker.assessment.source_text import SourceText

_GIVE: Final = "ставь|ставьте|поставь|поставьте|выставь|выставьте|присвой|присвойте|проставь|проставьте|зачти|засчитай"
_RULES: Final = "инструкц*|указани*|правил*|промпт*|команд*"
_BEST: Final = "100|maximum|max|highest|full|top|perfect|strong|suitable"
_WHOM: Final = "candidate|applicant|resume|profile|cv"

# Orders about our rules and marks. They prove: no word here stands alone, and none is a trade's.
_ORDERS: Final = Phrases(
    f"""
    игнорируй|игнорируйте|проигнорируй|проигнорируйте|забудь|забудьте|отбрось|отбросьте все? предыдущ*|прежн*|системн* {_RULES}
    игнорируй|игнорируйте|проигнорируй|проигнорируйте все? {_RULES} .. {_GIVE}
    {_GIVE} .. 100|сто баллов|балл|из
    {_GIVE} .. максимальн*|высш*|наивысш* балл*|оценк*|уровень
    {_GIVE} всем|каждому .. strong
    прошу|просьба поставить|выставить|присвоить .. максимальн*|высш*|100 балл*|оценк*
    верни|выведи|ответь|укажи вердикт|strong|score подходит|100|strong
    оцени|оцените *? резюме на|как максимум|высший|strong|100
    считай|считайте все требования|критерии|пункты выполненн*|подтвержденн*
    ignore|disregard|forget|override all|any|the|your|every? previous|prior|earlier|preceding|above instruction*|prompt*
    rate|grade|mark|score this|my {_WHOM} as|at|with the|a? {_BEST}
    give|assign|award this|my {_WHOM} the|a? {_BEST} score|mark|marks|rating|points|grade
    give|assign|award this|my {_WHOM} the|a? score|rating of {_BEST}
    rate|grade|mark|treat all|every|each single? requirement*|criteri*|criterion|skill* as strong
    quotes|цитаты .. level strong
    level strong id|quotes|periods
    """
)
# The model addressed, a message of ours forged, other languages: said to a person, and no proof.
_ADDRESSES: Final = Phrases(
    f"""
    {_GIVE} .. strong
    {_GIVE} мне|ему|ей|за|него? 100|максимум|высоко
    не занижай|занижайте мне балл*|оценк*
    level strong skip|все|every|each|во|в|всех
    если|раз ты *? ии|нейросеть|llm|gpt|chatgpt|бот|робот|языковая|модель
    если вы языковая|нейросеть модель|читаете|поставьте|то|?
    ты теперь|отныне .. ии|модель|рекрутер|помощник|ассистент
    твоя новая задача|цель|роль
    игнорируй|забудь все? инструкци*|правил*|указани*
    уважаемый|уважаемая|дорогая нейросеть|ии|оценщик|проверяющий|рецензент|алгоритм
    пропусти|пропустите проверку|оценку
    if you are|re a|an large? language|llm|ai model|assistant|reviewer|evaluator|screener|grader
    dear|hello|attention ai|llm model|reviewer|evaluator|screener|grader
    your new task|goal|role is
    you are now an|a ai|helpful|friendly|unrestricted
    you must conclude|decide .. candidate|applicant
    approve this resume|cv
    system message the? candidate|applicant|resume|evaluation|ignore
    im start|end system|assistant|user
    inst you|ignore|ты|игнорируй
    ^ system score|verdict 100|подходит|suitable|strong
    ігноруй|ігноруйте|zignoruj|ignoruj|ignoriere|vergiss|ignorez|oublie|ignora|olvida .. \
інструкц*|вказівк*|instrukcj*|polece*|anweisungen|consignes|instructions|instrucciones|istruzioni|instrucoes
    нускау* .. елеме*
    talimat* .. yok|gormezden
    تجاهل .. التعليمات|تعليمات
    निर्देशों .. अनदेखा|अनदेखी|नजरअंदाज
    *忽略以上*|*忽略之前*|*忽略上述*|*无视以上*|*无视之前*|*無視以上*
    """
)
_NOT_ORDERED: Final = (b" never ", b" not ", b" to ", " не ".encode(), b" t ")  # before what is no order then
# Who looks for injections by trade quotes them.
_ABOUT_ATTACKS: Final = (b"injection", "инъекц".encode(), "атак".encode(), b"attack", b"jailbreak")
_NEAR: Final = 120  # bytes

_TAG: Final = re.compile("[\U000e0020-\U000e007e]")
# A soft hyphen breaks words, joiners and variation selectors make emoji and Persian: all are what they seem.
_INNOCENT: Final = re.compile("[\u00ad\u200c\u200d\ufe00-\ufe0f]+")
_MOST_INNOCENT: Final = 40  # other zero-width characters come with any export; more, beside so few letters, do not
_UNSEEN: Final = re2.compile(r"(?i)<[^<>]{0,200}(?:display\s*:\s*none|visibility\s*:\s*hidden|font-size\s*:\s*0[^.\d])")
_BASE64: Final = re2.compile(r"[A-Za-z0-9+/]{24,}={0,2}")
_LONGEST_ENCODED, _MOST_ENCODED = 2_000, 20  # characters; pieces of a text that are decoded


def orders(source: SourceText) -> list[range]:
    """The stretches of a text that give the reviewer orders, as numbers of its words."""
    return _said(_ORDERS, source)


def addresses(source: SourceText) -> bool:
    """Whether a text seems to speak to the reviewer, or gives it orders."""
    return bool(orders(source) or _said(_ADDRESSES, source))


def _said(phrases: Phrases, source: SourceText) -> list[range]:
    stream, numbers = source.stream
    found = [
        numbers(start, end)
        for start, end in phrases.find(stream)
        if not stream[max(0, start - _NEAR) : start + 1].endswith(_NOT_ORDERED)
        and not any(word in stream[max(0, start - _NEAR) : end + _NEAR] for word in _ABOUT_ATTACKS)
    ]
    quoted = source.quoted() if found else []
    return [one for one in found if not any(mark.start <= one.start and one.stop <= mark.stop for mark in quoted)]


def hides_something(text: str) -> bool:
    """Whether a text, as it came, holds what a reader would not see, or orders in base64."""
    unseen = invisible(text)
    # Letters that are tags (but in flags) and a reversed direction have no place in a resume.
    is_tagged = _TAG.search(unseen) and "\U0001f3f4" not in text
    return bool(
        is_tagged
        or "\u202e" in unseen
        or _UNSEEN.search(text)
        or len(_INNOCENT.sub("", unseen)) > max(_MOST_INNOCENT, len(text) // 20)
        or any(addresses(SourceText(readable(order))) for order in _encoded(text))
    )


def _encoded(text: str) -> Iterator[str]:
    for match in islice(_BASE64.finditer(visible(text)), _MOST_ENCODED):
        blob = match[0][:_LONGEST_ENCODED]
        with suppress(binascii.Error, ValueError):
            yield base64.b64decode(blob + "=" * (-len(blob) % 4)).decode()
