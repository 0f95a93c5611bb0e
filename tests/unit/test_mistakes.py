"""What people do wrong on their first day, and the one line that each of it gets."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

from bridge import intake
from bridge.__main__ import parse
from bridge.commands import send
from bridge.intake import Accepted
from config import PROJECT, Settings
from contract import REQUEST_KEY
from dev.demo import read_samples
from startup import complain, flower_variables, misspelt_variables, read_settings
from tests.support.samples import request_fields

SECRET = "s3cret"


@pytest.fixture
def given(monkeypatch, tmp_path):
    """Puts an `.env` and an environment; returns the lines with which a worker does not start."""
    for name in Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)
    monkeypatch.delenv("ENV_FILE", raising=False)
    monkeypatch.delenv("SECRETS_DIR", raising=False)
    monkeypatch.setenv("OPENAI_KEY", "sk-test")
    file = tmp_path / ".env"
    monkeypatch.setattr(Settings, "env_file", file)
    monkeypatch.setitem(Settings.model_config, "secrets_dir", None)

    def put(written=None, /, **variables):
        if written is not None:
            file.write_bytes(written if isinstance(written, bytes) else written.encode())
        for name, value in variables.items():
            monkeypatch.setenv(name, value)
        _, faults = read_settings("worker")
        return [fault.replace(str(tmp_path), "…") for fault in faults]

    return put


# `.env` as it was written: the line.
ENV_FILES = [
    ('OPENAI_BASE_URL="https://models.internal/v1\n', "line 1 cannot be read: OPENAI_BASE_URL has no closing quote"),
    ('RPM=3\nMODE="TEST\n', "line 2 cannot be read: MODE has no closing quote"),
    ("REDIS_PASSWORD='s3cret\n", "line 1 cannot be read: REDIS_PASSWORD has no closing quote"),
    ('\n\nA="1"\nREDIS_PASSWORD="s3cret\nREDIS_DB="2"\n',
     "line 4 cannot be read: something stands after the closing quote of REDIS_PASSWORD: quote all of the value"),
    ('REDIS_PASSWORD="s3cret\nREDIS_DB=2\nTITLE="x"\nMODE=TEST\n',
     "line 1 cannot be read: something stands after the closing quote of REDIS_PASSWORD: quote all of the value"),
    ('REDIS_PASSWORD="s3cret\nREDIS_DB=2"\n',
     "line 1 cannot be read: the quote that opens there closes on a later line"),
    ('REDIS_PASSWORD="s3cret"123\n',
     "line 1 cannot be read: something stands after the closing quote of REDIS_PASSWORD: quote all of the value"),
    ("REDIS_PASSWORD s3cret\n", "line 1 cannot be read: it must be NAME=VALUE"),
    ("OPENAI_KEY: s3cret\n", "line 1 cannot be read: it must be NAME=VALUE"),
    ("REDIS PASSWORD=s3cret\n", "line 1 cannot be read: it must be NAME=VALUE"),
    ("=s3cret\n", "line 1 cannot be read: it must be NAME=VALUE"),
    ("REDIS_PASSWORD\n", "line 1 cannot be read: REDIS_PASSWORD has no value: it must be NAME=VALUE"),
    ('REDIS_PASSWORD="s3cret\nREDIS_DB = 2"\n',
     "line 1 cannot be read: the quote that opens there closes on a later line"),
    ('REDIS_PASSWORD="s3cret\n redis_db=2"\n',
     "line 1 cannot be read: the quote that opens there closes on a later line"),
    ('REDIS_PASSWORD="s3cret\nexport  REDIS_DB=2"\n',
     "line 1 cannot be read: the quote that opens there closes on a later line"),
    ("RPM=3\n\u200bMODE=TEST\n",
     "line 2: the name looks like MODE and has another letter in it: type it anew"),
    ("МОDE=TEST\n", "line 1: the name looks like MODE and has another letter in it: type it anew"),
    ("REDIS_PASSWORD=s3cret\nRPM=3\nredis_password=other\n",
     "line 3: REDIS_PASSWORD has another value on an earlier line: leave one of the two"),
    (b"\x1f\x8b\x08", "is packed (gzip), and no text"),
    ("RPM=3\n# ключ\n".encode("cp1251"), "line 2 is not UTF-8 (cp1251?): save the file as UTF-8"),
    ("RPM=3\n".encode("utf-16"), "is not UTF-8 but UTF-16: save it as UTF-8"),
    ("RPM=3\n".encode("utf-16-le"), "is not UTF-8 but UTF-16: save it as UTF-8"),
]  # fmt: skip

# What was set: the line.
VARIABLES = [
    ({"REDIS_HOST": "redis:6379"}, "REDIS_HOST: must be a host alone; its port goes into REDIS_PORT"),
    ({"REDIS_HOST": "redis://redis"}, "REDIS_HOST: must be a host alone; a whole URL goes into REDIS_URL"),
    ({"REDIS_HOST": f":{SECRET}@redis"}, "REDIS_HOST: must be a host alone; a whole URL goes into REDIS_URL"),
    ({"REDIS_HOST": "redis server"}, "REDIS_HOST: must be a host name or an address"),
    ({"REDIS_HOST": "::1:6379:x"}, "REDIS_HOST: must be a host name or an address"),
    ({"REDIS_HOST": "[::1"}, "REDIS_HOST: must be a host name or an address"),
    ({"REDIS_HOST": "redis..local"}, "REDIS_HOST: must be a host name or an address"),
    ({"REDIS_HOST": "[redis]"}, "REDIS_HOST: must be a host name or an address"),
    ({"REDIS_PORT": "tcp://10.0.0.1:6379"}, "REDIS_PORT: must be a whole number, not 'tcp://10.0.0.1:6379'"),
    ({"REDIS_DB": "one"}, "REDIS_DB: must be a whole number, not 'one'"),
    ({"REDIS_URL": f"redis://:{SECRET}@redis"}, "REDIS_URL: must end with the number of the database, such as /1"),
    ({"REDIS_URL": "redis/1"},
     "REDIS_URL: must be redis://[[USER]:PASSWORD@]HOST[:PORT]/DATABASE, or rediss://"),
    ({"REDIS_URL": f"redis://:{SECRET}@redis/1?db=0"},
     "REDIS_URL: must end with the number of the database: nothing after it is obeyed"),
    ({"REDIS_URL": "rediss://redis/1?ssl_check_hostname=false"},
     "REDIS_URL: must end with the number of the database: nothing after it is obeyed"),
    ({"REDIS_URL": "redis://redis/1?foo="},
     "REDIS_URL: must end with the number of the database: nothing after it is obeyed"),
    ({"REDIS_URL": "redis://re dis/1"}, "REDIS_URL: must have a host name or an address in it"),
    ({"REDIS_URL": "redis://redis/1", "REDIS_TLS": "on"},
     "REDIS_URL says otherwise than REDIS_TLS: leave one of the two out"),
    ({"REDIS_URL": "redis://redis/1", "REDIS_PASSWORD": SECRET, "REDIS_HOST": "other", "REDIS_DB": "2"},
     "REDIS_URL says otherwise than REDIS_HOST, REDIS_DB, REDIS_PASSWORD: leave one of the two out"),
    ({"REDIS_URL": f"redis://a:{SECRET}@redis:1/1", "REDIS_PORT": "2", "REDIS_USERNAME": "b"},
     "REDIS_URL says otherwise than REDIS_PORT, REDIS_USERNAME: leave one of the two out"),
    ({"REDIS_USERNAME": "us"}, "REDIS_USERNAME needs REDIS_PASSWORD"),
    *(({"EGRESS_BLOCKED_COUNTRIES": countries},
       "EGRESS_BLOCKED_COUNTRIES: must be country codes of two letters, with commas between them: RU,BY")
      for countries in ("RU BY", "RU;BY", "Russia", '"RU"', " , ", "RUS", "РУ")),
    *(({name: SECRET},
       "KAFKA_SASL_USERNAME and KAFKA_SASL_PASSWORD need KAFKA_SECURITY_PROTOCOL=SASL_SSL or SASL_PLAINTEXT")
      for name in ("KAFKA_SASL_USERNAME", "KAFKA_SASL_PASSWORD")),
    *((topics,
       ("KAFKA_TOPIC_FOR_NOTIFICATIONS, KAFKA_TOPIC_FOR_UPLOADING_DATA and that of dead letters, AI_handler.DLQ, must "
        "be different topics"))
      for topics in ({"KAFKA_TOPIC_FOR_UPLOADING_DATA": "AI_handler.DLQ"},
                     {"KAFKA_TOPIC_FOR_NOTIFICATIONS": "uploading_data"})),
    ({"KAFKA_BOOTSTRAP_SERVERS": "kafka://kafka:9092"},
     "KAFKA_BOOTSTRAP_SERVERS: must be HOST:PORT, or several with commas between them"),
    ({"KAFKA_BOOTSTRAP_SERVERS": "one:9092;two:9092"},
     "KAFKA_BOOTSTRAP_SERVERS: must be HOST:PORT, or several with commas between them"),
    ({"KAFKA_BOOTSTRAP_SERVERS": "one two"},
     "KAFKA_BOOTSTRAP_SERVERS: must be HOST:PORT, or several with commas between them"),
    ({"KAFKA_BOOTSTRAP_SERVERS": f"user:{SECRET}@kafka:9092"},
     "KAFKA_BOOTSTRAP_SERVERS: must be HOST:PORT, or several with commas between them"),
    ({"KAFKA_START": "yesterday"}, "KAFKA_START: must be `earliest`, `latest` or an ISO time, not 'yesterday'"),
    ({"KAFKA_SECURITY_PROTOCOL": "TLS"},
     "KAFKA_SECURITY_PROTOCOL: must be 'PLAINTEXT', 'SSL', 'SASL_PLAINTEXT' or 'SASL_SSL', not 'TLS'"),
    ({"KAFKA_TOPIC_FOR_AI_HANDLER": "AI handler"},
     "KAFKA_TOPIC_FOR_AI_HANDLER: not a topic name: Kafka takes up to 249 of a-z, A-Z, 0-9, '.', '_' and '-'"),
    ({"TPM": "abc"}, "TPM: must be a whole number from 1000, or `unlimited`, not 'abc'"),
    ({"TPM": "999"}, "TPM: must be a whole number from 1000, or `unlimited`, not '999'"),
    ({"RPM": "3.5"}, "RPM: must be a whole number from 1, or `unlimited`, not '3.5'"),
    ({"RPD": "-1"}, "RPD: must be a whole number from 1, or `unlimited`, not '-1'"),
    ({"RPM": SECRET * 5}, "RPM: must be a whole number from 1, or `unlimited`"),
    ({"MODE": "STAGING"}, "MODE: must be 'DEV', 'TEST' or 'PROD', not 'STAGING'"),
    ({"EGRESS_CHECK": "maybe"}, "EGRESS_CHECK: must be `on` or `off`, not 'maybe'"),
    ({"OPENAI_BASE_URL": "http://models.example/v1"},
     ("OPENAI_BASE_URL: unencrypted across the internet: use https://; http:// is for this machine, private addresses, "
      "and names without a dot or in .local, .internal, .lan, .svc, .localhost")),
    ({"OPENAI_BASE_URL": f"http://{SECRET}@10.0.0.1/v1"},
     "OPENAI_BASE_URL: has a user or a password in it: the key goes into OPENAI_KEY"),
    ({"VERDICT_THRESHOLD": "101"}, "VERDICT_THRESHOLD: must be less than or equal to 100, not '101'"),
    ({"OPENAI_TIMEOUT": "60s"}, "OPENAI_TIMEOUT: must be a number, not '60s'"),
    *(({name: "inf"}, f"{name}: must be a number, not 'inf'")
      for name in ("OPENAI_TIMEOUT", "LIMITS_BURST", "OPENAI_BUDGET")),
    ({"OPENAI_TEMPERATURE": "0,5"},
     "OPENAI_TEMPERATURE: must be `auto`, `off`, or a number from 0 to 2 with a point in it: 0.5"),
    ({"REPEAT_AFTER": "1m"}, "REPEAT_AFTER: must be `off`, or whole seconds with commas between them: 60,3600"),
    ({"METRICS_HOST": "http://127.0.0.1"},
     "METRICS_HOST: must be a host name or an address, without http:// and port"),
    *(({"OPENAI_MODEL": model},
       "OPENAI_MODEL: has a blank before or after it, or an invisible character in it")
      for model in (" ", "gpt-6-luna ", "gpt-6\u200b-luna")),
    ({"OPENAI_KEY": f'"{SECRET}"'}, "OPENAI_KEY: has a character that no API key has"),
    ({"OPENAI_KEY": f"OPENAI_KEY={SECRET}"}, "OPENAI_KEY: has the setting's name in it: leave the key alone"),
    ({"OPENAI_KEY": f"{SECRET} "}, "OPENAI_KEY: has a character that no API key has"),
    ({"OPENAI_KEY": "", "OPENAI_API_KEY": SECRET},
     "OPENAI_KEY: required; OPENAI_API_KEY is set: did you mean OPENAI_KEY?"),
    ({"OPENAI_KEY": "", "OPENAI_KEYS": SECRET},
     "OPENAI_KEY: required; OPENAI_KEYS is set: did you mean OPENAI_KEY?"),
    ({"FLOWER_BASIC_AUTH": f"operator:se,{SECRET}"},
     "FLOWER_BASIC_AUTH: must have no comma: Flower would cut the password there"),
    ({"FLOWER_BASIC_AUTH": SECRET}, "FLOWER_BASIC_AUTH: must be USER:PASSWORD"),
    ({"ENV_FILE": "/no/such.env"}, "… cannot be read: No such file or directory"),
]  # fmt: skip


def written(**changes):
    return json.dumps({**request_fields(), **changes}, ensure_ascii=False, indent=1)


def without(field):
    return json.dumps({name: value for name, value in request_fields().items() if name != field})


# A file of requests: the line. What is wrong in it has SECRET beside it, which must not be shown.
REQUEST_FILES = [
    ("", "it is empty: it must hold one JSON object, or one on each line"),
    (written().replace("\n}", ",\n}"), "line 9 column 1: a comma too many: nothing follows it"),
    (written().replace('"user_id"', "user_id"),
     "line 4 column 2: no JSON: expecting property name enclosed in double quotes"),
    (written().replace(",\n", "\n", 1), "line 3 column 2: no JSON: expecting ',' delimiter"),
    ("\n\n" + written()[:-1], "line 11 column 1: no JSON: expecting ',' delimiter"),
    (written() + "\n" + written(), "line 10 column 1: no JSON: extra data"),
    (json.dumps(request_fields()) + "\ns3cret\n", "line 2 column 1: no JSON: expecting value"),
    (b"\x1f\x8b\x08\0s3cret", "is packed (gzip), and no text"),
    (b"%PDF-1.7 s3cret\0", "is a PDF, and no text"),
    (written().encode() + b"\0", "has zero bytes in it, and is no text"),
    (json.dumps([request_fields()]), "line 1 begins a list: leave the brackets out, with one request on each line"),
    ('"s3cret"', "line 1: it must be a JSON object: { … }"),
    ("[" * 100_000, "line 1 is no JSON that can be read"),
    (without("resume"), "line 1: `resume` is missing"),
    (without("processing_id"), "line 1: `processing_id` is missing"),
    (written(user_id="12"), "line 1: `user_id` must be a whole number from 0 to 2147483647, without quotes"),
    (written(resume_id=2**31), "line 1: `resume_id` must be a whole number from 0 to 2147483647, without quotes"),
    (written(resume=[SECRET]), "line 1: `resume` must be a text in quotes"),
    (written(requirements=" "), "line 1: `requirements` is blank"),
    (written(resume=SECRET * 3_000), "line 1: `resume` is longer than 15000 characters"),
    (written(callback_url=f"ftp://{SECRET}"), "line 1: `callback_url` must be an http or https address"),
    (written()[:-1] + ', "resume": "s3cret"}', "line 1: `resume` stands there twice"),
    (written(user_id=float("nan")), "line 1: NaN, Infinity or a number without end stands there, which is no JSON"),
    (json.dumps(request_fields()) + "\n" + json.dumps(request_fields(user_id="1")),
     "line 2: `user_id` must be a whole number from 0 to 2147483647, without quotes"),
    (json.dumps(request_fields()) + "\n" + json.dumps(request_fields()),
     "`processing_id` 7 stands there twice: an id has one answer"),
    (written().encode("cp1251"), "line 7 is not UTF-8 (cp1251?): save the file as UTF-8"),
    (written().encode("utf-16"), "is not UTF-8 but UTF-16: save it as UTF-8"),
]  # fmt: skip


@pytest.mark.parametrize(("content", "line"), REQUEST_FILES, ids=[line[:60] for _, line in REQUEST_FILES])
def test_a_file_that_holds_no_request(tmp_path, capsys, content, line):
    """`make demo FILE=` and `bridge send` say the same: where, and what is to be mended."""
    file = tmp_path / "mine.json"
    file.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(SystemExit) as ended:
        read_samples(file)
    assert ended.value.code == f"demo: {file}: {line}"
    assert send.run(parse(["send", str(file)]), Settings(openai_key="-"), None, None) == send.WRONG_REQUEST
    said = capsys.readouterr().err
    assert said == f"{file}: {line}\n"
    assert SECRET not in said


@pytest.mark.parametrize("content", [b"\xef\xbb\xbf" + written().encode(), written().replace("\n", "\r\n").encode()])
def test_a_file_as_windows_writes_it(tmp_path, content):
    """A byte order mark and CRLF are no mistakes, and what is sent has no mark: the bridge would refuse it."""
    file = tmp_path / "mine.json"
    file.write_bytes(content)
    (sample,) = read_samples(file)
    assert isinstance(intake.read(REQUEST_KEY, sample.value), Accepted)


@pytest.mark.parametrize(("written", "line"), ENV_FILES)
def test_an_env_file_that_cannot_be_read_in_full(given, written, line):
    """Nothing of it is believed, no setting has its default instead, and no value is shown."""
    faults = given(written)
    assert faults == [f"….env {line}".replace("….env", "…/.env")]
    assert SECRET not in faults[0]


@pytest.mark.parametrize(("variables", "line"), VARIABLES)
def test_a_wrong_setting(given, variables, line):
    """One line says what to write instead."""
    faults = given(**variables)
    assert [fault.replace("…/.env", "…") for fault in faults] == [line]
    assert SECRET not in faults[0]


@pytest.mark.parametrize("command", ["check", "status", "dead-letters"])
def test_a_command_needs_what_the_bridge_needs(command):
    """Without the user that Kafka asks for, a command says so, as the bridge does; librdkafka speaks of recompiling."""
    ours = {name.upper() for name in Settings.model_fields}
    environment = {name: value for name, value in os.environ.items() if name not in ours}
    more = {"ENV_FILE": os.devnull, "LOG_FILE": "none", "KAFKA_SECURITY_PROTOCOL": "SASL_SSL"}
    ended = subprocess.run(
        [sys.executable, "-m", "bridge", command], cwd=PROJECT, env={**environment, **more},
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    line = "configuration error: KAFKA_SECURITY_PROTOCOL needs KAFKA_SASL_USERNAME and KAFKA_SASL_PASSWORD\n"
    assert (ended.returncode, ended.stderr, ended.stdout) == (1, line, "")


def test_the_start_ends_with_it(given):
    """The process ends with the line, and with exit code 1."""
    faults = given('MODE="TEST\n')
    with pytest.raises(SystemExit) as ended:
        complain(faults)
    assert ended.value.code == "configuration error: …/.env line 1 cannot be read: MODE has no closing quote"


def test_an_env_file_as_people_write_it(given):
    """BOM, CRLF, comments, `export`, quotes and values over several lines are read; nothing is expanded."""
    written = (
        "\ufeff# ключи\r\nexport MODE='TEST'\r\nRPM=7 # a minute\r\nTITLE=\"one\r\ntwo\"\r\n"
        'REDIS_PASSWORD="${RPM}#\'x" # ours\r\nREDIS_DB = 4\r\nKAFKA_GROUP_ID=\r\nALONE\r\nREDIS_HOST=::1'
    )
    assert given(written) == []
    settings = Settings()
    assert (settings.mode, settings.rpm, settings.redis_db, settings.kafka_group_id) == ("TEST", 7, 4, "ai-handler")
    assert settings.redis_password.get_secret_value() == "${RPM}#'x"
    assert "@[::1]:6379/4" in settings.redis


@pytest.mark.parametrize(
    ("make", "line"),
    [
        (lambda file: file.mkdir(), "cannot be read: Is a directory"),
        (lambda file: file.write_bytes(b"\xff\xfe"), "is not UTF-8"),
        (lambda file: file.write_bytes(b"\n"), "is empty"),
        (lambda file: file.symlink_to("/no/such/file"), "cannot be read: No such file or directory"),
    ],
    ids=["a folder", "not UTF-8", "empty", "a broken link"],
)
def test_a_secret_file_that_cannot_be_read(given, monkeypatch, tmp_path, make, line):
    """It is no secret that is not set: Redis would be asked without a password."""
    monkeypatch.setitem(Settings.model_config, "secrets_dir", tmp_path)
    make(tmp_path / "redis_password")
    assert given() == [f"REDIS_PASSWORD: …/redis_password {line}"]


def test_a_folder_of_secrets_that_is_not_there(given, monkeypatch, tmp_path):
    """Whoever names one means it."""
    monkeypatch.setitem(Settings.model_config, "secrets_dir", tmp_path / "none")
    assert given() == ["SECRETS_DIR: …/none is no folder"]


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("KAFKA_BOOTSTRAP_SERVER", "KAFKA_BOOTSTRAP_SERVERS"),
        ("OPENAI_API_KEY", "OPENAI_KEY"),
        ("OPENAI_API_BASE", "OPENAI_BASE_URL"),
        ("REDIS_PASSWRD", "REDIS_PASSWORD"),
        ("FLOWER_BASICAUTH", "FLOWER_BASIC_AUTH"),
        ("MODES", "MODE"),
        ("RMP", "RPM"),
        ("RPMS", "RPM"),
        ("USER_RDP", "USER_RPD"),
    ],
)
def test_a_name_that_is_nearly_ours(given, monkeypatch, name, meant):
    """A misspelt name is told with the one that was meant, unless that one is set as well."""
    monkeypatch.delenv("OPENAI_KEY")
    given(f"{name}=x\n")
    assert misspelt_variables() == {name: meant}
    monkeypatch.setenv(meant, "y")
    assert misspelt_variables() == {}


@pytest.mark.parametrize("name", ["\u200bMODE", "МОDE"])
def test_a_name_that_only_looks_like_ours(given, name):
    """In the environment it is told; in `.env` nothing starts."""
    given(**{name: "TEST"})
    assert misspelt_variables() == {name: "MODE"}


@pytest.mark.parametrize(
    ("name", "value", "meant"),
    [
        ("KAFKA_SECURITY_PROTOCOL", "ssl", "SSL"),
        ("KAFKA_SASL_MECHANISM", "plain", "PLAIN"),
        ("LOG_FORMAT", "JSON", "json"),
        ("KAFKA_START", "EARLIEST", "earliest"),
        ("LOG_LEVEL", "debug", "DEBUG"),
        ("REDIS_HOST", "[::1]", "[::1]"),
    ],
)
def test_what_is_no_mistake(given, name, value, meant):
    """A choice may be written in small letters or in capitals."""
    assert given(**{name: value}) == []
    assert getattr(Settings(), name.lower()) == meant


@pytest.mark.parametrize(
    "more",
    [
        {"REDIS_TLS": "on", "REDIS_HOST": "Redis", "REDIS_DB": "2", "REDIS_USERNAME": "a", "REDIS_PASSWORD": "s3/c"},
        {"REDIS_HOST": "localhost", "REDIS_PORT": "6379", "REDIS_DB": "1", "REDIS_TLS": "off"},
    ],
    ids=["the same", "defaults"],
)
def test_a_redis_url_and_what_agrees_with_it(given, more):
    """What says the same, or is a default that `.env.example` spells out, contradicts nothing."""
    assert given(REDIS_URL="REDISS://a:s3%2Fc@redis/2?ssl_cert_reqs=required", **more) == []
    assert Settings().redis == "rediss://a:s3%2Fc@redis/2?ssl_cert_reqs=required"


def test_a_setting_that_stands_there_twice_and_says_one_thing(given):
    """The empty line of the example may stay, and so may a repetition, or another program's."""
    assert given("RPM=\nRPM=7\nRPM=7\nTITLE=a\nTITLE=b\n") == []


def test_a_text_over_several_lines_stays_a_text(given):
    """A certificate's or another program's own lines are no settings that a quote swallowed."""
    assert given('KEY="-----BEGIN\nMIIBxEw==\nname = value\n-----END"\n') == []


def test_names_of_other_services_are_no_mistakes(given):
    """The platform's `.env` has other services' names, some of which look like ours."""
    given(
        "KAFKA_TOPIC_FOR_USERS=users\nKAFKA_TOPIC_FOR_RESUMES=resumes\nKAFKA_TOPIC_FOR_AUTH=auth\nPOSTGRES_HOST=pg\n"
        "NODE=/usr/bin/node\nTMP=/tmp\n"
    )
    assert misspelt_variables() == {}


def test_flower_is_given_what_stands_in_the_env_file(given):
    """Flower reads its environment alone: without its password from `.env` its pages would be open to everybody."""
    given("FLOWER_BASIC_AUTH=operator:s3cret\nFLOWER_URL_PREFIX=flower\nFLOWER_PORT=7777\n", FLOWER_PORT="8888")
    found = flower_variables(Settings())
    assert found == {"FLOWER_BASIC_AUTH": "operator:s3cret", "FLOWER_URL_PREFIX": "flower"}


def test_an_env_file_that_is_named_must_be_there(given, monkeypatch):
    """`ENV_FILE` that names nothing is a mistake; no `.env` in the project's folder is none."""
    assert given() == []
    monkeypatch.setenv("ENV_FILE", os.devnull)
    assert given() == ["…/.env cannot be read: No such file or directory"]


def test_there_are_at_least_forty():
    """The table is what the first hour is measured by."""
    assert len(ENV_FILES) + len(VARIABLES) + len(REQUEST_FILES) >= 40
