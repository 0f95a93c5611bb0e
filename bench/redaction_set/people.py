"""Who the synthetic people are. `PEOPLE` is for developing; `HELD_OUT`, then `FRESH`, were looked at last."""

import random
from dataclasses import dataclass
from typing import Final

from bench.redaction_set import lines_of


@dataclass(frozen=True, slots=True)
class Person:
    """One person; every field is written as it stands in a resume.

    `later` is the surname in another grammatical case, for a mention far from the name. `patronymic` may be empty.
    """

    surname: str
    given: str
    patronymic: str
    later: str
    latin: str
    female: bool
    phone: str
    email: str
    handle: str
    link: str
    born: str
    age: int
    address: str
    passport: str
    snils: str
    inn: str
    citizenship: str
    family: str

    @property
    def full(self) -> str:
        """Surname, given name, patronymic."""
        return " ".join(part for part in (self.surname, self.given, self.patronymic) if part)

    @property
    def name_words(self) -> tuple[str, ...]:
        """The Cyrillic words that name the person."""
        return tuple(self.full.split())


_PHONES: Final = (
    "+7 (912) 345-67-{0:02}", "8 912 345 67 {0:02}", "+7912345{0:02}89", "8(912)34567{0:02}", "+7-912-345-67-{0:02}",
    "8-800-555-35-{0:02}", "+7 912 3456{0:02}7", "(843) 234-56-{0:02}", "+998 90 123 45 {0:02}",
    "+375 29 123-45-{0:02}",
    "+380 (67) 123 45 {0:02}", "+994 50 123 45 {0:02}", "+77011234{0:02}5", "+44 20 7946 09{0:02}",
    "+1 (415) 555-26{0:02}",
    "+49 1512 34567{0:02}", "+86 138 0013 80{0:02}", "+84 91 234 56 {0:02}", "+7.912.345.67.{0:02}",
    "8 (4012) 55-66-{0:02}",
    "+972 54-123-45{0:02}", "00 49 151 234567{0:02}", "+374 91 1234{0:02}", "+996 555 1234{0:02}",
)  # fmt: skip
_EMAILS: Final = (
    "{0}{1:02}@mail.ru", "{0}.work@yandex.ru", "{0}+cv@gmail.com", "{0}_{1:02}@sub.company-mail.co.uk",
    "{0}(at)mail.ru",
    "{0} собака yandex.ru", "{0}[at]gmail[dot]com", "{0} at gmail dot com", "{0}@почта.рф", "{0}-{1}@bk.ru",
)  # fmt: skip
_LINKS: Final = (
    "https://www.linkedin.com/in/{0}-{1}", "github.com/{0}", "t.me/{0}{1}", "https://hh.ru/resume/{1}a9f31",
    "vk.com/id{1}4411", "www.{0}.ru", "http://{0}.example.org/cv?id={1}", "{0}.github.io", "behance.net/{0}",
)  # fmt: skip
_BORN: Final = (
    "12.05.{0}", "3 марта {0} года", "7 апреля {0} г.", "{0}-11-23", "12/05/{0}", "1 января {0}", "25.12.{0} г.",
    "May 12, {0}",
)  # fmt: skip
_ADDRESSES: Final = (
    "г. Казань, ул. Баумана, д. 5, кв. 12",
    "420111, Республика Татарстан, Казань, Пушкина 12-45",
    "Москва, Ленинский проспект, дом 32, корпус 2, квартира 108",
    "г. Екатеринбург, пр-т Ленина, 24/8",
    "Краснодарский край, станица Динская, улица Красная, 17",
    "Санкт-Петербург, наб. реки Фонтанки, 90",
    "пос. Дальний, пер. Садовый, д. 3",
    "Новосибирск, б-р Победы, д. 11, кв. 4",
)
_CITIZENSHIPS: Final = ("РФ", "Россия", "Казахстан", "Республика Узбекистан", "Беларусь", "Азербайджан", "Вьетнам")
_FAMILIES: Final = (
    ("женат, двое детей", "замужем, двое детей"),
    ("холост", "не замужем"),
    ("женат, есть сын", "замужем, есть дочь"),
    ("разведён, детей нет", "разведена, детей нет"),
    ("не женат", "в разводе, сын 6 лет"),
)
_LATIN: Final = dict(
    zip(
        "абвгдеёжзийклмнопрстуфхцчшщъыьэюя",
        "a b v g d e e zh z i y k l m n o p r s t u f kh ts ch sh shch _ y _ e yu ya".replace("_", "").split(" "),
        strict=True,
    )
)


def _people(file: str, seed: str) -> tuple[Person, ...]:
    """Each line of the file: surname given patronymic | the surname later on | Latin."""
    chance = random.Random(seed)
    people = []
    for number, line in enumerate(lines_of(file)):
        full, later, latin = line.split("|")
        surname, given, *rest = full.split()
        patronymic = " ".join(rest)
        female = later.endswith(("ой", "цеву")) or patronymic.endswith(("вна", "чна", "кызы", "кизи"))
        nick = "".join(_LATIN.get(letter, "") for letter in surname.lower())
        year = chance.randint(1962, 2003)
        people.append(
            Person(
                surname=surname,
                given=given,
                patronymic=patronymic,
                later=later,
                latin=latin,
                female=female,
                phone=_PHONES[number % len(_PHONES)].format(10 + number),
                email=_EMAILS[number % len(_EMAILS)].format(nick, number),
                handle=chance.choice((f"@{nick}_{number}", f"@{nick}dev", f"@the_{nick}")),
                link=chance.choice(_LINKS).format(nick, number),
                born=_BORN[number % len(_BORN)].format(year),
                age=2026 - year,
                address=_ADDRESSES[number % len(_ADDRESSES)],
                passport=chance.choice(("4510 123{0:03}", "45 10 № 123{0:03}", "серия 4510 номер 123{0:03}")).format(
                    number
                ),
                snils=f"112-233-4{number:02} 95",
                inn=f"5001007322{number:02}",
                citizenship=_CITIZENSHIPS[number % len(_CITIZENSHIPS)],
                family=_FAMILIES[number % len(_FAMILIES)][female],
            )
        )
    return tuple(people)


PEOPLE: Final = _people("people", "people")
HELD_OUT: Final = _people("people_held_out", "held out")
FRESH: Final = _people("people_fresh", "fresh")
