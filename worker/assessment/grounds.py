"""Grounds on which nobody may be refused work, so no vacancy's words on them become a criterion.

The list follows the Labour Code of the Russian Federation, articles 3 and 64 (sex, race, colour, nationality,
language, origin, property, family, social and official position, age, place of residence, religion, convictions,
membership, anything that is not a business quality), and the EU's directives 2000/43, 2000/78 and 2006/54. Health is
a ground only where the job does not ask for it by law: a medical book, an examination or the absence of medical
contraindications may stay.

It can be read by people who do not program: a phrase a line, in the language of `phrases`.
"""

from typing import Final

from worker.assessment.phrases import Phrases
from worker.assessment.reading import redacted_words

FORBIDDEN_GROUNDS: Final[dict[str, str]] = {
    "пол": """
        ^ пол мужской|женский|м|ж|любой
        пол мужской|женский
        мужчина|мужчины|мужчину|женщина|женщины|женщину|девушка|девушки|девушку|парень|парни|парня|юноша|юноши
        только|строго мужск*|женск*
        мужского|женского пола
        male|female|man|woman|men|women only|preferred|candidate|candidates
        only male|female|men|women
        gender male|female
    """,
    "возраст": """
        ^ возраст|возрастом
        возраст до|от|не|старше|моложе|20|21|22|23|24|25|30|35|40|45|50|18
        возраст кандидата
        до 25|27|28|30|32|33|35|37|38|40|42|45|50|55|60 лет
        от 18|20|21|23|25|27|30 до 25|30|35|40|45|50|55|60 лет
        не старше|моложе
        старше|моложе 16|18|20|21|23|25|30|35|40|45|50|55 лет
        ^ молодой|молодая|молодые|молодого
        молодой человек|специалист|коллектив|сотрудник
        молодые люди
        under|over|below 25|30|35|40|45|50 years?
        aged|age 18|20|21|25|30|35|40|45|between|under|limit|from
        years of age
    """,
    "семейное положение": """
        семейное положение
        семейного положения
        женат|женатый|женатых|замужем|замужняя|замужних|незамужняя|незамужних|холост|холостой|холостых|неженатый|неженатых|разведен|разведенный|разведенных
        без|наличие|отсутствие маленьких|малолетних|несовершеннолетних? детей
        дети|детей старше|младше|не
        беременн*|декрет*|декретного
        marital status
        single|married|unmarried candidate|candidates|only|preferred
        no|without small|young? children|kids|pregnan*
    """,
    "национальность и происхождение": """
        националь*
        славян*
        европеиск* внешност*|наружност*
        кавказ* националь*|внешност*
        только русские|русский|россияне|славяне
        русские|русский по национальности|крови
        не кавказ*|мигрант*|приезж*
        раса|расы|расовая
        ethnic*|nationality|race
        native|european|slavic appearance
    """,
    "гражданство и место жительства": """
        гражданство|гражданства|гражданином|гражданин
        граждане|граждан рф|россии|российской|снг|еаэс|рб|казахстана|беларуси|стран
        только граждане
        прописка|прописки|пропиской|регистрация|регистрации|регистрацией рф|россии|москве|городе|месту|постоянная|москва|спб
        прописка|прописки|пропиской
        постоянная|временная|московская|местная регистрация|прописка
        местный|местные житель|жители
        вид на жительство
        citizen|citizens|citizenship
        residence permit
        permanent resident
    """,
    "религия и убеждения": """
        православн*|мусульман*|христиан*|вероисповедан*|атеист*|верующ*|религи* принадлежн*|убежден*|взгляд*
        православн*|мусульман*|христиан*|вероисповедан*|атеист*|верующий|верующая|верующие
        политическ* взгляд*|убежден*
        член партии|профсоюза
        muslim*|christian*|religion|religious belief*|affiliation
    """,
    "здоровье": """
        без инвалидност*|хронических|заболеван*
        отсутствие инвалидности|хронических
        хорошее|отличное|крепкое здоровье
        физически здоров*
        не инвалид
        healthy|disabled|disability
    """,
    "внешность": """
        внешност*|внешние данные
        приятная|презентабельная|модельная|привлекательная внешность|наружность
        привлекательн*
        рост от|не|выше|до|170|175|180
        вес до|не
        без татуировок|пирсинга|тату
        attractive|good looking|appearance
    """,
}
# Words of a ground that are a trade's own subject: teaching children, Russian, civil law, women's clothes.
_SUBJECTS: Final = Phrases(
    {
        "subject": """
            работа|работы|опыт|занятия|уход|общение|обучение с|за детьми|детей|ребенком
            гражданск*|семейн* право|кодекс|дела|законодательство|споры
            женск*|мужск* одежда|одежды|обувь|обуви|консультация|зал|стрижк*|парикмахер*|маникюр
            национальн* стандарт*|проект*|проекты|сообществ*
            регистрация|регистрации сделок|ооо|ип|прав|товарных|обращений|документов|пациентов|юрлиц|юридических|знаков|кассы
            стаж|опыт до|от|не|более 10|15|20|25|30|35|40 лет
            теори*|рынк* * рост
            рост продаж|выручки|показателей|команды
            дети|детей дошкольного|школьного|младшего возраста
            внешность|внешности для|клиента|клиентов
            гражданство|гражданства оформление|оформления|получение|получения
            оформление|получение гражданства
            религиоведен*
            здоровье|здоровья|здравоохранен* сотрудников|пациентов|населения|детей|животных
            декретного отпуска|ставка
            race condition|conditions
            appearance of|tuning
        """
    }
)
_GROUNDS: Final = Phrases(FORBIDDEN_GROUNDS)


def forbidden_ground(text: str) -> str | None:
    """The first forbidden ground that a requirement's words touch, by its Russian name; None: no such ground."""
    stream = (" . " + "".join(f"{word} " for word in redacted_words(text)) + ". ").encode()
    found = [code for code, _, _ in _GROUNDS.find(stream)]
    if not found or any(True for _ in _SUBJECTS.find(stream)):
        return None
    return found[0]
