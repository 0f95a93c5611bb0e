"""What was found out of a word is remembered, but never a cache full of a stranger's text."""

from worker.assessment.redaction.word_cache import LONGEST, remembered


def noted(words):
    """A function that remembers so many words, and those that it looked at."""
    looked_at = []

    @remembered(words)
    def length(word):
        looked_at.append(word)
        return len(word)

    return length, looked_at


def test_a_word_is_looked_at_once_and_one_that_is_too_long_is_not_kept():
    """Ten thousand "words" of 15,000 letters would be a gigabyte."""
    length, looked_at = noted(10)
    for word in ("резюме", "я" * LONGEST, "я" * (LONGEST + 1)):
        assert [length(word), length(word)] == [len(word)] * 2
    assert [len(word) for word in looked_at] == [6, LONGEST, LONGEST + 1, LONGEST + 1]


def test_a_word_that_comes_again_is_kept_and_the_others_are_forgotten():
    """What resumes are written with stays; a stranger's surname does not stay for good."""
    length, looked_at = noted(4)
    for word in ("один", "два", "три", "четыре", "пять", "один"):
        assert [length("опыт"), length(word)] == [4, len(word)]
    assert looked_at == ["опыт", "один", "два", "три", "четыре", "пять", "один"]
