"""Text that is meant for the reviewer, not for the employer: what it looks like, and where it stands.

So precise that no honest text is hit: imperatives about rules and marks, the model addressed and not merely mentioned,
our own messages and answers forged, what a reader would not see. It misses attacks: no score rests on it.
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

_MODEL: Final = "ии|ai|нейросет*|llm|gpt|chatgpt|чатгпт|чатбот*|языковая|языковой|ассистент*|assistant|бот|bot|screener"
_JUDGE: Final = f"{_MODEL}|проверяющ*|рецензент*|оценщик*|reviewer|grader|evaluator"
_RULES: Final = "инструкц*|указани*|правил*|промпт*|предыдущ*|вышесказанн*|критери*|проверк*"
_ENGLISH_RULES: Final = "instruction*|prompt*|rule*|guideline*|rubric"
_GIVE: Final = "ставь|ставьте|поставь|поставьте|выставь|выставьте|присвой|присвойте|проставь|проставьте|зачти|засчитай"
_SAY: Final = "верни|верните|выведи|выведите|ответь|ответьте|напиши|напишите|укажи|укажите|оцени|оцените"
_MARK: Final = "100|сто|балл*|максимум|максимальн*|высш*|наивысш*|strong|score|вердикт|подходит|оценк*"
_WHOM: Final = "me|him|her|this|the|my candidate|applicant|resume|profile|cv?"
_FULL: Final = "100|maximum|max|highest|full|top|perfect|strong|suitable"

_TALK: Final = Phrases(
    f"""
    игнорируй|игнорируйте|проигнорируй|проигнорируйте .. {_RULES}|все
    забудь|забудьте|отмени|отмените|отбрось|отбросьте|нарушь .. инструкц*|указани*|промпт*|предыдущ*|вышесказанн*
    не следуй|следуйте|учитывай|учитывайте|применяй|применяйте|проверяй|проверяйте .. {_RULES}
    ignore|disregard|forget|override|bypass all|any|the|your|every? previous|prior|above|earlier|preceding|system \
and|or? *? {_ENGLISH_RULES}|text|message*
    ignore|disregard|forget|override your|these|all {_ENGLISH_RULES}
    disregard|ignore|forget everything .. before|above|told|earlier
    ^ do not|t follow your|the|these|any? {_ENGLISH_RULES}
    пропусти|пропустите проверку|оценку|анализ
    {_GIVE} .. {_MARK}
    {_SAY} .. strong|score|вердикт|подходит|баллов|высший|высшую
    не занижай|занижайте|снижай|снижайте .. балл*|оценк*
    считай|считайте .. требовани*|критери*|навык* .. выполненн*|подтвержденн*|strong
    считай|считайте что все .. навык*|требовани*
    прошу|просьба .. поставить|выставить|присвоить|засчитать .. балл*|максим*|strong|100|все
    ^ для оценщика|проверяющего|проверяющей|рецензента
    give|assign|award|grant {_WHOM} .. {_FULL} score|mark|marks|rating|points|grade
    rate|grade|mark|score|evaluate {_WHOM} .. as|with|at|a? {_FULL}
    mark|treat|consider|grade|rate all|every|each requirement*|criteri*|criterion|skill* .. strong|met|satisfied|passed
    approve this resume|candidate|applicant|profile
    you must|should conclude|decide|say that .. candidate|applicant
    ^ данный|этот|эта|наш? кандидат|кандидатка|соискатель полностью|идеально|безусловно .. соответствует|подходит
    ^ this|the candidate|applicant|resume|profile .. meets|matches|satisfies|fulfils|passes all|every|each
    ^ уважаем*|дорог*|внимание|вниманию|привет|эй|обращение|инструкция|сообщение|примечание для|к|всем? {_JUDGE}|модели
    если|раз ты|вы .. {_JUDGE}|модель читаешь|анализируешь|обрабатываешь|это|этот|то|поставь|оцени|?
    ты|вы теперь|отныне .. {_JUDGE}|модель|рекрутер|помощник
    твоя новая задача|цель|роль
    your new task|goal|role is
    if you are|re a|an|the? large? {_MODEL}|language|automated|model
    ^ attention|dear|hello|hi|hey to|the|any|all? {_JUDGE}
    ^ note|message|memo to|for the|any|all? {_JUDGE}
    you are now a|an|the
    ігноруй|ігноруйте|zignoruj|ignoruj|ignoriere|ignorieren|vergiss|ignorez|oublie|ignora|olvida|ignore .. \
інструкц*|вказівк*|правил*|instrukcj*|polece*|anweisung*|consigne*|instructions|instrucciones|istruzioni|instrucoes
    постав|поставте|ocen|przyznaj|bewerte|vergib|donne|donnez|attribue|asigna|otorga|atribua|assegna .. \
бал*|максим*|maksym*|maxim*|maximal*|punkt*|note|hochst*|puntuacion|pontuacao|punteggio|massimo
    нускау* .. елеме*|ескерме*
    talimat* .. yok|gormezden|unut
    تجاهل .. التعليمات|تعليمات|الاوامر|القواعد
    निर्देशों .. अनदेखा|अनदेखी|नजरअंदाज
    *忽略*|*无视*|*無視*|*满分*|*滿分*
    im start|end system|assistant|user
    inst|sys system|you|ты|ignore|игнорируй
    ^ system|developer message|override|notice
    system prompt you|ignore|new|is
    system|assistant score|verdict 100|подходит|suitable|strong
    quotes|цитаты .. level strong
    level strong id|level|quotes|periods
    ^ системное|новое? сообщение|уведомление системы?
    """
)
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


def talk(source: SourceText) -> list[range]:
    """The stretches of a text that talk to the reviewer, as numbers of its words."""
    stream, numbers = source.stream
    found = [
        numbers(start, end)
        for start, end in _TALK.find(stream)
        if not any(word in stream[max(0, start - _NEAR) : end + _NEAR] for word in _ABOUT_ATTACKS)
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
        or any(talk(SourceText(readable(order))) for order in _encoded(text))
    )


def _encoded(text: str) -> Iterator[str]:
    for match in islice(_BASE64.finditer(visible(text)), _MOST_ENCODED):
        blob = match[0][:_LONGEST_ENCODED]
        with suppress(binascii.Error, ValueError):
            yield base64.b64decode(blob + "=" * (-len(blob) % 4)).decode()
