r"""How to reach a person: e-mail addresses, links, handles, telephone numbers; and pictures in a text.

Patterns run on RE2, whose time is linear in the text. RE2 knows no look-around and its `\b`, `\w` and `\s` are ASCII
only, so a rule's `accepts` looks at what stands beside a match (`rules`).

Redacted: addresses with @ in any alphabet and the usual ways around it ("(at)", "собака"); links with a scheme, with
www, with a path, or under a personal host; handles behind a messenger's name or an @; telephone numbers with a country
code, in Russian, American and trunk-zero shapes, or behind a word that says so.
Left alone: bare domains that may be an employer or a library (Mail.ru, Vue.js), annotations (@Transactional), package
versions (react@18.2.0), amounts grouped by thousands, dates and periods, standards.
"""

from typing import Any, Final

from worker.assessment.redaction.linear_pattern import linear
from worker.assessment.redaction.placeholders import ANY, Kind
from worker.assessment.redaction.rules import Rule
from worker.assessment.redaction.word_list import words

# --- pictures ---


def _is_encoded(match: Any) -> bool:
    blob = match[0]
    return any(map(str.isdigit, blob)) and any(map(str.islower, blob)) and any(map(str.isupper, blob))


PICTURES: Final = (
    Rule(Kind.PHOTO, linear(r"(?i)data:[a-z]+/[a-z0-9+.\-]+;base64,[a-z0-9+/=]+"), alone=False),
    Rule(Kind.PHOTO, linear(r"(?i)<img[^>\n]*>|!\[[^\]\n]*\]\([^)\n]*\)"), alone=False),
    Rule(Kind.PHOTO, linear(r"(?:[A-Za-z0-9+/]{60,80}\n){2,}[A-Za-z0-9+/]*={0,2}"), alone=False, accepts=_is_encoded),
    Rule(Kind.PHOTO, linear(r"[A-Za-z0-9+/]{200,}={0,2}"), alone=False, accepts=_is_encoded),
    Rule(Kind.PHOTO, linear(r"(?i)[\p{L}\p{N}_\-]+\.(?:jpe?g|heic|png|webp)")),
)

# --- e-mail ---

_LOCAL = r"[\p{L}\p{N}_][\p{L}\p{N}._%+\-]*"
_DOT = r"(?:\.| ?[(\[{](?:dot|точка|\.)[)\]}] ?| dot | точка )"
_EMAIL = linear(
    rf"(?i){_LOCAL}(?:@| @ )[\p{{L}}\p{{N}}\-]+(?:\.[\p{{L}}\p{{N}}\-]+)*\.\p{{L}}{{2,}}"
    rf"|[a-z0-9][a-z0-9._%+\-]* ?(?:[(\[{{<](?:at|собака|эт|a|@)[)\]}}>]| собака |\(собачка\)| собачка ) ?"
    rf"[a-z0-9\-]+(?:{_DOT}[a-z0-9\-]+)*{_DOT}[a-z]{{2,}}"
    r"|[a-z0-9][a-z0-9._%+\-]* at [a-z0-9\-]+ dot [a-z]{2,}"
)
EMAILS: Final = (Rule(Kind.EMAIL, _EMAIL, alone=False),)

# --- links ---

_IN_LINK = rf"[^\s|<>«»\"{ANY}]"
_LINK_END = rf"[^\s|<>«»\"{ANY}.,;:!?()'\]]"
_PERSONAL_HOSTS = "|".join(
    host.replace(".", r"\.")
    for host in sorted(
        words(
            "github.com gitlab.com bitbucket.org gitverse.ru linkedin.com t.me telegram.me vk.com vk.me vk.ru ok.ru",
            "facebook.com fb.com fb.me instagram.com habr.com hh.ru superjob.ru behance.net dribbble.com",
            "stackoverflow.com medium.com youtube.com youtu.be wa.me twitter.com x.com leetcode.com kaggle.com "
            "codepen.io",
            "notion.so notion.site linktr.ee about.me disk.yandex.ru drive.google.com docs.google.com xing.com",
            "viber.click zen.yandex.ru dzen.ru rutube.ru",
        )
    )
)
_ZONES = (
    "com|ru|org|io|me|dev|net|su|info|pro|site|online|app|by|kz|uz|ua|az|am|ge|kg|tj|md|de|uk|co|cc|ai|tech|"
    "design|art|"
    "page|link|bio|link|eu|us|xyz|club|store|work|рф"
)
_PRODUCTS: Final = ("asp.net", "ado.net", "vb.net", "ml.net")
_BARE_DOMAIN = linear(rf"(?i)[\p{{L}}\p{{N}}\-]+(?:\.[\p{{L}}\p{{N}}\-]+)*\.(?:{_ZONES}|js|net)")


def _is_a_path(match: Any) -> bool:
    host, _, path = match[0].partition("/")
    if host.lower().endswith(_PRODUCTS) or _BARE_DOMAIN.fullmatch(path):
        return False  # "Ozon.ru/Avito.ru" are two employers
    return any(letter.islower() or letter.isdigit() for letter in path)  # "Mail.ru/VK" are two as well


LINKS: Final = (
    Rule(Kind.LINK, linear(rf"(?i)(?:https?|ftp|tg|mailto|skype|viber|whatsapp):{_IN_LINK}*{_LINK_END}/?")),
    Rule(Kind.LINK, linear(rf"(?i)www\.{_IN_LINK}*{_LINK_END}/?")),
    Rule(Kind.LINK, linear(rf"(?i)(?:[\p{{L}}\p{{N}}\-]+\.)*(?:{_PERSONAL_HOSTS})/{_IN_LINK}*{_LINK_END}/?")),
    Rule(Kind.LINK, linear(rf"(?i)[a-z0-9\-]+\.(?:github|gitlab)\.io(?:/{_IN_LINK}*{_LINK_END}/?)?")),
    Rule(Kind.LINK, linear(r"(?i)[а-яё0-9\-]+\.рф(?:/[^\s|]*)?")),
    Rule(
        Kind.LINK,
        linear(rf"(?i)[\p{{L}}\p{{N}}\-]+(?:\.[\p{{L}}\p{{N}}\-]+)*\.(?:{_ZONES})/{_IN_LINK}*{_LINK_END}/?"),
        accepts=_is_a_path,
    ),
    Rule(
        Kind.LINK,
        linear(
            r"(?i)(?:(?:мой |личный )?сайт|портфолио|блог|web-?site|site|portfolio|home ?page|web|ссылка)[ :|"
            r"—–\-]{1,4}"
            rf"([a-z0-9][a-z0-9.\-]*\.[a-z]{{2,}}(?:/{_IN_LINK}*{_LINK_END}/?)?)"
        ),
        group=1,
    ),
)

# --- handles ---

_MESSENGERS = (
    r"(?:telegram|телеграмм?|телега|tg|тг|skype|скайп|instagram|инстаграмм?|insta|инста|discord|дискорд|"
    r"whats ?app|ватсап|"
    r"viber|вайбер|signal|icq|аська|twitter|facebook|vk|вк|вконтакте|linkedin|github|гитхаб|gitlab|habr|хабр|kaggle|"
    r"leetcode|ник|nick(?:name)?|username|логин)"
)
_NOT_HANDLES: Final = words(
    "actions pages copilot api bot bots aiogram telethon pyrogram telebot business for ads enterprise desktop ci",
    "and or",
)
_ANNOTATIONS: Final = words(
    "media import keyframes mixin include extend supports font-face charset layer container property staticmethod",
    "classmethod dataclass pytest override deprecated param return returns throws see since author async cache",
    "cached task app router route get post put delete patch login_required abstractmethod overload contextmanager",
    "wraps lru_cache singledispatch validator root_validator field_validator model_validator fixture mock given",
    "example angular nestjs types vue babel mui emotion reduxjs tanstack storybook testing-library latest next",
    "component tailwind apply use if else for while end autowired transactional input output inject injectable",
)
_AT = linear(r"@[A-Za-z][A-Za-z0-9_.\-]*[A-Za-z0-9_]")


def _is_a_handle(match: Any) -> bool:
    text, start, end = match.string, match.start(), match.end()
    name = match[0][1:]
    if (start and (text[start - 1].isalnum() or text[start - 1] in "@/._-")) or text[end : end + 1] in ("/", "("):
        return False
    if name.lower() in _ANNOTATIONS or name.lower().split(".")[0] in _ANNOTATIONS:
        return False
    # @RestController is an annotation; a person's handle may be written so too, but then a messenger is named.
    return len(name) > 2 and (not any(map(str.isupper, name)) or any(map(str.isdigit, name)) or name.isupper())


def _is_a_value(match: Any) -> bool:
    value = match[1]
    if value.lower().lstrip("@") in _NOT_HANDLES:
        return False
    telling = any(letter in "@_.:#" or letter.isdigit() for letter in value)
    text, end = match.string, match.end()
    rest = text[end : end + 1]
    # "GitHub: actions, pages" names features; "Telegram: ivanov" at a line's end names a person.
    return telling or (value.islower() and (not rest or rest in ("\n|;),." if "-" in value else "\n|;)")))


HANDLES: Final = (
    Rule(
        Kind.HANDLE,
        linear(rf"(?i){_MESSENGERS}[ :|—–\-]{{0,4}}[(]?(@[a-z0-9_.\-]*[a-z0-9_])"),
        group=1,
        alone=False,
    ),
    Rule(
        Kind.HANDLE,
        linear(rf"(?i){_MESSENGERS} ?[:|—–\-][ \"|]{{0,3}}((?:live:)?[a-z0-9_@][a-z0-9_.#\-]{{2,}}[a-z0-9_])"),
        group=1,
        accepts=_is_a_value,
    ),
    Rule(Kind.HANDLE, _AT, alone=False, accepts=_is_a_handle),
)

# --- telephone numbers ---

_GAP = r"[ ().\-‐‑–—−/]"
_EXTENSION = r"(?:,? ?(?:доб|вн|ext)\.? ?\d{1,5})?"
_SHAPES = "|".join(
    (
        rf"\+ ?\(?\d(?:{_GAP}{{0,3}}\d){{6,14}}",  # +998 90 123 45 67
        rf"[78](?:{_GAP}{{0,3}})[3-9](?:{_GAP}{{0,3}}\d){{9}}",  # 8 (912) 345-67-89
        r"\(\d{2,5}\)[ \-]{0,2}\d(?:[ \-]{0,2}\d){4,7}",  # (843) 234-56-78, (415) 555-2671
        r"9\d{2}[ \-]\d{3}[ \-]\d{2}[ \-]?\d{2}",  # 912 345-67-89
        r"00 ?[1-9](?:[ \-()]{0,2}\d){8,13}",  # 00 49 151 2345671
        r"0\d{2,4}[ \-/]\d(?:[ \-]?\d){5,7}",  # 020 7946 0958
        r"\d{3}-\d{2}-\d{2}",  # 234-56-78
        r"\d{3}-\d{3}-\d{4}",  # 415-555-2671
    )
)
_LABELS = (
    r"(?:телефоны?|тел|моб(?:ильный)?|сот(?:овый)?|домашний|phone|mobile|cell|tel|whats ?app|ватсап|вотсап|viber|"
    r"вайбер|icq|звоните|звонить|факс|fax)"
)
_UNIT = linear(r"(?i) ?(?:руб|р\.|₽|\$|€|usd|eur|тыс|млн|%|шт|чел|кг|т\b)")
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
    digits = sum(map(str.isdigit, found.partition(",")[0].partition("доб")[0]))
    if found.startswith("("):
        return 8 <= digits <= 12
    if _THOUSANDS.fullmatch(found):
        # "+1 200 000 руб." is money; "+376 712 345" is Andorra.
        return digits > 10 or (found.startswith("+") and digits == 9 and not _UNIT.match(text[end : end + 8]))
    return True


PHONES: Final = (
    Rule(Kind.PHONE, linear(rf"(?:{_SHAPES}){_EXTENSION}"), alone=False, accepts=_is_a_phone),
    Rule(
        Kind.PHONE,
        linear(
            rf"(?i)(?:^|[^\p{{L}}]){_LABELS}\.?[ :|—–\-\"№]{{1,5}}(\+?\(?\d(?:{_GAP}{{0,3}}\d){{5,14}}{_EXTENSION})"
        ),
        group=1,
    ),
)
