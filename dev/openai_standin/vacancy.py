"""Which words of a vacancy are requirements, told by its headings: enough for a demo."""

import re
from collections.abc import Iterator

MOST_CRITERIA = 12

_PIECE_END = re.compile(r"\n+|\s*[•·▪;]\s*|(?<=\w\w)\.\s+|(?<=\w\w)\.$")
_BULLET = re.compile(r"^\s*(?:[-–—*+>]+|\(?\d{1,2}[.)])\s*")
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
_FORBIDDEN = {"пол": "девушк|женщин|мужчин", "возраст": "возраст|до [2-6][0-9] лет", "гражданство": "гражданств"}
_YEARS = re.compile(r"(\d{1,2})(?:\s*[-–—]\s*\d{1,2})?\+?(?:-?[хт]и?)?\s*(?:лет|год|years?)", re.IGNORECASE)


def years_of(text: str) -> int | None:
    """The years of experience that a requirement asks for."""
    found = _YEARS.search(text)
    return int(found[1]) if found else None


def criteria_of(vacancy: str) -> dict[str, list[dict[str, object]]]:
    """The requirements by kind, as the service's schema asks for them; none in a vacancy without any."""
    chosen: list[dict[str, object]] = []
    duties: list[dict[str, object]] = []
    forbidden: list[dict[str, object]] = []
    for section, text in _pieces(vacancy):
        ground = next((ground for ground, words in _FORBIDDEN.items() if re.search(words, text.lower())), None)
        if ground is not None:
            forbidden.append({"text": text, "ground": ground})
        elif section is not None and not _NO_REQUIREMENT.search(text):
            kind = "gate" if _PAPER.search(text) else "nice" if _NICE.search(text) or section == "nice" else "must"
            (duties if section == "duty" else chosen).append({"text": text, "kind": kind, "years": years_of(text)})
    if all(one["kind"] == "nice" for one in chosen):
        chosen += duties
    return {"criteria": chosen[:MOST_CRITERIA], "forbidden": forbidden}


def _pieces(vacancy: str) -> Iterator[tuple[str | None, str]]:
    """Each piece with the section that it stands in; None: no requirements there."""
    section: str | None = "must"
    lines = [line for line in _PIECE_END.split(vacancy) if line and line.strip()]
    for place, line in enumerate(lines):
        bare = _BULLET.sub("", line).strip()
        heading, colon, rest = bare.partition(":")
        named = _section(heading) if colon and len(heading.split()) <= 4 else ""
        if named != "":
            section = named
            for part in rest.split(", "):
                if part.strip():
                    yield section, part.strip(" .")
        elif bare.endswith(":"):
            continue
        elif len(lines) == 1:
            yield from ((section, part.strip(" .")) for part in bare.split(", "))
        elif not (place == 0 and len(lines) > 2 and bare == line.strip()):  # above a list the first line names the job
            yield section, bare.rstrip(".")


def _section(heading: str) -> str | None:
    """The section that a heading opens; an empty string: it is no heading that is known."""
    return next((kind for kind, words in _HEADINGS if re.search(words, heading.lower())), "")
