"""docker-compose.yml, Dockerfile and requirements: what must not be lost when somebody edits them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from bridge.app import STOP_WITHIN
from config import Settings
from dev.kafka_server import kafka_version
from worker.app import STORE_WITHIN

CHECKOUT = Path(__file__).parents[2]
COMPOSE = yaml.safe_load((CHECKOUT / "docker-compose.yml").read_text())
SERVICES = COMPOSE["services"]
OURS = ("bridge", "worker", "flower", "app")


def test_redis_keeps_what_it_is_told():
    """Redis writes every change to its append-only file and never evicts a key."""
    command = SERVICES["redis"]["command"]
    options = dict(zip(command[1::2], command[2::2], strict=True))
    assert options["--appendonly"] == "yes"
    assert options["--maxmemory-policy"] == "noeviction"
    assert any(volume.endswith(":/data") for volume in SERVICES["redis"]["volumes"])


@pytest.mark.parametrize("name", SERVICES)
def test_nothing_is_open_to_the_network(name):
    """Every published port is bound to the host's loopback address."""
    assert all(port.startswith("127.0.0.1:") for port in SERVICES[name].get("ports", []))


def test_flower_does_not_start_without_a_password():
    """Flower shows and steers tasks: without FLOWER_BASIC_AUTH compose refuses the file."""
    assert SERVICES["flower"]["environment"]["FLOWER_BASIC_AUTH"].startswith("${FLOWER_BASIC_AUTH:?")


@pytest.mark.parametrize("name", [name for name in SERVICES if name != "app"])
def test_every_service_is_watched_and_comes_back(name):
    """Each long-running service has a healthcheck and is restarted when it ends."""
    assert SERVICES[name]["healthcheck"]["test"]
    assert SERVICES[name]["restart"] == "unless-stopped"


def test_there_is_time_to_stop_cleanly():
    """Docker waits for a model call in hand, and for the bridge to finish, before it kills."""
    grace = {name: int(SERVICES[name]["stop_grace_period"].removesuffix("s")) for name in ("bridge", "worker")}
    assert grace["worker"] > Settings.model_fields["openai_timeout"].default + STORE_WITHIN
    assert grace["bridge"] > STOP_WITHIN


@pytest.mark.parametrize("name", OURS)
def test_our_services_find_the_brokers_inside(name):
    """Whatever `.env` says about hosts, inside compose the brokers are found by service name."""
    environment = SERVICES[name]["environment"]
    assert environment["KAFKA_BOOTSTRAP_SERVERS"] in SERVICES["kafka"]["environment"]["KAFKA_ADVERTISED_LISTENERS"]
    assert environment["REDIS_HOST"] == "redis"


def test_the_test_container_is_only_there_on_request():
    """`docker compose up` does not start the container for tests; its profile does."""
    assert [name for name, service in SERVICES.items() if "profiles" in service] == ["app"]


def test_kafka_is_the_same_everywhere():
    """The tests' own Kafka has the version that compose runs."""
    assert SERVICES["kafka"]["image"] == f"apache/kafka:{kafka_version()}"


def test_state_outlives_containers():
    """Topics, Redis' data and logs are on named volumes."""
    mounted = {volume.split(":")[0] for service in SERVICES.values() for volume in service.get("volumes", [])}
    assert mounted == set(COMPOSE["volumes"]) == {"kafka", "redis", "logs"}


def test_the_image_runs_without_root():
    """Both final stages of the Dockerfile switch to the user `app`."""
    stages = re.split(r"^FROM ", (CHECKOUT / "Dockerfile").read_text(), flags=re.MULTILINE)
    final = [stage for stage in stages if re.match(r"base AS (test|service)\b", stage)]
    assert len(final) == 2
    assert all("\nUSER app\n" in stage for stage in final)


@pytest.mark.parametrize("name", [".env", ".test.env"])
def test_secrets_stay_out_of_the_image(name):
    """A developer's `.env` is neither copied into the image nor committed."""
    for ignored in (".dockerignore", ".gitignore"):
        assert name in (CHECKOUT / ignored).read_text().splitlines()


@pytest.mark.parametrize("name", ["requirements.txt", "requirements-demo.txt", "requirements-dev.txt"])
def test_every_requirement_is_pinned(name):
    """Two installations of the same commit get the same packages."""
    lines = (CHECKOUT / name).read_text().splitlines()
    packages = [line for line in lines if line and not line.startswith(("#", "-r "))]
    assert packages
    assert all("==" in package for package in packages)
