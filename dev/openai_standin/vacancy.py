"""Which numbered fragments of a vacancy are requirements, told by its headings: enough for a demo."""

import re

MOST_CRITERIA = 12

_NUMBERED = re.compile(r"^\[(\d{1,3})\] (.+)$")
_HEADINGS = (
    (
        None,
        r"услови|мы предлага|предлагаем|зарплат|график|контакт|о компании|о нас|we offer|benefits|about|terms",
    ),
    ("nice", r"желательн|будет плюсом|плюсом|приветств|преимуществ|nice to have|preferred|a plus|bonus"),
    ("duty", r"обязанност|задачи|что делать|чем предстоит|responsibilit|duties|you will"),
    ("must", r"обязательн|требован|требуется|ожидаем|необходим|нужно|важно|must|require|qualification|we expect"),
)
_NICE = re.compile(r"будет плюсом|желательно|приветствуется|nice to have|a plus", re.IGNORECASE)
_PAPER = re.compile(
    r"водительск\w+ удостоверени|медицинск\w+ книжк|медкнижк|аккредитаци|лицензи|аттестаци\w+ накс|допог|"
    r"допуск|группа по электробезопасности|удостоверение водителя|licen[cs]e|permit",
    re.IGNORECASE,
)
_NO_REQUIREMENT = re.compile(
    r"зарплат|руб\.|график|удал[её]нн|офис|оформлени\w+ по тк|дмс|ищем|приглаша|частная клиника|"
    r"готовность к|стрессоустойчив|ответственн|коммуникабельн",
    re.IGNORECASE,
)


def criteria_of(vacancy: str) -> dict[str, list[int]]:
    """The numbers of the fragments by kind, as the service's schema asks for them; none in a vacancy without any."""
    chosen: dict[str, list[int]] = {"gate": [], "must": [], "nice": []}
    duties: list[int] = []
    section: str | None = "must"
    for line in vacancy.splitlines():
        item = _NUMBERED.match(line)
        if item is None:
            section = _section(line, section)
            continue
        number, text = int(item[1]), item[2]
        if section is None or _NO_REQUIREMENT.search(text):
            continue
        if section == "duty":
            duties.append(number)
        else:
            chosen["gate" if _PAPER.search(text) else "nice" if _NICE.search(text) else section].append(number)
    if not chosen["must"] and not chosen["gate"]:
        chosen["must"] = duties
    return {kind: numbers[:MOST_CRITERIA] for kind, numbers in chosen.items()}


def _section(heading: str, current: str | None) -> str | None:
    for kind, words in _HEADINGS:
        if re.search(words, heading.lower()):
            return kind
    return current
