"""Where a text names a person: names of any origin that Russian resumes have, and later mentions of the same surname.

A word alone proves little (Лада is a car, Роман a novel, Julia a language), so a name is what stands in a place for
names or beside another part of a name. Then the same surname and given name are looked for in the whole text, in any
grammatical case and in either alphabet. An employer's name stays, though a person's is in it, but for the candidate's.
"""

import re
from itertools import islice, takewhile
from typing import Final

from worker.assessment.redaction import name_lists as lists
from worker.assessment.redaction import name_places as places
from worker.assessment.redaction.head import end_of_head
from worker.assessment.redaction.mentions import Mentions
from worker.assessment.redaction.name_word import SURNAME_ENDING, Word, word_of
from worker.assessment.redaction.named_text import NamedText
from worker.assessment.redaction.placeholders import KIND_OF, SYMBOLS, Kind, Span
from worker.assessment.redaction.whole_name import is_a_name, may_be_named

_FIRST_LINES: Final = 7
_SHORTEST: Final = 3  # letters of a name in capitals
_SHORTEST_SPACED: Final = 10  # characters of a name that is on no list
_LONGEST_NAME: Final = 6  # words
_LONGEST_LIST: Final = 6  # lines of people
_LONGEST_SHORTENED: Final = 4  # letters of «доц.»
_FARTHEST: Final = 8  # words between one for people and the name
_ADJECTIVES: Final = ("ый", "ий", "ой", "ая")
_LAST_CYRILLIC: Final = "ӿ"
_DATA: Final = frozenset((*KIND_OF, *"0123456789+"))

_FEW: Final = 4  # words of a name, or between it and one for people
_OF_ADJECTIVES: Final = ("ской", "ского", "ская", "ский", "ском", "ную", "ной", "ной")
_RIGHT_BEHIND: Final = frozenset((" ", ": ", " — ", " - "))
_INITIAL: Final = re.compile(r"(?<!\w)[А-ЯЁA-Z]\. ?$")
_CONTACT: Final = re.compile(
    rf"(?<=\w)[ ,:(—-]{{1,4}}(?:(?:тел|моб|т|tel|mob)[.:]{{0,2}} ?)?(?=[{SYMBOLS[Kind.PHONE]}-{SYMBOLS[Kind.EMAIL]}{SYMBOLS[Kind.HANDLE]}])"
)
_NAMED = re.compile(f"[{SYMBOLS[Kind.NAME]}{SYMBOLS[Kind.PERSON]}]")
_APPOSITION = re.compile(r",? ?\(|, ?| ?[—-] ")


def find_names(text: str) -> list[Span]:
    """The spans of a resume's one form (`sheet`) that name a person, neither sorted nor free of overlaps."""
    return _Search(text).spans()


class _Search(NamedText):
    def spans(self) -> list[Span]:
        quoted = places.QUOTED if '"' in self.text else places.QUOTED_WITHOUT_STRAIGHT
        for pattern in (quoted, places.NAMED_AFTER):
            for match in pattern.finditer(self.text):
                self.protected.update(self.numbers_in(*match.span(match.lastindex or 0)))
        for number, word in enumerate(self.words):
            if word.lower in lists.FIRST_OF_BRANDS and self.is_a_brand(number):
                self.protected.update((number, number + 1))
        self._after_labels()
        self._in_the_head()
        self._one_below_the_other()
        self._in_lists_of_people()
        self._in_running_text()
        for number, word in enumerate(self.words):
            if word.people:
                self._behind_people(number)
            if word.animate:
                self._right_behind(number)
                self._before_people(number)
        self._before_contacts()
        self._later_mentions()
        return [self.span(number) for number in self.taken] + self.extra

    def _after_labels(self) -> None:
        for match in places.LABELLED.finditer(self.text):
            numbers = self.numbers_in(*match.span(match.lastindex))[:_LONGEST_NAME]
            numbers = self._name_from(numbers, known=match.lastindex == places.BELOW)
            words = self.those(numbers)
            # «Имя файла», "Name: string": words that are common and nothing else are no name.
            named = any(map(may_be_named, words)) and not (
                len(words) == 2 and all(word.common and not (word.given or word.surname) for word in words)
            )
            certain = any(part in match[0].lower() for part in places.CERTAIN)
            if named or (words and certain and words[0].capital and len(words) < 4):
                self.take(*numbers)
        for match in places.INTRODUCED.finditer(self.text):
            numbers = self._name_from(self.numbers_in(*match.span(1)), known=True)
            self.take(*numbers)
            behind = self.beside(numbers[-1], 1) if numbers else None
            if behind is not None and (len(numbers) == 1 or self.words[behind].lower.endswith(_ADJECTIVES)):
                self.take(behind)  # «Меня зовут Марк Голубь», «Платон Игоревич Раздольный»

    def _name_from(self, numbers: range, *, known: bool) -> range:
        """The words up to a patronymic or the sentence's end; with `known`, as long as they may be a name."""
        words = self.those(numbers)
        asian = bool(words) and words[0].lower in lists.ASIAN_SURNAMES  # «Ким Мин Джун»
        for number, word in zip(numbers, words, strict=True):
            if word.patronymic and len(word.text) > 1:
                behind = number + 1 in numbers and self.words[number + 1].lower in lists.TURKIC_PARTICLES
                return range(numbers.start, number + 1 + behind)
            if len(word.text) > 1 and self.text[self.ends[number] : self.ends[number] + 2] == ". ":
                numbers = range(numbers.start, number + 1)
                break

        def is_named(number: int) -> bool:
            word = self.words[number]
            sure = word.capital or word.only_given or not (word.unknown or word.common)
            return (asian and word.capital) or word.lower in lists.PARTICLES or (sure and may_be_named(word))

        return range(numbers.start, numbers.start + len(list(takewhile(is_named, numbers)))) if known else numbers

    def _in_the_head(self) -> None:
        """The lines before the first section: once a name stands above, words that nobody knows are none."""
        end = end_of_head(self.text)
        above = _NAMED.search(self.text[:end])
        named = len(self.text) if above is None else above.start()
        sidebar = seen = False  # a list of skills, as LinkedIn has it; a line that is more than a name
        for start, line, numbers in self.lines():
            if start >= end:
                break
            sidebar = line.strip(" :").lower() in lists.SIDEBARS or (sidebar and bool(line.strip()))
            for match in places.SEGMENT.finditer(line) if numbers else ():
                begin, stop = start + match.start(), start + match.end()
                found = self.numbers_in(begin, stop)
                # On a line with other words a person's data follow the name, or the post.
                data = self.text[stop : stop + 3].strip(" ,|(•—\t")[:1] in (_DATA if "\n" in self.text else KIND_OF)
                behind = self.words[found.stop : numbers.stop] if found.start == numbers.start else []
                post = not seen and "\n" in self.text and any(word.common or word.people for word in behind)
                alone = data or post or len(found) == len(numbers)
                unnamed = not self.taken and begin < named and not sidebar
                stranger = unnamed and alone and (data or "\n" in self.text)
                while found and self.words[found[0]].lower in lists.HEADING_WORDS:
                    found = found[1:]
                if (alone or len(found) > 1) and self.stand_together(found):
                    self._segment(found, first=unnamed and not seen, stranger=stranger)
            seen = seen or any(number not in self.taken for number in numbers)
        for match in places.SPACED_OUT.finditer(self.text):
            words = [word_of("".join(part.split())) for part in match[1].split("  ") if part.strip()]
            head = match.end() <= end and match[1].isupper() and not any(word.common for word in words)
            if (head and len(match[1]) > _SHORTEST_SPACED) or any(word.only_given or word.surname for word in words):
                self.extra.append((*match.span(1), Kind.NAME))

    def _segment(self, numbers: range, *, first: bool, stranger: bool) -> None:
        words = self.those(numbers)
        if len(words) == 1:
            word = words[0]
            known = (first and (word.given or (word.surname and not word.common))) or (stranger and word.only_given)
            foreign = stranger and word.text[0] > _LAST_CYRILLIC
            product = word.lower in lists.PRODUCT_NAMES or (word.text.isupper() and len(word.text) <= _SHORTEST)
            if word.capital and not product and (known or foreign):
                self.take(*numbers)
            return
        # «Джонсон и Джонсон»
        joined = any(len(word.text) == 1 and not word.capital and word.lower not in lists.PARTICLES for word in words)
        may_be = 1 < len(words) <= _LONGEST_NAME and not joined and not self.is_a_brand(numbers.start)
        if may_be and is_a_name(words, first=first, stranger=stranger):
            # «Токарь Иванов Иван Иванович»: the post stays.
            post = len(numbers) > 3 and not may_be_named(words[0])
            self.take(*(numbers[1:] if post else numbers))

    def _one_below_the_other(self) -> None:
        """A surname and a given name on lines one below the other, in the first lines."""
        filled = (found for found in self.lines() if found[1].strip(" \t•|,.—-"))
        lone: list[int] = []
        for _start, line, numbers in islice(filled, _FIRST_LINES):
            if len(numbers) == 1 and not any(map(str.isdigit, line)):
                lone.append(numbers[0])
            elif len(lone) > 1:
                break
            else:
                lone = []
        words = [self.words[number] for number in lone]
        if len(lone) > 1 and any(word.given for word in words) and any(word.surname for word in words):
            self.take(*(number for number in lone if may_be_named(self.words[number])))

    def _in_lists_of_people(self) -> None:
        """The names with which the lines below «Рекомендации» begin."""
        for heading in places.REFERENCES.finditer(self.text):
            below = takewhile(lambda found: found[1].strip(), self.lines(heading.end() + 1))
            for start, line, numbers in islice(below, _LONGEST_LIST):
                match = places.SEGMENT.search(line, self.starts[numbers[0]] - start) if numbers else None
                found = self.numbers_in(start + match.start(), start + match.end()) if match else range(0)
                if len(found) > 1 and self.stand_together(found):
                    self._segment(found, first=False, stranger=True)

    def _in_running_text(self) -> None:
        # `tells_of_a_name` is whatever the first three of these ask for: change both.
        # What proves most goes first: in «Смирнова Алексея Петровича» the patronymic, not the given name.
        words = [(number, word) for number, word in enumerate(self.words) if word.short or word.tells_of_a_name]
        beside = {number + step for number, word in words if word.short for step in (-1, 1)}
        for look, numbers in (
            (self._at_a_particle, [number for number, word in words if word.lower in lists.TURKIC_PARTICLES]),
            (self._at_a_patronymic, [number for number, word in words if word.patronymic]),
            (self._at_a_given_name, [number for number, word in words if word.given and word.capital]),
            (
                self._at_initials,
                [number for number in sorted(beside - {-1, len(self.words)}) if self.words[number].capital],
            ),
        ):
            for number in numbers:
                if number not in self.taken and number not in self.protected:
                    look(number, self.words[number])

    def _at_a_patronymic(self, number: int, word: Word) -> None:
        small = not word.capital  # «петров семен львович водитель»
        given = None if small and word.common else self.beside(number, -1, small=small)
        if given is None:
            return
        named = self.words[given]
        if not (named.only_given if small else may_be_named(named) and (named.given or not named.common)):
            return
        self.take(given, number)
        before, behind = self.beside(given, -1, small=small), self.beside(number, +1)
        if before is not None and self._may_stand_before(before, small=small):
            self.take(before)
        elif behind is not None and not small:
            last = self.words[behind]  # «Платон Игоревич Раздольный», no post
            if last.surname or last.unknown or (last.lower.endswith(_ADJECTIVES) and self.ends_a_phrase(behind)):
                self.take(behind)

    def _may_stand_before(self, number: int, *, small: bool) -> bool:
        word = self.words[number]
        if small:
            return word.surname and not word.common
        if word.surname or (word.unknown and not word.abbreviation):
            return True
        # «резюме Зайца Николая Трофимовича»: within a phrase only a name has a capital, or a post at its beginning.
        return self.within_a_phrase(number) and not word.people and number - 1 not in self.protected

    def _at_a_particle(self, number: int, _word: Word) -> None:
        taken = [number]
        while len(taken) < 4 and (other := self.beside(taken[-1], -1, mixed=True)) is not None:
            taken.append(other)
        if len(taken) > 2 and any(may_be_named(self.words[other]) for other in taken[1:]):
            self.take(*taken)
            behind = self.beside(number, +1)
            if len(taken) == 3 and behind is not None and self.words[behind].surname:
                self.take(behind)

    def _at_a_given_name(self, number: int, word: Word) -> None:
        sure = word.only_given and word.cyrillic
        for other in (self.beside(number, +1), self.beside(number, -1)):
            if other is None:
                continue
            neighbour = self.words[other]
            if self.is_a_brand(min(number, other)):
                return
            product = word.lower in lists.PRODUCT_NAMES and not SURNAME_ENDING.fullmatch(neighbour.lower)
            if product or neighbour.lower in lists.PRODUCT_NAMES:
                continue
            strict = neighbour.surname and not neighbour.common
            if strict or (sure and (neighbour.surname or (neighbour.unknown and not neighbour.given))):
                self.take(number, other)
                return

    def _at_initials(self, number: int, word: Word) -> None:
        text, start, end = self.text, self.starts[number], self.ends[number]
        # Slices: RE2 encodes the whole of what it is handed, wherever it is to begin. Initials end with a full stop.
        following, before = text[end : end + 12], text[max(0, start - 7) : start]
        if len(word.text) < 2 or "." not in following[:8] + before:
            return
        bears = word.surname or word.only_given or (word.cyrillic and word.unknown and not word.text.isupper())
        begins, within = self.begins_a_line(number), self.within_a_phrase(number) and not word.people
        behind = places.INITIALS_BEHIND.match(following) if bears or begins or within else None
        if behind is not None:
            two = sum(map(str.isalpha, behind[1])) > 1
            rest = following[behind.end(1) :]
            data = rest.strip(" ,;—-")[:1]
            if (
                (two and (bears or (within and not word.abbreviation)) and not rest[:1].isalnum())
                or (word.surname and not data.isalnum() and (not word.common or begins))
                # «Соболь Г. В., 12.05.1994»: a common word, but at a line's start and before a person's data.
                or (two and begins and data in KIND_OF)
                or (word.only_given and not two)  # «Мансур Х. — аналитик»
            ):
                self.take(number)
                self.extra.append((start, end + behind.end(1), Kind.NAME))
                return
        match = places.INITIALS_BEFORE.search(before) if before.count(".") > 1 and not word.text.isupper() else None
        if match is not None and not before[: match.start()][-1:].isalnum():
            self.take(number)
            self.extra.append((start - len(before) + match.start(), end, Kind.NAME))

    def _behind_people(self, number: int) -> None:
        """«Супруг — Антон», «Руководитель: Мельников», «начальник цеха Гусев»."""
        sign, said = "", self.words[number].lower
        for other in range(number + 1, min(number + _FARTHEST, len(self.words))):
            word = self.words[other]
            between = self.text[self.ends[other - 1] : self.starts[other]]
            sole = self.begins_a_line(number) and other == number + 1 and (said in lists.RELATIVES or word.cyrillic)
            sole = sole and (said in lists.RELATIVES or self._is_a_pair(other))
            below = "\n" in between and not between.strip(" \t").startswith(":") and not sole
            sentence = ". " in between and ".." not in between and len(self.words[other - 1].text) > _LONGEST_SHORTENED
            if below or ";" in between or sentence or other in self.protected or word.lower in lists.ELSEWHERE:
                return
            sign = between if between.strip(" ") else sign
            told = said in lists.TITLES or (between == sign and any(one in sign for one in (":", "—", "- ", "..")))
            if len(word.text) > 2 and word.capital and not word.people and not word.abbreviation:
                kin = said in lists.RELATIVES and between.strip(' \t\n:—(-"') == "" and not word.place
                kin = kin and (word.given or word.surname or word.unknown)
                if kin or self._is_somebody(other, told=told, listed="," in between, colon=":" in sign):
                    self._take_all_from(other)
                    if kin:
                        self._take_their_kin(other)
                    return

    def _is_a_pair(self, number: int) -> bool:
        behind = self.beside(number, 1)
        pair = [self.words[number], self.words[behind]] if behind is not None else []
        return any(word.only_given for word in pair) and all(map(may_be_named, pair)) and not self.is_a_brand(number)

    def _take_their_kin(self, number: int) -> None:
        """«дети Нурлан, Томирис и Лев»."""
        for other in range(number + 1, min(number + _LONGEST_LIST, len(self.words))):
            word, between = self.words[other], self.text[self.ends[other - 1] : self.starts[other]]
            if word.lower in {"и", "and", "e", "y"} or other in self.taken:
                continue
            if between.strip(" ,") or not word.capital or word.abbreviation or word.people:
                return
            if not may_be_named(word) or word.place:
                return
            self.take(other)

    def _take_all_from(self, number: int) -> None:
        named = self.words[number]
        behind: int | None = number
        for _ in range(3):
            if behind is None or self.words[behind].abbreviation or self.words[behind].people:
                return
            # «Николай Заяц, директор»
            common = behind != number and not may_be_named(self.words[behind])
            if common and not (named.only_given and self.ends_a_phrase(behind)):
                return
            self.take(behind)
            end = self.ends[behind]
            initials = places.INITIALS_BEHIND.match(self.text[end : end + 9])
            self.extra += [(end, end + initials.end(), Kind.NAME)] if initials is not None else []
            behind = self.beside(behind, 1)

    def _is_somebody(self, number: int, *, told: bool, listed: bool, colon: bool) -> bool:
        """Whether a capitalised word is a name: `told`, behind a `colon` or a dash; `listed`, behind a comma."""
        word, end = self.words[number], self.ends[number]
        at_a_firm = told and not colon and not word.cyrillic and not word.only_given  # "QA Lead — Huawei RRI"
        at_a_firm = at_a_firm and self.text[end : end + 3].strip(" ,(")[:1] not in KIND_OF
        if at_a_firm or self.is_a_brand(number):
            return False
        if word.lower in lists.PRODUCT_NAMES or word.key in lists.PRODUCT_NAMES:
            return told and word.given and word.cyrillic
        # «Гусев» is a town as well, «Мельников» are several millers.
        if word.only_given or word.patronymic or (word.surname and not (word.common and listed)):
            return True
        behind = self.beside(number, 1)
        pair = behind is not None and word.unknown and self.words[behind].unknown
        last = None if behind is None else self.beside(behind, 1)
        near = word.cyrillic and number and self.words[number - 1].people
        pair = pair and (near or any(one is not None and self.ends_a_phrase(one) for one in (behind, last)))
        if pair and not self.words[behind or 0].abbreviation and (not word.cyrillic or not listed):
            return True  # "reported to Marguerite Lindqvist, CTO"
        before = self.words[number - 1]
        if word.lower in lists.WORDS_AS_SURNAMES and self.ends_a_phrase(number):
            return colon or before.people or before.lower in lists.PARTS  # «Руководитель: Заяц»
        if not told:
            return False
        other = self.words[behind] if behind is not None else None
        if word.given or (other is not None and (other.given or other.patronymic)):
            return True
        if places.INITIALS_BEHIND.match(self.text[end : end + 9]):
            return True
        if not word.cyrillic and other is not None:
            return word.unknown and other.unknown  # "Manager: Chinedu Okafor"
        return word.unknown and word.cyrillic and not word.place and self.ends_a_phrase(number)

    def _right_behind(self, number: int) -> None:
        """«секретарь Лена», «сменщик — Валера Дронов», «агроном Кевсер ханум»."""
        first = number + 1
        if first == len(self.words) or self.text[self.ends[number] : self.starts[first]] not in _RIGHT_BEHIND:
            return
        word, behind = self.words[first], self.beside(first, 1)
        if not word.capital or word.abbreviation or word.people or first in self.protected or not word.cyrillic:
            return
        other = self.words[behind] if behind is not None else None
        pair = other is not None and word.unknown and (other.surname or other.unknown) and not other.abbreviation
        if word.only_given or word.patronymic or self._bears(first) or pair:
            self._take_all_from(first)

    def _bears(self, number: int) -> bool:
        """Whether the word is hardly anything but a surname."""
        word = self.words[number]
        adjective = word.lower.endswith(_OF_ADJECTIVES) and not self.ends_a_phrase(number)
        return word.cyrillic and word.surname and not word.common and not word.place and not adjective

    def _before_people(self, number: int) -> None:
        """«Мельников, начальник отдела»; «Костылева (директор)»; «Юха Кекяляйнен — мой шеф»; "John Whitfield, Head of …"."""
        last = number - 1
        while last >= 0 and number - last < _FEW and not self.words[last].capital and self._is_next_to(last):
            last -= 1
        between = self.text[self.ends[last] : self.starts[last + 1]] if last >= 0 else ""
        if last >= 0 and _APPOSITION.fullmatch(between):
            self._take_before(last, people=self.words[number].people, alone="(" in between)

    def _is_next_to(self, number: int) -> bool:
        return self.text[self.ends[number] : self.starts[number + 1]] == " "

    def _before_contacts(self) -> None:
        """«Арсений Гуд, тел. +7 …»."""
        for match in _CONTACT.finditer(self.text):
            last = self.numbers_in(0, match.start() + 1).stop - 1
            if last >= 0 and self.ends[last] == match.start():
                self._take_before(last, people=False, alone=True)

    def _take_before(self, last: int, *, people: bool, alone: bool) -> None:
        """Take the name that ends with a word, if it is one; `alone`, a given name is enough."""
        numbers = range(last, last + 1)
        while len(numbers) < _FEW and (first := self.beside(numbers.start, -1)) is not None:
            if not may_be_named(self.words[first]) or self.words[first].people:
                break
            numbers = range(first, last + 1)
        words = self.those(numbers)
        begin = self.starts[numbers.start]
        of_a_street = self.text[max(0, begin - 4) : begin].strip() in {"ул.", "пр.", "пл.", "пер."}
        if of_a_street or not self.protected.isdisjoint(numbers) or not all(word.capital for word in words):
            return
        common = [word for word in words if word.common or word.abbreviation]
        initials = places.INITIALS_BEFORE.search(self.text[max(0, begin - 7) : begin])
        initials = initials or _INITIAL.search(self.text[max(0, begin - 4) : begin])
        known = self._bears(last) or (alone and words[-1].only_given) or initials is not None
        if len(words) > 1:
            known = any(word.only_given or (word.surname and not word.common) for word in words)
            known = known or (people and all(word.unknown for word in words) and words[0].cyrillic)
        if known and not (common and len(words) < 2) and not any(word.abbreviation for word in common):
            self.take(*numbers)
            if initials is not None:
                self.extra.append((begin - len(initials[0]), begin, Kind.NAME))

    def _later_mentions(self) -> None:
        if not self.taken:
            return
        mentions = Mentions(self.words[number] for number in self.taken)
        named = set(filter(mentions.has, set(self.words)))
        again = [number for number, word in enumerate(self.words) if word in named and number not in self.taken]
        self.take(*(number for number in again if len(self.words[number].text) > 2))
        # «на Ли прилагается», «Ли Мэй»: so short a word needs a sentence or a name around it.
        for number in again:
            beside = self.beside(number, 1) in self.taken or self.beside(number, -1) in self.taken
            small = self.text[max(0, self.starts[number] - 2) : self.starts[number]][:1].islower()
            if len(self.words[number].text) == 2 and (beside or (small and self.within_a_phrase(number))):
                self.take(number)
