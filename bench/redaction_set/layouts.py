"""Resumes of the synthetic people: a layout is a function from a person to a `Document`."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from bench.redaction_set import lines_of
from bench.redaction_set.people import FRESH, HELD_OUT, PEOPLE, Person


@dataclass(frozen=True, slots=True)
class Document:
    """A resume, what must go from it (kind, text), and what must stay in it."""

    layout: str
    text: str
    secrets: tuple[tuple[str, str], ...]
    kept: tuple[str, ...]


_WORK: Final = "\n".join(lines_of("work"))
_WORK_KEPT: Final = (
    "03.2019 — 10.2025", "ООО «Северный экспресс», Казань", "Python 3.11.7 и FastAPI", "14 микросервисов",
    "до 900 запросов в секунду", "PostgreSQL 15.4, Apache Kafka, RabbitMQ, Docker, Kubernetes", "1С:Бухгалтерия 8.3",
    "2015 – 2019, АО «Иванов и партнёры», ведущий инженер", "ГОСТ 14771-76", "НАКС до 2027 года, 5 разряд",
    "бригадой из 12 человек, бюджет 1 200 000 рублей", "КФУ, 2015", "180 000 руб", "Английский язык — B2",
)  # fmt: skip
_ENGLISH_WORK: Final = "\n".join(lines_of("work_english"))
_ENGLISH_KEPT: Final = (
    "Jan 2019 - Present: Senior Backend Engineer, Northern Express LLC", "14 microservices with Python 3.11.7",
    "Apache Kafka 3.6", "PostgreSQL 15.4 for 900 requests per second",
    "2015 - 2019: Jenkins and Kubernetes administrator",
    "Kazan Federal University, 2015", "180,000 RUB",
)  # fmt: skip


def _secrets(person: Person, *fields: str) -> tuple[tuple[str, str], ...]:
    found: list[tuple[str, str]] = []
    for field in fields:
        match field:
            case "name":
                found += [("name", word) for word in person.name_words]
            case "latin":
                found += [("name", word) for word in person.latin.split()]
            case "later" | "surname" | "given":
                found.append(("name", getattr(person, field)))
            case "passport":
                found.append(("document", person.passport.split()[-1]))
            case "snils" | "inn":
                found.append(("document", getattr(person, field)))
            case "address":
                # A city that is a place of work as well stays there.
                found += [("address", part) for part in person.address.split(", ")[1:] if part != "Казань"]
            case "age":
                found.append(("age", str(person.age)))
            case _:
                found.append((field, getattr(person, field)))
    return tuple(found)


def _years(age: int) -> str:
    if age % 10 == 1 and age != 11:
        return f"{age} год"
    return f"{age} года" if age % 10 in {2, 3, 4} else f"{age} лет"


def header_block(p: Person) -> Document:
    """Labels, one a line."""
    text = (
        f"{p.full}\nДата рождения: {p.born}\nГражданство: {p.citizenship}\nАдрес: {p.address}\nТелефон: {p.phone}\n"
        f"E-mail: {p.email}\nTelegram: {p.handle}\nСайт: {p.link}\nСемейное положение: {p.family}\n"
        f"Паспорт: {p.passport}\nСНИЛС {p.snils}, ИНН {p.inn}\n\n{_WORK}"
    )
    fields = ("name", "born", "address", "phone", "email", "handle", "link", "family", "passport", "snils", "inn")
    return Document("header block", text, _secrets(p, *fields), _WORK_KEPT)


def table(p: Person) -> Document:
    """A Markdown table, as converters from DOCX make it."""
    sex = "женский" if p.female else "мужской"
    text = (
        f"| Фамилия | {p.surname} |\n| Имя | {p.given} |\n| Отчество | {p.patronymic or '—'} |\n| Пол | {sex} |\n"
        f"| Возраст | {p.age} |\n| Телефон | {p.phone} |\n| Эл. почта | {p.email} |\n| Адрес | {p.address} |\n"
        f"| Паспорт | {p.passport} |\n\n{_WORK}\n\nХарактеристика на {p.later} прилагается."
    )
    fields = ("name", "age", "phone", "email", "address", "passport", "later")
    return Document("table", text, (*_secrets(p, *fields), ("sex", sex)), _WORK_KEPT)


def one_line(p: Person) -> Document:
    """All in one line, as people paste it."""
    text = f"{p.given} {p.surname}, {_years(p.age)}, {p.phone}, {p.email}, {p.link}, инженер. " + _WORK.replace(
        "\n", "; "
    )
    return Document("one line", text, _secrets(p, "given", "surname", "age", "phone", "email", "link"), _WORK_KEPT)


def hh_like(p: Person) -> Document:
    """As a job site exports it."""
    text = (
        f"{p.full}\n{'Женщина' if p.female else 'Мужчина'}, {_years(p.age)}, {'родилась' if p.female else 'родился'} "
        f"{p.born}\n\n{p.phone} — предпочитаемый способ связи\n{p.email}\nTelegram: {p.handle}\n\n"
        f"Проживает: {p.address}\nГражданство: {p.citizenship}, есть разрешение на работу: Россия\n\n"
        f"Желаемая должность и зарплата\nИнженер\n\n{_WORK}\n\n{p.surname} {p.given} • Резюме обновлено 12 октября 2025"
    )
    fields = ("name", "age", "born", "phone", "email", "handle", "address", "later")[:-1]
    return Document("job site", text, _secrets(p, *fields), _WORK_KEPT)


def linkedin_like(p: Person) -> Document:
    """The name comes after the contacts, in Latin letters."""
    text = (
        f"Contact\n{p.phone} (Mobile)\n{p.email}\n{p.link}\n\nTop Skills\nApache Kafka\nPython\n\n{p.latin}\n"
        f"Senior Backend Engineer\n\n{_ENGLISH_WORK}"
    )
    return Document("LinkedIn", text, _secrets(p, "latin", "phone", "email", "link"), _ENGLISH_KEPT)


def english(p: Person) -> Document:
    """A CV in English."""
    text = (
        f"{p.latin.upper()}\nDate of birth: {p.born}\nNationality: Russian\nMarital status: married, 2 children\n"
        f"Phone: {p.phone} | Email: {p.email} | {p.link}\n\n{_ENGLISH_WORK}\n\nSincerely,\n{p.latin}"
    )
    secrets = (
        *_secrets(p, "latin", "born", "phone", "email", "link"),
        ("family", "married"),
        ("citizenship", "Russian"),
    )
    return Document("English CV", text, secrets, _ENGLISH_KEPT)


def letter(p: Person) -> Document:
    """A letter in whole sentences."""
    me = "одна из учениц" if p.female else "один из учеников"
    text = (
        f"Здравствуйте! Меня зовут {p.given} {p.surname}, мне {_years(p.age)}. Я {me} школы сварщиков. {_WORK}\n"
        f"О работе {p.later} расскажет начальник цеха Козлов И. П. Мой телефон {p.phone}, пишите на {p.email} или "
        f"в телеграм {p.handle}.\nС уважением, {p.given}"
    )
    fields = ("given", "surname", "later", "age", "phone", "email", "handle")
    return Document("letter", text, (*_secrets(p, *fields), ("name", "Козлов")), _WORK_KEPT)


def capitals(p: Person) -> Document:
    """Capitals only."""
    text = (
        f"РЕЗЮМЕ\n{p.full}\nДата рождения: {p.born}\nТелефон: {p.phone}\nE-mail: {p.email}\n{p.family}\n"
        f"Адрес: {p.address}\n\n{_WORK}\n\nРекомендации на {p.later} дают по запросу."
    ).upper()
    fields = ("name", "born", "phone", "email", "address", "later")
    secrets = tuple((kind, secret.upper()) for kind, secret in _secrets(p, *fields))
    return Document("capitals", text, secrets, tuple(part.upper() for part in _WORK_KEPT))


def form_dump(p: Person) -> Document:
    """What a web form sends (held out)."""
    text = (
        f'{{"name": "{p.full}", "birth_date": "{p.born}", "phone": "{p.phone}", "email": "{p.email}", '
        f'"address": "{p.address}", "links": ["{p.link}"], "about": "{p.surname} — инженер"}}\n{_WORK}'
    )
    fields = ("name", "born", "phone", "email", "address", "link")
    return Document("form", text, _secrets(p, *fields), _WORK_KEPT)


def small_letters(p: Person) -> Document:
    """No capitals at all, from a messenger (held out)."""
    text = (
        f"{p.full}\n{_years(p.age)}, {p.family}\nтел {p.phone}\nпочта {p.email}\nживу: {p.address}\n\n{_WORK}"
    ).lower()
    fields = ("name", "age", "phone", "email", "family", "address")
    secrets = tuple((kind, secret.lower()) for kind, secret in _secrets(p, *fields))
    return Document("small letters", text, secrets, tuple(part.lower() for part in _WORK_KEPT))


def signature(p: Person) -> Document:
    """The person stands at the end, with initials (held out)."""
    initials = f"{p.given[0]}. {p.patronymic[0]}." if p.patronymic else f"{p.given[0]}."
    text = (
        f"Резюме инженера\n\n{_WORK}\n\nДополнительно: работу {p.later} отмечали грамотами.\n{p.surname} {initials}, "
        f"{p.born} г.р., моб. {p.phone}, {p.email}\n{p.link}\nпаспорт {p.passport}"
    )
    fields = ("surname", "later", "born", "phone", "email", "link", "passport")
    return Document("signature", text, _secrets(p, *fields), _WORK_KEPT)


Layout = Callable[[Person], Document]
LAYOUTS: Final[tuple[Layout, ...]] = (
    header_block, table, one_line, hh_like, linkedin_like, english, letter, capitals,
)  # fmt: skip
HELD_OUT_LAYOUTS: Final[tuple[Layout, ...]] = (form_dump, small_letters, signature)


def documents() -> list[Document]:
    """Every developing person in every developing layout."""
    return [layout(person) for person in PEOPLE for layout in LAYOUTS]


def held_out_documents() -> list[Document]:
    """Held-out people in all layouts, and the others in the held-out ones."""
    unseen = [layout(person) for person in HELD_OUT for layout in (*LAYOUTS, *HELD_OUT_LAYOUTS)]
    return unseen + [layout(person) for person in PEOPLE for layout in HELD_OUT_LAYOUTS]


def fresh_documents() -> list[Document]:
    """The people who were made up last, in every layout."""
    return [layout(person) for person in FRESH for layout in (*LAYOUTS, *HELD_OUT_LAYOUTS)]
