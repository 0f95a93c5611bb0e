"""What a resume says of a person besides the name and the contacts.

Documents, birth dates, ages, sex, family, citizenship, addresses. A word alone ("дети", "пол", "паспорт") is a trade's
as often as a person's, so a rule wants a label with a value, a segment of its own between commas or line ends, or a
neighbour that has been redacted already.
"""

from typing import Any, Final

from worker.assessment.redaction.linear_pattern import linear
from worker.assessment.redaction.placeholders import ANY, Kind
from worker.assessment.redaction.rules import Rule

# --- documents ---

_NUMBER_SIGN = r"(?:№|N|No\.?|номер|серия|series|number|#)"
DOCUMENTS: Final = (
    # Passport: a label, the number, and whoever issued it.
    Rule(
        Kind.DOCUMENT,
        linear(
            r"(?i)(?:загран)?паспорт\p{L}*[^\d\n]*\d{2} ?\d{2}[ ,№N]{0,4}(?:номер )?№? ?\d{6}"
            r"(?:[ ,.]{1,3}(?:выдан|код|кем выдан|дата выдачи)[^\n|;]*)?"
        ),
    ),
    Rule(
        Kind.DOCUMENT,
        linear(
            rf"(?i)(?:загранпаспорт|паспорт|passport)(?: ?{_NUMBER_SIGN})?[ :|"
            rf"№—\-]{{1,4}}\p{{L}}{{0,2}} ?\d{{2}} ?\d{{6,8}}"
        ),
    ),
    Rule(Kind.DOCUMENT, linear(r"(?i)(?:серия[ :]{1,2})?\d{2} ?\d{2}[ ,]{0,2}(?:№|номер) ?\d{6}")),
    Rule(Kind.DOCUMENT, linear(r"(?i)(?:снилс[ :|№\-]{0,4})?\d{3}-\d{3}-\d{3}[ \-]\d{2}")),
    Rule(Kind.DOCUMENT, linear(r"(?i)(?:снилс|инн|иин|inn|ssn|огрнип)[ :|№\"\-]{1,5}\d(?:[ \-]?\d){8,14}")),
    Rule(Kind.DOCUMENT, linear(r"\d{4}[ \-]\d{4}[ \-]\d{4}[ \-]\d{4}|\d{3}-\d{2}-\d{4}")),
    Rule(
        Kind.DOCUMENT,
        linear(
            r"(?i)(?:военн\p{L}+ билет|полис|водительск\p{L}+ удостоверени\p{L}+|в/у|диплом|аттестат|"
            r"свидетельство|удостоверение|"
            rf"трудов\p{{L}}+ книжк\p{{L}}+)[^\d\n,;.]*?[ :]{_NUMBER_SIGN}? ?((?:\p{{Lu}}{{2}} ?|"
            rf"\d{{2}} ?[\p{{Lu}}\d]{{2}} ?)?№? ?\d{{6,16}})"
        ),
        group=1,
    ),
)

# --- birth dates and ages ---

_MONTH = (
    r"(?:январ|феврал|март|апрел|ма[йя]|июн|июл|август|сентябр|октябр|ноябр|декабр|янв|фев|мар|апр|авг|сен|окт|"
    r"ноя|дек|"
    r"jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)\p{L}*\.?"
)
_DATE = (
    r"(?:\d{1,2} ?[./\-] ?\d{1,2} ?[./\-] ?(?:\d{4}|\d{2})|\d{4}[./\-]\d{1,2}[./\-]\d{1,2}"
    rf"|\d{{1,2}}(?:st|nd|rd|th)? {_MONTH},? \d{{4}}|{_MONTH} \d{{1,2}}(?:st|nd|rd|th)?,? \d{{4}}|"
    rf"{_MONTH} \d{{4}}|\d{{4}})"
)
_OF_BIRTH = r"(?: ?г\.? ?р\.?| ?года рождения| ?г\. рождения| ?гр\.)"
_YEAR_WORD = r"(?: ?(?:года|году|год|г\.|г))?"
_YEARS = r"(?:года|год|полных лет|лет)"


def _is_an_age(match: Any) -> bool:
    text, end = match.string, match.end()
    number = int(match[1])
    # "31–45 лет" is a range, "25 лет в продажах" a career.
    behind = text[end : end + 2].strip(" ")
    return 14 <= number <= 90 and (not behind or not (behind[0].isalnum() or behind[0] in "–-%"))


BIRTH: Final = (
    Rule(
        Kind.BIRTH_DATE,
        linear(
            r"(?i)(?:дата[ _]рождения|день рождения|год рождения|date of birth|birth[ _]?(?:date|day)|birthday|"
            r"d\.?o\.?b\.?|born|"
            rf"родил(?:ся|ась)(?: в [^\d\n;|]*)?|рождения|рожд\.|д\. ?р\.|др:)[ :|—–\"\-]{{0,6}}(?:on |in |"
            rf"в )?[ \"]?{_DATE}{_YEAR_WORD}{_OF_BIRTH}?"
            r"(?:,? (?:в )?(?:г\.|городе|гор\.|с\.|дер\.|пос\.) ?[\p{L}\-]+)?"
        ),
    ),
    Rule(Kind.BIRTH_DATE, linear(rf"(?i){_DATE}{_YEAR_WORD}{_OF_BIRTH}")),
    Rule(
        Kind.AGE,
        linear(
            rf"(?i)(?:возраст|полных лет|age|aged|мне)[ :|—–\"\-]{{1,6}}(?:сейчас |уже |"
            rf"полных )?(\d{{2}})(?: {_YEARS})?"
        ),
        accepts=_is_an_age,
    ),
    Rule(Kind.AGE, linear(r"(?i)(\d{2})(?: ?y\.?/?o\.?| years? old|-year-old)")),
)

# --- sex, family, citizenship ---

_SEGMENT_START = rf"(?:^|[\n,;|•·({ANY}]|[—–\-•.] )[ \t]*"


def _ends_a_segment(match: Any) -> bool:
    text, end = match.string, match.end()
    rest = text[end : end + 8].lstrip(" \t.")
    return not rest or (not rest[0].isalnum() and rest[0] not in '«"-–—/') or rest.startswith(("— ", "– "))


SEX: Final = (
    Rule(
        Kind.SEX,
        linear(
            r"(?i)(?:пол|sex|gender)(?: ?[:|—–=]+ ?|[ \-\":|]{1,6})(?:мужской|женский|мужчина|женщина|female|male)"
            r"|(?:пол|sex|gender) ?[:|—–=]+ ?\"?(?:муж|жен|м|ж|m|f)\.?"
        ),
    ),
    Rule(
        Kind.SEX,
        linear(rf"(?im){_SEGMENT_START}(мужчина|женщина|девушка|молодой человек|муж\.|жен\.|male|female)"),
        group=1,
        accepts=_ends_a_segment,
    ),
)

_COUNT = r"(?:\d|одного|одна|один|двое|двоих|трое|троих|четверо|четверых|пятеро|две|два|три|one|two|three|four)"
_MARRIED = (
    r"(?:не ?женат|женат|не ?замужем|замужем|холост(?:ая|ой)?|развед[её]на?|в разводе|(?:состою |состоит )?(?:не )?в "
    r"(?:гражданском |официальном |зарегистрированном )?браке|гражданский брак|вдовец|вдова|не ?состою в браке)"
)
_CHILDREN = (
    rf"(?:(?:есть |имею |воспитываю )?{_COUNT} (?:[а-яё]+ )?(?:реб[её]н[а-яё]+|дет[а-яё]+|сын[а-яё]*|доч[а-яё]+|"
    rf"children|kids?|child)"
    rf"|(?:есть|имею) (?:дети|детей|реб[её]нок|реб[её]нка|сын|дочь)|детей нет|нет детей|без детей|бездетн[а-яё]+|"
    rf"дети есть"
    rf"|(?:мать|отец|мама|папа) {_COUNT} (?:реб[её]н[а-яё]+|дет[а-яё]+)|мать-одиночка|(?:есть )?(?:сын|"
    rf"дочь) \d{{1,2}} (?:лет|года?|мес[а-яё]*)"
    r"|беременна|no children)"
)
_LEAVE = r"(?:в декрете|в декретном отпуске|декретный отпуск|отпуск по уходу за реб[её]нком|maternity leave)"
_FAMILY = rf"(?:{_MARRIED}|{_CHILDREN}|{_LEAVE}|married|divorced|widowed|unmarried)"

FAMILY: Final = (
    Rule(
        Kind.FAMILY,
        linear(
            r"(?i)(?:семейное положение|семейный статус|marital status|family status|(?:семья|дети|"
            r"children) ?:)[ :|—–\"\-]{0,6}"
            rf"(?:{_FAMILY}(?:[ ,;и]{{1,3}}(?:{_FAMILY}|сын|дочь))*|[^\n|;,.\"{ANY}]+)"
        ),
    ),
    Rule(
        Kind.FAMILY,
        linear(r"(?i)(?:отпуск по уходу за реб[её]нком|(?:из|в) декрет[ае]|декретный отпуск|maternity leave)"),
    ),
    Rule(
        Kind.FAMILY,
        linear(rf"(?im){_SEGMENT_START}({_FAMILY}(?:[ ,и]{{1,3}}{_FAMILY})*)"),
        group=1,
        accepts=_ends_a_segment,
    ),
)

_PERMIT = (
    r"(?:есть |имею |имеется |получен )?(?:разрешение на работу|вид на жительство|work permit|патент на работу)"
    rf"(?:[ :]{{1,2}}[^\n|;,.{ANY}]+)?"
)
_STATE = rf"[\p{{L}}][^\n|;,.(\"«{ANY}]+"
CITIZENSHIP: Final = (
    Rule(
        Kind.CITIZENSHIP,
        linear(
            rf"(?i)(?:гражданство|национальность|вероисповедание|citizenship|nationality|religion)(?: ?[:|"
            rf"—–=]+[ |]*|\"[: \"]+){_STATE}"
            rf"(?:, ?{_PERMIT})?"
        ),
    ),
    Rule(
        Kind.CITIZENSHIP,
        linear(
            rf"(?:[Гг]ражданство|ГРАЖДАНСТВО|[Гг]раждан(?:ин|ка)|ГРАЖДАН(?:ИН|"
            rf"КА)) (?:[Рр]еспублики )?\p{{Lu}}[\p{{L}}]*(?: \p{{Lu}}[\p{{L}}]*)?"
            rf"(?:, ?{_PERMIT})?"
        ),
    ),
    Rule(
        Kind.CITIZENSHIP,
        linear(rf"(?im){_SEGMENT_START}((?:(?:есть|имею|имеется|получен) (?:внж|рвп|патент)|{_PERMIT}))"),
        group=1,
        accepts=_ends_a_segment,
    ),
)

# --- addresses ---

_STREET = (
    r"(?:ул\.|улица|пр-т|пр-кт|просп\.|проспект|пер\.|переулок|наб\.|набережная|б-р|бульвар|шоссе|ш\.|проезд|"
    r"мкр\.?|микрорайон|"
    r"пл\.|площадь|тупик|аллея)"
)
_HOUSE = (
    r"(?:д\.|дом)? ?\d{1,4}\p{L}?(?:[/\-]\d{1,4})?"
    r"(?:,? ?(?:корпус|корп\.?|к\.?|стр\.?|строение|кв\.?|квартира|оф\.?|офис) ?\d{1,4}\p{L}?)*"
)
_PLACE = (
    r"(?:(?:\d{6}|г\. ?[\p{L}\-]+|город [\p{L}\-]+|[\p{L}\-]+ (?:область|край|район|обл\.|р-н)|"
    r"Республика [\p{L}\-]+), *)*"
)
ADDRESSES: Final = (
    # At a line's beginning a label owns the line; in the middle of one, the next few words.
    Rule(
        Kind.ADDRESS,
        linear(
            r"(?im)(?:^|[|\"])[ \t•—–\-*]*((?:(?:домашний |фактический |почтовый )?адрес(?: проживания|"
            r" регистрации| прописки)?|"
            r"прожива(?:ет|ю|ние)|прописка|место (?:жительства|проживания|рождения)|регистрация|живу|"
            r"place of birth|home address|address|residence)"
            rf"[\"]?(?: ?[:|—–=]+[ |\"]*| в )[^\n|;\"{ANY}]+)"
        ),
        group=1,
    ),
    Rule(
        Kind.ADDRESS,
        linear(
            r"(?i)(?:адрес(?: проживания| регистрации)?|прожива(?:ет|ю)|прописка|место жительства|address) ?[:—–] ?"
            rf"[^\n|;,\"{ANY}]+(?:, ?(?:{_STREET}[^\n|;,\"{ANY}]+|{_HOUSE}|[^\n|;,\"{ANY}]+ \d+(?:-\d+)?))*"
        ),
    ),
    Rule(Kind.ADDRESS, linear(rf"(?i)(?:проживаю|живу) (?:в|во|на) [^\n|;,.{ANY}]+")),
    Rule(
        Kind.ADDRESS,
        linear(rf"(?i){_PLACE}{_STREET} ?[\p{{L}}\d\"«][\p{{L}}\d\"«» .\-]*?,? {_HOUSE}"),
    ),
    Rule(Kind.ADDRESS, linear(rf"(?i){_PLACE}[\p{{L}}\-]+(?:ий|ый|ой|ая) {_STREET},? ?{_HOUSE}")),
    Rule(
        Kind.ADDRESS,
        linear(
            r"\d{1,5} \p{Lu}\p{Ll}+ (?:\p{Lu}\p{Ll}+ )?(?:Street|St\.|Avenue|Ave\.?|Road|Rd\.?|Lane|Ln\.|Drive|"
            r"Boulevard|Blvd\.?)"
            r"(?:,? (?:Apt|Flat|Suite|#)\.? ?\d+\p{L}?)?"
        ),
    ),
)

# --- what only a neighbour tells ---

NEIGHBOURS: Final = (
    Rule(Kind.ADDRESS, linear(rf"(?i)((?:м\.|метро|ст\. ?м\.) ?\p{{L}}[\p{{L}} \-]+)[ ,;|]+[{ANY}]"), group=1),
    Rule(Kind.CITIZENSHIP, linear(rf"[{ANY}][ ,;|]+(ВНЖ|РВП)"), group=1),
    Rule(
        Kind.AGE,
        linear(rf"(?i)[{ANY}][ \t,;|•(\n—–/.\-]{{1,6}}((?:возраст )?(\d{{2}}) ?(?:{_YEARS}|г\.?|y\.?o\.?))"),
        group=1,
        accepts=lambda match: _is_neighbouring_age(match, 2),
    ),
    Rule(
        Kind.AGE,
        linear(rf"(?im)(?:^|[\n,;|•(])[ \t]*((\d{{2}}) {_YEARS})[ \t,;|•)\n]{{1,4}}[{ANY}]"),
        group=1,
        accepts=lambda match: 14 <= int(match[2]) <= 90,
    ),
    Rule(
        Kind.FAMILY,
        linear(rf"(?i)[{ANY}][ ,;и]{{1,3}}((?:есть )?(?:сын|дочь|дети)(?: \d{{1,2}} \p{{L}}+)?)"),
        group=1,
        accepts=_ends_a_segment,
    ),
    Rule(
        Kind.ADDRESS,
        linear(rf"(?i)[{ANY}][ ,;|]{{1,3}}((?:м\.|метро|ст\. ?м\.) ?\p{{L}}[\p{{L}} \-]+|кв\. ?\d+)"),
        group=1,
    ),
)


def _is_neighbouring_age(match: Any, group: int) -> bool:
    text, end = match.string, match.end()
    rest = text[end : end + 4].lstrip(" \t.")
    return 14 <= int(match[group]) <= 90 and (not rest or (not rest[0].isalnum() and rest[0] not in "–-%"))
