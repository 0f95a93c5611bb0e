"""The names of others, which stand beside words for people: «Супруг — Антон», «Мельников, начальник отдела»."""

import re
from bisect import bisect_left
from typing import Final

from worker.assessment.redaction import name_lists as lists
from worker.assessment.redaction.morphology import Reading, readings
from worker.assessment.redaction.name_word import SURNAME_ENDING
from worker.assessment.redaction.named_text import NamedText
from worker.assessment.redaction.placeholders import KIND_OF, Kind
from worker.assessment.redaction.word_list import terms, written_out

_FEW: Final = 4  # words of a name, or between it and one for people
_OF_ADJECTIVES: Final = ("ской", "ского", "ская", "ский", "ском", "ную", "ной", "ных", "вых", "ских", "ному")
_BETWEEN_KIN: Final = ' ,;"()0123456789|—-'
_INITIAL: Final = re.compile(r"(?<!\w)[А-ЯЁA-Z]\. ?$")
_CONTACT: Final = re.compile(written_out("[<BIRTH_DATE><AGE><PHONE><EMAIL><HANDLE>]"))
_BEFORE_CONTACT: Final = re.compile(r"(?<=\w)[ ,:(—-]{1,4}(?:(?:тел|моб|т|tel|mob)[.:]{0,2} ?)?$")
_LONGEST_SHORTENED: Final = 4  # letters of «доц.»
_FARTHEST: Final = 8  # words between one for people and the name
_APPOSITION = re.compile(r",? ?\(|, ?| ?[—-] ")
LONGEST_LIST: Final = 6  # people, or their lines


class Others(NamedText):
    """Finds them in a text."""

    def take_others(self) -> None:
        """Take whoever stands beside a word for people, or before a contact."""
        for number, word in self.telling:
            if word.lower in terms("titles"):
                self._behind_a_title(number)
            if word.animate:
                self._behind_people(number, _FARTHEST if word.people else 2)
                self._before_people(number)
        self._before_contacts()

    def _behind_people(self, number: int, farthest: int) -> None:
        """«Супруг — Антон», «Руководитель: Мельников», «начальник цеха Гусев», «сменщик — Валера Дронов»."""
        sign, kin, small = "", self.words[number].kin, self.words[number].text.islower()
        if kin and self.text[max(0, self.starts[number] - 2) : self.starts[number]] == "& ":
            return  # "MacDonald & Sons Outsourcing"
        for other in range(number + 1, min(number + farthest, len(self.words))):
            word, between = self.words[other], self.text[self.ends[other - 1] : self.starts[other]]
            if between != " ":
                below = "\n" in between and not (other == number + 1 and (kin or between.strip(" \t").startswith(":")))
                whole = len(self.words[other - 1].text) > _LONGEST_SHORTENED or not KIND_OF.keys().isdisjoint(between)
                if below or ";" in between or (whole and ". " in between and ".." not in between):
                    return
                sign = between if between.strip(" ") else sign
            if other in self.protected or word.lower in terms("elsewhere") or (word.abbreviation and not word.cyrillic):
                return
            if word.capital and len(word.text) > 2 and not word.people and not word.abbreviation:
                told = between == sign and any(one in sign for one in (":", "—", "- ", ".."))
                behind = self.beside(other, 1)
                bears = behind is not None and self.bears(behind)
                named = bears or (word.nameable and (word.given or not word.place))
                sign_only = not between.strip(' \t\n:—([-"')
                joined = sign_only and (word.given or bool(between.strip()) or between == " ")
                # «Жена его, Рада Волшанинова»
                joined = joined or (
                    between == ", " and other <= number + 2 and (bears or (word.unknown and (word.cyrillic or small)))
                )
                near = kin and ((named and joined) or (between == " " and other == number + 1))
                near = near and other < number + _FEW
                if near or self._is_somebody(other, told=told, listed="," in between, colon=":" in sign):
                    self._take_all_from(other)
                    if near:
                        self._take_their_kin(other)
                    return
                if "," in sign and word.unknown and not word.cyrillic:
                    return  # "Teacher, Instituto Cervantes, Novinsky Bulvar"

    def _take_their_kin(self, number: int) -> None:
        """«дети Нурлан, Томирис и Лев»."""
        for other in range(number + 1, min(number + LONGEST_LIST, len(self.words))):
            word, between = self.words[other], self.text[self.ends[other - 1] : self.starts[other]]
            if word.lower in terms("joining words") or other in self.taken:
                continue
            if between.strip(_BETWEEN_KIN) or not word.capital or word.abbreviation or word.people:
                return
            if "(" not in between or ")" in between:  # «Борух (Хайфа), Сима»
                self.take(other)

    def _take_all_from(self, number: int) -> None:
        behind: int | None = number
        for _ in range(_FEW):
            if behind is None or self.words[behind].abbreviation or self.words[behind].people:
                return
            if behind != number and not (self.words[behind].nameable or self.ends_a_phrase(behind)):
                return  # «Директор Петров Сварка РАД», but «Николай Заяц, директор»
            self.take(behind)
            following = behind + 1
            if following < len(self.words) and self.words[following].lower in lists.RESPECTED:
                behind = following  # «Кевсер ханум Рамазанова»
            end = self.ends[behind]
            initials = lists.INITIALS_BEHIND.match(self.text[end : end + 9])
            self.extra += [(end, end + initials.end(), Kind.NAME)] if initials is not None else []
            behind = self.beside(behind, 1)

    def _is_somebody(self, number: int, *, told: bool, listed: bool, colon: bool) -> bool:
        """Whether a capitalised word is a name: `told`, behind a `colon` or a dash; `listed`, behind a comma."""
        word, end, before = self.words[number], self.ends[number], self.words[number - 1]
        latin = not word.cyrillic and not before.cyrillic
        # «Гусев» is a town as well, «Мельников» are several millers.
        described = word.lower.endswith(_OF_ADJECTIVES) and not self.ends_a_phrase(number)
        behind = self.beside(number, 1)
        other = None if behind is None else self.words[behind]
        adjoined = other is None and not self.ends_a_phrase(number)  # «психолог, Векслер тесті»
        doubtful = described or (listed and (word.common or not word.cyrillic or adjoined))
        if word.only_given or word.patronymic or (word.surname and not doubtful):
            return True
        if behind is not None and other is not None and word.unknown and other.unknown and not other.abbreviation:
            last = self.beside(behind, 1)
            ends = self.ends_a_phrase(behind)
            ends = ends or (last is not None and self.ends_a_phrase(last) and not self.words[last].people)
            if not listed and (word.cyrillic or other.surname or (ends and (latin or colon))):
                return True  # "reported to Marguerite Lindqvist, CTO"
        alike = before.text.islower() and word.cyrillic and SURNAME_ENDING.fullmatch(word.lower)  # «бригадир Рачков»
        named = word.lower in terms("surnames that are words") or alike
        if named and self.ends_a_phrase(number):
            return colon or before.people or before.lower in terms("parts of a firm")  # «Руководитель: Заяц»
        if not told:  # «администратор Люда»
            return before.people and word.given and other is None and word.lower not in terms("products")
        if word.given or (other is not None and (other.given or other.patronymic)):
            return True
        alone = word.unknown and word.cyrillic and not word.place and self.ends_a_phrase(number)
        return alone or lists.INITIALS_BEHIND.match(self.text[end : end + 9]) is not None

    def _behind_a_title(self, number: int) -> None:
        """«Mme Solenn Quéméneur», «Prof. Khristina Lobusheva»."""
        if self.text[max(0, self.starts[number] - 1) : self.starts[number]] in {"-", "."}:
            return  # "Dipl.-Ing. Maschinenbau", "Voznesensky A.M. Fischer–Tropsch synthesis"
        for other in range(number + 1, min(number + _FEW, len(self.words))):
            word, between = self.words[other], self.text[self.ends[other - 1] : self.starts[other]]
            title = self.words[other - 1].lower in terms("titles")
            common = word.abbreviation or (word.common and not word.place) or other in self.protected
            if between.strip(" ." if title else " ") or " " not in between or not word.capital or common:
                return
            if word.lower not in terms("titles"):
                self.take(other)

    def bears(self, number: int) -> bool:
        """Whether the word is hardly anything but a surname."""
        word = self.words[number]
        adjective = word.lower.endswith(_OF_ADJECTIVES) and not self.ends_a_phrase(number)
        return word.cyrillic and word.surname and not word.common and not word.place and not adjective

    def _before_people(self, number: int) -> None:
        """«Мельников, начальник отдела»; «Костылева (директор)»; «Юха Ранта — мой шеф»; "John Whitfield, Head of …"."""
        said = self.words[number]
        for last in range(number - 1, max(-1, number - _FEW), -1):
            between = self.text[self.ends[last] : self.starts[last + 1]]
            if (
                self.words[last].capital
                and _APPOSITION.fullmatch(between)
                and (said.people or self.words[last].cyrillic)
            ):
                self._take_before(last, people=said.people, alone="(" in between or said.kin)
            if self.words[last].capital or between != " " or Reading.INANIMATE in readings(self.words[last].lower):
                return

    def _before_contacts(self) -> None:
        """«Арсений Гуд, тел. +7 …»."""
        for contact in _CONTACT.finditer(self.text):
            begin = max(0, contact.start() - 12)
            match = _BEFORE_CONTACT.search(self.text[begin : contact.start()])
            if match is None:
                continue
            last = bisect_left(self.ends, begin + match.start())
            if last < len(self.ends) and self.ends[last] == begin + match.start() and last not in self.taken:
                self._take_before(last, people="(" in match[0], alone=True)

    def _begins_a_part(self, start: int) -> bool:
        before = self.text[max(0, start - 2) : start].rstrip(" ")[-1:]
        return not before.isalnum() and before not in {",", ".", ")"}

    def _take_before(self, last: int, *, people: bool, alone: bool) -> None:
        """Take the name that ends with a word, if it is one; `alone`, a given name is enough."""
        numbers = range(last, last + 1)
        while len(numbers) < _FEW and (first := self.beside(numbers.start, -1)) is not None:
            if not self.words[first].nameable or self.words[first].people:
                break
            numbers = range(first, last + 1)
        words = self.those(numbers)
        begin = self.starts[numbers.start]
        of_a_street = self.text[max(0, begin - 4) : begin].strip() in {"ул.", "пр.", "пл.", "пер."}
        if of_a_street or not self.protected.isdisjoint(numbers) or not all(word.capital for word in words):
            return
        common = [word for word in words if word.common or word.abbreviation]
        initials = lists.INITIALS_BEFORE.search(self.text[max(0, begin - 7) : begin])
        initials = initials or _INITIAL.search(self.text[max(0, begin - 4) : begin])
        begins = self._begins_a_part(begin)
        named = words[-1].only_given or (words[-1].unknown and words[-1].cyrillic and begins)
        known = (self.bears(last) and (people or alone or begins)) or (alone and named) or initials is not None
        if len(words) > 1:
            known = any(word.only_given or (word.surname and not word.common) for word in words)
            known = known or (people and begins and any(word.given for word in words))
            strange = all(word.unknown for word in words) or (alone and any(word.unknown for word in words))
            known = known or (strange and (words[0].cyrillic or alone) and (people or begins))
        if known and not (common and len(words) < 2) and not any(word.abbreviation for word in common):
            self.take(*numbers)
            if initials is not None:
                self.extra.append((begin - len(initials[0]), begin, Kind.NAME))
