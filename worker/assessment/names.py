"""Where a text names a person: names of any origin that Russian resumes have, and later mentions of the same surname.

A word alone proves little (Лада is a car, Роман a novel, Julia a language), so a name is what stands in a place for
names or beside another part of a name:

- a label («ФИО:», "Name", «меня зовут», «с уважением») or the first lines of the text;
- a patronymic and what is in front of it; «оглы», «кызы» and their kin;
- a given name beside a surname, in any order; a surname with initials; two capitalised Latin words on a line of
  their own.

Then the same surname and given name are looked for in the whole text, in any grammatical case and in either alphabet.

An employer's name stays, though a person's is in it: what stands in quotation marks, behind «ИП», behind «имени».
If it is the candidate's own surname, found elsewhere in the text, it goes: «ООО "Воронцов и " "партнёры"» tells who
Воронцов is.
"""

import re
from bisect import bisect_left
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from itertools import pairwise
from typing import Final

from worker.assessment.linear_pattern import linear
from worker.assessment.morphology import Lexicon, Reading
from worker.assessment.name_lists import (
    ASIAN_SURNAMES,
    BRANDS,
    ENGLISH_COMMON,
    EXTRA_GIVEN,
    HEADING_WORDS,
    LATIN_GIVEN,
    LATIN_SURNAMES,
    PRODUCT_NAMES,
    TURKIC_PARTICLES,
    latin_key,
)
from worker.assessment.placeholders import ANY, Kind, Span

_POSSESSIVES: Final = ("ов", "ова", "ову", "овой", "овым", "ев", "ева", "еву", "евой", "евым")
_HEADER_LINES: Final = 4  # that are still there when the names in them have gone
_LONGEST_NAME: Final = 6  # words

# One class of characters and a plus, joined by a character outside of it: linear in any engine.
_WORD = re.compile(r"[^\W\d_]+(?:['’ʼ‘`\-][^\W\d_]+)*")
_PATRONYMIC = linear(
    r"(?:\p{L}{2,}(?:ович|евич|ёвич|ьич)(?:а|у|ем|ом|е)?|\p{L}{2,}(?:овн|евн|ёвн|ичн|иничн)(?:а|ы|е|у|ой|ою)|"
    r"\p{L}+-ооло(?:вич|вн)\p{L}{0,2}"
    r"|(?:ильич|лукич|фомич|кузьмич|ильинич|никитич|саввич)(?:а|у|ем|ом|е)?)"
)
_SURNAME_ENDING = linear(
    r"\p{L}{2,}(?:(?:ов|ев|ёв|ин|ын)(?:а|у|ым|е|ой|ых)?|(?:ск|цк)(?:ий|ой|ая|ого|ому|им|ом|ую)|енко|нко|чук|щук|"
    r"юк|ук|ян|янц|швили|дзе|"
    r"заде|баев|беков|ич|вич|ых|их|ман|берг|штейн|ейн|ава|ия|уа|ец|ко|як|айло|ши)(?:а|у|ом|е)?"
)
_LATIN_SURNAME_ENDING = linear(
    r"[\p{L}\-']{2,}(?:ov|ova|ev|eva|yev|yeva|off|in|ina|yn|sky|skiy|skii|ski|skaya|skaia|tsky|enko|chuk|uk|yan|"
    r"ian|shvili|dze|zade|iya|ia|ich|vich|vych|ykh|kh)"
)
_RUSSIAN_ENDING = linear(
    r"[\p{L}\-']{2,}(?:ov|ova|ev|eva|off|inin|inina|ruk|sky|skiy|skaya|tsky|enko|chuk|yan|"
    r"shvili|idze|edze|adze|zade|khelia|"
    r"vich|vych|ykh|ikh)"
)
_FEW = r"(?:\p{L}[\p{L}'’ʼ.\-]*[ \t,]{0,2}){1,4}"
_LABELLED = linear(
    r"(?i)(?:^|[\n|,;(•{\t\"]|[—–\-] )[ \t\"]*(?:ф\. ?и\. ?о\.?|фио|имя(?: и фамилия)?|"
    r"фамилия(?:[ ,]{1,2}имя(?:[ ,]{1,2}(?:и )?отчество)?)?|отчество|"
    r"full[ _]?name|first[ _]?name|last[ _]?name|middle[ _]?name|surname|name|имя, отчество|кандидат|соискатель|"
    r"applicant|candidate)"
    r"[ \t]*[\"]?(?:[:=|][ \t|\"]*|[—–\-][ \t]+|\n)(\p{L}[\p{L}'’ʼ.\- \t]*)"
)
_INTRODUCED = linear(
    r"(?i)(?:(?:здравствуйте|добрый (?:день|вечер)|привет)[!,. ]{1,3}(?:это|я)|меня зовут|мо[её] имя|зовут меня|"
    r"с уважением|искренне ваша?|всего доброго|my name is|i am called|(?:best|kind|warm)? ?regards|"
    rf"sincerely(?: yours)?|yours (?:sincerely|faithfully))[ \t,:—–\-]*\n?[ \t]*({_FEW})"
)
_ORGANISATION = (
    r"(?:ООО|ОАО|ЗАО|ПАО|АО|НАО|НКО|АНО|ТОО|ОсОО|ГК|ТД|ТК|ЧОП|ИП|компани\p{L}+|фирм\p{L}+|банк\p{L}*|"
    r"завод\p{L}*|сеть|группа|LLC|Ltd)"
)
_QUOTED = linear(rf"«[^«»\n{ANY}]+»|“[^“”\n]+”|„[^„“”\n]+[“”]|{_ORGANISATION} \"[^\"\n]+\"")
_NAMED_AFTER = linear(
    r"(?i)(?:^|[^\p{L}])(?:(?:им\.|имени|им)[ ]?(?:акад(?:емика|\.)? |проф(?:ессора|\.)? |героя )?|ИП )"
    r"((?:\p{L}\. ?){0,2}\p{L}[\p{L}\-]+(?: \p{Lu}[\p{L}\-]+){0,2}(?: ?\p{Lu}\.){0,2})"
)
_SEGMENT = linear(rf"[^\n,;|•·\t:()/\"\d{ANY}–—]+")
_INITIALS_BEHIND = linear(r"[ ,]{1,2}\p{Lu}\.? ?\p{Lu}\.|[ ,]{1,2}\p{Lu}\.")
_INITIALS_AND_DATA = linear(rf"( \p{{Lu}}\. ?\p{{Lu}}\.)[ ,;—–]*[{ANY}]")
_INITIALS_BEFORE = linear(r"\p{Lu}\. ?(?:\p{Lu}\. ?)?$")


@dataclass(slots=True)
class Word:
    """A word of the text: where it stands, and what it can be."""

    start: int
    end: int
    text: str
    lexicon: Lexicon = field(repr=False)
    protected: bool = False
    _reading: Reading | None = None

    @property
    def lower(self) -> str:
        """The word in small letters."""
        return self.text.lower()

    @property
    def capital(self) -> bool:
        """Whether it begins with a capital letter."""
        return self.text[0].isupper()

    @property
    def cyrillic(self) -> bool:
        """Whether its first letter is Cyrillic."""
        return "Ѐ" <= self.text[0] <= "ӿ"

    @property
    def reading(self) -> Reading:
        """What the dictionary says, of the last part of a double name too."""
        if self._reading is None:
            self._reading = Reading.UNKNOWN
            if self.cyrillic:
                for part in {self.lower, self.lower.rpartition("-")[2]}:
                    self._reading |= self.lexicon.readings(part)
        return self._reading

    @property
    def common(self) -> bool:
        """Whether it can be a word that names nobody."""
        if not self.cyrillic:
            return self.lower in ENGLISH_COMMON
        if Reading.ADJECTIVE in self.reading and self.lower.endswith(_POSSESSIVES):
            return False  # «Орешникова»: from «орешниковый», says the dictionary
        return Reading.COMMON in self.reading

    @property
    def given(self) -> bool:
        """Whether it can be a given name."""
        return self._remembered("given", self._is_given)

    def _is_given(self) -> bool:
        if self.cyrillic:
            return Reading.GIVEN in self.reading or self.lower.replace("ё", "е") in EXTRA_GIVEN
        return latin_key(self.lower) in LATIN_GIVEN

    def _remembered(self, fact: str, find_out: Callable[[], bool]) -> bool:
        """A word is asked about again and again: at every place, by every rule, in every round of redaction."""
        key = (fact, self.text)
        found = self.lexicon.facts.get(key)
        if found is None:
            found = self.lexicon.facts[key] = find_out()
        return found

    @property
    def only_given(self) -> bool:
        """Whether it is hardly anything but a given name."""
        key = self.lower if self.cyrillic else latin_key(self.lower)
        return self.given and not self.common and key not in PRODUCT_NAMES and self.lower not in PRODUCT_NAMES

    @property
    def patronymic(self) -> bool:
        """Whether it can be a patronymic."""
        return self._remembered("patronymic", self._is_patronymic)

    def _is_patronymic(self) -> bool:
        if not self.cyrillic:
            return False
        reading = self.reading
        if reading is not Reading.UNKNOWN:
            return Reading.PATRONYMIC in reading
        lower = self.lower
        # Every pattern's ending has one of the two; to ask RE2 costs twenty times as much.
        return ("ич" in lower or "вн" in lower) and _PATRONYMIC.fullmatch(lower) is not None

    @property
    def surname(self) -> bool:
        """Whether it is known, or ends, as a surname."""
        return self._remembered("surname", self._is_surname)

    def _is_surname(self) -> bool:
        if not self.cyrillic:
            return self.lower not in ENGLISH_COMMON and (
                latin_key(self.lower) in LATIN_SURNAMES or _LATIN_SURNAME_ENDING.fullmatch(self.lower) is not None
            )
        if Reading.SURNAME in self.reading or self.lower in ASIAN_SURNAMES:
            return True
        if self.given and self.lower.endswith(("ов", "ев")):
            return True  # «Абдулмеджидов»: of several men called Абдулмеджид, says the dictionary
        return (
            not self.common and not self.given and _SURNAME_ENDING.fullmatch(self.lower.rpartition("-")[2]) is not None
        )

    @property
    def unknown(self) -> bool:
        """Whether no list and no dictionary has it."""
        if self.cyrillic:
            return self.reading == Reading.UNKNOWN
        return self.lower not in ENGLISH_COMMON


def find_names(text: str, lexicon: Lexicon) -> list[Span]:
    """The spans of the text that name a person, neither sorted nor free of overlaps.

    The text's placeholders are single characters (`placeholders.SYMBOLS`).
    """
    return _Search(text, lexicon).spans()


class _Search:
    def __init__(self, text: str, lexicon: Lexicon) -> None:
        self._text = text
        self._words = [Word(match.start(), match.end(), match[0], lexicon) for match in _WORD.finditer(text)]
        self._taken: dict[int, None] = {}  # numbers of words, in the order of their finding
        self._extra: list[Span] = []  # initials
        self._number_at = {word.start: number for number, word in enumerate(self._words)}

    def spans(self) -> list[Span]:
        self._protect()
        self._after_labels()
        self._header()
        self._lines_of_their_own()
        self._in_running_text()
        self._later_mentions()
        return [self._span(self._words[number]) for number in self._taken] + self._extra

    def _span(self, word: Word) -> Span:
        initial = len(word.text) == 1 and self._text[word.end : word.end + 1] == "."
        return word.start, word.end + initial, Kind.NAME

    # --- where no name is looked for ---

    def _protect(self) -> None:
        for pattern, group in ((_QUOTED, 0), (_NAMED_AFTER, 1)):
            for match in pattern.finditer(self._text):
                for number in self._numbers_in(*match.span(group)):
                    self._words[number].protected = True

    @cached_property
    def _starts(self) -> list[int]:
        return [word.start for word in self._words]

    def _numbers_in(self, start: int, end: int) -> range:
        return range(bisect_left(self._starts, start), bisect_left(self._starts, end))

    def _take(self, *numbers: int) -> None:
        for number in numbers:
            self._taken[number] = None

    # --- places for names ---

    def _after_labels(self) -> None:
        for match in _LABELLED.finditer(self._text):
            numbers = self._numbers_in(*match.span(1))[:_LONGEST_NAME]
            certain = "фам" in match[0].lower() or "surname" in match[0].lower() or "last" in match[0].lower()
            if numbers and (
                self._may_be_labelled(numbers) or (certain and self._words[numbers[0]].capital and len(numbers) < 4)
            ):
                self._take(*numbers)
        for match in _INTRODUCED.finditer(self._text):
            for place, number in enumerate(self._numbers_in(*match.span(1))):
                word = self._words[number]
                if place and word.capital and number - 1 in self._taken and self._beside(number, -1) == number - 1:
                    self._take(number)  # «Меня зовут Марк Голубь»
                    continue
                if not (word.given or word.surname or word.patronymic or (word.unknown and word.capital)):
                    break
                if not word.capital and not word.only_given and not (word.surname and not word.common):
                    break
                self._take(number)

    def _may_be_labelled(self, numbers: range) -> bool:
        words = [self._words[number] for number in numbers]
        # «Имя файла», "Name: string": words that are common and nothing else are no name.
        return any(word.given or word.surname or word.patronymic or word.unknown for word in words) and not (
            len(words) > 1 and all(word.common and not (word.given or word.surname) for word in words[:2])
        )

    def _header(self) -> None:
        """The first lines. One that is nothing but a person does not count: a second reading sees the same lines."""
        seen = 0
        position = 0
        for line in self._text.split("\n"):
            start, position = position, position + len(line) + 1
            numbers = self._numbers_in(start, start + len(line))
            if not numbers:
                continue
            for match in _SEGMENT.finditer(line):
                begin = start + match.start()
                self._segment(self._numbers_in(begin, start + match.end()), first=seen == 0)
            if any(number not in self._taken for number in numbers):
                seen += 1
                if seen >= _HEADER_LINES:
                    return

    def _segment(self, numbers: range, *, first: bool) -> None:
        # Initials are words of one letter and belong to the name.
        while numbers and self._words[numbers[0]].lower in HEADING_WORDS:
            numbers = numbers[1:]
        if not 2 <= len(numbers) <= _LONGEST_NAME:
            return
        words = [self._words[number] for number in numbers]
        if any(word.protected for word in words) or not self._joined_by_spaces(numbers):
            return
        if any(
            len(word.text) == 1 and not word.capital and self._text[word.end : word.end + 1] != "." for word in words
        ):
            return  # «Джонсон и Джонсон»
        if self._is_a_name(words, first=first):
            # «Токарь Иванов Иван Иванович»: the post stays.
            post = len(numbers) > 3 and not self._namely(words[0])
            self._take(*(numbers[1:] if post else numbers))

    def _joined_by_spaces(self, numbers: range) -> bool:
        return all(
            not self._text[self._words[one].end : self._words[other].start].strip(" .")
            for one, other in pairwise(numbers)
        )

    def _is_a_name(self, words: list[Word], *, first: bool) -> bool:
        if " ".join(word.lower for word in words[:2]) in BRANDS:
            return False
        long = [word for word in words if len(word.text) > 1]
        if all(not word.cyrillic for word in words):
            return self._is_a_latin_name(words)
        if not all(word.cyrillic for word in words) or not long:
            return False
        if any(word.patronymic or word.lower in TURKIC_PARTICLES for word in long):
            return any(word.given or word.unknown or word.surname for word in long) and (
                sum(not self._namely(word) for word in long) <= 1
            )
        if any(word.lower in PRODUCT_NAMES for word in long) and not any(
            _SURNAME_ENDING.fullmatch(word.lower) for word in long
        ):
            return False
        strangers = [word for word in long if not self._namely(word)]
        if strangers:
            # «Анна Король»: beside an unmistakable given name one common word may be a surname.
            return (
                len(long) == 2
                and long[0].given
                and not long[0].protected
                and first
                and all(word.capital for word in words)
            )
        if len(long) == 1:
            return long[0].surname and len(words) > 1
        named = sum(word.given or word.surname for word in long)
        if all(word.common for word in long):
            return (
                (named == len(long) or long[0].given)
                and first
                and all(word.capital for word in long)
                and len(long) <= 3
            )
        return bool(named) or (first and all(word.unknown and word.capital for word in long) and len(long) <= 4)

    @staticmethod
    def _namely(word: Word) -> bool:
        return word.given or word.surname or word.patronymic or word.unknown or word.lower in TURKIC_PARTICLES

    @staticmethod
    def _is_a_latin_name(words: list[Word]) -> bool:
        if len(words) > 4 or any(word.lower in ENGLISH_COMMON for word in words):
            return False
        if not all(word.capital for word in words) and not all(word.text.islower() for word in words):
            return False
        ends = {latin_key(words[0].lower), latin_key(words[-1].lower)}
        if ends & PRODUCT_NAMES and not any(_RUSSIAN_ENDING.fullmatch(word.lower) for word in words):
            return False
        if any(_RUSSIAN_ENDING.fullmatch(word.lower) for word in words):
            return True  # «Lavrentiy Ryabinin»: one word is on no list, the other ends as no product does
        return any(word.only_given for word in words) or all(word.surname for word in words)

    def _lines_of_their_own(self) -> None:
        """A surname and a given name on a line of their own or on lines one below the other, wherever they stand."""
        position = 0
        lone: list[int] = []
        above: list[int] = []
        lines = 0
        for line in self._text.split("\n"):
            start, position = position, position + len(line) + 1
            numbers = self._numbers_in(start, start + len(line))
            bare = line.strip(" \t•|,.—–-")
            if not bare:
                continue
            lines += 1
            whole = bool(numbers) and not any(map(str.isdigit, bare)) and self._joined_by_spaces(numbers)
            if whole and 2 <= len(numbers) <= 4 and not any(self._words[number].protected for number in numbers):
                words = [self._words[number] for number in numbers]
                if all(word.text[0].isupper() and not word.cyrillic for word in words) and self._is_a_latin_name(words):
                    self._take(*numbers)
            if whole and len(numbers) == 1 and lines <= _HEADER_LINES + 3:
                above.append(numbers[0])
            else:
                lone, above = lone or above, []
            if lines <= _HEADER_LINES and whole and len(numbers) == 1 and self._words[numbers[0]].only_given:
                self._take(numbers[0])
            if lines == 1 and whole and len(numbers) == 1:
                word = self._words[numbers[0]]
                if (
                    word.capital
                    and not word.protected
                    and (word.given or (word.surname and not word.common))
                    and word.lower not in PRODUCT_NAMES
                ):
                    self._take(numbers[0])
        lone = lone or above
        words = [self._words[number] for number in lone]
        if len(lone) >= 2 and any(word.given for word in words) and any(word.surname for word in words):
            self._take(*(number for number, word in zip(lone, words, strict=True) if self._namely(word)))

    # --- running text ---

    def _in_running_text(self) -> None:
        # What proves most goes first: in «Смирнова Алексея Петровича» the patronymic, not the given name.
        for look in (self._at_a_particle, self._at_a_patronymic, self._at_a_given_name, self._at_initials):
            for number, word in enumerate(self._words):
                if number not in self._taken and not word.protected:
                    look(number, word)

    def _beside(self, number: int, step: int, *, small: bool = False) -> int | None:
        """The number of the next capitalised word (with `small`, of any), if only spaces are between."""
        other = number + step
        if not 0 <= other < len(self._words):
            return None
        word, neighbour = self._words[number], self._words[other]
        between = self._text[min(word.end, neighbour.end) : max(word.start, neighbour.start)]
        if between.strip(" \t") or neighbour.protected or len(neighbour.text) < 2:
            return None
        if not neighbour.capital and not small:
            return None
        return other if neighbour.cyrillic == word.cyrillic else None

    def _at_a_patronymic(self, number: int, word: Word) -> None:
        if not word.patronymic:
            return
        if not word.capital:
            # «петров семен львович водитель»
            given = None if word.common else self._beside(number, -1, small=True)
            if given is not None and self._words[given].only_given:
                self._take(given, number)
                before = self._beside(given, -1, small=True)
                if before is not None and self._words[before].surname and not self._words[before].common:
                    self._take(before)
            return
        given = self._beside(number, -1)
        if given is None:
            return
        named = self._words[given]
        if not (named.given or named.unknown or (named.surname and not named.common)):
            return
        self._take(given, number)
        before, behind = self._beside(given, -1), self._beside(number, +1)
        if before is not None and (self._words[before].surname or self._words[before].unknown):
            self._take(before)
        elif behind is not None and (self._words[behind].surname or self._words[behind].unknown):
            self._take(behind)

    def _at_a_particle(self, number: int, word: Word) -> None:
        if word.lower not in TURKIC_PARTICLES:
            return
        taken = [number]
        while len(taken) < 4 and (other := self._beside(taken[-1], -1)) is not None:
            taken.append(other)
        if len(taken) > 2 and any(self._namely(self._words[other]) for other in taken[1:]):
            self._take(*taken)
            behind = self._beside(number, +1)
            if len(taken) == 3 and behind is not None and self._words[behind].surname:
                self._take(behind)

    def _at_a_given_name(self, number: int, word: Word) -> None:
        if not word.capital or not word.given:
            return
        sure = word.only_given and word.cyrillic
        for other in (self._beside(number, +1), self._beside(number, -1)):
            if other is None:
                continue
            neighbour = self._words[other]
            pair = sorted((number, other))
            if " ".join(self._words[one].lower for one in pair) in BRANDS:
                return
            if neighbour.lower in PRODUCT_NAMES:
                continue
            if word.lower in PRODUCT_NAMES and not _SURNAME_ENDING.fullmatch(neighbour.lower):
                continue
            strict = neighbour.surname and not neighbour.common
            if strict or (sure and (neighbour.surname or (neighbour.unknown and not neighbour.given))):
                self._take(*pair)
                return

    def _at_initials(self, number: int, word: Word) -> None:
        if not word.capital or len(word.text) < 2:
            return
        if word.common and not word.surname:
            # «Соболь Г. В., 12.05.1994»: a common word, but at a line's start and before a person's data.
            if word.start == 0 or self._text[word.start - 1] == "\n":
                signed = _INITIALS_AND_DATA.match(self._text[word.end : word.end + 12])
                if signed is not None:
                    self._take(number)
                    self._extra.append((word.start, word.end + signed.end(1), Kind.NAME))
            return
        # A slice: RE2 encodes the whole of what it is handed, wherever it is to begin. Initials end with a full stop.
        following = self._text[word.end : word.end + 8]
        behind = _INITIALS_BEHIND.match(following) if "." in following else None
        if behind is not None and self._is_initials(word, behind[0], word.end + behind.end()):
            self._take(number)
            self._extra.append((word.start, word.end + behind.end(), Kind.NAME))
            return
        before = self._text[max(0, word.start - 7) : word.start]
        match = _INITIALS_BEFORE.search(before) if "." in before else None
        if match is not None and match[0].count(".") == 2 and self._may_bear_initials(word):
            begin = max(0, word.start - 7) + match.start()
            if begin == 0 or not self._text[begin - 1].isalnum():
                self._take(number)
                self._extra.append((begin, word.end, Kind.NAME))

    @staticmethod
    def _may_bear_initials(word: Word) -> bool:
        if not word.cyrillic:
            return word.surname
        return word.surname or (word.unknown and not word.text.isupper())

    def _is_initials(self, word: Word, initials: str, end: int) -> bool:
        if (end < len(self._text) and self._text[end].isalnum()) or not self._may_bear_initials(word):
            return False
        if initials.count(".") + initials.strip(" ,.").count(" ") > 1 or sum(map(str.isalpha, initials)) == 2:
            return True
        rest = self._text[end : end + 2].strip(" ")
        line_start = word.start == 0 or self._text[word.start - 1] == "\n"
        return word.surname and (not word.common or line_start) and (not rest or not rest[0].isalnum())

    # --- the same people again ---

    def _later_mentions(self) -> None:
        stems: dict[str, frozenset[str]] = {}
        keys: set[str] = set()
        for number in list(self._taken):
            word = self._words[number]
            if len(word.text) < 2 or word.lower in TURKIC_PARTICLES:
                continue
            keys.add(latin_key(word.lower))
            if not word.cyrillic:
                continue
            if word.patronymic and not word.surname:
                continue
            for part in word.lower.split("-"):
                stem, endings = declined_given(part) if word.given and not word.surname else declined(part)
                stems[stem] = stems.get(stem, frozenset()) | endings
                if part.endswith("ец") and len(part) > 3:
                    stems[f"{part[:-2]}ц"] = _NOUN_ENDINGS  # «Кравец», «Кравца»
        longest = max(map(len, stems), default=0)
        short: list[int] = []
        for number, word in enumerate(self._words):
            if number not in self._taken and len(word.text) > 1 and self._is_mentioned(word, stems, longest, keys):
                if len(word.text) > 2:
                    self._take(number)
                else:
                    short.append(number)
        self._take(*(number for number in short if self._in_place(number)))

    def _in_place(self, number: int) -> bool:
        # «на Ли прилагается», «Ли Мэй»: so short a word needs a sentence or a name around it.
        word = self._words[number]
        in_a_sentence = word.start > 1 and self._text[word.start - 1] == " " and self._text[word.start - 2].islower()
        return in_a_sentence or self._beside(number, 1) in self._taken or self._beside(number, -1) in self._taken

    @staticmethod
    def _is_mentioned(word: Word, stems: dict[str, frozenset[str]], longest: int, keys: set[str]) -> bool:
        lower = word.lower
        if not word.cyrillic:
            return word.capital and len(lower) > 3 and latin_key(lower) in keys and lower not in ENGLISH_COMMON
        if not all(_is_declined(part, stems, longest) for part in lower.split("-")):
            return False
        return word.capital or (len(lower) > 4 and not word.common)


def _is_declined(word: str, stems: dict[str, frozenset[str]], longest: int) -> bool:
    shortest = max(1, len(word) - 3)
    return any(
        word[length:] in stems.get(word[:length], ()) for length in range(min(len(word), longest), shortest - 1, -1)
    )


_ADJECTIVE_ENDINGS: Final = frozenset(
    [
        "ий",
        "ый",
        "ой",
        "ая",
        "яя",
        "ого",
        "его",
        "ому",
        "ему",
        "ым",
        "им",
        "ом",
        "ем",
        "ую",
        "юю",
        "ей",
        "ие",
        "ые",
        "их",
        "ых",
        "ими",
        "ыми",
    ]
)
_POSSESSIVE_ENDINGS: Final = frozenset(["", "а", "у", "ым", "е", "ой", "ою", "ы", "ых", "ыми"])
_NOUN_ENDINGS: Final = frozenset(["", "а", "у", "ом", "ем", "е", "ы", "и", "ов", "ам", "ами", "ах", "я", "ю", "ей"])
_GIVEN_ENDINGS: Final = frozenset(["", "а", "у", "ом", "ем", "е"])
_SOFT_ENDINGS: Final = frozenset(["ь", "й", "я", "ю", "ем", "ём", "е", "и", "ей", "ям", "ями", "ях"])
_VOWEL_ENDINGS: Final = frozenset(["а", "я", "ы", "и", "е", "у", "ю", "ой", "ей", "ою", "ею", "ам", "ами", "ах"])


def declined(surname: str) -> tuple[str, frozenset[str]]:
    """The unchanging beginning of a lower-case Cyrillic name, and the endings that its grammatical cases have."""
    if len(surname) > 4 and surname[-2:] in _ADJECTIVE_ENDINGS and surname[-4:-2] in {"ск", "цк"}:
        return surname[:-2], _ADJECTIVE_ENDINGS
    for ending in ("а", "у", "ым", "ой", "е", "ых", ""):
        base = surname.removesuffix(ending) if ending else surname
        if surname.endswith(ending) and len(base) > 3 and base.endswith(("ов", "ев", "ёв", "ин", "ын")):
            return base, _POSSESSIVE_ENDINGS
    if surname.endswith(("ая", "яя", "ый", "ий", "ой")) and len(surname) > 4:
        return surname[:-2], _ADJECTIVE_ENDINGS
    if surname.endswith(("ых", "их", "о", "е", "у", "и", "э", "ю")):
        return surname, frozenset([""])
    if surname.endswith(("а", "я")):
        return surname[:-1], _VOWEL_ENDINGS
    if surname.endswith(("ь", "й")):
        return surname[:-1], _SOFT_ENDINGS
    return surname, _NOUN_ENDINGS


def declined_given(name: str) -> tuple[str, frozenset[str]]:
    """The same for a given name: «Иванов» is no form of «Иван»."""
    if name.endswith(("а", "я")):
        return name[:-1], _VOWEL_ENDINGS
    if name.endswith(("ь", "й")):
        return name[:-1], _SOFT_ENDINGS
    return name, _GIVEN_ENDINGS
