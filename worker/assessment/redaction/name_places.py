"""The places where names stand, where names of others stand, and how initials are written."""

import re

from worker.assessment.redaction.labels import BEGIN
from worker.assessment.redaction.linear_pattern import linear
from worker.assessment.redaction.placeholders import ANY
from worker.assessment.redaction.word_list import alternatives

_FEW = r"(?:\p{L}[\p{L}'.\-]*[ \t,]{0,2}){1,4}"
_WORDS = r"\p{L}[\p{L}'.\- ]*(?:, ?(?-i:\p{Lu})[\p{L}'\-]+)?"
LABELLED = linear(
    rf"(?i){BEGIN}{alternatives('label, name')}(?: (?:латиницей|кириллицей|полностью))?(?: ?\([^)\n]{{1,30}}\))?[ ]*"
    rf"(?:[\"]?(?:[:=|][ \t|\"]*|[—-][ \t]+|\t[ \t|]*|[ .]{{2,}})({_WORDS})"
    rf"|:?[ ]*\n\n?[ \t]*((?:{_WORDS}\n[ ]*){{0,2}}{_WORDS}))"
)
CERTAIN = ("фам", "фио", "ф.и.о", "ф. и. о", "surname", "last", "family", "full", "maiden")
BELOW = 2  # the group of those
INTRODUCED = linear(rf"(?i)(?:^|[^\p{{L}}]){alternatives('introductions')}[ \t,:—\-]*\n?[ \t]*({_FEW})")
_ORGANISATION = alternatives("organisation")
_OWNED = alternatives("owned")  # what is called after its owner: «Ателье Вячеслава Зайцева»
# None of the three begins inside of itself: linear in any engine.
_TYPOGRAPHIC = rf"«[^«»\n{ANY}]+»|“[^“”\n]+”|„[^„“”\n]+[“”]"
QUOTED_WITHOUT_STRAIGHT = re.compile(_TYPOGRAPHIC)
QUOTED = linear(rf"{_TYPOGRAPHIC}|{_ORGANISATION} \"[^\"\n]+\"")
_STREET = r"(?:ул\.|улиц\p{L}|просп\.|проспект\p{L}?|пл\.|площад\p{L}|пер\.|переул\p{L}+|бульвар\p{L}?|наб\.)"
NAMED_AFTER = linear(
    r"(?i)(?:^|[^\p{L}])(?:(?:(?:им\.|имени|им)[ ]?(?:акад(?:емика|\.)? |проф(?:ессора|\.)? |доктора |героя )?|ИП )"
    r"((?:\p{L}\. ?){0,2}\p{L}[\p{L}\-]+(?: (?-i:\p{Lu})[\p{L}\-]+){0,2}(?: ?(?-i:\p{Lu})\.){0,2})"
    rf"|{_OWNED}(?: [а-яё]+)? ((?-i:\p{{Lu}})[\p{{L}}\-]+ (?-i:\p{{Lu}})[\p{{L}}\-]+(?:а|я|ой|ого|ых|их|о|ва))"
    rf"|{_STREET} (?:[а-яё]+ )?((?-i:\p{{Lu}})[\p{{L}}\-]+(?: (?-i:\p{{Lu}})[\p{{L}}\-]+)?)"
    rf"|{alternatives('institutions')}{alternatives('called after')})"
)
SEGMENT = re.compile(rf"(?:(?!  )[^\n,;|•\t:()/\"0-9{ANY}—])+")
REFERENCES = linear(rf"(?im)^[ #•*]*{alternatives('reference headings')}(?: ?\(\d+\))?[ :*]*$")
INITIALS_BEHIND = linear(r"([ ,]{1,2}(?:\p{Lu}\.? ?\p{Lu}\.|\p{Lu}\.))")
INITIALS_BEFORE = linear(r"\p{Lu}\. ?\p{Lu}\. ?$")
