"""Who the synthetic people are. `PEOPLE` is for developing; `HELD_OUT`, then `FRESH`, were looked at last."""

import random
from dataclasses import dataclass
from typing import Any, Final

from bench.redaction_set import FIELDS, lines_of


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


_LATIN: Final = dict(
    zip(
        "абвгдеёжзийклмнопрстуфхцчшщъыьэюя",
        "a b v g d e e zh z i y k l m n o p r s t u f kh ts ch sh shch _ y _ e yu ya".replace("_", "").split(" "),
        strict=True,
    )
)


def _in_turn(field: str, number: int) -> Any:
    return FIELDS[field][number % len(FIELDS[field])]


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
                phone=_in_turn("phones", number).format(10 + number),
                email=_in_turn("emails", number).format(nick, number),
                handle=chance.choice((f"@{nick}_{number}", f"@{nick}dev", f"@the_{nick}")),
                link=chance.choice(FIELDS["links"]).format(nick, number),
                born=_in_turn("births", number).format(year),
                age=2026 - year,
                address=_in_turn("addresses", number),
                passport=chance.choice(("4510 123{0:03}", "45 10 № 123{0:03}", "серия 4510 номер 123{0:03}")).format(
                    number
                ),
                snils=f"112-233-4{number:02} 95",
                inn=f"5001007322{number:02}",
                citizenship=_in_turn("citizenships", number),
                family=_in_turn("families", number)[female],
            )
        )
    return tuple(people)


PEOPLE: Final = _people("people", "people")
HELD_OUT: Final = _people("people_held_out", "held out")
FRESH: Final = _people("people_fresh", "fresh")
