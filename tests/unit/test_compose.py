"""The compose files, Dockerfile and requirements: what must not be lost when somebody edits them."""

from __future__ import annotations

import functools
import json
import os
import re
import shutil
import subprocess
from pathlib import Path
from unittest.mock import patch

import pytest
import yaml

from bridge.app import STOP_WITHIN
from config import Settings
from dev.env_files import filled
from dev.kafka_server import kafka_version
from tests.conftest import skip
from worker.app import STORE_WITHIN

CHECKOUT = Path(__file__).parents[2]
OURS = ("bridge", "worker", "flower")
MONITORING = ("prometheus", "grafana")
SECRETS = {
    "OPENAI_KEY": "sk-the-key",
    "OPENAI_KEY_COMMAND": "print the-key-behind-the-key",
    "OPENAI_PROXY": "http://u:the-proxy-password@proxy",
    "OPENAI_HEADERS": "api-key: the-other-key",
    "REDIS_PASSWORD": "the-redis-password",
    "REDIS_SENTINEL_PASSWORD": "the-sentinel-password",
    "KAFKA_SASL_PASSWORD": "the-kafka-password",
    "FLOWER_BASIC_AUTH": "u:the-flower-password",
}
# An `.env` of somebody who runs the processes by hand beside the platform's servers.
ELSEWHERE = {
    "REDIS_HOST": "redis.platform", "REDIS_PORT": "1", "REDIS_URL": "rediss://redis.platform/3", "REDIS_TLS": "on",
    "REDIS_TLS_CA": "/etc/redis-ca.pem", "REDIS_USERNAME": "somebody",
    "REDIS_SENTINELS": "sentinel.platform:26379", "KAFKA_BOOTSTRAP_SERVERS": "kafka.platform:9093",
    "KAFKA_SECURITY_PROTOCOL": "SASL_SSL", "KAFKA_SASL_USERNAME": "somebody", "KAFKA_SSL_CA_LOCATION": "/etc/ca.pem",
    "KAFKA_SSL_CERTIFICATE_LOCATION": "/etc/c.pem", "KAFKA_SSL_KEY_LOCATION": "/etc/k.pem",
}  # fmt: skip


@functools.cache
def command():
    """`docker compose` or `docker-compose`, whichever runs."""
    for words in (["docker", "compose"], ["docker-compose"]):
        if (
            shutil.which(words[0])
            and subprocess.run([*words, "version"], capture_output=True, check=False).returncode == 0
        ):
            return words
    return None


def configured(folder, file="docker-compose.yml", more="", **values):
    """What compose makes of a file with such an `.env`, to which `more` lines are added."""
    if command() is None:
        skip("needs docker-compose")
    env = folder / "env"
    env.write_text(filled((CHECKOUT / ".env.example").read_text(), values) + more)
    clean = {name: value for name, value in os.environ.items() if name.upper() not in variables()}
    ended = subprocess.run(
        [*command(), "--file", file, "--env-file", str(env), "config"],
        env={**clean, "ENV_FILE": str(env)}, cwd=CHECKOUT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert ended.returncode == 0, ended.stderr
    return yaml.safe_load(ended.stdout)


def variables():
    return {name.upper() for name in Settings.model_fields} | {
        "COMPOSE_PROFILES",
        "ENV_FILE",
        "SECRETS",
        "CERTIFICATES",
        "KEY_FILE",
    }


@pytest.fixture(scope="module")
def inside(tmp_path_factory):
    """docker-compose.yml with the `.env` of somebody who has everything set."""
    return configured(tmp_path_factory.mktemp("inside"), COMPOSE_PROFILES="test", **SECRETS, **ELSEWHERE)


@pytest.fixture(scope="module")
def outside(tmp_path_factory):
    """docker-compose.external.yml, whose secrets are files."""
    return configured(
        tmp_path_factory.mktemp("outside"), "docker-compose.external.yml",
        FLOWER_BASIC_AUTH=SECRETS["FLOWER_BASIC_AUTH"], REDIS_HOST="redis.platform", KAFKA_SASL_USERNAME="ai-handler",
        KAFKA_BOOTSTRAP_SERVERS="kafka.platform:9093",
    )  # fmt: skip


@pytest.fixture(params=["inside", "outside"])
def either(request):
    return request.getfixturevalue(request.param)


def told(service):
    """The settings that a container starts with."""
    ours = {name: str(value) for name, value in service["environment"].items() if name in variables()}
    with patch.dict(os.environ, ours, clear=True):
        return Settings()


def test_a_plain_copy_is_enough(tmp_path):
    """`cp .env.example .env` and the two that it asks for: compose takes the file, and Redis has a password."""
    services = configured(tmp_path, OPENAI_KEY="sk-test", FLOWER_BASIC_AUTH="u:p")["services"]
    assert set(services) - {"app", *MONITORING} == {"kafka", "redis", *OURS}
    words = services["redis"]["command"]
    assert words[words.index("--requirepass") + 1] == services["bridge"]["environment"]["REDIS_PASSWORD"] != ""


def test_flower_does_not_start_without_a_password(tmp_path):
    """Flower shows and steers tasks: without FLOWER_BASIC_AUTH compose refuses the file."""
    with pytest.raises(AssertionError, match="FLOWER_BASIC_AUTH"):
        configured(tmp_path, OPENAI_KEY="sk-test")


@pytest.mark.parametrize("name", [*OURS, "app"])
def test_inside_the_brokers_are_found_whatever_env_says(inside, name):
    """Nothing that `.env` says of the platform's own servers reaches a container that has servers beside it."""
    service = inside["services"][name]
    said = set(ELSEWHERE.values()) - {"1", "on"}
    assert not said & set(service["environment"].values())
    settings = told(service)
    assert settings.redis == f"redis://:{SECRETS['REDIS_PASSWORD']}@redis:6379/1"
    if name in ("bridge", "app"):
        assert settings.kafka == {"bootstrap.servers": "kafka:29092", "security.protocol": "PLAINTEXT"}


MAY_KNOW = {
    "prometheus": set(),
    "grafana": set(),
    "kafka": set(),
    "redis": {"REDIS_PASSWORD"},
    "bridge": {"REDIS_PASSWORD"},
    "worker": {"REDIS_PASSWORD", "OPENAI_KEY", "OPENAI_KEY_COMMAND", "OPENAI_PROXY", "OPENAI_HEADERS"},
    "flower": {"REDIS_PASSWORD", "FLOWER_BASIC_AUTH"},
    "app": {"REDIS_PASSWORD"},
}


@pytest.mark.parametrize("name", MAY_KNOW)
def test_a_role_knows_the_secrets_that_it_needs(inside, name):
    """Whoever breaks into Flower or the bridge finds no key of the provider there."""
    text = json.dumps(inside["services"][name])
    assert {secret for secret, value in SECRETS.items() if value in text} == MAY_KNOW[name]


def test_outside_there_are_no_servers_of_our_own(outside):
    """Beside the platform's Kafka and Redis run three containers, in the platform's network."""
    assert set(outside["services"]) == set(OURS)
    network = outside["networks"]["default"]
    assert network["name"] == "platform"
    assert network["external"]


def test_outside_secrets_are_files(outside):
    """No password is in an environment, each role is given its own files, and everything is encrypted."""
    mounted = {
        name: {secret["source"] for secret in service["secrets"]} for name, service in outside["services"].items()
    }
    assert mounted == {
        "bridge": {"redis_password", "kafka_sasl_password"},
        "worker": {"redis_password", "key"},
        "flower": {"redis_password"},
    }
    assert outside["secrets"]["key"]["file"] == str(CHECKOUT / "secrets" / "openai_key")
    for service in outside["services"].values():
        environment = service["environment"]
        assert not any(environment.get(name) for name in SECRETS if name != "FLOWER_BASIC_AUTH")
        assert (environment["REDIS_HOST"], environment["REDIS_TLS"]) == ("redis.platform", "on")
    bridge = outside["services"]["bridge"]["environment"]
    assert (bridge["KAFKA_SECURITY_PROTOCOL"], bridge["KAFKA_BOOTSTRAP_SERVERS"]) == ("SASL_SSL", "kafka.platform:9093")


@pytest.mark.parametrize("setting", ["OPENAI_KEY_COMMAND", "YANDEX_CLOUD_API_KEY", "keys/home"])
def test_outside_another_setting_may_give_the_key(tmp_path, setting):
    """Whoever has a key that expires, the platform's, or one for each provider, needs no file `openai_key`."""
    name = setting.lower()
    found = configured(tmp_path, "docker-compose.external.yml", f"KEY_FILE={name}\n", FLOWER_BASIC_AUTH="u:p")
    (key,) = (secret for secret in found["services"]["worker"]["secrets"] if secret["source"] == "key")
    assert (found["secrets"]["key"]["file"], key["target"]) == (str(CHECKOUT / "secrets" / name), name)


def test_plainly_beside_the_platform_env_says_all(tmp_path):
    """With the platform's own `.env` bridge, worker and Flower reach its servers, unencrypted, in its network."""
    found = configured(
        tmp_path, "docker-compose.plain.yml", FLOWER_BASIC_AUTH="u:p", REDIS_HOST="redis.platform",
        REDIS_PASSWORD="the-redis-password", KAFKA_BOOTSTRAP_SERVERS="kafka.platform:9092", CONTRACT="2026",
        YANDEX_CLOUD_API_KEY="the-key", YANDEX_CLOUD_FOLDER_ID="the-folder",
    )  # fmt: skip
    services = found["services"]
    assert set(services) == set(OURS)
    assert {told(one).redis for one in services.values()} == {"redis://:the-redis-password@redis.platform:6379/1"}
    assert told(services["bridge"]).kafka == {
        "bootstrap.servers": "kafka.platform:9092", "security.protocol": "PLAINTEXT",
    }  # fmt: skip
    assert {name for name in OURS if "the-key" in json.dumps(services[name])} == {"worker"}
    assert not list(told(services["worker"]).missing("worker"))
    assert found["networks"]["default"]["name"] == "platform"


def test_what_settings_name_by_path_is_in_the_containers(either):
    """The file `PROVIDERS` and certificates are where every role finds them, keys where the worker alone does."""
    for name in OURS:
        targets = {str(volume).split(":")[1] if isinstance(volume, str) else volume["target"]
                   for volume in either["services"][name]["volumes"]}  # fmt: skip
        assert "/app/certificates" in targets
        assert ("/app/keys" in targets) == (name == "worker")


@pytest.mark.parametrize("name", OURS)
def test_containers_are_locked_down(either, name):
    """Numeric user, read-only file system, no capabilities, bounded memory: little is won by breaking in."""
    service = either["services"][name]
    assert service["user"] == "10001:10001"
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert service["mem_limit"]
    assert service["pids_limit"]


@pytest.mark.parametrize("name", ["kafka", "redis", *MONITORING])
def test_servers_are_locked_down(inside, name):
    """The servers have no capabilities and bounded memory either."""
    service = inside["services"][name]
    assert service["cap_drop"] == ["ALL"]
    assert service["mem_limit"]


def test_nothing_is_open_to_the_network(either):
    """Every published port is bound to the host's loopback address."""
    for service in either["services"].values():
        for port in service.get("ports", []):
            assert (port if isinstance(port, str) else port["host_ip"]).startswith("127.0.0.1")


def test_every_service_is_watched_and_comes_back(either):
    """Each long-running service has a healthcheck, is restarted when it ends, and its log does not fill the disk."""
    for name, service in either["services"].items():
        if name != "app":
            assert service["healthcheck"]["test"]
            assert service["restart"] == "unless-stopped"
            assert service["logging"]["options"]["max-size"]


def test_healthchecks_start_no_python_and_no_java(either):
    """Watching must not cost more than what is watched: no interpreter is started for it."""
    for service in either["services"].values():
        test = " ".join(service.get("healthcheck", {}).get("test", []))
        assert not re.search(r"python|celery|kafka-|java", test)


def test_healthchecks_look_where_the_roles_write(inside):
    """The files that are looked at are the files that the roles are told to touch."""
    for name in ("bridge", "worker"):
        service = inside["services"][name]
        assert str(told(service).health_folder / f"{name}.health") in service["healthcheck"]["test"][-1]


def test_there_is_time_to_stop_cleanly(either):
    """Docker waits for a model call in hand, and for the bridge to finish, before it kills."""

    def grace(name):
        minutes, seconds = re.fullmatch(r"(?:(\d+)m)?(\d+)s", either["services"][name]["stop_grace_period"]).groups("0")
        return 60 * int(minutes) + int(seconds)

    assert grace("worker") > Settings.model_fields["openai_timeout"].default + STORE_WITHIN
    assert grace("bridge") > STOP_WITHIN


def test_redis_keeps_what_it_is_told(inside):
    """Redis writes every change to its append-only file, never evicts a key, and refuses before it is killed."""
    redis = inside["services"]["redis"]
    options = dict(zip(redis["command"][1::2], redis["command"][2::2], strict=True))
    assert options["--appendonly"] == "yes"
    assert options["--maxmemory-policy"] == "noeviction"
    assert options["--maxmemory"] == "768mb"
    assert str(redis["mem_limit"]) in ("1g", str(2**30))


def test_tests_and_monitoring_are_only_there_on_request(tmp_path):
    """`docker compose up` starts neither the container for tests nor Prometheus and Grafana; their profiles do."""
    configured(tmp_path, OPENAI_KEY="-", FLOWER_BASIC_AUTH="u:p")
    services = yaml.safe_load((CHECKOUT / "docker-compose.yml").read_text())["services"]
    profiles = {name: service["profiles"] for name, service in services.items() if "profiles" in service}
    assert profiles == {"app": ["test"], "prometheus": ["monitoring"], "grafana": ["monitoring"]}


def test_kafka_is_the_same_everywhere(inside):
    """The tests' own Kafka has the version that compose runs."""
    assert inside["services"]["kafka"]["image"] == f"apache/kafka:{kafka_version()}"


def test_state_outlives_containers(inside):
    """Topics, Redis' data, logs and what is monitored are on named volumes."""
    assert set(inside["volumes"]) == {"kafka", "redis", "logs", *MONITORING}


def test_the_image_runs_without_root():
    """Both final stages of the Dockerfile switch to a user by number, which orchestrators can verify."""
    stages = re.split(r"^FROM ", (CHECKOUT / "Dockerfile").read_text(), flags=re.MULTILINE)
    final = [stage for stage in stages if re.match(r"base AS (test|service)\b", stage)]
    assert len(final) == 2
    assert all("\nUSER 10001:10001\n" in stage for stage in final)


def test_the_image_is_made_of_known_packages():
    """Nothing is installed that does not have the hash that the lock file says, and the locks have what is required."""
    dockerfile = (CHECKOUT / "Dockerfile").read_text()
    assert dockerfile.count("pip install") == dockerfile.count("--require-hashes") == 3
    for name in ("requirements.txt", "requirements-otel.txt", "requirements-dev.txt"):
        lock = f"{name.removesuffix('.txt')}.lock"
        locked = (CHECKOUT / lock).read_text()
        for line in requirements(name):
            pin = re.sub(r"\[.*\]", "", line.partition(";")[0].strip()).lower().replace("_", "-")
            assert f"{pin} " in locked.lower().replace("_", "-"), f"{lock} is older than {name}: make lock"
        assert "index" not in locked


def test_everything_that_the_service_imports_is_in_its_image():
    """The image has every module of ours that bridge and worker import."""
    dockerfile = (CHECKOUT / "Dockerfile").read_text()
    for file in CHECKOUT.glob("*.py"):
        assert file.name in dockerfile
    for package in ("bridge", "config", "contract", "servers", "tracing", "worker"):
        assert f"COPY {package} {package}\n" in dockerfile


@pytest.mark.parametrize("name", [".env", ".test.env", "secrets", "certificates"])
def test_secrets_stay_out_of_the_image(name):
    """A developer's `.env` is neither copied into the image nor committed."""
    for ignored in (".dockerignore", ".gitignore"):
        lines = [line.rstrip("/") for line in (CHECKOUT / ignored).read_text().splitlines()]
        assert name in lines


def requirements(name):
    lines = (CHECKOUT / name).read_text().splitlines()
    return [line for line in lines if line and not line.startswith(("#", "-r "))]


@pytest.mark.parametrize(
    "name", ["requirements.txt", "requirements-demo.txt", "requirements-dev.txt", "requirements-otel.txt"]
)
def test_every_requirement_is_pinned(name):
    """Two installations of the same commit get the same packages."""
    assert requirements(name)
    assert all("==" in package for package in requirements(name))
