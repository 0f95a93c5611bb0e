"""Who the synthetic people are. `PEOPLE` is for developing, `HELD_OUT` is looked at last."""

import random
from dataclasses import dataclass
from typing import Final


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


# surname given patronymic | the surname later on | Latin
_NAMES: Final = """\
Воронцов Кирилл Андреевич|Воронцовым|Kirill Vorontsov
Кузнецова Ольга Викторовна|Кузнецовой|Olga Kuznetsova
Шевченко Тарас Григорьевич|Шевченко|Taras Shevchenko
Подберёзкина Алевтина Ильинична|Подберёзкиной|Alevtina Podberezkina
Мамедов Вагиф Расим оглы|Мамедова|Vagif Mammadov
Алиева Лейла Тофик кызы|Алиевой|Leyla Aliyeva
Рахматуллаев Фаррух Бахтиёр угли|Рахматуллаевым|Farrukh Rakhmatullaev
Хачатрян Армен Суренович|Хачатряна|Armen Khachatryan
Гогоберидзе Нино Зурабовна|Гогоберидзе|Nino Gogoberidze
Цой Виктория Сергеевна|Цой|Viktoria Tsoi
Ким Александр Николаевич|Кима|Aleksandr Kim
Римская-Корсакова Елизавета Павловна|Римской-Корсаковой|Elizaveta Rimskaya-Korsakova
Мусин-Пушкин Глеб Олегович|Мусину-Пушкину|Gleb Musin-Pushkin
Ковальчук Богдан Остапович|Ковальчука|Bogdan Kovalchuk
Белых Надежда Фёдоровна|Белых|Nadezhda Belykh
Черных Савелий Игнатьевич|Черных|Savely Chernykh
Жук Антонина Кузьминична|Жук|Antonina Zhuk
Мороз Степан Лукич|Мороза|Stepan Moroz
Гайсин Тимур Рустамович|Гайсину|Timur Gaisin
Хабибуллина Гульнара Маратовна|Хабибуллиной|Gulnara Khabibullina
Сафин Ильнур Фанисович|Сафина|Ilnur Safin
Бадмаев Баир Дашиевич|Бадмаевым|Bair Badmaev
Дугаров Цырен Батоевич|Дугарова|Tsyren Dugarov
Ооржак Айлана Мергеновна|Ооржак|Aylana Oorzhak
Магомедов Магомед Магомедович|Магомедова|Magomed Magomedov
Кадырова Заира Ахмедовна|Кадыровой|Zaira Kadyrova
Дзагоев Сослан Таймуразович|Дзагоева|Soslan Dzagoev
Касымбекова Айгуль Нурлановна|Касымбековой|Aigul Kasymbekova
Нурмагамбетов Ерлан Серикович|Нурмагамбетова|Yerlan Nurmagambetov
Назарбаева Динара Кайратовна|Назарбаевой|Dinara Nazarbayeva
Нгуен Ван Хоанг|Нгуен|Nguyen Van Hoang
Ли Мэй|Ли|Li Mei
Гайдук Ярослав Мирославович|Гайдука|Yaroslav Hayduk
Старостенко Глафира Ефимовна|Старостенко|Glafira Starostenko
Лугинин Пётр Сергеевич|Лугининым|Petr Luginin
Костылёва Мария Ивановна|Костылёвой|Mariia Kostyleva
Орешникова Вероника Львовна|Орешниковой|Veronika Oreshnikova
Звягинцева Алина Юрьевна|Звягинцеву|Alina Zviagintseva
Ахметьев Руслан Эдуардович|Ахметьева|Ruslan Akhmetev
Курбаналиев Рашид Саидович|Курбаналиеву|Rashid Kurbanaliev
Щербакова Юлия Анатольевна|Щербаковой|Yuliya Shcherbakova
Юшкевич Казимир Янович|Юшкевича|Kazimir Yushkevich
Лукашевич Янина Станиславовна|Лукашевич|Yanina Lukashevich
Петросян Карен Ашотович|Петросяна|Karen Petrosyan
Саркисова Анжела Робертовна|Саркисовой|Anzhela Sarkisova
Чкония Давид Георгиевич|Чкония|David Chkonia
Бурлаков Иван Семёнович|Бурлакову|Ivan Burlakov
Тихая Вера Михайловна|Тихой|Vera Tikhaya
Любимов Лев Романович|Любимова|Lev Lyubimov
Соколова Любовь Петровна|Соколовой|Lyubov Sokolova
Зайцев Роман Денисович|Зайцева|Roman Zaitsev
Голубь Марк Аркадьевич|Голубя|Mark Golub
Дроздова Роза Иосифовна|Дроздовой|Roza Drozdova
Бондаренко Артём Валерьевич|Бондаренко|Artem Bondarenko
Филиппова Ксения Владимировна|Филипповой|Kseniia Filippova
Тер-Петросян Левон Акопович|Тер-Петросяна|Levon Ter-Petrosyan
Исмаилова Шахноза Ахмад кизи|Исмаиловой|Shakhnoza Ismailova
Холматов Жасурбек Тулкинович|Холматова|Jasurbek Kholmatov
Рыбак Евгения Борисовна|Рыбак|Evgeniia Rybak
Добронравов Никита Ильич|Добронравовым|Nikita Dobronravov
"""
_HELD_OUT_NAMES: Final = """\
Ермолаев Всеволод Тихонович|Ермолаева|Vsevolod Ermolaev
Пшеничникова Зинаида Карповна|Пшеничниковой|Zinaida Pshenichnikova
Гасанов Эльшан Ариф оглы|Гасанову|Elshan Hasanov
Гусейнова Севиндж Вугар кызы|Гусейновой|Sevinj Huseynova
Юсупов Дилшод Рустамович|Юсупова|Dilshod Yusupov
Манукян Сирануш Вардановна|Манукян|Siranush Manukyan
Кварацхелия Георгий Тамазович|Кварацхелия|Giorgi Kvaratskhelia
Пак Людмила Чеевна|Пак|Lyudmila Pak
Салтыков-Щедрин Аркадий Борисович|Салтыкова-Щедрина|Arkady Saltykov-Shchedrin
Мельничук Оксана Тарасовна|Мельничук|Oksana Melnychuk
Сухих Пелагея Власовна|Сухих|Pelageya Sukhikh
Коваль Матвей Юрьевич|Коваля|Matvey Koval
Заяц Диана Руслановна|Заяц|Diana Zayats
Галимзянов Айрат Ильдусович|Галимзянова|Airat Galimzyanov
Шайхутдинова Ляйсан Раисовна|Шайхутдиновой|Lyaysan Shaykhutdinova
Цыренов Баяр Доржиевич|Цыренова|Bayar Tsyrenov
Кууларс Чойгана Алдын-ооловна|Кууларс|Choygana Kuulars
Абдулмеджидов Гаджимурад Шамильевич|Абдулмеджидова|Gadzhimurad Abdulmedzhidov
Цаллагова Фатима Хетаговна|Цаллаговой|Fatima Tsallagova
Жумабаев Бауыржан Темирович|Жумабаева|Bauyrzhan Zhumabayev
Тулегенова Сауле Маратовна|Тулегеновой|Saule Tulegenova
Чан Тхи Хыонг|Чан|Tran Thi Huong
Ван Сяолун|Ван|Wang Xiaolong
Дорошенко Зоряна Богдановна|Дорошенко|Zoriana Doroshenko
Третьяков Фёдор Ильич|Третьяковым|Fedor Tretiakov
Ефремова Таисия Глебовна|Ефремовой|Taisiia Efremova
Пастухов Игорь Валентинович|Пастухова|Igor Pastukhov
Виноградова Светлана Олеговна|Виноградовой|Svetlana Vinogradova
Сташевский Адам Казимирович|Сташевского|Adam Stashevsky
Мицкевич Злата Артуровна|Мицкевич|Zlata Mitskevich
Григорян Наринэ Самвеловна|Григорян|Narine Grigoryan
Чхеидзе Ираклий Отарович|Чхеидзе|Irakli Chkheidze
Котова Майя Константиновна|Котовой|Maya Kotova
Соболь Герман Витальевич|Соболя|German Sobol
Медведев Август Платонович|Медведева|Avgust Medvedev
Кочубей Стефания Андреевна|Кочубей|Stefaniia Kochubey
Турсунов Шерзод Алишер угли|Турсунова|Sherzod Tursunov
Оразова Огулджан Мерет кызы|Оразовой|Oguljan Orazova
Рябинин Лаврентий Саввич|Рябинина|Lavrentiy Ryabinin
Булгакова Эмилия Вячеславовна|Булгаковой|Emiliia Bulgakova
"""

# Written after the first look at the held-out names and what was mended then, and looked at once.
_FRESH_NAMES: Final = """\
Верещагин Прохор Степанович|Верещагина|Prokhor Vereshchagin
Лапина Евдокия Архиповна|Лапиной|Evdokiya Lapina
Байрамов Рауф Надир оглы|Байрамова|Rauf Bayramov
Кулиева Шафига Эльдар кызы|Кулиевой|Shafiga Guliyeva
Эргашев Сухроб Анварович|Эргашева|Sukhrob Ergashev
Саркисян Гаяне Рубеновна|Саркисян|Gayane Sarkisyan
Беридзе Тенгиз Шотаевич|Беридзе|Tengiz Beridze
Тен Эдуард Владимирович|Тена|Eduard Ten
Голенищева-Кутузова Аглая Никаноровна|Голенищевой-Кутузовой|Aglaya Golenishcheva-Kutuzova
Бойко Назар Миколайович|Бойко|Nazar Boyko
Седых Клавдия Тимофеевна|Седых|Klavdiya Sedykh
Лось Валентина Потаповна|Лось|Valentina Los
Мингазов Фаниль Гарифович|Мингазовым|Fanil Mingazov
Доржиева Оюна Баировна|Доржиевой|Oyuna Dorzhieva
Монгуш Аяс Седипович|Монгуша|Ayas Mongush
Эльмурзаева Хеда Вахаевна|Эльмурзаевой|Kheda Elmurzaeva
Токаев Алан Казбекович|Токаева|Alan Tokaev
Сулейменова Жанель Ержановна|Сулейменовой|Zhanel Suleimenova
Фам Тхи Нга|Фам|Pham Thi Nga
Чжан Вэй|Чжан|Zhang Wei
Гончарук Лесь Панасович|Гончарука|Les Honcharuk
Ползунова Агриппина Евстафьевна|Ползуновой|Agrippina Polzunova
Ясинский Ян Витольдович|Ясинского|Yan Yasinsky
Кравец Яков Моисеевич|Кравца|Yakov Kravets
Нарциссова Лилия Германовна|Нарциссовой|Liliya Nartsissova
Гордый Родион Матвеевич|Гордого|Rodion Gordy
Швец Рита Адамовна|Швец|Rita Shvets
Холодова Рената Игоревна|Холодовой|Renata Kholodova
Сорока Павел Никитич|Сороки|Pavel Soroka
Ярыгин Лука Фомич|Ярыгина|Luka Yarygin
"""

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


def _people(names: str, seed: str) -> tuple[Person, ...]:
    chance = random.Random(seed)
    people = []
    for number, line in enumerate(names.splitlines()):
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
                link=chance.choice(
                    (
                        f"https://www.linkedin.com/in/{nick}-{number}",
                        f"github.com/{nick}",
                        f"t.me/{nick}{number}",
                        f"https://hh.ru/resume/{number}a9f31",
                        f"vk.com/id{number}4411",
                        f"www.{nick}.ru",
                        f"http://{nick}.example.org/cv?id={number}",
                        f"{nick}.github.io",
                        f"behance.net/{nick}",
                    )
                ),
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


PEOPLE: Final = _people(_NAMES, "people")
HELD_OUT: Final = _people(_HELD_OUT_NAMES, "held out")
FRESH: Final = _people(_FRESH_NAMES, "fresh")
