"""A file of several providers: what its tables become, and the one line for each thing that is wrong in it."""

import pytest

import startup
from config import Settings
from config.providers import read_providers
from startup import read_settings

TWO = """
[home]
base_url = "https://ai.example/v1"
model = "yandexgpt"
key = "{secret}"
allowed_countries = ["RU"]
rpm = 15
prices = "0.40/0.10/1.60"
budget = 5
redaction = false

[abroad]
model = "gpt-6-luna"
key_env = "KEY_ABROAD"
headers = {{ X-Title = "a b" }}
"""
SECRET = "s3cret"
UNENCRYPTED = (
    "unencrypted across the internet: use https://; http:// is for this machine, private addresses, and names without "
    "a dot or in .local, .internal, .lan, .svc, .localhost"
)


@pytest.fixture
def written(monkeypatch, tmp_path):
    """Writes the file; returns what a role reads of it."""
    for name in Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)
    monkeypatch.setenv("ENV_FILE", "/dev/null")

    def write(text, role="worker", **environment):
        file = tmp_path / "providers.toml"
        file.write_text(text.format(secret=SECRET))
        for name, value in {"PROVIDERS": str(file), "KEY_ABROAD": "sk-abroad", **environment}.items():
            monkeypatch.setenv(name, value)
        settings, faults = read_settings(role)
        return read_providers(settings, role)[0], faults

    return write


def test_each_table_becomes_settings_of_its_own(written):
    """The order stays, every name is the setting's, and each has its key, its limits and its rule of countries."""
    providers, faults = written(TWO)
    assert faults == []
    assert [*providers] == ["home", "abroad"]
    home, abroad = providers.values()
    assert (home.openai_model, home.rpm, home.redaction) == ("yandexgpt", 15, False)
    assert home.limits_to_find_out == {"rpd", "tpm"}
    assert (home.egress_allowed_countries, home.egress_blocked_countries) == ({"RU"}, set())
    assert home.openai_price == (0.40, 0.10, 1.60, 0.40)
    assert home.provider.key == SECRET
    assert abroad.provider.key == "sk-abroad"
    assert abroad.egress_blocked_countries == {"RU"}
    assert abroad.provider.headers == {"X-Title": "a b"}


def test_nothing_of_one_provider_is_anothers(written):
    """A key, a proxy or a limit in `.env` is not sent to whoever leaves it out; what is everybody's is inherited."""
    env = {"OPENAI_KEY": "sk-env", "OPENAI_PROXY": "http://proxy:1", "RPM": "7", "OPENAI_PROJECT": "p"}
    providers, _ = written(TWO, EXPLANATION_TTL="7200", **env)
    abroad = providers["abroad"]
    assert abroad.provider.key == "sk-abroad"
    assert abroad.provider.proxy is None
    assert abroad.provider.headers == {"X-Title": "a b"}
    assert "rpm" in abroad.limits_to_find_out
    assert abroad.explanation_ttl == 7_200


@pytest.mark.usefixtures("written")
def test_env_alone_is_a_list_of_one_without_a_name(monkeypatch):
    """An upgrade changes nothing: the settings are what they were."""
    monkeypatch.setenv("OPENAI_KEY", "sk-env")
    settings, faults = read_settings("worker")
    assert read_providers(settings) == ({"": settings}, [])
    assert faults == []


def test_settings_of_earlier_days_stop_no_start(written, monkeypatch, caplog):
    """What an older version took is taken: one warning names it, in tables by table and name."""
    table = (
        '[a]\nkey = "k"\nallow_http = true\n[b]\nkey = "l"\nmodel = "m"\nmax_reasoning_tokens = 9\nallow_http = true'
    )
    providers, faults = written(table, MAX_ATTEMPTS="3")
    assert (list(providers), faults) == (["a", "b"], [])
    monkeypatch.setattr(startup, "configure_logging", lambda **_: None)
    startup.begin("tool")
    (said,) = caplog.messages
    assert said.endswith("effect: MAX_ATTEMPTS, [a] allow_http, [b] allow_http, [b] max_reasoning_tokens")


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ('[a]\nkey = "k"\nmodle = "m"', ["[a] modle: no such setting; did you mean model?"]),
        ('[a]\nkey = "k"\nkafka_group_id = "m"', ["[a] kafka_group_id: no such setting"]),
        ('[a]\nmodel = "m"', ["[a] key: required; or key_env, key_file or key_command"]),
        ('[a]\nkey = "k"\nkey_env = "X"', ["[a] key_env: key is there too: leave one of the two"]),
        ('[a]\nkey_env = "NO_SUCH"', ["[a] key_env: the variable NO_SUCH is not set"]),
        ('[a]\nkey_file = "no-such"', ["[a] key_file: no-such cannot be read: No such file or directory"]),
        ('[a]\nkey = "k"\n[b]\nkey = "l"', ["[b] model: [a] has gpt-6-luna too: with PROVIDER_MIX=on both may"]),
        (
            '[a]\nkey = "k"\nallowed_countries = ["RU"]\nblocked_countries = ["RU", "BY"]',
            ["[a] allowed_countries and blocked_countries both name RU"],
        ),
        ('[a]\nkey = "k"\nbudget = 5\nmodel = "m"', ["[a] budget needs the price of model in prices"]),
        ('[a]\nkey = "k"\nrpm = "lots"', ["[a] rpm: must be a whole number from 1, or `unlimited`, not 'lots'"]),
        ('[a]\nkey = "k"\nbase_url = "ftp://x"', ["[a] base_url: must be an http or https URL"]),
        (
            '[a]\nkey = "k"\nbase_url = "http://10.0.0.1.evil.com/v1"\n[b]\nkey = "k"\nbase_url = "http://10.0.0.1/v1"',
            [f"[a] base_url: {UNENCRYPTED}"],
        ),
        (
            '[a]\nkey = "k"\nbase_url = "http://vllm"\nproxy = "http://u:{secret}@proxy.example"\negress_check = false',
            ["[a] base_url begins with http://, and proxy leads it across the internet: use https://"],
        ),
        ('[a]\nkey = "k {secret}"', ["[a] key: has a character that no API key has"]),
        ('[a]\nkey = "k"\nrpm = true\nmodel = false', ["[a] rpm: is no switch", "[a] model: is no switch"]),
        ('[a]\nkey = ["k", "{secret}"]\nmodel = ["m"]', ["[a] key: must be one value", "[a] model: must be one value"]),
        ('[a]\nkey_file = "a\\u0000"', ["[a] key_file: no path has such a character"]),
        ('["A b"]\nkey = "k"', ["[A b]: a name is up to 30 small letters, digits, `-` and `_`"]),
        ('key = "k"', ["key stands outside of a table: each provider has one, as [home]"]),
        (
            '[a]\nmodel = " m"\nrpm = 0.5\n[b]\nproxy = "x"',
            [
                "[a] key: required; or key_env, key_file or key_command",
                "[a] rpm: must be a whole number from 1, or `unlimited`, not '0.5'",
                "[a] model: has a blank before or after it, or an invisible character in it",
                "[b] key: required; or key_env, key_file or key_command",
                "[b] proxy: must be an http:// or socks5:// URL",
            ],
        ),
    ],
)
def test_what_is_wrong_is_said_at_once_with_table_and_field(written, text, lines):
    """Each fault has one line, all of them are there, and no line quotes a key."""
    faults = written(text)[1]
    assert [line.removeprefix("providers.toml ").removeprefix("providers.toml: ") for line in faults] == lines
    assert SECRET not in "".join(faults)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "has no table: each provider has one, as [home]"),
        ("[a\nkey = '{secret}'", "is no TOML, see line 1, column 3"),
        ("a = " + "[" * 5_000, "is no TOML"),
    ],
)
def test_a_file_that_is_none_stops_the_start(written, text, said):
    """An empty or broken file is not taken for `.env` alone."""
    (line,) = written(text)[1]
    assert line.startswith("PROVIDERS: ")
    assert line.endswith(said)


def test_a_missing_file_stops_the_start(written):
    """A wrong path is said with the setting's name."""
    (line,) = written("", PROVIDERS="/no/such.toml")[1]
    assert line == "PROVIDERS: /no/such.toml cannot be read: No such file or directory"


def test_one_model_twice_may_be_meant(written):
    """With PROVIDER_MIX several keys of one model are no mistake."""
    providers, faults = written('[a]\nkey = "k"\n[b]\nkey = "l"', PROVIDER_MIX="on")
    assert (faults, [*providers]) == ([], ["a", "b"])


def test_one_key_twice_is_one_quota(written):
    """With PROVIDER_MIX, too: two shadows of one quota would spend it twice. Another project is another quota."""
    twice = '[a]\nkey = "{secret}"\n[b]\nkey = "{secret}"'
    (line,) = written(twice, PROVIDER_MIX="on")[1]
    assert line == "providers.toml [b] key: [a] asks gpt-6-luna with it too, so its limits would count twice"
    assert written(twice + '\nproject = "p"', PROVIDER_MIX="on")[1] == []


def test_who_sends_nothing_needs_no_key(written):
    """A bridge reads names and limits of the file where the keys are not."""
    providers, faults = written('[a]\nrpm = 7\nkey_env = "NO_SUCH"\n[b]\nmodel = "m"', role="bridge")
    assert (faults, [*providers]) == ([], ["a", "b"])


def test_a_command_may_be_a_list_of_words(written):
    """As TOML has lists, no word of it needs quotes."""
    providers, faults = written('[a]\nkey_command = ["echo", "a b"]')
    assert faults == []
    assert providers["a"].provider.key_command == ("echo", "a b")


def test_env_alone_may_allow_a_country_that_is_blocked_by_default(monkeypatch):
    """Whoever allows countries need not unblock them; a contradiction that is spelt out stays one."""
    monkeypatch.setenv("ENV_FILE", "/dev/null")
    monkeypatch.setenv("OPENAI_KEY", "k")
    monkeypatch.delenv("PROVIDERS", raising=False)
    monkeypatch.delenv("EGRESS_BLOCKED_COUNTRIES", raising=False)
    monkeypatch.setenv("EGRESS_ALLOWED_COUNTRIES", "RU")
    settings, faults = read_settings("worker")
    assert faults == []
    assert (settings.egress_allowed_countries, settings.egress_blocked_countries) == ({"RU"}, set())
    monkeypatch.setenv("EGRESS_BLOCKED_COUNTRIES", "RU")
    assert read_settings("worker")[1] == ["EGRESS_ALLOWED_COUNTRIES and EGRESS_BLOCKED_COUNTRIES both name RU"]
