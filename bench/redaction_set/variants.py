"""Resumes that differ in the person only, and so must become the same text."""

from dataclasses import dataclass
from typing import Final

from bench.redaction_set import FIELDS


@dataclass(frozen=True, slots=True)
class Group:
    """One attribute, and texts that differ in nothing else. The first is the base."""

    attribute: str
    texts: tuple[str, ...]


_BODY: Final = """\
Инженер-сварщик

Опыт работы
2015 — 2019, ООО «Северный экспресс», Казань
— Сварка по ГОСТ 14771-76, 5 разряд
— Руководство бригадой из 12 человек
Образование: техникум, 2015"""


def _resume(
    name: str = "Воронцов Кирилл Андреевич", sex: str = "Мужчина, 31 год, родился 12 мая 1994", contact: str = "",
    citizenship: str = "Гражданство: Россия", family: str = "Женат, двое детей", body: str = _BODY,
) -> str:  # fmt: skip
    contact = contact or "Телефон: +7 (912) 345-67-89\nE-mail: vorontsov@mail.ru\nTelegram: @vorontsov_k"
    return f"{name}\n{sex}\n{contact}\n{citizenship}\n{family}\n\n{body}"


def groups() -> list[Group]:
    """Every attribute's group."""
    found = [
        Group("name", tuple(_resume(name=name) for name in FIELDS["names"])),
        Group(
            "sex and age",
            (
                _resume(),
                _resume(sex="Женщина, 24 года, родилась 3 марта 2002"),
                _resume(sex="Женщина, 59 лет, родилась 30 сентября 1967"),
                _resume(sex="Пол: женский\nВозраст: 47 лет"),
                _resume(sex="пол: м, 22 года"),
                _resume(sex="Дата рождения: 12.05.1971 (54 года)"),
                _resume(sex="1999 г.р., жен."),
            ),
        ),
        Group(
            "contacts",
            (
                _resume(),
                _resume(contact="тел. 89051112233, anna.k@gmail.com, @anna_k"),
                _resume(contact="+998 90 123 45 67\nrashid собака yandex.ru\nhttps://t.me/rashid\nwww.rashid.uz"),
                _resume(contact="моб: 8-905-111-22-33 (WhatsApp, Viber); почта: a@b.ru; skype: live:anna.k"),
                _resume(contact="Адрес: г. Казань, ул. Баумана, д. 5, кв. 12\nТелефон: (843) 234-56-78"),
            ),
        ),
        Group(
            "citizenship",
            (
                _resume(),
                _resume(citizenship="Гражданство: Узбекистан, есть разрешение на работу: Россия"),
                _resume(citizenship="Гражданка Республики Казахстан"),
                _resume(citizenship="Национальность: татарка"),
                _resume(citizenship="гражданин РФ, вид на жительство"),
            ),
        ),
        Group(
            "family",
            (
                _resume(),
                _resume(family="Замужем, трое детей"),
                _resume(family="Холост, детей нет"),
                _resume(family="Семейное положение: в разводе, дочь 6 лет"),
                _resume(family="Не замужем, без детей"),
                _resume(family="Мать двоих детей"),
            ),
        ),
    ]
    for he, she in FIELDS["sentences"]:
        found.append(
            Group("grammatical gender", tuple(_resume(body=f"{_BODY}\n— {sentence}.") for sentence in (he, she)))
        )
    return found
