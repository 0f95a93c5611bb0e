"""The settings: what they accept, and what a wrong one says."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
import redis
from pydantic import ValidationError

from config import PROJECT, Settings
from config.providers import calls_in_flight
from startup import RETIRED, complain, load_settings, read_settings, retired_variables

SECRET = "s3cret-value"


@pytest.fixture
def env(monkeypatch, tmp_path):
    """An environment with nothing but a key, and a `.env` that can be written."""
    for name in Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)
    monkeypatch.setattr(Settings, "env_file", tmp_path / ".env")
    monkeypatch.delenv("ENV_FILE")
    monkeypatch.setenv("OPENAI_KEY", "sk-test")

    def put(**variables):
        for name, value in variables.items():
            monkeypatch.setenv(name, value)

    put.file = tmp_path / ".env"
    put.without = monkeypatch.delenv
    return put


def load(role):
    settings, faults = read_settings(role)
    assert faults == []
    return settings


def complaint(role="bridge"):
    with pytest.raises(SystemExit) as caught:
        complain(read_settings(role)[1])
    return caught.value.code


def test_only_the_key_is_required(env):
    """With a key alone the service starts with the platform's defaults, and only workers need one."""
    settings = load("worker")
    assert settings.openai_key.get_secret_value() == "sk-test"
    assert (settings.rpm, settings.rpd, settings.tpm) == (3, 200, 40_000)
    assert (settings.kafka_topic_for_ai_handler, settings.dead_letter_topic) == ("AI_handler", "AI_handler.DLQ")
    assert settings.redis == "redis://localhost:6379/1"
    env.without("OPENAI_KEY")
    assert complaint("worker") == "configuration error: OPENAI_KEY: required"
    assert load("bridge")
    assert load("tool")


def test_a_program_may_print_the_key(env):
    """It has to be there, and the only one that says what the key is; what it is called with is nobody's business."""
    env.without("OPENAI_KEY")
    env(OPENAI_KEY_COMMAND=f"{sys.executable} -c 'print(1) # s3cret'")
    assert load("worker").provider.key_command == (sys.executable, "-c", "print(1) # s3cret")
    assert "s3cret" not in repr(load("worker"))
    env(OPENAI_KEY="sk-test")
    assert complaint("worker").endswith("OPENAI_KEY and OPENAI_KEY_COMMAND both give the key: leave one of the two out")
    env.without("OPENAI_KEY")
    env(OPENAI_KEY_COMMAND="/nowhere/s3cret --now")
    assert load("bridge"), "it need not be there where nobody asks for it"
    assert complaint("worker").endswith("OPENAI_KEY_COMMAND: its program is not there, or must not be run")
    env(OPENAI_KEY_COMMAND="print 's3cret")
    assert complaint("worker").startswith(
        "configuration error: OPENAI_KEY_COMMAND: must be a program and its arguments, quoted as for a shell"
    )


def test_limits_that_nobody_set_are_found_out(env):
    """The defaults cap nobody who did not choose them; `unlimited` is a choice, and so is the default itself."""
    assert load("worker").limits_to_find_out == {"rpm", "rpd", "tpm"}
    env(RPM="3", RPD="unlimited")
    settings = load("worker")
    assert settings.limits_to_find_out == {"tpm"}
    assert calls_in_flight(settings, {"": settings}) == 16
    env(RPM="0", TPM="0")
    assert calls_in_flight(settings, {"": load("worker")}) == 500
    env(PARALLEL="20")
    assert calls_in_flight(settings, {"": load("worker")}) == 40, "no crowd that waits for twenty calls to end"
    env.without("PARALLEL")
    env(RPM="3")
    assert (settings.rpm, settings.rpd) == (3, 0)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("RPM", "-1"),
        ("RPD", "many"),
        ("TPM", "999"),
        ("REDIS_PORT", "65536"),
        ("REDIS_DB", "-1"),
        ("MODE", "STAGING"),
        ("OPENAI_BASE_URL", "api.openai.com"),
        ("OPENAI_PRICES", "gpt-4.1-mini=0.4"),
        ("OPENAI_PRICES", "gpt-4.1-mini=0.4/0.1/much"),
        ("OPENAI_PRICES", "gpt-4.1-mini=0.4/0.1/nan"),
        ("OPENAI_PRICES", "gpt-4.1-mini=0.4/0.1/-1"),
        ("OPENAI_PRICES", "0.4/0.1/1.6"),
        ("OPENAI_PRICES", "m=0.4/0.1/1.6/0.5/0.5"),
        ("OPENAI_SERVICE_TIER", "half price"),
        ("OPENAI_BUDGET", "-1"),
        ("USER_WEIGHTS", "7"),
        ("USER_WEIGHTS", "7=0"),
        ("USER_WEIGHTS", "7=nan"),
        ("USER_WEIGHTS", "7=3,7=2"),
        ("USER_WEIGHTS", "seven=3"),
        ("OPENAI_PROXY", f"ftp://user:{SECRET}@proxy"),
        ("OPENAI_PROXY", f"http://user:{SECRET}@proxy:eighty"),
        ("OPENAI_KEY", f"sk-{SECRET} "),
        ("OPENAI_KEY", f"sk-{SECRET}\n"),
        ("OPENAI_KEY", f"sк-{SECRET}"),
        ("OPENAI_BASE_URL", "http://models.example/v1"),
        ("OPENAI_BASE_URL", "http://models.example[::1]/v1"),
        ("OPENAI_BASE_URL", "http://[::1]models.example/v1"),
        ("OPENAI_BASE_URL", "http://[v1.lan]/v1"),
        ("OPENAI_BASE_URL", "https://models.example/v1 "),
        ("OPENAI_BASE_URL", "https://models.example/v1\r"),
        ("OPENAI_BASE_URL", "https://models.example/v1/chat/completions"),
        ("OPENAI_BASE_URL", "https://models.example/v1/chat/completions?api-version=1"),
        ("OPENAI_BASE_URL", "https://models.example/v1/models/"),
        ("OPENAI_BASE_URL", "https://models.example/v1#here"),
        ("OPENAI_BASE_URL", f"https://user:{SECRET}@models.example/v1"),
        ("OPENAI_TLS_CA", "/no/such/ca.pem"),
        ("OPENAI_TLS_CA", __file__),
        ("OPENAI_PROJECT", "проект"),
        ("OPENAI_HEADERS", SECRET),
        ("OPENAI_HEADERS", f"X-Key {SECRET}"),
        ("OPENAI_HEADERS", f"X Key: {SECRET}"),
        ("OPENAI_HEADERS", f"X-Key: {SECRET}\nHost: elsewhere"),
        ("OPENAI_HEADERS", f"Host: {SECRET}"),
        ("OPENAI_HEADERS", "X-Key:"),
        ("EGRESS_TRACE_URL", "http://models.example/trace"),
        ("EGRESS_TRACE_URL", "trace"),
        ("REDIS_URL", "nonsense"),
        ("REDIS_URL", f"redis://:{SECRET}@host"),
        ("REDIS_URL", f"redis://:{SECRET}@host:port/1"),
        ("REDIS_URL", f"redis://:{SECRET}@/1"),
        ("REDIS_URL", f"http://:{SECRET}@host/1"),
        ("REDIS_URL", f"rediss://:{SECRET}@host/1?ssl_cert_reqs=none"),
        ("REDIS_TLS_CA", "/no/such/ca.pem"),
        ("KAFKA_BOOTSTRAP_SERVERS", "http://kafka:9092"),
        ("KAFKA_BOOTSTRAP_SERVERS", "kafka:9092,kafka:x"),
        ("KAFKA_BOOTSTRAP_SERVERS", "kafka:9092/"),
        ("KAFKA_BOOTSTRAP_SERVERS", ","),
        ("KAFKA_TOPIC_FOR_AI_HANDLER", "AI handler"),
        ("KAFKA_TOPIC_FOR_NOTIFICATIONS", "x" * 250),
        ("KAFKA_SSL_CA_LOCATION", "/no/such/ca.pem"),
        ("KAFKA_SSL_KEY_LOCATION", "/"),
        ("OPENAI_TIMEOUT", "0"),
        ("OPENAI_OUTPUT", "xml"),
        ("EGRESS_CHECK", "maybe"),
        ("REQUEST_DEADLINE", "259200"),
        ("LEASE_SECONDS", "0.5"),
        ("VERDICT_THRESHOLD", "101"),
        ("KAFKA_SECURITY_PROTOCOL", "TLS"),
        ("KAFKA_SASL_MECHANISM", "GSSAPI"),
        ("LOG_FORMAT", "xml"),
        ("WORKER_METRICS_PORT", "70000"),
    ],
)
def test_a_wrong_value_is_named_in_one_line(env, name, value):
    """A wrong setting ends the process with one line that names it, and never shows its value."""
    env(**{name: value})
    line = complaint()
    assert line.startswith(f"configuration error: {name}: ")
    assert SECRET not in line


def test_all_wrong_values_are_named_at_once(env):
    """Whoever mends the settings sees everything that is wrong in one go, a line each."""
    env(RPM="x", TPM="y", OPENAI_PRICES="z", OPENAI_BUDGET="1", OPENAI_MODEL="unknown", KAFKA_SSL_KEY_LOCATION=__file__)
    env.without("OPENAI_KEY")
    lines = complaint("worker").splitlines()
    assert [line.removeprefix("configuration error: ").split()[0] for line in lines] == [
        "RPM:", "TPM:", "OPENAI_PRICES:", "KAFKA_SSL_CERTIFICATE_LOCATION",
    ]  # fmt: skip
    env(OPENAI_PRICES="another=1/1/1")
    lines = complaint("worker").splitlines()
    assert [line.split()[2] for line in lines[2:]] == ["OPENAI_BUDGET", "KAFKA_SSL_CERTIFICATE_LOCATION"]


@pytest.mark.parametrize(
    ("variables", "names"),
    [
        ({"KAFKA_TOPIC_FOR_NOTIFICATIONS": "AI_handler"}, ["KAFKA_TOPIC_FOR_AI_HANDLER"]),
        ({"KAFKA_SECURITY_PROTOCOL": "SASL_SSL"}, ["KAFKA_SASL_USERNAME", "KAFKA_SASL_PASSWORD"]),
        ({"KAFKA_SECURITY_PROTOCOL": "SASL_SSL", "KAFKA_SASL_USERNAME": "u"}, ["KAFKA_SASL_PASSWORD"]),
        ({"KAFKA_SECURITY_PROTOCOL": "SASL_SSL", "KAFKA_SASL_PASSWORD": SECRET}, ["KAFKA_SASL_USERNAME"]),
        ({"KAFKA_SSL_KEY_LOCATION": __file__}, ["KAFKA_SSL_CERTIFICATE_LOCATION"]),
        ({"REDIS_TLS_CA": __file__}, ["REDIS_TLS_CA", "REDIS_TLS", "REDIS_URL"]),
    ],
    ids=[
        "notifications to ourselves",
        "no user, no password",
        "no password",
        "no user",
        "half a certificate",
        "a CA and no TLS",
    ],
)
def test_settings_that_contradict_each_other_are_named(env, variables, names):
    """Settings that are right alone and wrong together are named together."""
    env(**variables)
    line = complaint()
    assert line.startswith("configuration error: ")
    assert len(line.splitlines()) == 1
    assert all(name in line for name in names)
    assert SECRET not in line


def test_secrets_are_not_shown(env):
    """The settings can be printed without telling a secret."""
    env(
        OPENAI_KEY=SECRET,
        OPENAI_PROXY=f"http://u:{SECRET}@proxy",
        OPENAI_HEADERS=f"X-Key: {SECRET}",
        REDIS_PASSWORD=SECRET,
        REDIS_URL=f"redis://:{SECRET}@host/1",
        KAFKA_SECURITY_PROTOCOL="SASL_SSL",
        KAFKA_SASL_PASSWORD=SECRET,
        FLOWER_BASIC_AUTH=f"operator:{SECRET}",
    )
    settings = load_settings()
    assert SECRET not in repr(settings) + str(settings) + str(settings.model_dump()) + repr(settings.provider)


def test_errors_do_not_quote_secrets(env):
    """Even pydantic's own text, should it ever reach a log, shows no value."""
    env(OPENAI_PROXY=f"ftp://{SECRET}")
    with pytest.raises(ValidationError) as caught:
        Settings()
    assert SECRET not in str(caught.value)


def test_the_env_file_is_read(env):
    """`.env` in the project's folder is read, the environment goes before it, and others' variables are ignored."""
    env.file.write_text("RPM=7\nTPM=50000\nPOSTGRES_USER=someone\nOPENAI_PROXY=\n")
    env(TPM="60000")
    settings = load_settings()
    assert (settings.rpm, settings.tpm, settings.openai_proxy) == (7, 60_000, None)


def test_the_env_file_is_found_from_any_directory():
    """The service reads its own `.env`, wherever it is started from."""
    code = "from config import Settings; print(Settings.env_file)"
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(PROJECT)}
    told = subprocess.run([sys.executable, "-c", code], env=environment, cwd="/", capture_output=True, check=True)
    assert told.stdout.decode().strip() == str(PROJECT / ".env")
    assert (PROJECT / "config" / "settings.py").exists()


@pytest.mark.parametrize("mode", ["test", "Test", "TEST"])
def test_the_mode_may_be_written_in_any_case(env, mode):
    """A mode in small letters must not be refused, and must not pass for PROD."""
    env(MODE=mode)
    assert load_settings().mode == "TEST"


@pytest.mark.parametrize(
    ("variables", "url"),
    [
        ({}, "redis://redis.local:6380/1"),
        ({"REDIS_DB": "5"}, "redis://redis.local:6380/5"),
        ({"REDIS_TLS": "on"}, "rediss://redis.local:6380/1?ssl_cert_reqs=required"),
        ({"REDIS_PASSWORD": "p@ss/w:rd#%"}, "redis://:p%40ss%2Fw%3Ard%23%25@redis.local:6380/1"),
        ({"REDIS_PASSWORD": "p", "REDIS_USERNAME": "me@home"}, "redis://me%40home:p@redis.local:6380/1"),
        ({"REDIS_URL": "rediss://:x@redis.local:6380/9"}, "rediss://:x@redis.local:6380/9?ssl_cert_reqs=required"),
        (
            {"REDIS_TLS": "on", "REDIS_TLS_CA": __file__},
            f"rediss://redis.local:6380/1?ssl_cert_reqs=required&ssl_ca_certs={__file__}",
        ),
    ],
)
def test_the_redis_url(env, variables, url):
    """Redis is found by its parts, whatever the password is made of, or by a whole URL."""
    env(REDIS_HOST="redis.local", REDIS_PORT="6380", **variables)
    assert load_settings().redis == url


def test_redis_understands_the_url(env):
    """The client gets the very password that was set."""
    env(REDIS_PASSWORD="p@ss/w:rd#%? ü", REDIS_USERNAME="a b")
    options = redis.ConnectionPool.from_url(load_settings().redis).connection_kwargs
    assert (options["username"], options["password"], options["db"]) == ("a b", "p@ss/w:rd#%? ü", 1)


def test_sentinels_are_read_as_people_write_them(env):
    """Hosts with and without a port; Celery gets each of them with Redis' own password and database."""
    env(REDIS_SENTINELS="one, two:26380,[::1]:1", REDIS_PASSWORD="a b", REDIS_SENTINEL_MASTER="ours")
    settings = load_settings()
    assert settings.redis_sentinels == (("one", 26379), ("two", 26380), ("::1", 1))
    connection = settings.redis_connection
    assert connection.broker_url.split(";") == [
        "sentinel://:a%20b@one:26379/1",
        "sentinel://:a%20b@two:26380/1",
        "sentinel://:a%20b@[::1]:1/1",
    ]
    assert connection.broker_transport_options["master_name"] == "ours"
    assert "a%20b" not in repr(connection)


@pytest.mark.parametrize(
    ("variables", "complains_of"),
    [
        ({"REDIS_SENTINELS": "one:port"}, "REDIS_SENTINELS: must be host:port,host:port"),
        ({"REDIS_SENTINELS": "redis://one:1"}, "REDIS_SENTINELS: must be host:port,host:port"),
        ({"REDIS_SENTINELS": f":{SECRET}@one:1"}, "REDIS_SENTINEL_PASSWORD"),
        ({"REDIS_SENTINELS": "one:1", "REDIS_URL": "redis://two/1"}, "REDIS_SENTINELS"),
        ({"REDIS_URL": f"sentinel://:{SECRET}@one:1/1"}, "set REDIS_SENTINELS and REDIS_SENTINEL_MASTER"),
        ({"REDIS_URL": f"redis+cluster://:{SECRET}@one:1"}, "Redis Cluster is not supported"),
        ({"REDIS_URL": f"http://:{SECRET}@one:1"}, "must begin with redis:// or rediss://"),
    ],
)
def test_a_redis_that_is_not_understood_is_refused(env, variables, complains_of):
    """One line says what to write instead, and shows no password."""
    env(**variables)
    line = complaint()
    assert complains_of in line
    assert SECRET not in line


@pytest.mark.usefixtures("env")
def test_kafka_without_security():
    """By default nothing but the brokers and the protocol is set."""
    assert load_settings().kafka == {"bootstrap.servers": "localhost:9092", "security.protocol": "PLAINTEXT"}


def test_kafka_with_sasl_and_tls(env):
    """Security settings reach librdkafka under its own names."""
    env(
        KAFKA_SECURITY_PROTOCOL="SASL_SSL", KAFKA_SASL_USERNAME="me", KAFKA_SASL_PASSWORD=SECRET,
        KAFKA_SASL_MECHANISM="PLAIN", KAFKA_SSL_CA_LOCATION=__file__,
    )  # fmt: skip
    assert load_settings().kafka == {
        "bootstrap.servers": "localhost:9092", "security.protocol": "SASL_SSL", "sasl.mechanism": "PLAIN",
        "sasl.username": "me", "sasl.password": SECRET, "ssl.ca.location": __file__,
    }  # fmt: skip


@pytest.mark.parametrize(("value", "expected"), [("none", None), ("NONE", None), ("", Path("logs/auth_service.log"))])
def test_the_log_file_can_be_switched_off(env, value, expected):
    """`none` means stdout only; empty means the default, as for every setting."""
    env(LOG_FILE=value)
    assert load_settings().log_file == expected


@pytest.mark.parametrize(
    ("value", "expected"), [("ru, by", {"RU", "BY"}), ("", {"RU"}), (" KP ,", {"KP"})], ids=["two", "empty", "one"]
)
def test_blocked_countries(env, value, expected):
    """Countries are read as people write them; an empty list never switches the egress rule off."""
    env(EGRESS_BLOCKED_COUNTRIES=value)
    assert load_settings().egress_blocked_countries == expected


@pytest.mark.parametrize(
    ("base", "trace"),
    [
        ("https://api.openai.com/v1/", "https://api.openai.com/cdn-cgi/trace"),
        ("http://localhost:8080/v1", "http://localhost:8080/cdn-cgi/trace"),
    ],
)
def test_the_trace_page_is_at_the_api_host(env, base, trace):
    """Where we appear to be is asked at the host that the requests go to."""
    env(OPENAI_BASE_URL=base)
    assert load_settings().trace_url == trace
    assert not load_settings().openai_base_url.endswith("/")
    env(EGRESS_TRACE_URL="https://else/trace")
    assert load_settings().trace_url == "https://else/trace"


def test_the_address_of_the_provider_keeps_its_query(env):
    """Azure wants its version behind every path; nothing else of the address changes."""
    env(OPENAI_BASE_URL="https://my.openai.azure.com/openai/deployments/gpt/?api-version=2024-10-21&x=a%20b")
    provider = load_settings().provider
    assert provider.base_url == "https://my.openai.azure.com/openai/deployments/gpt"
    assert provider.query == {"api-version": "2024-10-21", "x": "a b"}
    assert provider.url("/models").endswith("/gpt/models?api-version=2024-10-21&x=a+b")
    env(OPENAI_BASE_URL="https://models.example/v1/")
    assert load_settings().provider.url("/models") == "https://models.example/v1/models"


def test_headers_of_ones_own(env):
    """Organization, project and any other header go with each request; what is written out goes first."""
    env(OPENAI_ORGANIZATION="org-1", OPENAI_PROJECT="folder", OPENAI_HEADERS="api-key: a:b=c,d ; X-Title: AI Handler;")
    assert load_settings().provider.headers == {
        "OpenAI-Organization": "org-1", "OpenAI-Project": "folder", "api-key": "a:b=c,d", "X-Title": "AI Handler",
    }  # fmt: skip


@pytest.mark.parametrize(
    "host",
    [
        "localhost", "127.0.0.1", "127.0.0.2", "[::1]", "LOCALHOST", "a.localhost",
        "10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.1.1", "169.254.7.7",
        "[fd12::1]", "[FC00::1]", "[fe80::1]", "[fe80::1%25eth0]",
        "vllm", "VLLM", "model_server", "gpu-1", "0xff-gpu",
        "gpu.local", "models.internal", "Models.Internal.", "host.docker.internal", "box.lan", "vllm.models.svc",
        "vllm.models.svc.cluster.local", "vllm.models.svc.cluster.local.",
    ],
)  # fmt: skip
def test_http_is_for_what_is_near(env, host):
    """On this machine and in a private network an endpoint may be reached unencrypted."""
    env(OPENAI_BASE_URL=f"http://{host}:8080/v1", EGRESS_TRACE_URL=f"http://{host}/trace")
    assert load_settings().openai_base_url == f"http://{host}:8080/v1"


@pytest.mark.parametrize(
    "host",
    [
        "models.example", "MODELS.EXAMPLE", "models.example.", "localhost.example", "local.example", "svc.", "ai.",
        "8.8.8.8", "11.0.0.1", "172.15.0.1", "172.32.0.1", "192.169.0.1", "100.64.0.1", "0.0.0.0",
        "10.0.0.1.evil.com", "10.0.0.1@evil.com", "10.0.0.1:80@evil.com", "vllm@evil.com", "evil.com#.local",
        "evil.com?.local", "evil.com/.local", "evil.com%2f.local", "evil.com\\.local", "evil.com\u3002local",
        "evilлан.lan", "134744072", "0x08080808", "0X8080808", "01002004010", "0x", "8.8.2056", "010.0.0.1",
        "10.1", "127.1", "10.0.0.1.", "10.0.0.1..", "localhost.",
        "evil.com.notlocal", ".local", "a..local", "evil.com..",
        "[2001:4860:4860::8888]", "[::ffff:8.8.8.8]", "[::ffff:10.0.0.1]", "[::8.8.8.8]", "[64:ff9b::808:808]",
        "[2002:808:808::]", "[2001:0:808:808::1]", "[::]",
    ],
)  # fmt: skip
def test_http_is_not_for_the_internet(env, host):
    """The key would cross it in clear, however the host is spelt; the line says what HTTP is for."""
    env(EGRESS_TRACE_URL=f"http://{host}/trace")
    assert complaint().startswith(
        "configuration error: EGRESS_TRACE_URL: unencrypted across the internet: use https://"
    )
    env(EGRESS_TRACE_URL="", OPENAI_BASE_URL=f"http://{host}/v1")
    assert complaint().startswith("configuration error: OPENAI_BASE_URL: unencrypted across the internet: use https://")


@pytest.mark.parametrize("name", ["OPENAI_BASE_URL", "EGRESS_TRACE_URL"])
def test_http_does_not_leave_by_a_proxy(env, name):
    """A proxy resolves names and reads what it forwards, so it has to be near, too; its password is not told."""
    env(**{name: "http://vllm/v1", "OPENAI_PROXY": f"socks5://u:{SECRET}@proxy.example:1080"})
    assert complaint() == (
        f"configuration error: {name} begins with http://, and OPENAI_PROXY leads it across the internet: use https://"
    )
    for proxy in ("https://proxy.example", "http://proxy:3128", f"http://u:{SECRET}@10.0.0.1:3128"):
        env(OPENAI_PROXY=proxy)
        assert load_settings()


@pytest.mark.parametrize("servers", ["kafka", "kafka:9092", "a:1, b:2", "[::1]:9092", "10.0.0.1:9092"])
def test_brokers(env, servers):
    """Brokers are named as librdkafka takes them."""
    env(KAFKA_BOOTSTRAP_SERVERS=servers)
    assert load_settings().kafka_bootstrap_servers == servers


def test_a_secret_may_be_a_file(env, tmp_path, monkeypatch):
    """Where an orchestrator hands secrets out as files, no environment has to hold them; the environment goes first."""
    (tmp_path / "openai_key").write_text("sk-from-a-file\n")
    (tmp_path / "redis_password").write_text("from-a-file\n")
    monkeypatch.setitem(Settings.model_config, "secrets_dir", tmp_path)
    env(OPENAI_KEY="", REDIS_PASSWORD="from-the-environment")
    settings = load("worker")
    assert settings.openai_key.get_secret_value() == "sk-from-a-file"
    assert settings.redis_password.get_secret_value() == "from-the-environment"


def test_a_price_belongs_to_its_model(env):
    """Prices of several models may stand there; the one that is asked counts, and an unknown one has none."""
    env(OPENAI_PRICES="small=0.1/0.05/0.4, vendor/large=2/1/8", OPENAI_MODEL="vendor/large")
    assert load("worker").openai_price == (2.0, 1.0, 8.0, 2.0)
    env(OPENAI_PRICES="vendor/large=2/1/8/2.5")
    assert load("worker").openai_price == (2.0, 1.0, 8.0, 2.5)
    env(OPENAI_MODEL="another")
    assert load("worker").openai_price is None


def test_weights_belong_to_users(env):
    """Users that pay for more get more; nobody else has to be named."""
    assert load("bridge").user_weights == {}
    env(USER_WEIGHTS="7=3, 12=0.5")
    assert load("bridge").user_weights == {7: 3.0, 12: 0.5}


def test_a_budget_needs_a_price(env):
    """Whoever sets a budget for a model of unknown price is told so, instead of spending without a brake."""
    env(OPENAI_BUDGET="5", OPENAI_MODEL="another")
    assert "OPENAI_BUDGET needs the price" in complaint("worker")


def test_settings_of_earlier_days_are_named(env):
    """Whoever still sets what the service decides by itself now finds it in the log, and nothing else happens."""
    env(RETRY_BASE="5", SHORT_WAIT="many")
    assert retired_variables() == ["RETRY_BASE", "SHORT_WAIT"]
    assert RETIRED.isdisjoint(name.upper() for name in Settings.model_fields)
    assert load_settings()


def test_the_platform_of_2026_needs_one_line(env):
    """Its own `.env` and `CONTRACT=2026` name topics, key, endpoint and limits; what is said otherwise counts."""
    env.without("OPENAI_KEY")
    env(YANDEX_CLOUD_API_KEY=SECRET, YANDEX_CLOUD_FOLDER_ID="b1gfolder", CONTRACT="2026", RPM="3", TPM="30000")
    settings = load("worker")
    assert settings.kafka_topic_for_ai_handler == "processing.requested"
    assert settings.answer_topics == ("processing.finished",)
    assert settings.dead_letter_topic == "processing.requested.DLQ"
    assert settings.provider.key == SECRET
    assert settings.openai_base_url == "https://ai.api.cloud.yandex.net/v1"
    assert settings.openai_model == "gpt://b1gfolder/yandexgpt-lite/latest"
    assert (settings.openai_project, settings.egress_check) == ("b1gfolder", False)
    assert (settings.rpm, settings.rpd, settings.tpm) == (15, 500, 30_000)  # `.env.example` spells its defaults out
    assert settings.repeats == {"ai-handler.repeat-60": 60, "ai-handler.repeat-3600": 3_600}
    env(OPENAI_KEY="sk-mine", KAFKA_TOPIC_FOR_AI_HANDLER="mine", REPEAT_AFTER="off")
    settings = load("worker")
    assert (settings.provider.key, settings.openai_model) == ("sk-mine", Settings.model_fields["openai_model"].default)
    assert (settings.kafka_topic_for_ai_handler, settings.rpm, settings.repeats) == ("mine", 3, {})


@pytest.mark.parametrize("base", ["https://api.openai.com/v1/", "https://gateway.example/v1"])
def test_the_platforms_key_is_for_its_own_endpoint_alone(env, base):
    """With another endpoint the exit is still checked, and that endpoint never sees the platform's key."""
    env.without("OPENAI_KEY")
    env(YANDEX_CLOUD_API_KEY=SECRET, YANDEX_CLOUD_FOLDER_ID="b1gfolder", OPENAI_BASE_URL=base)
    settings = load("bridge")
    assert (settings.egress_check, settings.provider.key, settings.rpm) == (True, "", 3)
    assert list(settings.missing("worker"))


def test_the_platforms_endpoint_may_be_spelt_out(env):
    """Whoever writes down what is implied anyway changes nothing."""
    env.without("OPENAI_KEY")
    url = "https://ai.api.cloud.yandex.net/v1/"
    env(YANDEX_CLOUD_API_KEY=SECRET, YANDEX_CLOUD_FOLDER_ID="b1gfolder", OPENAI_BASE_URL=url)
    settings = load("worker")
    assert (settings.openai_base_url, settings.provider.key, settings.rpm) == (url.rstrip("/"), SECRET, 15)


@pytest.mark.parametrize("half", [{"YANDEX_CLOUD_API_KEY": SECRET}, {"YANDEX_CLOUD_FOLDER_ID": "b1gfolder"}])
def test_half_of_the_platforms_key_names_the_other_half(env, half):
    """The line that tells what is missing names both, not a key of OpenAI's alone."""
    env.without("OPENAI_KEY")
    env(**half)
    (line,) = load("bridge").missing("worker")
    assert "YANDEX_CLOUD_API_KEY" in line
    assert "YANDEX_CLOUD_FOLDER_ID" in line


def test_a_delay_that_is_said_twice_is_one(env):
    """Two repeats of one delay would share a consumer group, and one of them would stand idle."""
    env(CONTRACT="2026", REPEAT_AFTER="3600,60,060")
    assert sorted(load("bridge").repeats.values()) == [60, 3_600]


def test_the_first_contract_repeats_nothing(env):
    """An id has one notification there, whatever `REPEAT_AFTER` says."""
    env(REPEAT_AFTER="60")
    assert load("bridge").repeats == {}
