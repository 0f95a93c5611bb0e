"""deploy/kubernetes: what must not be lost when somebody edits it."""

from pathlib import Path

import kubernetes_validate
import pytest
import yaml

from config import Settings
from config.files import read_env_file
from dev.settings_table import variables

CHECKOUT = Path(__file__).parents[2]
FOLDER = CHECKOUT / "deploy" / "kubernetes"
FILES = sorted(file for file in FOLDER.rglob("*.yaml") if file.name != "kustomization.yaml")
OBJECTS = [each for file in FILES for each in yaml.safe_load_all(file.read_text())]
DEPLOYMENTS = {each["metadata"]["name"]: each["spec"] for each in OBJECTS if each["kind"] == "Deployment"}
PODS = {name: spec["template"]["spec"] for name, spec in DEPLOYMENTS.items()}
CONTAINERS = {name: pod["containers"][0] for name, pod in PODS.items()}
PROBES = {
    f"{name} {kind}": container[kind]
    for name, container in CONTAINERS.items()
    for kind in ("startupProbe", "livenessProbe", "readinessProbe")
    if kind in container
}


def settings():
    """settings.env as the service reads it."""
    lines = read_env_file(FOLDER / "base" / "settings.env")
    return Settings(**{name.lower(): value for name, value in lines.items() if value}, openai_key="sk-test")


@pytest.mark.parametrize("kind", OBJECTS, ids=lambda each: f"{each['kind']}-{each['metadata']['name']}")
def test_every_object_is_valid(kind):
    """Each object fits the API's own schema, without a field that it does not know."""
    kubernetes_validate.validate(kind, "1.33", strict=True)


@pytest.mark.parametrize("folder", ["base", "autoscaling"])
def test_kustomize_is_told_of_every_file(folder):
    """No manifest lies beside a kustomization that forgot it."""
    listed = yaml.safe_load((FOLDER / folder / "kustomization.yaml").read_text())["resources"]
    beside = {file.name for file in FILES if file.parent.name == folder}
    assert {name for name in listed if name.endswith(".yaml")} == beside


def test_settings_are_settings(monkeypatch):
    """Every line of settings.env is a setting, with a value that it may have, and none is a secret."""
    lines = (FOLDER / "base" / "settings.env").read_text().splitlines()
    names = [line.partition("=")[0] for line in lines if line and not line.startswith("#")]
    assert set(names) <= set(variables())
    for name in variables():
        monkeypatch.delenv(name, raising=False)
    assert settings().kafka_topic_replication == 3
    assert not [name for name in names if name.endswith(("KEY", "PASSWORD", "AUTH", "PROXY", "URL"))]


@pytest.mark.parametrize("name", PROBES)
def test_no_probe_goes_through_redis(name):
    """Each asks the process itself, at the port that it serves: nobody is restarted because Redis is away."""
    probe, container = PROBES[name], CONTAINERS[name.split()[0]]
    assert set(probe) & {"exec", "tcpSocket", "grpc"} == set()
    (port,) = container["ports"]
    assert probe["httpGet"]["port"] == port["name"]
    assert port["containerPort"] == getattr(settings(), f"{name.split()[0]}_metrics_port")


def test_bridge_and_worker_are_watched():
    """A process that hangs is restarted, and has time to start."""
    assert {"bridge livenessProbe", "bridge startupProbe", "worker livenessProbe", "worker startupProbe"} <= set(PROBES)


def test_one_is_there_to_take_over():
    """Two bridges and two workers, of which a drained node takes one at a time."""
    assert (DEPLOYMENTS["bridge"]["replicas"], DEPLOYMENTS["worker"]["replicas"]) == (2, 2)
    budgets = {each["metadata"]["name"]: each["spec"] for each in OBJECTS if each["kind"] == "PodDisruptionBudget"}
    assert {name: budget["minAvailable"] for name, budget in budgets.items()} == {"bridge": 1, "worker": 1}


def test_there_is_as_much_time_to_stop_as_in_compose():
    """A call in hand is finished, a transaction too."""
    compose = yaml.safe_load((CHECKOUT / "docker-compose.services.yml").read_text())["services"]
    for name in ("bridge", "worker"):
        grace = int(compose[name]["stop_grace_period"].removesuffix("s"))
        assert PODS[name]["terminationGracePeriodSeconds"] >= grace


@pytest.mark.parametrize("name", PODS)
def test_pods_can_do_little(name):
    """No root, no writable image, no capability, no token of the cluster."""
    pod, container = PODS[name], CONTAINERS[name]
    assert pod["automountServiceAccountToken"] is False
    assert pod["securityContext"]["runAsNonRoot"] is True
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }


def test_what_is_written_goes_where_one_may_write():
    """The image is read-only: health files are in the scratch volume, logs go to stdout."""
    assert settings().log_file is None
    files = {name: value for name, value in settings() if isinstance(value, Path)}
    assert {str(path) for path in files.values()} == {"/tmp"}
    for name in ("bridge", "worker"):
        assert "/tmp" in [mount["mountPath"] for mount in CONTAINERS[name]["volumeMounts"]]


def test_workers_are_scaled_by_a_metric_that_they_have():
    """By busy threads: lag mostly means that the quota is spent."""
    (scaler,) = [each["spec"] for each in OBJECTS if each["kind"] == "HorizontalPodAutoscaler"]
    (metric,) = scaler["metrics"]
    name = metric["pods"]["metric"]["name"]
    assert name in (CHECKOUT / "worker" / "metrics.py").read_text()
    (generated,) = yaml.safe_load((FOLDER / "autoscaling" / "kustomization.yaml").read_text())["configMapGenerator"]
    (name, calls) = generated["literals"][0].split("=")
    assert name == "WORKER_CONCURRENCY"
    assert 0 < float(metric["pods"]["target"]["averageValue"]) < int(calls)
    assert scaler["scaleTargetRef"]["name"] in DEPLOYMENTS


def test_flower_is_not_open():
    """It listens on its own pod alone, and does not start without a password."""
    flower = CONTAINERS["flower"]
    assert "--address=127.0.0.1" in flower["command"]
    assert flower["env"][0]["valueFrom"]["secretKeyRef"] == {"name": "ai-handler", "key": "FLOWER_BASIC_AUTH"}
