"""Folding: which spellings count as the same text."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from worker.assessment.plain_text import fold, readable, visible


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Ёж", "еж"),
        ("Й", "И\u0306"),
        ("и\u0301нженер", "инженер"),
        ("ＳＱＬ", "sql"),
        ("ﬁnance", "finance"),
        ("résumé", "resume"),
        ("Straße", "STRASSE"),
        ("№5", " 5"),
        ("1С", "1C"),
        ("категории С, В", "категории C, B"),
        ("С++", "C++"),
        ("СRМ", "CRM"),
        ("Pабота", "Работа"),
        ("10\u00a0000", "10 000"),
        ("Oracle™", "oracle "),
        ("\uf0b7Python", "•python"),
    ],
)
def test_spellings_of_one_text_fold_to_the_same(one, other):
    """A quote is recognised however the resume's file spelt it."""
    assert fold(one) == fold(other)


@pytest.mark.parametrize(("one", "other"), [("5", "6"), ("кот", "код"), ("C++", "C"), ("СУБД", "CYBD")])
def test_different_texts_stay_different(one, other):
    """Folding never makes two words of different alphabets or numbers equal by itself."""
    assert fold(one) != fold(other)


@pytest.mark.parametrize(
    ("came", "read"),
    [
        ("Опыт&nbsp;5&#160;лет", "Опыт\u00a05\u00a0лет"),
        ("&laquo;Луч&raquo; &#1048;&#x432;&#1072;&#1085;", "«Луч» Иван"),
        ("926\\-123 \\*важно\\*", "926-123 *важно*"),
        ("{\\'c8\\'e2\\'e0\\'ed}", "{Иван}"),
        ("<span>Python</span><span>Docker</span>, О<b>пыт</b> <i>1С</i>!", "Python Docker, О пыт 1С!"),
        ("Python\x07Docker\x07", "Python Docker"),
        ("<ul><li>Python</li><li><b>SQL</b></li></ul>", "Python SQL"),
        ("a < b > c <имя> List<String> R&D AT&T;", "a < b > c <имя> List<String> R&D AT&T;"),
        ("раз\u00ad\nработ\u00adка", "разработка"),
        (
            "\\section*{Опыт}\n\\item 2014--2018: \\textbf{ООО <<Тион>>} \\\\[2pt]\nи.\\,о.",
            "Опыт • 2014–2018: ООО «Тион» и. о.",
        ),
        ("\\name{Ivan}{Petrov}\\social[github]{ivp} \\faPhone\\ 8~9", "name: Ivan Petrovgithub: ivp Phone: 8~9"),
        ("\\cventry{2019--2021}{Welder}{Acme}{}{}", "2019–2021 | Welder | Acme"),
        ("{\\b Опыт\\b0 2015 \\endash 2024\\par Excel\\tab Word}", "{ Опыт 2015 –2024 Excel Word}"),
        ("Регулярка \\+7\\d{10}, C:\\Users\\name", "Регулярка \\+7\\d{10}, C:\\Users\\name"),
    ],
)
def test_a_text_is_read_as_its_reader_sees_it(came, read):
    """Entities, escapes and tags are what an export wrote instead of the text; words in brackets are words."""
    assert " ".join(readable(came).split(" ")).split() == read.split()


def test_what_is_decoded_is_not_decoded_again():
    """Who writes about HTML is not rewritten."""
    assert readable("&amp;nbsp;") == "&nbsp;"


@given(st.text())
def test_folding_twice_changes_nothing(text):
    """Text that was folded for the search can be folded again for the comparison."""
    assert fold(fold(text)) == fold(text)


@given(st.text(alphabet=st.characters()))
def test_visible_text_fits_every_store(text):
    """What goes into Kafka and Postgres has no NUL or lone surrogates."""
    shown = visible(text)
    shown.encode()
    assert "\x00" not in shown


def test_an_invisible_character_within_an_escape_hides_nothing():
    """What is read once is not read otherwise the second time."""
    assert readable("\\\x1b: &\x1b#1048;") == ": И"
