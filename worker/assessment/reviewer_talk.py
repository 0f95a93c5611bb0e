"""Text that is meant for the reviewer, not for the employer: what it looks like, and where it stands.

So precise that no honest text is hit: imperatives about rules and marks, the model addressed and not merely mentioned,
our own messages and answers forged, what a reader would not see. It misses attacks: no score rests on it.
"""

import base64
import binascii
from collections.abc import Iterator
from enum import StrEnum
from typing import Final

import re2

from worker.assessment.phrases import Phrases
from worker.assessment.plain_text import fold, invisible, visible
from worker.assessment.source_text import SourceText


class Sign(StrEnum):
    """How a text betrays that it is meant for the reviewer."""

    TO_REVIEWER = "to_reviewer"  # it tells the reviewer what to do
    FORGED = "forged"  # it looks like a message, an answer or a fence of ours
    HIDDEN = "hidden"  # a reader would not see it, or not understand it


_MODEL: Final = "ии|ai|нейросет*|llm|gpt|chatgpt|чатгпт|чатбот*|языковая|языковой|ассистент*|assistant|бот|bot|screener"
_JUDGE: Final = f"{_MODEL}|проверяющ*|рецензент*|оценщик*|reviewer|grader|evaluator"
_RULES: Final = "инструкц*|указани*|правил*|промпт*|предыдущ*|вышесказанн*|критери*|проверк*"
_ENGLISH_RULES: Final = "instruction*|prompt*|rule*|guideline*|rubric"
_GIVE: Final = "ставь|ставьте|поставь|поставьте|выставь|выставьте|присвой|присвойте|проставь|проставьте|зачти|зачтите|засчитай|засчитайте"
_SAY: Final = "верни|верните|выведи|выведите|ответь|ответьте|напиши|напишите|укажи|укажите|оцени|оцените"
_MARK: Final = "100|сто|балл*|максимум|максимальн*|высш*|наивысш*|strong|score|вердикт|подходит|оценк*"
_WHOM: Final = "me|him|her|this|the|my candidate|applicant|resume|profile|cv?"

_TALK: Final = Phrases(
    {
        Sign.TO_REVIEWER: f"""
            игнорируй|игнорируйте|проигнорируй|проигнорируйте .. {_RULES}|все
            забудь|забудьте|отмени|отмените|отбрось|отбросьте|нарушь .. {_RULES}
            не следуй|следуйте|учитывай|учитывайте|применяй|применяйте|проверяй|проверяйте .. {_RULES}
            ignore|disregard|forget|override|bypass all|any|the|your|these|every? previous|prior|above|earlier|preceding|\
system .. {_ENGLISH_RULES}|text|message*
            ignore|disregard|forget|override your|these|all {_ENGLISH_RULES}
            do not|t follow your|the|these|any? {_ENGLISH_RULES}
            пропусти|пропустите проверку|оценку|анализ
            disregard|ignore|forget everything .. before|above|told|earlier
            {_GIVE} .. {_MARK}
            {_SAY} .. strong|score|100|вердикт|подходит|балл*
            оцени|оцените .. на максимум|100|отлично|высш*
            не занижай|занижайте|снижай|снижайте .. балл*|оценк*
            считай|считайте .. требовани*|критери*|навык* .. выполненн*|подтвержденн*|strong
            считай|считайте что все .. навык*|требовани*
            ^ для оценщика|проверяющего|проверяющей|рецензента
            прошу|просьба .. поставить|выставить|присвоить|засчитать .. балл*|максим*|strong|100|все
            give|assign|award|grant {_WHOM} .. 100|maximum|max|highest|full|top|perfect score|mark|marks|rating|points|grade
            rate|grade|mark|score|evaluate {_WHOM} .. as|with|at|a? strong|suitable|perfect|100|maximum|highest
            mark|treat|consider|grade|rate all|every|each requirement*|criteri*|criterion|skill* .. strong|met|satisfied|\
fulfilled|passed
            return|output|respond|answer with|only? .. strong|score 100|suitable|подходит|for|in?
            approve this|the resume|candidate|applicant|profile
            you must|should conclude|decide|say that .. candidate|applicant
            ^ данный|этот|эта|наш? кандидат|кандидатка|соискатель полностью|идеально|безусловно .. \
соответствует|подходит|удовлетворяет
            ^ this|the candidate|applicant|resume|profile .. meets|matches|satisfies|fulfils|passes all|every|each
            ^ уважаем*|дорог*|внимание|вниманию|привет|эй|обращение для|к|всем? {_JUDGE}
            ^ уважаем*|дорог*|внимание|вниманию языков* модел*
            ^ инструкция|указание|сообщение|примечание для|к {_JUDGE}
            если|раз ты|вы .. {_JUDGE}|модель читаешь|анализируешь|обрабатываешь|это|этот|то|поставь|оцени|?
            ты|вы теперь|отныне .. {_JUDGE}|модель|рекрутер|помощник
            твоя|ваша|your новая|new задача|цель|роль|task|goal|role
            if you are|re a|an|the? large? {_MODEL}|language|automated|model
            ^ attention|dear|hello|hi|hey|note|message|memo to|for|the|any|all? {_JUDGE}
            you are now a|an|the
            ігноруй|ігноруйте .. інструкц*|вказівк*|правил*|попередн*
            постав|поставте|вистав .. бал*|максим*
            zignoruj|ignoruj|pomin|zapomnij .. instrukcj*|polece*|zasad*
            ocen|przyznaj|wystaw .. maksym*|najwyzsz*|punkt*
            нускау* .. елеме*|ескерме*
            балл*|упаи* кои*|бер*
            ignoriere|ignorieren|vergiss .. anweisung*|regel*
            bewerte|vergib|vergebe .. hochst*|maximal*|bestnote*|punkt*
            ignore|ignorez|oublie|oubliez .. consigne*|instructions|regles
            donne|donnez|attribue|attribuez|accorde .. note|maximal*|score
            ignora|olvida|ignore .. instrucciones|indicaciones|istruzioni|reglas|regole|instrucoes
            asigna|otorga|califica|atribua|assegna|assegnare .. puntuacion|maxim*|pontos|pontuacao|puntos|punteggio|massimo
            talimat* .. yok|gormezden|unut
            تجاهل ... التعليمات|تعليمات|الاوامر|القواعد
            निर्देशों .. अनदेखा|अनदेखी|नजरअंदाज
        """,
    }
)
# Who looks for injections by trade quotes them.
_ABOUT_ATTACKS: Final = (b"injection", "инъекц".encode(), "атак".encode(), b"attack", b"jailbreak")
_NEAR: Final = 120  # bytes

_FORGED: Final = re2.compile(
    "|".join(
        (
            r"<\|/?(?:im_start|im_end|system|assistant|user|developer|endoftext|start_header_id|eot_id)\|>",
            r"</?(?:system|assistant|developer)(?:[ _-]?(?:message|prompt))?>",
            r"\[/?(?:inst|system|assistant|система|системное сообщение|system message|system prompt)\]",
            r"<<sys>>",
            (
                r"(?m)^\W*(?:(?:system|developer) (?:message|override|prompt|notice)|системн[а-я]+ (?:сообщени|промпт|команд)[а-я]*)"
                r"\s*[:：\]]|^\W*(?:system|assistant)\s*[:：]\s*(?:you |the candidate|candidate|ignore|new |now |set |give )"
            ),
            r"\"level\"\s*:\s*\"(?:strong|partial|none)\"",
            r"\"(?:grades|proofs|criteria)\"\s*:\s*\[",
            r"\"(?:score|verdict)\"\s*:\s*(?:\d|\")",
            r"<{2,}[< ]*(?:resume|vacancy|criteria)|(?:resume|vacancy|criteria)\s+[0-9a-z]*\s*>{2,}",
            r"(?m)^\W*(?:конец резюме|end of (?:the )?(?:resume|cv))\W*$",
            r"(?:忽略|无视|無視|忘记)[^\n]{0,20}(?:指令|指示|说明|規則|规则|要求|命令|プロンプト)|(?:给|打|评|授予)[^\n]{0,20}(?:满分|滿分|最高分)",
        )
    )
)
_UNSEEN: Final = re2.compile(
    r"(?i)[;\"'{\s]color\s*:\s*(?:white|#fff(?:fff)?|transparent)\b|font-size\s*:\s*0|display\s*:\s*none|"
    r"visibility\s*:\s*hidden|opacity\s*:\s*0[;\"']"
)
# A few zero-width characters come with any export; more than this, beside so many letters, is no accident.
_INNOCENT: Final = 20
_BASE64: Final = re2.compile(r"[A-Za-z0-9+/]{24,}={0,2}")
_LONGEST_ENCODED: Final = 4_000  # characters that are decoded of one text


def talk(source: SourceText) -> list[range]:
    """The stretches of a text that talk to the reviewer, as numbers of its words."""
    found = []
    stream, numbers = source.stream
    for _, start, end in _TALK.find(stream):
        around = stream[max(0, start - _NEAR) : end + _NEAR]
        if not any(word in around for word in _ABOUT_ATTACKS):
            found.append(numbers(start, end))
    return found


def other_signs(text: str, folded: str) -> Iterator[Sign]:
    """What else betrays a text: as it came, and folded."""
    if _FORGED.search(folded):
        yield Sign.FORGED
    if _hides_characters(text) or ("<" in text and _UNSEEN.search(text)) or any(map(_is_an_order, _encoded(text))):
        yield Sign.HIDDEN


def _hides_characters(text: str) -> bool:
    unseen = invisible(text)
    # Tag characters and an overridden direction have no place in a resume.
    if any("\U000e0020" <= character <= "\U000e007f" or character in "\u202d\u202e" for character in set(unseen)):
        return True
    # A soft hyphen breaks words, joiners and variation selectors make emoji and Persian: all are what they seem.
    hiding = sum(not (character in "\u00ad\u200c\u200d" or "\ufe00" <= character <= "\ufe0f") for character in unseen)
    return hiding > max(_INNOCENT, len(text) // 50)


def _encoded(text: str) -> Iterator[str]:
    for match in _BASE64.finditer(visible(text)):
        blob = match[0][:_LONGEST_ENCODED]
        try:
            yield base64.b64decode(blob + "=" * (-len(blob) % 4)).decode()
        except (binascii.Error, ValueError):
            continue


def _is_an_order(text: str) -> bool:
    return bool(talk(SourceText(fold(text))))
