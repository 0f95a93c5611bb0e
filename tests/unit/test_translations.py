"""The Russian pages say what the English ones say: same structure, same commands, same names, same links."""

import re
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).parents[2]
RUSSIAN = sorted([*CHECKOUT.glob("*.ru.md"), *CHECKOUT.glob("docs/*.ru.md")])

LINK = re.compile(r"\]\(([^)\s]+)\)")
BLOCK = re.compile(r"^```[^\n]*\n(.*?)^```", re.MULTILINE | re.DOTALL)
SAMPLE = re.compile(r"^```json\n(.*?)^```", re.MULTILINE | re.DOTALL)


@pytest.fixture(params=RUSSIAN, ids=[page.name for page in RUSSIAN])
def pages(request):
    """The text of a page in English and in Russian."""
    russian = request.param
    return russian.with_name(russian.name.replace(".ru.md", ".md")).read_text(), russian.read_text()


def shape(text):
    """The levels of the headings, and the rows of the tables under each."""
    return re.findall(r"^#+ |^\| ", BLOCK.sub("", text), re.MULTILINE)


def fields(text):
    """What the messages in the code blocks are made of; what stands in them is translated."""
    return re.findall(r'"(\w+)":', "".join(SAMPLE.findall(text)))


def commands(text):
    """The lines of the code blocks without their comments, which are translated."""
    lines = "".join(BLOCK.findall(SAMPLE.sub("", text))).splitlines()
    return [line.partition(" # ")[0].rstrip() for line in lines]


def names(text):
    """What stands between backticks: commands, files, settings, fields."""
    return {" ".join(span.split()) for span in re.findall(r"`([^`]+)`", BLOCK.sub("", text))}


def links(text):
    """Where the links lead; one's own language of a page counts as the page."""
    return {link.replace(".ru.md", ".md") for link in LINK.findall(text) if not link.startswith("#")}


def test_both_have_the_same_structure(pages):
    """A section or a table's row that was added to one is in the other."""
    english, russian = pages
    assert shape(russian) == shape(english)


def test_both_have_the_same_commands(pages):
    """What one copies from a code block does not depend on the language."""
    english, russian = pages
    assert commands(russian) == commands(english)
    assert fields(russian) == fields(english)


def test_both_speak_of_the_same_names(pages):
    """A setting, a file or a field that one page names is named by the other."""
    english, russian = pages
    assert names(russian) == names(english)


def test_both_lead_to_the_same_pages(pages):
    """Nobody misses a page for their language."""
    english, russian = pages
    assert links(russian) - {"README.md"} == links(english) - {"README.md"}


def test_the_russian_pages_are_russian(pages):
    """No paragraph was left untranslated."""
    _, russian = pages
    for paragraph in re.split(r"\n\s*\n", BLOCK.sub("", russian)):
        words = re.sub(r"`[^`]*`|\([^)]*\)|https?://\S+", "", paragraph)
        if len(re.findall(r"[A-Za-z]", words)) > 60:
            assert len(re.findall(r"[А-Яа-я]", words)) > len(re.findall(r"[A-Za-z]", words)), paragraph
