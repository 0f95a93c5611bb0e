"""What attempts to talk to the reviewer look like, one entry per reason code.

Aimed at few false alarms in honest resumes: imperatives but not past tenses ("игнорировал"), the reviewer
addressed but not merely mentioned ("разрабатывал чат-ботов"), a verdict about "the candidate" but not a
recruiter's duty to check one. The patterns are matched against text folded by `plain_text.fold`.
"""

import re
from typing import Final

from worker.assessment.plain_text import unmarked

# A space in a pattern is any whitespace: exported text is wrapped anywhere.
_NEAR = r"(?s:.{0,60}?)"
_SOON = r"[^\n.]{0,30}?"


def _any_of(*patterns: str) -> re.Pattern[str]:
    r"""One pattern for folded text, so it is folded itself: й is и, ё is е.

    Escapes must be lower-case ones: folding would turn `\S` into `\s`.
    """
    whole = "|".join(f"(?:{unmarked(pattern)})" for pattern in patterns)
    return re.compile(whole.replace(" ", r"\s"), re.MULTILINE)


def _one(*alternatives: str) -> str:
    return f"(?:{'|'.join(alternatives)})"


_MODEL = _one(
    r"\bии\b",
    r"\bai\b",
    r"нейросет\w*",
    r"искусственн\w+ интеллект\w*",
    r"языков\w+ модел\w+",
    r"\bllm\b",
    r"\b(?:chat)?gpt\b",
    r"чат-?бот\w*",
    r"language model",
    r"artificial intelligence",
    r"автоматическ\w+ (?:систем\w+|проверк\w+|оценк\w+|отбор\w*)",
    r"automated (?:system|reviewer|screening|screener)",
)
_REVIEWER = _one(_MODEL, r"провер\w+ систем\w+", r"проверяющ\w+", "рецензент", "reviewer", "screener", "grader")
_RULES = _one("инструкц", "указани", "правил", "промпт", "предыдущ", "вышесказанн", r"выше\b", "требовани")
_HIGH_MARK = _one(r"\b100\b", r"\bсто\b", r"\bбалл", r"\bоценк", "максим", "высш", r"\bstrong\b", r"\bscore\b")
_THE_RESUME = _one(
    r"this (?:candidate|resume|cv|applicant|application)",
    r"the (?:candidate|resume|applicant|highest|maximum)",
    r"my (?:resume|cv|application)",
    r"(?:every|each|all)(?: \w+)? requirements?",
    "me",
    "him",
    "her",
    "it",
)

PATTERNS: Final[dict[str, re.Pattern[str]]] = {
    "ignore_instructions": _any_of(
        rf"\b(?:про)?игнорируй(?:те)?\b{_NEAR}(?:{_RULES}|\bвсе\b)",
        rf"\b(?:забудь|отмени|отбрось|не следуй|не учитывай)(?:те)?\b{_NEAR}{_RULES}",
        rf"\b(?:ignore|disregard|forget|override|bypass|do not follow)\b{_NEAR}"
        r"\b(?:instructions?|prompts?|rules|guidelines|previous|prior|above|earlier)\b",
        r"\b(?:новые|new) (?:инструкции|указания|instructions)\s*:",
        r"\bпропусти(?:те)? (?:проверку|оценку|этап|шаг)",
        r"\b(?:твоя|ваша|your) (?:новая |единственная |new |only )(?:задача|task|goal|job)\b",
        r"\b(?:ignore|disregard|override|bypass)\b[^\n]{0,20}?\b(?:rubric|criteria|scoring|evaluation)\b",
        rf"\bігноруй(?:те)?\b{_NEAR}(?:інструкц|вказівк|правил|попередн)",  # Ukrainian
        rf"нұсқаул\w*{_NEAR}(?:елеме|ескерме)",  # Kazakh
        rf"\bignorier\w*\b{_NEAR}(?:anweisung|vorherig|regeln)",  # German
        rf"\bignore[zr]?\b{_NEAR}(?:consignes|instructions|regles)",  # French
        rf"\bignor[ae]\w?\b{_NEAR}(?:instrucciones|indicaciones|istruzioni)",  # Spanish, Italian
        rf"\btalimat\w*{_NEAR}(?:yok say|gormezden)",  # Turkish
        r"(?:忽略|无视|無視|忘记).{0,20}(?:指令|指示|说明|提示|规则|要求)",  # Chinese
    ),
    "demands_score": _any_of(
        r"\b(?:поставь|выставь|присвой|проставь|оцени|зачти|верни|выведи|ответь|дай|укажи|установи|выдай|напиши)"
        rf"(?:те)?\b{_NEAR}(?:{_HIGH_MARK}|вердикт|[«\"“]подходит|кандидат\w* подходит)",
        rf"\b(?:прошу|просьба)\b{_SOON}\b(?:поставить|выставить|присвоить|оценить|засчитать)\b{_NEAR}{_HIGH_MARK}",
        rf"\b(?:give|assign|award|grant|rate|mark|grade|score)\s+{_THE_RESUME}\b(?s:.{{0,40}}?)"
        r"\b(?:score|100|rating|full marks|top marks|strong|highest|maximum|suitable)\b",
        rf"\b(?:return|output|respond with|answer with|set)\b{_NEAR}"
        r"(?:\b(?:score|verdict)\s*(?:to|of|as|is|[:=])?\s*[^\w]?(?:100|maximum|подходит|suitable)"
        r"|\blevel\b[^\n]{0,15}?\bstrong\b)",
        r"\b(?:mark|treat|consider|rate) (?:every|each|all)\b[^\n]{0,30}?\b(?:satisfied|fulfilled|met|strong|passed)\b",
        r"\blevel\w?\s*(?:[=:—–-]|как|as|to)\s*[^\w]?strong\b",
        r"\b(?:не занижай|не снижай|засчитай)(?:те)?\b",
        r"\b(?:считай|полагай)(?:те)?,? что\b[^\n]{0,40}?(?:навык|требовани|опыт|знани)",
        r"\bscore\s*=\s*\"?100\b",
        r"\b(?:вердикт|verdict)\s*[:=]\s*[^\w]?(?:подходит|suitable|strong)",
        rf"\b(?:постав|вистав)(?:те)?\b{_NEAR}(?:\b100\b|\bбал)",  # Ukrainian
        r"\b100 (?:балл|ұпай)\w* (?:қой|бер)",  # Kazakh
        rf"\b(?:bewerte|vergebe)\w*\b{_NEAR}\b(?:100|hochst|maximal|bestnote)",  # German
        rf"\b(?:donne|attribue|accorde)[zr]?\b{_NEAR}\b(?:100|note maximale|score)",  # French
        rf"\b(?:asigna|otorga|pon|califica)\w?\b{_NEAR}\b(?:100|puntuacion|maxim)",  # Spanish
        r"\b100 puan ver",  # Turkish
        r"(?:给|打|评).{0,10}(?:100|满分|最高分)",  # Chinese
    ),
    "declares_result": _any_of(
        r"(?<!что )(?<!чтобы )(?<!насколько )(?<!если )\b(?:кандидат|соискатель)(?:ка)?\b[^\n.]{0,40}?"
        rf"\b(?:соответствует|удовлетворяет|подходит|отвечает)\b{_SOON}"
        r"(?:\bвсем\b|\bвсех\b|\bкажд|\bлюб|на 100|полност|идеальн)",
        rf"\b(?:кандидат|соискатель)(?:ка)?\b{_SOON}\b(?:полностью|идеально|безусловно|на 100 ?%)"
        rf"{_SOON}\b(?:соответствует|подходит|удовлетворяет)",
        r"(?<!that )(?<!ensure )(?<!ensured )(?<!whether )(?<!if )\b(?:this|the) (?:candidate|applicant)\b"
        r"[^\n.]{0,40}?\b(?:meets|matches|satisfies|fulfils|fits|is (?:a|an|the) (?:perfect|ideal|strong))\b"
        rf"{_SOON}\b(?:all|every|each|perfectly|fully|100|match|fit|requirements?|candidate)\b",
        r"\byou (?:must|should|have to) (?:conclude|decide|find|say) that\b[^\n.]{0,30}?\b(?:candidate|applicant)\b",
        r"\b(?:результат|итог|оценка)\b[^\n.]{0,40}?\b(?:сто из ста|100 из 100)\b",
        rf"\b(?:все требования|all requirements)\b{_SOON}"
        r"(?:считать выполненными|засчита|\bare met\b|\bas met\b|\bstrong\b)",
    ),
    "fake_message": _any_of(
        r"<\|/?(?:im_start|im_end|system|assistant|user|developer|endoftext|start_header_id|eot_id)\|>",
        r"</?(?:system|assistant|developer|instructions?|prompt)(?:[ _-]?(?:message|prompt))?>",
        r"\[/?(?:inst|system|assistant|developer|система|системное сообщение|system message|system prompt)\]",
        r"<<sys>>",
        r"^\s*(?:#{1,6}|[*=_-]{2,})\s*"
        r"(?:system|система|системн\w+ (?:сообщени\w|инструкци\w|промпт))[ :#*=_-]*$",
        r"\b(?:system|developer) (?:message|override|prompt|notice)\s*:",
        r"\bсистемн\w+ (?:сообщение|инструкция|уведомление|команда|промпт)\s*[:.\]—-]",
        r"^\s*(?:system|assistant|developer|система|ассистент)\s*[:：]\s*"
        r"(?:you\b|ты\b|вы\b|the candidate|this candidate|кандидат|score|оценка|\{|новые|new|отныне)",
        r"\"role\"\s*:\s*\"(?:system|assistant|developer|user)\"",
    ),
    "addresses_model": _any_of(
        r"\b(?:вниманию|внимание,|уважаем\w+|дорог\w+|обращение к|обращаюсь к|сообщение для|примечание для"
        rf"|заметка для|подсказка для)\s+(?:\w+\s+){{0,2}}?{_REVIEWER}",
        rf"(?:^|[.!?]\s)[^\w]*инструкци[яи] для (?:\w+\s+)?{_REVIEWER}",
        rf"\b(?:если|раз) (?:ты|вы)\s*(?:[—–-]\s*|являешься\s+|являетесь\s+)?(?:больш\w+\s+)?{_MODEL}",
        rf"\b(?:ты|вы)\s*(?:[—–-]|теперь|являешься|являетесь)\s*{_SOON}(?:{_MODEL}|ассистент|помощник|рекрутер)",
        rf"\b(?:просьба|прошу|обращение|привет|совет) (?:к )?(?:\w+ )?(?:систем\w+ отбора|{_REVIEWER})",
        r"\b(?:робот|бот|автомат|нейросеть|модель),? если (?:ты|вы)?\s*(?:читае|видишь|видите|анализируе)",
        rf"\b(?:note|message|memo|notice)\s+(?:to|for)\s+(?:(?:the|any|all)\s+)?(?:\w+\s+)?{_REVIEWER}",
        rf"\b(?:attention|dear|hello|hi)\b\s*[,:]?\s+(?:(?:the|any|all)\s+)?{_REVIEWER}",
        r"\byou(?: are|'re)(?: now)?(?: an?| the)? (?:\w+ )?"
        r"(?:ai\b|llm\b|language model|grader|chatgpt|(?:recruitment|hiring) assistant)",
        rf"{_REVIEWER}[^\n.]{{0,20}}?\b(?:прошу|please|обязан|must (?:give|rate|assign))",
    ),
    "output_form": _any_of(
        r"\"level\"\s*:\s*\"(?:strong|partial|none)\"",
        r"\"(?:requirements|matches|recommendation)\"\s*:\s*[\[\"{]",
        r"\"(?:score|verdict)\"\s*:\s*(?:\d|\")",
    ),
    "forged_section": _any_of(
        r"<{3,}\s*(?:resume|vacancy)\b",
        r"\b(?:resume|vacancy)\s+[0-9a-z]*\s*>{3,}",
        r"^\s*[^\w]*(?:конец резюме|end of (?:the )?(?:resume|cv)|резюме окончено|здесь резюме заканчивается)\b",
        r"[=-]{3,}\s*(?:новая |new )?(?:vacancy|вакансия|требования вакансии)\b",
        r"\b(?:обновленные|новые|updated|new|revised) "
        r"(?:требования(?: к)? ваканси\w+|vacancy requirements|критерии оценки|grading criteria)\s*:",
    ),
}
