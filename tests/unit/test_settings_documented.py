"""`.env.example`, docs/settings.md and config/ say the same."""

from itertools import pairwise
from pathlib import Path

import yaml

from config import Settings
from dev.settings_table import PAGE, default_text, groups, page, variables

CHECKOUT = Path(__file__).parents[2]
EXAMPLE = (CHECKOUT / ".env.example").read_text()
COMPOSE_ONLY = {"COMPOSE_PROFILES", "ENV_FILE"}  # compose itself reads them


def lines_of_example():
    """(the line above, name, value, is it commented out) of each variable."""
    lines = EXAMPLE.splitlines()
    for above, line in pairwise(lines):
        name, equals, value = line.removeprefix("#").partition("=")
        if equals and name.isupper() and " " not in name:
            yield above, name, value, line.startswith("#")


def test_the_example_has_every_setting_with_its_default():
    """Whoever copies `.env.example` sees every setting there is, and changes nothing by copying."""
    documented = {name: value for _, name, value, off in lines_of_example() if not off}
    assert documented == {name: default_text(setting) for name, setting in variables().items()}


def test_the_example_has_compose_variables_switched_off():
    """A plain copy starts the service without the test container."""
    assert {name for _, name, _, off in lines_of_example() if off} == COMPOSE_ONLY


def test_every_variable_in_the_example_is_explained():
    """The line above each variable says what it is for."""
    assert all(above.startswith("# ") for above, *_ in lines_of_example())


def test_the_example_holds_no_secret():
    """No key or password stands in the repository."""
    secrets = [
        name for name in variables() if name.endswith(("KEY", "PASSWORD", "AUTH", "PROXY")) or name == "REDIS_URL"
    ]
    assert len(secrets) == 8
    assert all(f"\n{name}=\n" in EXAMPLE for name in secrets)


def test_a_copy_of_the_example_needs_only_a_key(monkeypatch, tmp_path):
    """`cp .env.example .env` and a key is all it takes, and gives the defaults."""
    for name in variables():
        monkeypatch.delenv(name, raising=False)
    copy = tmp_path / ".env"
    copy.write_text(EXAMPLE.replace("OPENAI_KEY=", "OPENAI_KEY=sk-mine"))
    written = Settings(openai_key="sk-mine")
    monkeypatch.setattr(Settings, "env_file", copy)
    assert Settings() == written


def test_compose_reads_only_documented_variables():
    """Every variable that docker-compose.yml takes from the environment stands in `.env.example`."""
    text = (CHECKOUT / "docker-compose.yml").read_text()
    assert yaml.safe_load(text)
    used = {part.split(":")[0].split("}")[0] for part in text.replace("$${", "").split("${")[1:]}
    assert used <= {name for _, name, *_ in lines_of_example()}


def test_every_setting_has_a_description():
    """Each setting says what it is for."""
    assert all(setting.description for setting in variables().values())


def test_every_time_says_its_unit():
    """Nobody has to guess whether a setting is in seconds or in milliseconds."""
    times = {
        name: setting.description
        for name, setting in variables().items()
        if (setting.annotation is float and name != "OPENAI_BUDGET")
        or name.endswith(("_MS", "_TTL", "_TIMEOUT", "_WAIT", "_SECONDS"))
    }
    unit = {name: "milliseconds" if name.endswith("_MS") else "seconds" for name in times}
    assert len(times) > 5
    assert {name: words for name, words in times.items() if unit[name] not in words} == {}


def test_the_page_of_settings_is_current():
    """docs/settings.md has every setting of config/, with its default, its bounds and its meaning."""
    assert PAGE.read_text() == page(EXAMPLE), "run `python -m dev.settings_table`"


def test_no_setting_is_without_a_group():
    """The page is made by the example's headings, so a setting above the first one would be missing there."""
    assert sorted(name for names in groups(EXAMPLE).values() for name in names) == sorted(variables())
