"""The places where names stand, where names of others stand, and how initials are written."""

import re

from worker.assessment.redaction.labels import NAME
from worker.assessment.redaction.linear_pattern import linear
from worker.assessment.redaction.placeholders import ANY

_FEW = r"(?:\p{L}[\p{L}'.\-]*[ \t,]{0,2}){1,4}"
_WORDS = r"\p{L}[\p{L}'.\- ]*"
# The value behind the label, or alone on the lines below it.
LABELLED = linear(
    rf"(?i)(?:^|[\n\t|,;(•{{\"]|[—-] )[ \t\"]*{NAME}(?: ?\([^)\n]{{1,30}}\))?[ ]*"
    rf"(?:[\"]?(?:[:=|][ \t|\"]*|[—-][ \t]+|\t[ \t|]*|  +)({_WORDS})|:?[ ]*\n[ \t]*((?:{_WORDS}\n[ ]*){{0,2}}{_WORDS}))"
)
CERTAIN = ("фам", "фио", "ф.и.о", "ф. и. о", "surname", "last", "family", "full")
BELOW = 2  # the group of those
INTRODUCED = linear(
    r"(?i)(?:(?:здравствуйте|добрый (?:день|вечер)|привет)[!,. ]{1,3}(?:это|я)|меня зовут|мо[её] имя|зовут меня|"
    r"с уважением|искренне ваша?|всего доброго|my name is|i am called|(?:best|kind|warm)? ?regards|"
    rf"sincerely(?: yours)?|yours (?:sincerely|faithfully))[ \t,:—\-]*\n?[ \t]*({_FEW})"
)
_ORGANISATION = (
    r"(?:ООО|ОАО|ЗАО|ПАО|АО|НАО|НКО|АНО|ТОО|ОсОО|ГК|ТД|ТК|ЧОП|ИП|компани\p{L}+|фирм\p{L}+|банк\p{L}*|"
    r"завод\p{L}*|сеть|группа|LLC|Ltd)"
)
# What is called after its owner: «Ателье Вячеслава Зайцева».
_OWNED = (
    r"(?:ателье|салон\p{L}?|студи\p{L}{1,3}|клиник\p{L}{1,3}|бюро|театр\p{L}{0,2}|школ\p{L}{1,2}|мастерск\p{L}{2,3}|"
    r"галере\p{L}{1,2}|"
    r"фонд\p{L}{0,2}|лаборатори\p{L}{1,2}|компани\p{L}{1,2}|фирм\p{L}{1,2}|магазин\p{L}{0,2}|ресторан\p{L}{0,2}|"
    r"кафе|агентств\p{L}|"
    r"стоматологи\p{L}{1,2}|центр\p{L}{0,2}|институт\p{L}{0,2}|издательств\p{L}|пекарн\p{L}{1,2}|"
    r"кондитерск\p{L}{2,3}|музе\p{L}{1,2}|"
    r"академи\p{L}{1,2}|оркестр\p{L}{0,2}|хор\p{L}{0,2}|цирк\p{L}{0,2}|ферм\p{L}{1,2}|кфх|к/х|дом(?:е|а)? мод\p{L}|"
    r"модн\p{L}{2,3} дом\p{L}?|"
    r"бренд\p{L}{0,2}|балет\p{L}?|шоу|парикмахерск\p{L}{2,3}|автосервис\p{L}{0,2}|типографи\p{L}{1,2}|"
    r"фабрик\p{L}{1,2}|метод\p{L}{0,2}|систем\p{L}{1,2})"
)
# None of the three begins inside of itself: linear in any engine.
_TYPOGRAPHIC = rf"«[^«»\n{ANY}]+»|“[^“”\n]+”|„[^„“”\n]+[“”]"
QUOTED_WITHOUT_STRAIGHT = re.compile(_TYPOGRAPHIC)
QUOTED = linear(rf"{_TYPOGRAPHIC}|{_ORGANISATION} \"[^\"\n]+\"")
NAMED_AFTER = linear(
    r"(?i)(?:^|[^\p{L}])(?:(?:(?:им\.|имени|им)[ ]?(?:акад(?:емика|\.)? |проф(?:ессора|\.)? |доктора |героя )?|ИП )"
    r"((?:\p{L}\. ?){0,2}\p{L}[\p{L}\-]+(?: (?-i:\p{Lu})[\p{L}\-]+){0,2}(?: ?(?-i:\p{Lu})\.){0,2})"
    rf"|{_OWNED} ((?-i:\p{{Lu}})[\p{{L}}\-]+ (?-i:\p{{Lu}})[\p{{L}}\-]+(?:а|я|ой|ого|ых|их|о|ва)))"
)
# One class of characters and a plus: linear in any engine, and a tenth of RE2's price for many matches.
SEGMENT = re.compile(rf"[^\n,;|•\t:()/\"0-9{ANY}—]+")
SPACED_OUT = linear(r"(?m)^[ \t]*((?:\p{Lu} {1,4}){5,40}\p{Lu})[ \t]*$")
INITIALS_BEHIND = linear(r"([ ,]{1,2}(?:\p{Lu}\.? ?\p{Lu}\.|\p{Lu}\.))")
INITIALS_BEFORE = linear(r"\p{Lu}\. ?\p{Lu}\. ?$")
