"""What attempts to talk to the reviewer look like, one entry per reason code.

Aimed at few false alarms in honest resumes: imperatives but not past tenses ("игнорировал"), the reviewer addressed
but not merely mentioned ("разрабатывал чат-ботов"), a verdict about "the candidate" but not a recruiter's duty to
check one. A sentence that is caught stays in the text: it is only no evidence, and a person is asked to look.

These lists will miss attacks; the score does not rest on them but on quotes, gates and arithmetic.
"""

import base64
import binascii
from typing import Any, Final

import re2

from worker.assessment.phrases import Phrases
from worker.assessment.plain_text import fold, invisible, visible, words

_MODEL: Final = "ии|ai|нейросет*|llm|gpt|chatgpt|чатбот*|чатжпт|ассистент|робот|бот|bot|алгоритм|автомат"
_MACHINE: Final = f"{_MODEL}|программа|система|модель|оценщик*|рецензент*|проверяющ*|reviewer|screener|grader|assistant"
_RULES: Final = "инструкц*|указани*|правил*|промпт*|предыдущ*|вышесказанн*|выше|требовани*|ваканси*|критери*|проверк*"
_ENGLISH_RULES: Final = "instruction*|prompt*|rule*|guideline*|previous|prior|above|earlier|everything|rubric|criteria"
_MARK: Final = (
    "100|сто|балл*|максим*|высш*|наивысш*|strong|score|зачет|вердикт|кандидат*|strоng|отлично|максимум|оценк*"
)
_GIVE: Final = (
    "поставь|поставьте|выставь|выставьте|присвой|присвойте|проставь|проставьте|ставь|ставьте|зачти|зачтите|засчитай|"
    "засчитайте|оцени|оцените|верни|верните|выведи|выведите|укажи|укажите|установи|выдай|выдайте|напиши|напишите|"
    "ответь|ответьте|впиши|впишите|пропишите|пропиши"
)
_ALL: Final = "every|each|all|any"

TALK: Final = Phrases(
    {
        "ignore_instructions": f"""
            игнорируй|игнорируйте|проигнорируй|проигнорируйте ... {_RULES}|все
            забудь|забудьте|отмени|отмените|отбрось|отбросьте|нарушь ... {_RULES}
            не следуй|следуйте|учитывай|учитывайте|применяй|применяйте|проверяй|проверяйте|соблюдай ... {_RULES}|цитат*
            не обращай|обращайте внимания .. {_RULES}
            ignore|disregard|forget|override|bypass ... {_ENGLISH_RULES}
            do not follow ... {_ENGLISH_RULES}
            пропусти|пропустите проверку|оценку|этап|шаг|анализ
            твоя|ваша|your новая|единственная|new|only|real задача|цель|роль|task|goal|job|role
            дальнейш* анализ|проверка|оценка не требуется|нужен|нужна
            reset the? conversation|context
            начало|start нового|of диалога|a? new? conversation?
            забудь|забудьте|forget все|всё|everything ... до|before|ранее
            # Ukrainian, Polish, Kazakh, German, French, Spanish, Italian, Portuguese, Turkish, Arabic, Hindi
            ігноруй|ігноруйте ... інструкц*|вказівк*|правил*|попередн*|вимог*
            zignoruj|ignoruj|pomin|pomiń|zapomnij ... instrukcj*|polece*|polecen*|zasad*|poprzedni*|wszystk*
            нұсқау* ... елеме*|ескерме*
            ignoriere|ignorieren|vergiss ... anweisung*|vorherig*|regel*
            ignore|ignorez|ignorer|oublie|oubliez ... consigne*|instructions|regles
            ignora|ignore|olvida ... instrucciones|indicaciones|istruzioni|reglas|instrucoes
            talimat* ... yok|gormezden
            تجاهل ... التعليمات|تعليمات|الاوامر|القواعد
            अनदेखा|नजरअंदाज करें
            निर्देशों .. अनदेखा|अनदेखी|नजरअंदाज
        """,
        "demands_score": f"""
            {_GIVE} ... {_MARK}
            {_GIVE} .. подходит|подтвержд*|выполнен*|соответств*
            прошу|просьба|просим|требую .. поставить|выставить|присвоить|оценить|засчитать|зачесть .. {_MARK}|все|всё
            give|assign|award|grant|rate|mark|grade|score|approve|accept this|my|every|each|all|me|him|her|it .. \
score|100|rating|full|top|strong|highest|maximum|suitable|perfect|satisfied|fulfilled|met|passed|resume
            give|assign|award|grant|rate|mark|grade|score|approve|accept the candidate|resume|applicant|highest|maximum .. \
score|100|rating|full|top|strong|highest|maximum|suitable|perfect|satisfied|fulfilled|met|passed|resume
            grade .. as strong|full|met
            return|output|respond|answer .. 100|strong|maximum|suitable|top|подходит
            set|return score|verdict|level|grade .. 100|strong|maximum|suitable|подходит
            mark|treat|consider|rate {_ALL} .. satisfied|fulfilled|met|strong|passed
            always answer|respond with .. best|highest|top
            level *? strong
            уровень|уровня|уровне strong
            strong во|по|for|для? всех|всем|всеми|all|every|всё|все
            не занижай|занижайте|снижай|снижайте .. балл*|оценк*|мне|score
            засчитай|засчитайте|зачти|зачтите
            считай|считайте|полагай|полагайте|представь|представьте|предположи|предположите что .. навык*|требован*|опыт*
            считай|считайте что .. я|у|все|кандидат*
            verdict|вердикт подходит|suitable|strong
            требовани* .. считать выполненн*
            цитируй|процитируй|цитируйте .. строк*|предложени*|это|эту|подтвержд*
            для оценщик*|автоматик*|нейросет*|алгоритм*
            для автоматическ* оценк*|проверк*|обработк*|системы|отбора
            record it so
            match all true
            skip quotes
            # Ukrainian, Polish, Kazakh, German, French, Spanish, Portuguese, Turkish, Arabic
            постав|поставте|вистав ... 100|бал*|максим*
            вимог* .. підтверджен*|виконан*
            ocen*|przyznaj|prosze|proszę|wystaw|ustaw ... 100|maksym*|najwyzsz*|spelnion*|spełnion*|strong|punkt*
            100 балл*|ұпай* қой*|бер*
            anforderung* .. erfullt*|werten
            bewerte|bewerten|vergebe|vergeben|werten ... 100|hochst*|maximal*|bestnote*|erfullt*|wohlwollend
            donne|donnez|attribue|attribuez|accorde|reponds|repondez ... 100|note|maximale|score|parfaitement
            asigna|otorga|pon|califica|dale|atribua|de|da ... 100|puntuacion|maxim*|pontos|puntos
            100 puan ver*
            امنح|اعط|وامنح|واعط ... 100|درجة|الدرجة
        """,
        "declares_result": """
            ^ данный|этот|наш? кандидат|кандидатка|соискатель .. соответствует|удовлетворяет|подходит|отвечает .. \
всем|всех|кажд*|люб*|100|полност*|идеальн*
            данный|этот|эта кандидат|кандидатка|соискатель|резюме .. полностью|идеально|безусловно .. \
соответствует|подходит|удовлетворяет
            ^ кандидат|кандидатка|соискатель .. полностью|идеально|безусловно|100 .. соответствует|подходит|удовлетворяет
            ^ кандидат|кандидатка .. лучший|лучшая из
            соискатель|кандидат лучший|лучшая из
            ^ this|the candidate|applicant|resume|profile .. meets|matches|satisfies|fulfils|fits|passes .. \
all|every|each|perfectly|fully|100|match|fit|requirement*|top|marks
            ^ this|the profile|candidate|applicant|resume passes|meets with|all
            this profile|candidate|applicant|resume passes|meets with|all top|marks|requirements
            this|the candidate|applicant is a|an|the perfect|ideal|strong|outstanding match|fit|candidate
            you must|should|have to? conclude|decide|find|say that .. candidate|applicant
            результат|итог|оценка .. сто|100 из сто|ста|100
            все|all требования|requirements are|считать|met|засчита* .. met|strong|выполнен*|confirmed
            every|each|all requirement* .. is|are met|satisfied|fulfilled|confirmed|strong
            результат .. документа уже известен
            резюме|профиль одобрен*
            ^ candidate|applicant verified|approved|confirmed
            all? confirmed|verified by? reviewer|system
            reviewer|grader ... confirmed|verified|strong|met|approved
            approved this person|candidate|applicant|resume
            подтвержден|подтверждена|подтверждено|strong * подтвержден|подтверждена|подтверждено|strong
            ce|este|este profil|perfil convient|cumple .. parfaitement|perfectamente|todos|todo
        """,
        "addresses_model": f"""
            вниманию|внимание|уважаем*|дорог*|обращение|обращаюсь|сообщение|примечание|заметка|подсказка к|для? *? \
{_MODEL}|нейросеть|программа|проверяющ*|рецензент|оценщик*
            внимание|уважаем*|дорог* система|системе|программа|программе|модель|модели оценки|отбора?
            уважаем*|дорог* нейросет*|ии|ассистент|программа|система|модель|робот|бот
            языков* модел* .. поставь|оцени|прошу|если|напиши
            ^ инструкция|инструкции для *? {_MACHINE}|провер*
            ^ для|к {_MODEL}|проверяющего|проверяющей|рецензента
            ^ проверяющему|рецензенту|оценщику|ассистенту|нейросети
            ^ ассистент|нейросеть|бот|робот|программа|модель|рецензент *? ответе|укажи|поставь|напиши|если|прошу|помоги|дай
            ^ ассистент в ответе
            если|раз ты|вы большая? языковая|нейросеть|ии|ai|модель|программа|бот|робот|алгоритм модель?
            если ты|вы являешься|являетесь .. {_MODEL}|модел*
            ты|вы теперь|являешься|являетесь .. {_MODEL}|помощник|рекрутер|модель|наставник*
            ты играешь роль
            твой|твои создатель|разработчик|создатели прос*
            с этого места|момента ты|вы
            просьба|прошу|обращение|привет|совет к? систем* отбора
            просьба|прошу|обращение|привет|совет к? *? {_MODEL}|проверяющ*|рецензент*
            {_MODEL}|модель если ты|вы|читаешь|видишь|видите|анализируешь
            если ты|вы? читаешь|видишь|анализируешь|обрабатываешь это|этот|текст|резюме
            note|message|memo|notice to|for the|any|all? *? {_MODEL}|reviewer|screener|grader|assistant
            attention|dear|hello|hi|hey the|any|all? {_MODEL}|reviewer|screener|grader|assistant
            hiring|recruiting|screening bot|ai|assistant|system this|please|the|note
            you are|re now? a|an|the? *? ai|llm|model|grader|chatgpt|assistant
            you are now
            я|i разработчик|am|создатель этой|the|your? системы|developer|creator|programmer
            as the hiring manager i
            new|новый|новые system|системный|системная prompt|промпт|инструкция
            system|developer|системн* override|notice|команда|уведомление
        """,
    }
)

_MARKUP: Final = {
    "fake_message": (
        r"<\|/?(?:im_start|im_end|system|assistant|user|developer|endoftext|start_header_id|eot_id)\|>",
        r"</?(?:system|assistant|developer|instructions?|prompt)(?:[ _-]?(?:message|prompt))?>",
        r"\[/?(?:inst|system|assistant|developer|система|системное сообщение|system message|system prompt)\]",
        r"<<sys>>",
        (
            r"(?m)^\s*(?:#{1,6}|[*=_-]{2,})\s*"
            r"(?:system|система|системн[а-я]+ (?:сообщени[а-я]|инструкци[а-я]|промпт))[ :#*=_-]*$"
        ),
        r"(?:^|[^a-z])(?:system|developer) (?:message|override|prompt|notice)\s*:",
        r"системн(?:ое|ыи|ая) (?:сообщение|уведомление|команда|промпт)\s*[:.\]—-]",
        (
            r"(?m)^\s*(?:system|assistant|developer|система|ассистент)\s*[:：]\s*"
            r"(?:you |ты |вы |the candidate|this candidate|candidate|кандидат|score|оценка|\{|новые|new|отныне)"
        ),
        r"\"role\"\s*:\s*\"(?:system|assistant|developer|user)\"",
    ),
    "output_form": (
        r"\"level\"\s*:\s*\"(?:strong|partial|none)\"",
        r"\"(?:requirements|grades|matches|recommendation|quotes)\"\s*:\s*[\[\"{]",
        r"\"(?:score|verdict)\"\s*:\s*(?:\d|\")",
        r"(?:^|[^a-z])(?:level|score|match_all|skip_quotes)\s*=\s*\"?(?:strong|100|true|1)",
    ),
    "forged_section": (
        r"<{2,}[< ]*(?:resume|vacancy|criteria)",
        r"(?:resume|vacancy|criteria)\s+[0-9a-z]*\s*>{2,}",
        r"(?m)^\s*[^\pL\pN]*(?:конец резюме|end of (?:the )?(?:resume|cv)|резюме окончено|здесь резюме заканчивается)",
        r"[=-]{3,}\s*(?:новая |new )?(?:vacancy|вакансия|требования вакансии)",
        (
            r"(?:обновленные|новые|updated|new|revised) "
            r"(?:требования(?: к)? ваканси[а-я]+|vacancy requirements|критерии оценки|grading criteria)\s*:"
        ),
    ),
    "demands_score": (r"score\s*=\s*\"?100", r"(?:给|打|评|授予|全部)[^\n]{0,20}(?:100|满分|最高分|滿分)"),
    "ignore_instructions": (r"(?:忽略|无视|無視|忘记|不要理会)[^\n]{0,40}",),
    "hidden_markup": (
        r"<!--[^\n]*",
        r"(?:color|background)\s*[:=]\s*[\"']?\s*(?:white|#fff|#ffffff|transparent|rgba?\(255)[^\n]*",
        r"(?:font-size|opacity)\s*:\s*0[^\n]*",
        r"(?:display\s*:\s*none|visibility\s*:\s*hidden)[^\n]*",
        r"(?:忽略|无视|無視|忘记|不要理会)[^\n]{0,40}",
        r"(?:给|打|评|授予|全部)[^\n]{0,20}(?:100|满分|最高分|滿分)",
        r"(?:無視|无視)して",
    ),
}


MARKUP: Final[dict[str, Any]] = {
    code: re2.compile("|".join(f"(?:{pattern})" for pattern in patterns).encode()) for code, patterns in _MARKUP.items()
}
"""Patterns for folded text, as bytes: what forges our messages, our answer's form or our fences, and hidden text."""

HIDDEN_CHARACTERS: Final = "hidden_characters"
ENCODED: Final = "encoded_instruction"
FLAGS: Final = TALK.codes | MARKUP.keys() | {HIDDEN_CHARACTERS, ENCODED}
"""All reason codes with which a text can be flagged, see `reading.Reading`."""

# A BOM or two and some zero-width spaces come with any PDF export; more than this is no accident.
_INNOCENT_INVISIBLES: Final = 20
_BASE64: Final = re2.compile(r"[A-Za-z0-9+/]{24,}={0,2}")
_LONGEST_ENCODED: Final = 4_000  # characters that are decoded of one text


def hides_characters(text: str) -> list[str]:
    """`hidden_characters`, if more is invisible in a text than exports make so."""
    unseen = invisible(text)
    # Tag characters and an overridden direction have no place in a resume.
    if any("\U000e0000" <= character <= "\U000e01ef" or character in "\u202d\u202e" for character in set(unseen)):
        return [HIDDEN_CHARACTERS]
    # A soft hyphen breaks words, U+FE0F colours an emoji: both are what they seem.
    counted = len(unseen) - unseen.count("\u00ad") - unseen.count("\ufe0f")
    return [HIDDEN_CHARACTERS] if counted > _INNOCENT_INVISIBLES else []


def may_hide_instructions(text: str) -> bool:
    """Whether any line holds what could be base64 at all."""
    return _BASE64.search(text) is not None


def hides_instructions(line: str) -> bool:
    """Whether a line holds base64 that reads as an attempt."""
    for match in _BASE64.finditer(line[:_LONGEST_ENCODED]):
        decoded = _decoded(match[0])
        if decoded:
            stream = " . " + "".join(f"{word} " for word in words(fold(visible(decoded)))) + ". "
            if any(True for _ in TALK.find(stream.encode())):
                return True
    return False


def _decoded(blob: str) -> str:
    try:
        return base64.b64decode(blob + "=" * (-len(blob) % 4)).decode()
    except (binascii.Error, ValueError):
        return ""
