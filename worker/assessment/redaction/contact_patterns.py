r"""How to reach a person: e-mail addresses, links, handles, telephone numbers; and pictures in a text.

Patterns look at a text's one form (`sheet`), in which no line ends inside of an address or a number. RE2 knows no
look-around and its `\b`, `\w` and `\s` are ASCII only, so a rule's `accepts` looks at what stands beside a match.
"""

from typing import Any, Final

from worker.assessment.redaction.head import NOT_HANDLES, PRODUCT_SITES, YEAR, end_of_head
from worker.assessment.redaction.linear_pattern import linear
from worker.assessment.redaction.name_lists import ENGLISH_COMMON
from worker.assessment.redaction.particulars import UNIT, is_unnumbered
from worker.assessment.redaction.placeholders import ANY, Kind
from worker.assessment.redaction.rules import Rule, stands_alone
from worker.assessment.redaction.sheet import JOINT, ZONES
from worker.assessment.redaction.word_list import alternatives, words


def _is_encoded(match: Any) -> bool:
    blob = match[0]
    return any(map(str.isdigit, blob)) and any(map(str.islower, blob)) and any(map(str.isupper, blob))


PICTURES: Final = (
    Rule(Kind.PHOTO, r"(?i)data:[a-z]+/[a-z0-9+.\-]+;base64,[a-z0-9+/=]+", alone=False),
    Rule(Kind.PHOTO, r"(?i)<img[^>\n]*>|!\[[^\]\n]*\]\([^)\n]*\)", alone=False),
    Rule(Kind.PHOTO, r"(?:(?:[A-Za-z0-9+/]{60,80}\n){2,}[A-Za-z0-9+/]*|[A-Za-z0-9+/]{200,})={0,2}",
         alone=False, accepts=_is_encoded),
    Rule(Kind.PHOTO, r"(?i)[\p{L}\p{N}_\-]+\.(?:jpe?g|heic|png|webp)"),
)  # fmt: skip

_LOCAL = rf"[\p{{L}}\p{{N}}_][\p{{L}}\p{{N}}._%+{JOINT}\-]*"
_LABEL = rf"[\p{{L}}\p{{N}}{JOINT}\-]"
_DOT = r"(?:\.| ?[(\[{](?:dot|точка|\.)[)\]}] ?| dot | точка )"
_AT_SIGN = r"(?: ?[(\[{<](?:at|собака|sobaka|эт|a|а|@)[)\]}>] ?| собака | ?\(собачка\) ?| собачка )"
EMAILS: Final = (
    Rule(Kind.EMAIL,
         rf"(?i){_LOCAL}(?:@| @ |@ ){_LABEL}+(?:\.{_LABEL}+)*\.{JOINT}?\p{{L}}[\p{{L}}\p{{N}}\-]+"
         rf"|{_LOCAL}(?: ?@ ?| at ){alternatives('mail hosts')}(?: ?\. ?|,)(?:ru|com|net|org|by|kz|ua|me)"
         rf"|[a-z0-9][a-z0-9._%+\-]*(?:{_DOT}[a-z0-9_\-]+)*{_AT_SIGN}[\p{{L}}\p{{N}}\-]+(?:{_DOT}[\p{{L}}\p{{N}}\-]+)*{_DOT}\p{{L}}{{2,}}"
         r"|[a-z0-9][a-z0-9._%+\-]* at [a-z0-9\-]+ dot [a-z]{2,}|[a-z0-9._%+\-]*[a-z0-9]@[a-z][a-z\-]+"
         r"|[a-z][a-z0-9._%+\-]+ на (?:яндекс|гугл|г?мейл|мэйл|gmail|yandex|mail)\p{L}{0,2}", alone=False),
)  # fmt: skip

_IN_LINK = rf"[^\s|<>«»\"{ANY}]"
_LINK_END = rf"[^\s|<>«»\"{ANY}.,;:!?()'\]]"
_REST = rf"{_IN_LINK}*{_LINK_END}/?"
_PERSONAL_HOSTS = "|".join(host.replace(".", rf"{JOINT}?\.{JOINT}?") for host in sorted(words("hosts")))
_DOMAIN = r"[\p{L}\p{N}\-]+(?:\.[\p{L}\p{N}\-]+)*"
_OF_WORK: Final = linear(rf"(?i)(?:^|[^\p{{L}}]){alternatives('sites of work')}(?: (?:на|с|для|of|for))? $")
_ENDINGS_OF_FILES: Final = words("endings of files")
_BARE_DOMAIN = linear(rf"(?i){_DOMAIN}\.(?:{ZONES}|js|net)")


def _is_a_path(match: Any) -> bool:
    host, _, path = match[0].partition("/")
    if (
        host.lower().endswith(PRODUCT_SITES)
        or host.lower().rpartition(".")[2] in _ENDINGS_OF_FILES
        or _BARE_DOMAIN.fullmatch(path)
    ):
        return False  # "Ozon.ru/Avito.ru" are two employers
    if _OF_WORK.search(match.string[max(0, match.start() - 40) : match.start()]):
        return False
    return any(letter.islower() or letter.isdigit() for letter in path)  # "Mail.ru/VK" are two as well


LINKS: Final = (
    Rule(Kind.LINK, rf"(?i)(?:(?:https?|ftp|tg|mailto|skype|viber|whatsapp):|www\.){_REST}"),
    Rule(Kind.LINK, rf"(?i)(?:[\p{{L}}\p{{N}}\-]+\.)*(?:{_PERSONAL_HOSTS}){JOINT}?/{_REST}"),
    Rule(Kind.LINK, rf"(?i)[a-z0-9\-]+\.(?:github|gitlab)\.io(?:/{_REST})?|[а-яё0-9\-]+\.рф(?:/[^\s|]*)?"),
    Rule(Kind.LINK, rf"(?i){_DOMAIN}\.(?:{ZONES}|[a-z]{{2}}){JOINT}?/{_REST}", accepts=_is_a_path),
    Rule(Kind.LINK,
         r"(?i)(?:(?:мой |личный )?сайт|портфолио|блог|web-?site|site|portfolio|home ?page|web|ссылка|blog)"
         rf"[ :=|\t\n—\-]{{1,4}}([a-z0-9][a-z0-9.\-]*\.[a-z]{{2,}}(?:/{_REST})?)", group=1),
)  # fmt: skip

_MESSENGERS = alternatives("messengers")
_ANNOTATIONS: Final = words("annotations")


def _is_a_handle(match: Any) -> bool:
    text, start, end = match.string, match.start(), match.end()
    name = match[0][1:]
    if (start and (text[start - 1].isalnum() or text[start - 1] in "@/._-")) or text[end : end + 1] in ("/", "(", "-"):
        return False
    if name.lower() in _ANNOTATIONS or name.lower().split(".")[0] in _ANNOTATIONS:
        return False
    # @RestController is an annotation; a person's handle may be written so too, but then a messenger is named.
    return len(name) > 2 and (not any(map(str.isupper, name)) or any(map(str.isdigit, name)) or name.isupper())


_ONES_OWN: Final = linear(rf"(?i)(?:^|[^\p{{L}}]){alternatives('said before handles')} .?$")  # «пишите в тг petrov»


def name_like(value: str) -> bool:
    return value.islower() and value.isalpha() and value not in ENGLISH_COMMON and len(value) > 4


def _is_a_value(match: Any) -> bool:
    """Whether what stands behind a messenger's name is somebody's name there."""
    said, value = match[1], match[2]
    if not stands_alone(match.string, *match.span()):
        return False
    if value.lower().strip("@.") in NOT_HANDLES:
        return False
    text, start, end = match.string, match.start(), match.end()
    # "Telegram ivan_petrov90", "ВКонтакте id123"; "VK2" and "Viber 20.4" are versions.
    if (
        any(letter in "@_#" for letter in value)
        or ("." in value and value.islower())
        or (value[0].isalpha() and any(map(str.isdigit, value)))
    ):
        return True
    if value[0].isdigit():
        return False
    if _ONES_OWN.search(text[max(0, start - 24) : start + 1]):
        return True
    # "GitHub: actions, pages" names features; "Telegram: ivanov" at a line's end names a person.
    rest = text[end : end + 2].lstrip(" \t")[:1]
    if rest == "," and ":" in said and name_like(value) and not text[end + 2 : end + 3].islower():
        return True  # "Kaggle: vladciobo, Competitions Master"
    if not said.strip(" "):
        alone = (not start or text[start - 1] == "\n") and rest in {"", "\n"}
        telling = any(sign in ".-" for sign in value) or not value[1:].islower()
        return (alone and telling) or (end < end_of_head(text) and (not rest or rest in "\n,;.)|•/"))
    return not rest or rest in "\n|;)•\"'" or (rest in ",." and ("-" in value or end < end_of_head(text)))


HANDLES: Final = (
    Rule(Kind.HANDLE, rf"(?i){_MESSENGERS}[ :=|\t\n—\-]{{0,4}}[(]?(@[a-z0-9_.\-]*[a-z0-9_])", group=1, alone=False),
    Rule(Kind.HANDLE,
         rf"(?i){_MESSENGERS}([ :=|\t—\-\"('•]{{1,5}}|[ :]*\n\n?[ \t]*)"
         rf"((?:live:)?[a-z0-9_@][a-z0-9_.#\-]{{2,}}[a-z0-9_])",
         group=2, accepts=_is_a_value),
    Rule(Kind.HANDLE,
         rf"(?i){_MESSENGERS}(?:[ ,:—]{{1,3}}{alternatives('said of handles')}){{1,4}}[ :—]{{1,3}}"
         r"([a-z][a-z0-9_.\-]{2,}[a-z0-9_]|«[^»\n]{3,30}»)", group=1, alone=False),
    Rule(Kind.HANDLE, rf"(?i)(?:^|[\n:;(] ?|я |ник )([a-z][a-z0-9.]*_[a-z0-9_.]+) (?:в|на) {_MESSENGERS}", group=1),
    Rule(Kind.HANDLE, r"@[A-Za-z][A-Za-z0-9_.\-]*[A-Za-z0-9_]", alone=False, accepts=_is_a_handle),
)  # fmt: skip

_GAP = r"[ ().\-—/•\t_=…]"
_SPOKEN = alternatives("spoken digits")
_EXTENSION = r"(?:,? ?(?:доб|вн|ext|x)\.? ?\d{1,5})?"
_SHAPES = alternatives("telephones", gap=_GAP)
_THOUSANDS = linear(r"\+? ?\d{1,3}(?:[ .]\d{3})+")


def _is_a_phone(match: Any) -> bool:
    text, start, end = match.string, match.start(), match.end()
    found = match[0]
    before, behind = text[max(0, start - 2) : start], text[end : end + 2]
    # A part of a longer number, a date, a version or an amount of money is none. A plus begins a number of its own.
    begins = found[0] == "+" and found[1].isdigit()
    if (before[-1:].isdigit() and not begins) or behind[:1].isdigit():
        return False
    if (before[:1].isdigit() and before[1:] in {".", "-", "/"}) or (
        behind[:1] in {".", "-", "/", ","} and behind[1:].isdigit()
    ):
        return False
    if found[0] != "+" and not is_unnumbered(match):
        return False
    digits = sum(map(str.isdigit, found.partition(",")[0].partition("доб")[0]))
    if found[0] == "0" and (digits < 10 or before.rstrip(" ")[-1:].isdigit()):
        return False
    if found.startswith("("):
        return 8 <= digits <= 12
    unit = UNIT.match(text[end : end + 8])
    if _THOUSANDS.fullmatch(found):
        # "+1 200 000 руб." is money; "+376 712 345" is Andorra.
        return not unit and (digits > 10 or (found.startswith("+") and digits == 9))
    # "89 123 456 789 руб." is money, too.
    return not (unit and found[0].isdigit() and found.replace(" ", "").isdigit())


def _is_spoken(match: Any) -> bool:
    digits = sum(map(str.isdigit, match[0]))
    told = digits + len([word for word in match[0].replace("-", " ").split() if word.isalpha()])
    return told >= (_FEWEST_SPOKEN if digits else 6) and not (
        UNIT.match(match.string[match.end() : match.end() + 8]) or YEAR.search(match[0])
    )


_FEWEST_SPOKEN: Final = 7
PHONES: Final = (
    Rule(Kind.PHONE, rf"(?i){alternatives('spoken numbers', spoken=_SPOKEN)}", accepts=_is_spoken),
    Rule(Kind.PHONE, rf"{_SHAPES}{_EXTENSION}", alone=False, accepts=_is_a_phone),
    Rule(Kind.PHONE, rf"(?i){alternatives('label, phone')}[ :]+({_SPOKEN}(?:[ ,\-]+{_SPOKEN}){{2,}})", group=1),
    Rule(Kind.PHONE,
         rf"(?i)(?:^|[^\p{{L}}]){alternatives('label, phone')}"
         rf"\.?[ :=|\t\n—\-\"№•]{{1,5}}(\+?\(?\d(?:{_GAP}{{0,3}}\d){{5,14}}{_EXTENSION})",
         group=1),
)  # fmt: skip
