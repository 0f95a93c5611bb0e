"""Grounds on which nobody may be refused work, so that no vacancy's words on them are graded.

The list follows the Labour Code of the Russian Federation, articles 3 and 64, and the EU's directives 2000/43, 2000/78
and 2006/54. The model names such words; the patterns here stand behind it, so precise that no lawful requirement
is hit: a trade may have the same words for its subject (teaching children, migration law, women's clothes). Health is a
ground only where the job does not ask for it by law: a medical book or an examination may stay.
"""

import re
from collections.abc import Mapping
from enum import StrEnum
from typing import Final

from worker.assessment.plain_text import unmarked


class Ground(StrEnum):
    """What a person may not be chosen by."""

    SEX = "пол"
    AGE = "возраст"
    LOOKS = "внешность"
    FAMILY = "семья"
    CITIZENSHIP = "гражданство"
    NATIONALITY = "национальность"
    RELIGION = "религия"
    HEALTH = "здоровье"
    RESIDENCE = "место жительства"


# A pattern a line, or several; `AGE` is a number of years that a person may have, `WHO` a person. Behind the dashes:
# words that agree with a model which names them for that ground. A match goes on to the end of its last word.
_PATTERNS: Final = {
    Ground.SEX: r"""
        (?<!: )\b(?:мужчина|женщина|девушка|юноша|парень)\b|^\W*(?:мужчин|женщин|девуш)\w*\W*$
        \b(?:только|строго|ищ\w+|требу\w+|нуж\w+) (?:мужчин|женщин|девуш|юнош|парн)|\b(?:мужчины|женщины) до\b
        \bпол ?[:—–-]? ?(?:мужскои|женскии|муж|жен|м|ж)\b(?!/)|\b(?:wo)?men only$
        \b(?:муж|жен)ского пола\b|\bпол:? (?:мужчина|женщина)\b
        \b(?:fe)?males? (?:only|preferred|candidates?|waiter|waitress)|\bonly (?:(?:fe)?males?|(?:wo)?men)\b
        --- \b(?:мужчин|женщин|девуш|юнош|парен|парн|мужск|женск)|\bпол\b|\b(?:fe)?males?\b|\b(?:wo)?men\b|\bgirl""",
    Ground.AGE: r"""
        ^\W*(?:строго )?(?:до|от|не старше|не более|старше|моложе|максимум) AGE(?: лет)?(?: до AGE лет)?\W*$
        \bWHO\W+(?:в возрасте )?(?:до|от|не старше|старше|моложе) AGE\b(?: лет)?(?: до AGE лет)?|\bAGE years? old
        ^\W*AGE лет (?:максимум|макс)\b\W*|^\W*(?:от )?AGE ?(?:[—–-]|до) ?(?:19|[2-6]\d)(?: лет| года)?\W*$
        ^\W*(?:ваш |в )?возраст\w* ?[:—–-]? ?(?:(?:до|от|не|старше|моложе|более|AGE)[ —–-]*)+(?:лет)?
        \bмолод(?:ои|ая|ые) (?:человек|люд|девушк|сотрудни|специалист|кандидат|парен|энерг)
        ^\W*молод(?:ои|ая|ые)\W*$
        (?:^|\bWHO )under AGE(?: years)?$|\baged? (?:AGE|limit)
        --- \bвозраст|\bмолод|(?:до|старше|моложе|under) AGE\b(?: лет)?|\bAGE ?[—–-] ?AGE\b|\byoung|\bпенсион|\bage""",
    Ground.LOOKS: r"""
        \b(?:приятн|презентабельн|модельн|привлекательн|ярк|европеиск|славянск|ухоженн)\w* (?:внешност|наружност)
        \bвнешност\w* (?:европеиск|славянск|модельн)|\bвнешние данные|\bмодельн\w+ (?:параметр|рост)
        \bрост (?:от|не ниже|выше|до) 1[4-9]\d(?: ?см\b|\W*$)|\bбез (?:татуировок|тату|пирсинга)\b
        \bgood[ -]looking|\b(?:attractive|pleasant|presentable) (?:appearance|looks|candidate|girl|woman)
        --- \bвнешн|\bнаружност|\bрост\b|\bтелосложени|\bтату|\b(?:привлекательн|симпатичн)|appearance|looking""",
    Ground.FAMILY: r"""
        \bсемеин\w+ положени|\b(?:не )?замуж(?:ем|няя|них)\b|\b(?:не )?женат(?:ыи|ых)?\b|^\W*(?:только )?холост\w*\W*$
        \b(?:без|отсутствие|наличие|нет|взрослые) (?:(?:маленьк|малолетн|несовершенн)\w+ )?дет[еи]и?\b|^\W*дети старше
        \bналичие семьи|\bне (?:планир\w+|уход\w+) (?:в )?(?:декрет|беременн)|\bне беременн
        \b(?:un)?married\b|\bmarital\b|\b(?:no|without) (?:small |young )?(?:children|kids)\W*$
        --- \bсеме(?:ин|и)|\bсемь|\bдет(?:и|еи|ьми)\b|\b(?:замуж|женат|холост|беремен|декрет)|married|children|kids""",
    Ground.CITIZENSHIP: r"""
        \bгражданств|\b(?:только )?граждан(?:ин|ка|е)\b(?: рф)?|\bтолько граждан|\bроссияне\b|\bвид на жительство
        \b(?:us|uk|eu|russian|only) citizens?\b|\bcitizens? only|\bcitizenship\b|\bpermanent resident
        --- \bграждан|вид на жительство|\bcitizen|\bроссиян|\bresident""",
    Ground.NATIONALITY: r"""
        \bнациональност|\b(?:славян|кавказ)\w* (?:национальн|внешн|происхожд)|\bславян(?:е|ин|ка)\b
        \bтолько русск(?:ие|их)\b|\bне (?:кавказ|мигрант|приезж)|(?:^\W*|\b(?:речь|говор\w*) )без акцента\b(?! на)
        \bnative (?:speakers?|russians?|english) only|\bno accent
        --- \bнациональн|\bславян|\bкавказ|\bакцент|\bмигрант|\bприезж|\bрусские\b|\bnative\b|\baccent\b""",
    Ground.RELIGION: r"""
        ^\W*(?:православн|мусульм|христиан|вероисповедан)\w*(?: вера)?\W*$|\bтолько (?:православн|мусульм|христиан)
        \b(?:православн|христианск|мусульманск)\w+ вер[аоы]|\b(?:muslims?|christians?) only
        --- \b(?:православ|мусульм|христиан|вероисповед|верующ|религи|muslim|christian)""",
    Ground.HEALTH: r"""
        \bбез (?:инвалидност|хронических|заболевани)|\bне инвалид|\bфизически здоров|\bno disabilit
        \b(?:хорош|отличн|крепк)\w+ (?:состояние )?здоровь|\bgood health\b(?! and)
        --- \b(?:инвалид|хроническ|заболевани|здоров|disab|health)""",
    Ground.RESIDENCE: r"""
        ^\W*прописк\w*\W*(?:в )?(?:$|москв|спб|санкт|рф|област|город|местн|постоянн)|\bместн\w+ прописк
        \b(?:наличи|постоянн|московск)\w+ прописк|\bмосквич|^\W*местн\w+ жител\w*\W*$|^\W*местные\W*$|\blocals only
        ^\W*(?:постоянн|временн|московск|местн)\w+ регистраци\w+\W*(?:$|рф|(?:в|по) (?:москв|спб|санкт|рф|город|област))
        ^\W*регистраци\w+ (?:в|по) (?:москв|спб|санкт|город|област|месту жительства)
        --- \bпропис(?:к|ан)|\bрегистраци|\bместн|\bжител|\bмоскви|\bпрожива|\blocals?\b""",
}
_WHO: Final = (
    r"(?:человек|люди|мужчин\w*|женщин\w*|девушк\w*|юнош\w*|парн\w*|парень|сотрудни\w*|кандидат\w*|специалист\w*|"
    r"соискател\w*|(?:fe)?males?|(?:wo)?m[ae]n|girls?|people|candidates?|waiter|waitress)"
)


def _compiled(patterns: str) -> re.Pattern[str]:
    joined = "|".join(map(str.strip, patterns.strip().splitlines()))
    return re.compile("(?:" + joined.replace("AGE", r"(?:1[6-9]|[2-6]\d)").replace("WHO", _WHO) + r")\w*")


_FORBIDDEN: Final = {ground: _compiled(patterns.split("---")[0]) for ground, patterns in _PATTERNS.items()}
_AGREES: Final = {ground: _compiled(patterns.replace("--- ", "")) for ground, patterns in _PATTERNS.items()}
# A part with one of these speaks of work with what it names; of a person's sex only behind it.
_TRADE: Final = (
    r"\b(?:знани|опыт|умени|навык|стаж|учет|оформлени|ведени|лечени|уход|обучени|преподава|консульт|продаж|пошив|стриж|"
    r"закон|кодекс|помощ|сопровожд|работ[аы] с|прием|гаранти|рынк|организац|подготовк|подбор|опрос|экскурси|маникюр|"
    r"озвучк|experience|knowledge|law|work with|teaching|design)"
)
_OF_A_TRADE: Final = re.compile(_TRADE)
_PAPERS_FOR_OTHERS: Final = re.compile(r"\b(?:оформлени|сопровожд|прием документ|паспортн|миграционн)")
# What is lawful beside forbidden words stays: work, a paper, or a name in Latin letters within a Russian text.
_PAPERS: Final = r"\b(?:категори|прав[аоу]?\b|разряд|диплом|образован|лиценз|допуск|licen|degree)|1[cс]\b"
_LAWFUL: Final = re.compile(f"{_TRADE}|{_PAPERS}")
_LATIN: Final = re.compile(r"\b[a-z]{2}")
_PARTS: Final = re.compile(r"[^,;.\s](?:[^,;.]|\.(?! ))*")


def parted(text: str, named: Mapping[str, Ground], ground: Ground | None = None) -> tuple[dict[str, Ground], list[str]]:
    """What is forbidden in a requirement's words, at most a few hundred characters, and what of them is lawful.

    `named` are folded stretches that are known to be forbidden; `ground` is what a model says of these words, and
    counts if a word of that ground is there. The result: folded stretches with their grounds, and the pieces between
    them that say something; the text itself, if nothing is forbidden.
    """
    folded = unmarked(text)
    found: dict[tuple[int, int], Ground] = {}
    for stretch, why in named.items():
        found |= {match.span(): why for match in re.finditer(rf"\b{re.escape(stretch)}\b", folded)}
    for part in _PARTS.finditer(folded):
        for why, pattern in _FORBIDDEN.items() if ground is None else [(ground, _AGREES[ground])]:
            for match in pattern.finditer(part[0]):
                if not _is_of_a_trade(part[0], match, why, folded):
                    found.setdefault((part.start() + match.start(), part.start() + match.end()), why)
    if not found:
        return {}, [text]
    pieces, at = [], 0
    for start, end in [*sorted(found), (len(folded), len(folded))]:
        pieces.append(folded[at:start].strip(" ,;.:—–-"))
        at = max(at, end)
    rest = [piece for piece in pieces if _LAWFUL.search(piece) or (_LATIN.search(piece) and not folded.isascii())]
    stretches = {folded[start:end].strip(): why for (start, end), why in found.items()}
    return stretches if rest else {folded: next(iter(found.values()))}, rest


def _is_of_a_trade(part: str, match: re.Match[str], ground: Ground, text: str) -> bool:
    if ground in (Ground.CITIZENSHIP, Ground.RESIDENCE) and _PAPERS_FOR_OTHERS.search(text):
        return True
    return bool(_OF_A_TRADE.search(part[: match.start()] if ground is Ground.SEX else part))
