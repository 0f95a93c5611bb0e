"""What a person's data are called where they stand, and what is between a label and its value."""

from typing import Final

from worker.assessment.redaction.placeholders import ANY

NAME: Final = (
    r"(?:ф\. ?и\. ?о\.?|фио|имя(?: и фамилия|, отчество)?|фамилия(?:[ ,]{1,2}имя(?:[ ,]{1,2}(?:и )?отчество)?)?|"
    r"отчество|"
    r"полное имя|full[ _]?name|first[ _]?name|last[ _]?name|middle[ _]?name|given names?|family name|surname|name|"
    r"кандидат|соискатель|applicant|candidate)"
)
BIRTH: Final = (
    r"(?:(?:дата|день|год|число)(?: и место)?[ _]рождения|дата рожд\.?|(?:date|place and date|year) of birth|"
    r"birth[ _]?(?:date|day)|b-?day|d\.?o\.?b\.?|born|родил(?:ся|ась)(?: в [^\d\n;|]*)?|рождения|рожд\.|д[./] ?р\.?|"
    r"(?-i:ДР)|др:)"
)
AGE: Final = r"(?:возраст|полных лет|age|aged|мне)"
SEX: Final = r"(?:пол|sex|gender)"
CITIZENSHIP: Final = (
    r"(?:гражданство|подданство|национальность|вероисповедание|citizenship|nationality|religion|ethnicity)"
)
FAMILY: Final = r"(?:сем(?:ейное|\.) (?:положение|пол\.)|семейный статус|состав семьи|marital status|family status)"
ADDRESS: Final = (
    r"(?:(?:(?:домашний|фактический|почтовый|мой) )?адрес(?: (?:фактического )?(?:проживания|регистрации|прописки))?|"
    r"прожива(?:ет|ю|ние)|прописка|прописан|место (?:жительства|проживания|рождения)|(?:город|регион) проживания|"
    r"регистрация|"
    r"живу|место нахождения|place of birth|(?:home |postal |permanent |current )?address|place of residence|residence|"
    r"resid(?:e|es|ing) in|lives? in|living in|based in|home ?town)"
)
_CHANNEL: Final = (
    r"(?:тел(?:ефоны?)?|моб|сот|e-?mail|mail|почта|эл(?:ектронная|\.)? ?почта|tg|тг|telegram|телеграмм?|skype|скайп|"
    r"whats ?app|"
    r"ватсап|viber|вайбер|wa|вк|vk|вконтакте|github|linkedin|phone|mobile|cell|tel|сайт|портфолио|фио)"
)
ANY_LABEL: Final = (
    rf"(?:{NAME}|{BIRTH}|{AGE}|{SEX}|{CITIZENSHIP}|{FAMILY}|{ADDRESS}|{_CHANNEL}|"
    r"(?:мобильный |контактный |сотовый |мой |рабочий )?телефон(?:ы)?|(?:моя )?почта|почтой|instagram|website|"
    r"portfolio|web|"
    r"link|ссылка|контакты|контактные данные|contacts?|contact details|личные данные|персональные данные|паспорт|"
    r"паспортные данные|снилс|инн|фото|photo|г\. ?р\.?|доб\. ?\d+|или|и)"
)
CHANNEL_ALONE: Final = _CHANNEL
"""A label that goes without any sign between it and its value."""

BEGIN: Final = rf"(?:^|[\n\t,;|•({{\"{ANY}]|[—.-] )[ \t\"]*"
"""What stands before a label that begins a segment of a line."""
ANY_SIGN: Final = r"(?:[ \t\n:;=|\"—\-.•)№_]{0,8})"
"""Between a label and a value whose shape tells what it is."""
SIGN: Final = r"(?:[ \t\"]*(?:[:=|]+[ |\t\"]*\n?[ \t]*|\t[ \t]*|[—-]+[ \t]+|\n[ \t]*)|   *)"
"""Between a label and a value of any words."""
