"""How long: what words and dates say, and what of it is proven."""

import pytest

from worker.assessment.durations import Dates, Period, in_words, month, months_claimed
from worker.assessment.plain_text import fold

TODAY = month(2026, 11)


def proven(text: str, *periods: tuple[str, str]) -> int:
    made = [Period(since=since, until=until) for since, until in periods]
    return Dates(fold(text)).proven(made, TODAY)


@pytest.mark.parametrize(
    ("text", "months"),
    [
        ("5 лет 3 месяца", 63), ("опыт 6 лет", 72), ("18 месяцев", 18), ("полтора года", 18), ("5+ лет", 60),
        ("over five years", 60), ("более 10-ти лет", 120), ("2 с половиной года", 30), ("больше года", 12),
        ("трёх лет", 36), ("2,5 года", 30), ("3 г. 5 мес.", 41), ("стаж 10 л.", 120), ("двадцать два года", 264),
        ("с 19 г. по 21 г.", 0), ("2019 г. 5 мес.", 5), ("в 2019 году", 0), ("Python", 0),
    ],
)  # fmt: skip
def test_durations_in_words_are_read(text, months):
    """Who writes no dates is still understood."""
    assert months_claimed(text) == months


@pytest.mark.parametrize(
    ("text", "period", "months"),
    [
        ("03.2019 — 05.2021", ("2019-03", "2021-05"), 27),
        ("с марта 2019 по май 2021 г.", ("2019-03", "2021-05"), 27),
        ("Mar 2019 – May 2021", ("2019-03", "2021-05"), 27),
        ("2019-03 / 2021-05", ("2019-03", "2021-05"), 27),
        ("03.19 - 05.21", ("2019-03", "2021-05"), 27),
        ("14.03.2019 — 05.05.2021", ("2019-03", "2021-05"), 27),
        ("весна 2019 — май 2021", ("2019-03", "2021-05"), 27),
        ("лето 2019 — май 2021", ("2019-06", "2021-05"), 24),
        ("март — июнь 2022", ("2022-03", "2022-06"), 4),
        ("2019–2022", ("2019", "2022"), 36),
        ("2022", ("2022", "2022"), 12),
        ("с 2023 по н. в.", ("2023", "now"), 46),
        ("с '15", ("2015", "now"), 142),
        ("11.2023 — по настоящее время", ("2023-11", "now"), 36),
        ("03.2019 — 2021", ("2019-03", "2021"), 34),
        ("с марта 19-го по май 21-го", ("2019-03", "2021-05"), 27),
        ("14.03.2019 — 05.05.2021", ("14.03.2019", "05.05.2021"), 27),
        ("Mar 2019 – May 2021", ("Mar 2019", "May 2021"), 27),
        ("2019–2022", ("2019 г.", "2022 год"), 36),
        *((f"с 2023 {now}", ("2023", now), 46) for now in ("н/в", "ongoing", "текущее время", "null", "-", "…")),
    ],
)  # fmt: skip
def test_dates_prove_a_period_however_they_are_written(text, period, months):
    """The usual ways to write a date, and the sum that a person would do."""
    assert proven(text, period) == months


@pytest.mark.parametrize(
    "period",
    [("2016", "now"), ("2022", "2019"), ("2031", "2039"), ("2019", "2030"), ("вчера", "now"), ("2019", "потом")],
)
def test_what_the_resume_does_not_date_proves_nothing(period):
    """Years that are not there, reversed or to come add up to nothing; no model can make them up."""
    assert proven("2019, 2022, 2031, 2039", period) == 0


def test_an_age_is_no_experience():
    """«Мне 45 лет» claims nothing."""
    assert months_claimed("Мне 45 лет, варю трубы") == 0
    assert months_claimed("Мне 45 лет, варю трубы 6 лет") == 72


def test_a_month_that_the_resume_does_not_name_is_left_out():
    """A model that guesses January for "2019" neither loses nor gains."""
    assert proven("2019 – 2022", ("2019-08", "2022-11")) == 36


def test_periods_side_by_side_count_once():
    """Two jobs at once are no double experience."""
    text = "01.2019 — 12.2020, 06.2019 — 06.2021"
    assert proven(text, ("2019-01", "2020-12"), ("2019-06", "2021-06")) == 30
    assert proven(text, ("2019-06", "2021-06"), ("2019-01", "2020-12")) == 30


def test_a_period_ends_with_the_month_of_the_answer():
    """Who will work until 2030 has not done so yet."""
    assert proven("2024 – 2030", ("2024", "2030")) == TODAY - month(2024, 1)


@pytest.mark.parametrize(
    ("months", "words"),
    [(0, "0 мес."), (5, "5 мес."), (12, "1 год"), (27, "2 года 3 мес."), (60, "5 лет"), (132, "11 лет")],
)
def test_durations_are_said_in_russian(months, words):
    """People read years and months."""
    assert in_words(months) == words
