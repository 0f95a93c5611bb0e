"""The requirements that a vacancy's text lists: the mandatory ones first, each cut to a short line."""

import re

MOST_REQUIREMENTS = 7
LONGEST_REQUIREMENT = 80

_ITEM = re.compile(r"^\s*(?:[-*•·–—▪●]|\d{1,2}[.)])\s+(?P<text>\S.*)$")
_TITLE = re.compile(r"^\s*(?:ваканси[яи]|должность|vacancy|position|job title|role)\b", re.IGNORECASE)
_HEADINGS = (
    (
        "other",
        r"услови|мы предлага|предлагаем|зарплат|график|контакт|о компании|о нас|we offer|benefits|about",
    ),
    ("wish", r"желательн|будет плюсом|плюсом|приветств|преимуществ|nice to have|preferred|a plus|bonus"),
    ("wish", r"обязанност|задачи|что делать|чем предстоит|responsibilit|duties|you will"),
    ("must", r"обязательн|требован|требуется|ожидаем|необходим|нужно|must|require|qualification|we expect"),
)
_SENTENCE_END = re.compile(r"(?<=[.!?;])\s+(?=[A-ZА-ЯЁ0-9])|\n+")


def requirements_of(vacancy: str) -> list[str]:
    """Between one and seven requirements (none only for a blank text)."""
    listed = _listed(vacancy) or _in_prose(vacancy) or [("must", vacancy)]
    ordered = [text for kind, text in listed if kind == "must"] + [text for kind, text in listed if kind == "wish"]
    shortened = (_shortened(text) for text in ordered or [text for _, text in listed])
    return list(dict.fromkeys(text for text in shortened if text))[:MOST_REQUIREMENTS]


def _listed(vacancy: str) -> list[tuple[str, str]]:
    section = "must"
    found: list[tuple[str, str]] = []
    for line in vacancy.splitlines():
        item = _ITEM.match(line)
        if item:
            found.append((section, item["text"]))
            continue
        heading, colon, rest = line.partition(":")
        if not colon:
            continue
        section = _section(heading) or section
        if _section(heading) in ("must", "wish") and rest.strip():
            found += [(section, text) for text in re.split(r"[;,]\s+", rest)]
    return [(kind, text) for kind, text in found if kind != "other"]


def _in_prose(vacancy: str) -> list[tuple[str, str]]:
    sentences = [text.strip() for text in _SENTENCE_END.split(vacancy) if text.strip()]
    kinds = [(_section(text) or "must", text) for text in sentences if not _TITLE.match(text)]
    return [(kind, text) for kind, text in kinds if kind != "other"]


def _section(heading: str) -> str | None:
    for kind, words in _HEADINGS:
        if re.search(words, heading.lower()):
            return kind
    return None


def _shortened(text: str) -> str:
    text = " ".join(text.split()).strip(" .;,:-–—")
    if len(text) <= LONGEST_REQUIREMENT:
        return text
    return text[: LONGEST_REQUIREMENT + 1].rsplit(" ", 1)[0].rstrip(" .;,:(-–—")[:LONGEST_REQUIREMENT]
