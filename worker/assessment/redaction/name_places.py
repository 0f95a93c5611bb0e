"""The places where names stand, where names of others stand, and how initials are written."""

import re

from worker.assessment.redaction.linear_pattern import linear
from worker.assessment.redaction.placeholders import ANY

_FEW = r"(?:\p{L}[\p{L}'’ʼ.\-]*[ \t,]{0,2}){1,4}"
LABELLED = linear(
    r"(?i)(?:^|[\n|,;(•{\t\"]|[—–\-] )[ \t\"]*(?:ф\. ?и\. ?о\.?|фио|имя(?: и фамилия)?|"
    r"фамилия(?:[ ,]{1,2}имя(?:[ ,]{1,2}(?:и )?отчество)?)?|отчество|"
    r"full[ _]?name|first[ _]?name|last[ _]?name|middle[ _]?name|surname|name|имя, отчество|кандидат|соискатель|"
    r"applicant|candidate)"
    r"[ \t]*[\"]?(?:[:=|][ \t|\"]*|[—–\-][ \t]+|\n)(\p{L}[\p{L}'’ʼ.\- \t]*)"
)
INTRODUCED = linear(
    r"(?i)(?:(?:здравствуйте|добрый (?:день|вечер)|привет)[!,. ]{1,3}(?:это|я)|меня зовут|мо[её] имя|зовут меня|"
    r"с уважением|искренне ваша?|всего доброго|my name is|i am called|(?:best|kind|warm)? ?regards|"
    rf"sincerely(?: yours)?|yours (?:sincerely|faithfully))[ \t,:—–\-]*\n?[ \t]*({_FEW})"
)
_ORGANISATION = (
    r"(?:ООО|ОАО|ЗАО|ПАО|АО|НАО|НКО|АНО|ТОО|ОсОО|ГК|ТД|ТК|ЧОП|ИП|компани\p{L}+|фирм\p{L}+|банк\p{L}*|"
    r"завод\p{L}*|сеть|группа|LLC|Ltd)"
)
# None of the three begins inside of itself: linear in any engine.
_TYPOGRAPHIC = rf"«[^«»\n{ANY}]+»|“[^“”\n]+”|„[^„“”\n]+[“”]"
QUOTED_WITHOUT_STRAIGHT = re.compile(_TYPOGRAPHIC)
QUOTED = linear(rf"{_TYPOGRAPHIC}|{_ORGANISATION} \"[^\"\n]+\"")
NAMED_AFTER = linear(
    r"(?i)(?:^|[^\p{L}])(?:(?:им\.|имени|им)[ ]?(?:акад(?:емика|\.)? |проф(?:ессора|\.)? |героя )?|ИП )"
    r"((?:\p{L}\. ?){0,2}\p{L}[\p{L}\-]+(?: \p{Lu}[\p{L}\-]+){0,2}(?: ?\p{Lu}\.){0,2})"
)
# One class of characters and a plus: linear in any engine, and a tenth of RE2's price for many matches.
SEGMENT = re.compile(rf"[^\n,;|•·\t:()/\"0-9{ANY}–—]+")
INITIALS_BEHIND = linear(r"[ ,]{1,2}\p{Lu}\.? ?\p{Lu}\.|[ ,]{1,2}\p{Lu}\.")
INITIALS_AND_DATA = linear(rf"( \p{{Lu}}\. ?\p{{Lu}}\.)[ ,;—–]*[{ANY}]")
INITIALS_BEFORE = linear(r"\p{Lu}\. ?(?:\p{Lu}\. ?)?$")
