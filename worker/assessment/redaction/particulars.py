"""What a resume says of a person besides the name and the contacts.

Documents, birth dates, ages, sex, family, citizenship, addresses. A word alone ("дети", "пол", "паспорт") is a trade's
as often as a person's, so a rule wants a label with a value, a segment of its own, or a redacted neighbour.
"""

from typing import Any, Final

from worker.assessment.redaction.labels import ANY_SIGN, BEGIN, SIGN
from worker.assessment.redaction.linear_pattern import linear
from worker.assessment.redaction.morphology import Reading, readings
from worker.assessment.redaction.placeholders import ANY, SYMBOLS, Kind
from worker.assessment.redaction.rules import Rule
from worker.assessment.redaction.word_list import alternatives

_NUMBERED = linear(rf"(?i)(?:^|[^\p{{L}}]){alternatives('numbered')}[ :№—\-]*$")
UNIT: Final = linear(rf"(?i) ?{alternatives('units')}")
_NUMBER_SIGN = r"(?:№|N|No\.?|номер|серия|series|number|#)"


def is_unnumbered(match: Any) -> bool:
    """Whether it is no number of a thing: «Серийный номер 112-233-445 95»."""
    return not is_numbered(match.string[: match.start()])


def is_numbered(before: str) -> bool:
    """Whether what stands before a number says that it is one of a thing, or of a standard."""
    return _NUMBERED.search(before[-30:]) is not None


def _is_no_patent(match: Any) -> bool:
    return not match[0].startswith("РФ") and not _OF_WORK.search(match.string[max(0, match.start() - 60) : match.end()])


_OF_WORK: Final = linear(r"(?i)программ|эвм|изобретени|полезн|товарн")
DOCUMENTS: Final = (
    # Passport: a label, the number, and whoever issued it.
    Rule(Kind.DOCUMENT,
         r"(?i)(?:загран)?паспорт\p{L}*[^\d\n]{0,60}\n?[^\d\n]{0,20}\d{2} ?\d{2}[ ,№N]{0,4}(?:номер )?№? ?\d{6}"
         r"(?:[ ,.]{1,3}(?:выдан|код|кем выдан|дата выдачи)[^\n|;]*)?"),
    Rule(Kind.DOCUMENT, r"(?i)(?:серия[ :]{1,2})?\d{2} ?\d{2}[ ,]{0,2}(?:№|номер) ?\d{6}"),
    Rule(Kind.DOCUMENT, r"(?i)патент[^\d\n]{0,12}(\d{2} ?(?:№|номер)? ?\d{10})", group=1),
    Rule(Kind.DOCUMENT, r"\d{3}[-•]\d{3}[-•] ?\d{3}[ \-•]{1,2}\d{2}", accepts=is_unnumbered),
    Rule(Kind.DOCUMENT,
         rf"(?i)(?:^|[^\p{{L}}]){alternatives('identities')}(?: (?:рф|(?-i:\p{{Lu}})\p{{L}}+|гражданина)){{0,2}}"
         rf"[^\p{{L}}\p{{N}}]{{1,14}}(?:(?:№|N|n°|no\.?|(?:за )?номер(?:ом)?|серии|серия|series|сер\.|ном\.)[ :]*)*"
         rf"{alternatives('numbers of documents')}",
         group=1, alone=False, accepts=is_unnumbered),
    Rule(Kind.DOCUMENT, r"\d{4}[ \-]\d{4}[ \-]\d{4}[ \-]\d{4}|\d{2,3} ?\p{Lu}{2,3} ?№? ?\d{6,7}|[А-Я]{2} № ?\d{6,7}",
         accepts=_is_no_patent),
    Rule(Kind.DOCUMENT,
         rf"(?i)(?:^|[^\p{{L}}]){alternatives('papers')}"
         rf"(?:[^\d\n,;.]*?[ \t:]\n?[ \t]*{_NUMBER_SIGN}? ?"
         r"((?:\p{Lu}{2} ?|\d{2} ?[\p{Lu}\d]{2} ?|\d{2} |\p{L}{1,2}-\p{L}{1,4} )?№? ?\d(?:[ \-—]{0,3}\d){5,15})"
         r"|[^\n;]{0,60}?№ ?(?:(?-i:\p{Lu}{1,4}[ \-]?)?\d{5,16}))", accepts=_is_no_patent),
)  # fmt: skip

MONTH = rf"{alternatives('month')}\p{{L}}*(?:- {{1,3}}\p{{L}}{{2,7}})?\.?"
_DAY = r"\d{1,2}(?:st|nd|rd|th)?"
DATE = alternatives("dates", day=_DAY, month=MONTH)
_SPOKEN_DATE = alternatives("spoken dates", month=MONTH, ordinal=alternatives("ordinals"))
_LABELLED_DATE = alternatives("dates behind labels", date=DATE, month=MONTH)
_OF_BIRTH = r"(?: ?г\.? ?[рp]\.?|г/р| ?года рождения| ?г\. рождения| ?гр\.)"
YEAR_WORD = r"(?: ?(?:года|году|год|г\.|г))?"
YEARS = r"(?:года|год|полных лет|лет|years?)"


def is_an_age(match: Any) -> bool:
    """Whether the match's number is one; "31–45 лет" is a range, "25 лет в продажах" a career."""
    text, end = match.string, match.end()
    rest = text[end : end + 4].lstrip(" \t")[:1]
    number = int("".join(filter(str.isdigit, match[0]))[-2:])
    return 14 <= number <= 90 and not (rest.isalnum() or rest in {"—", "-", "%"})


BIRTH: Final = (
    Rule(Kind.BIRTH_DATE,
         rf"(?i){alternatives('label, birth')}(?: ?\([^)\n]{{1,20}}\))?{ANY_SIGN}(?:on |in |в )?[ \"]?"
         rf"{_LABELLED_DATE}{YEAR_WORD}{_OF_BIRTH}?"
         r"(?:,? (?:в )?(?:г\.|городе|гор\.|с\.|дер\.|пос\.) ?[\p{L}\-]+)?"),
    Rule(Kind.BIRTH_DATE, rf"(?i)(?:родил(?:ся|ась)|рожд[её]?н\p{{L}}+)[^\d\n;.]*?{_SPOKEN_DATE}"),
    Rule(Kind.BIRTH_DATE, rf"(?i){alternatives('label, birth')}[ \t]*\n[^\n]*  ({DATE})", group=1),
    Rule(Kind.BIRTH_DATE, rf"(?i)(?:{_LABELLED_DATE}|\d{{2}}){YEAR_WORD}{_OF_BIRTH}"),
    Rule(Kind.AGE,
         rf"(?i)(?:{alternatives('label, age')}|мне)(?: ?\([^)\n]{{1,20}}\))?[ \t\n:|=—\"\-]{{1,6}}(?:сейчас |уже |"
         rf"полных )?(\d{{2}})(?: {YEARS})?", accepts=is_an_age),
    Rule(Kind.AGE, r"(?i)(\d{2})(?: ?y\.?/?o\.?| years? old|-year-old)"),
)  # fmt: skip


def ends_a_segment(match: Any) -> bool:
    """Whether nothing but a sign, or nothing at all, stands behind a match."""
    text, end = match.string, match.end()
    rest = text[end : end + 8].lstrip(" ")
    rest = rest if rest[:1] == "\t" else rest.lstrip(" .")
    return not rest or (not rest[0].isalnum() and rest[0] not in '«"-—/') or rest.startswith("— ")


SEX: Final = (
    Rule(Kind.SEX,
         rf"(?i){alternatives('label, sex')}(?: ?[:|—=]+ ?\n?|[ \t\n\-\":|]{{1,6}})"
         r"(?:мужской|женский|мужчина|женщина|female|male)"
         rf"|{alternatives('label, sex')}(?: ?[:|—=]+[ \n\t]?|\t[ ]*)\"?(?:муж|жен|м|ж|m|f)\.?"),
    Rule(Kind.SEX, rf"(?im){BEGIN}(мужчина|женщина|девушка|молодой человек|муж\.|жен\.|male|female)",
         group=1, accepts=ends_a_segment),
)  # fmt: skip

_FAMILY = rf"(?:{alternatives('married')}|{alternatives('children')}|{alternatives('leave')})"

FAMILY: Final = (
    Rule(Kind.FAMILY,
         rf"(?i){alternatives('label, family')}{ANY_SIGN}(?:{_FAMILY}(?:[ ,;и]{{1,3}}(?:{_FAMILY}|сын|дочь))*"
         rf"|[^\n|;,.\"\t{ANY}]+)"),
    Rule(Kind.FAMILY,
         rf"(?i)(?:семья|дети|children|kids) ?(?::[ :|—\"\-\n]{{0,6}}|\t)"
         rf"(?:{_FAMILY}(?:[ ,;и]{{1,3}}(?:{_FAMILY}|сын|дочь))*"
         rf"|(?-i:[^\n|;,.\"\t{ANY}\p{{Lu}}])[^\n|;,.\"\t{ANY}]+)"),
    Rule(Kind.FAMILY, r"(?i)(?:отпуск по уходу за реб[её]нком|(?:из|в) декрет[ае]|декретный отпуск|maternity leave)"),
    Rule(Kind.FAMILY, rf"(?im){BEGIN}({_FAMILY}(?:[ ,и]{{1,3}}{_FAMILY})*)", group=1, accepts=ends_a_segment),
)  # fmt: skip

_PERMIT = rf"{alternatives('permits')}(?:[ :]{{1,2}}[^\n|;,.{ANY}]+)?"
_STATE = rf"[\p{{L}}][^\n|;,.(\"«\t{ANY}]+"
CITIZENSHIP: Final = (
    Rule(Kind.CITIZENSHIP, rf"(?i){alternatives('label, citizenship')}(?:\"[: \"]+|{SIGN}){_STATE}(?:, ?{_PERMIT})?"),
    Rule(Kind.CITIZENSHIP,
         rf"(?:[Гг]ражданство|ГРАЖДАНСТВО|[Гг]раждан(?:ин|ка)|ГРАЖДАН(?:ИН|КА)|[Cc]itizen of|[Nn]ationality)"
         rf" (?:[Рр]еспублики )?\p{{Lu}}[\p{{L}}]*(?: \p{{Lu}}[\p{{L}}]*)?(?:, ?{_PERMIT})?"),
    Rule(Kind.CITIZENSHIP, rf"(?im){BEGIN}((?:(?:есть|имею|имеется|получен) (?:внж|рвп|патент)|{_PERMIT}))",
         group=1, accepts=ends_a_segment),
)  # fmt: skip

_STREET = alternatives("street")
_FLAT = r"(?:,? ?(?:корпус|корп\.?|к\.?|стр\.?|строение|кв\.?|квартира|оф\.?|офис|подъезд|эт\.) ?\d{1,4}\p{L}?)"
_HOUSE = rf"(?:д\.?|дом)? ?\d{{1,4}}(?:[кс]\d|\p{{L}})?(?:[/\-]\d{{1,4}}){{0,2}}{_FLAT}*"
_HOME = rf"(?:д\.|дом)? ?\d{{1,4}}(?:[кс]\d|\p{{L}})?(?:/\d{{1,4}})?(?:{_FLAT}+|,? ?[—\-] ?\d{{1,4}}\b|, ?\d{{1,4}}\b)"
_PLACE = alternatives("parts of addresses")
_ADJECTIVE = r"[\p{L}\-]+(?:ий|ый|ой|ая|ое|ье|ья)"
_MEASURED: Final = linear(r"(?i)(?:квартал|площад)\p{L}*,? ?\d[^дД]*$")  # «квартал, 1С», «площадь 1200 кв. м, 3 этажа»
_LENGTHS: Final = ("км", "м ", "м²", "кв. м", "шт")


def _is_a_street(match: Any) -> bool:
    behind = match.string[match.end() : match.end() + 4].lstrip(" ")
    return not _MEASURED.search(match[0]) and not behind.startswith(_LENGTHS)


ADDRESSES: Final = (
    Rule(Kind.ADDRESS, r"(?im)^ADR[;:][^\n]+"),
    Rule(Kind.NAME, r"(?im)^N[;:][^\n;]+;[^\n]*"),
    # At a line's beginning a label owns the line; in the middle of one, the next few words.
    Rule(Kind.ADDRESS,
         rf"(?im)(?:^|[|\"\t])[ \t•—\-]*((?:{alternatives('label, address')}(?:\"?{SIGN}| в )|(?:адрес|живу|прож\.|"
         rf"address) (?-i:\p{{Lu}}))[^\n|;\"\t{ANY}]+)", group=1),
    Rule(Kind.ADDRESS,
         rf"(?i){alternatives('label, address')}(?: ?[:—=] ?| (?-i:\p{{Lu}}))"
         rf"[^\n|;,\"{ANY}]+(?:, *(?:{_STREET}[^\n|;,\"{ANY}]+|{_HOUSE}|[^\n|;,\"{ANY}]+ \d+(?:-\d+)?))*"),
    Rule(Kind.ADDRESS,
         rf"(?i)(?:проживаю|прожива[ею]т|живу|жив[её]т|resid(?:e|ing)|lives?) (?:в|во|на|in|at) [^\n|;,.({ANY}]+"
         rf"(?:,? (?:[^\n|;,.{ANY}]*\d[^\n|;,.{ANY}]*"
         rf"|(?:на|дом|квартира|корпус|улица|ул\.|метро) [^\n|;,.{ANY}]+)){{0,4}}"),
    # «443081, Самара, Московское шоссе, 55, кв. 3»
    Rule(Kind.ADDRESS,
         rf"(?i)\d{{6}}, ?(?:\p{{L}}[\p{{L}}. \-]*, ?){{1,5}}(?:\p{{L}}[\p{{L}}. \-]*[ ,]{{0,2}})?{_HOUSE}"
         r"(?:, ?\d{1,4})?(?: (?:пәтер|кв\.?))?"),
    Rule(Kind.ADDRESS,
         rf"(?i){_PLACE}(?:{_STREET} ?(?:реки |канала )?(?-i:[\p{{Lu}}\d\"«])[\p{{L}}\d\"«» .\-]*?,? {_HOME}"
         rf"|{_ADJECTIVE} {_STREET},? ?{_HOME})", accepts=_is_a_street),
    Rule(Kind.ADDRESS,
         rf"\d{{1,5}}\p{{Lu}}? \p{{Lu}}\p{{Ll}}+ (?:\p{{Lu}}\p{{Ll}}+ )?{alternatives('streets, in English')}"
         r"(?:,? (?:Apt|Flat|Suite|#)\.? ?\d+\p{L}?)?|(?:ul|ulitsa|pr|prospekt|per)\.? \p{Lu}\p{Ll}+,? (?:d\.? ?)?"
         r"\d{1,4}(?:[\-/, ]{1,2}(?:kv\.? ?|m\. ?|apt\.? ?)?\d{1,4})?"),
    Rule(Kind.ADDRESS,
         rf"(?i)(?:^|[\n\t.,;|•(:—{ANY}] ?|я |и )({alternatives('birthplaces')} (?:{alternatives('settlements')} ?)?"
         r"(?-i:\p{Lu})[\p{L}\-]+(?: (?-i:\p{Lu})[\p{L}\-]+)?)", group=1),
    Rule(Kind.NAME, rf"(\p{{Lu}}\p{{Ll}}+[ \-]{alternatives('respect')})(?:[,.;:)\n—]|$)", group=1),
)  # fmt: skip

METRO = r"(?:(?:м\.|метро|ст\. ?м\.|metro(?: station)?) ?\p{L}[\p{L} \-]+)"


def _is_given(match: Any) -> bool:
    return ends_a_segment(match) and Reading.GIVEN in readings(match[1].lower())


NEIGHBOURS: Final = (
    Rule(Kind.DOCUMENT,
         rf"(?i){SYMBOLS[Kind.DOCUMENT]}[ ,.;(/\n]{{1,3}}({alternatives('issued')}[^\n|;,{ANY}]*"
         rf"(?:, ?(?:код|к/п|\d|г\.|(?:[а-я]+ )?{alternatives('issuers')})[^\n|;,{ANY}]*)*)", group=1),
    Rule(Kind.ADDRESS, rf"{SYMBOLS[Kind.BIRTH_DATE]} ?(?:/|in|в|en|à|—) ?(\p{{Lu}}[\p{{L}}\-]+)",
         group=1, accepts=ends_a_segment),
    Rule(Kind.NAME, rf"{SYMBOLS[Kind.NAME]} ?[\"(](\p{{Lu}}\p{{L}}+)[\")] ?{SYMBOLS[Kind.NAME]}", group=1),
    Rule(Kind.NAME, rf"[{ANY}] и (\p{{Lu}}\p{{Ll}}+)\)", group=1),
    Rule(Kind.NAME, rf"[{SYMBOLS[Kind.NAME]}{SYMBOLS[Kind.PERSON]}](?:,| и| and) (\p{{Lu}}\p{{Ll}}+)",
         group=1, accepts=_is_given),
    Rule(Kind.ADDRESS, rf"(?i)({METRO})[ ,;|]+[{ANY}]", group=1),
    Rule(Kind.CITIZENSHIP, rf"[{ANY}][ ,;|]+(ВНЖ|РВП)", group=1),
    Rule(Kind.AGE, rf"(?i)[{ANY}][ \t,;|•(\n—/.\-]{{1,6}}((?:возраст )?(\d{{2}}) ?(?:{YEARS}|г\.?|y\.?o\.?))",
         group=1, accepts=is_an_age),
    Rule(Kind.AGE, rf"(?im)(?:^|[\n,;|•(])[ \t]*((\d{{2}}) {YEARS})[ \t,;|•)\n]{{1,4}}[{ANY}]",
         group=1, accepts=lambda match: 14 <= int(match[2]) <= 90),
    Rule(Kind.FAMILY, rf"(?i)[{ANY}][ ,;и]{{1,3}}((?:есть )?(?:сын|дочь|дети)(?: \d{{1,2}} \p{{L}}+)?)",
         group=1, accepts=ends_a_segment),
    Rule(Kind.NAME, rf"[{SYMBOLS[Kind.FAMILY]}{SYMBOLS[Kind.PERSON]}] ?[(:—] ?{alternatives('given names')}", group=1),
    Rule(Kind.ADDRESS, rf"(?i)[{ANY}](?:[ ,;|]{{1,3}}|,\n)({METRO}|кв\.? ?\d+)", group=1),
    Rule(Kind.ADDRESS, rf"(?i){SYMBOLS[Kind.ADDRESS]}{alternatives('the rest of an address')}", group=1),
    Rule(Kind.ADDRESS,
         rf"[{SYMBOLS[Kind.NAME]}{SYMBOLS[Kind.BIRTH_DATE]}{SYMBOLS[Kind.PERSON]}] ?/ ?(\p{{Lu}}\p{{Ll}}+)(?:  |\n|$)",
         group=1),
    Rule(Kind.BIRTH_DATE, rf"{SYMBOLS[Kind.NAME]} ?[/|] ?((?:19[4-9]\d|20[01]\d)) ?[/|]", group=1),
)  # fmt: skip
