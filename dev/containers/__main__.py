"""The story: build, start, score, look, test, scale, kill, stop, look again. See the package's docstring."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from dev.containers.engine import CannotRunHereError, Engine, run
from dev.containers.images import make_images
from dev.env_files import FOR_TESTS, filled, passwords
from dev.kafka_server import CHECKOUT, why_no_apache_kafka
from dev.processes import ProcessFailedError

STOPS_WITHIN = 10.0  # seconds, the whole stack
STANDIN = "http://app:8080"
SETTINGS = {
    **FOR_TESTS,
    "OPENAI_BASE_URL": f"{STANDIN}/v1",
    "EGRESS_TRACE_URL": f"{STANDIN}/cdn-cgi/trace",
    "RPM": "60000",
    "RPD": "20000000",
    "TPM": "200000000",
    "LEASE_SECONDS": "2",
}
# A part of each floor that needs no servers but the two beside it; all of it runs on the host anyway.
PYTEST = (
    *(
        "tests/unit/test_config.py",
        "tests/unit/test_contract.py",
        "tests/unit/test_logs.py",
        "tests/unit/test_makefile.py",
    ),
    *("tests/integration/test_leases.py", "tests/integration/test_publisher.py", "tests/integration/test_topics.py"),
)
TOOLS = {
    "dockerd": "docker.io",
    "docker-compose": "docker-compose",
    "debootstrap": "debootstrap",
    "iptables": "iptables",
}


class Fault(Exception):
    """Containers run here, and ours do not do what they should."""


class Stack:
    """The compose file, run with an `.env` of its own."""

    def __init__(self, engine: Engine, folder: Path) -> None:
        self._engine = engine
        self._env = folder / "test.env"
        example = (CHECKOUT / ".env.example").read_text()
        self._env.write_text(filled(example, {**passwords(), **SETTINGS, "ENV_FILE": str(self._env)}))

    def compose(self, *arguments: str, seconds: float = 300) -> str:
        """Run `docker-compose`; what it said."""
        # Its own `.env` is all that counts: the environment would win over it.
        ours = {line.partition("=")[0] for line in self._env.read_text().splitlines()}
        environment = {name: value for name, value in self._engine.environment.items() if name not in ours}
        return run(
            "docker-compose", "--project-name", "ai-handler", "--env-file", str(self._env), *arguments,
            seconds=seconds, environment=environment,
        )  # fmt: skip

    def containers(self, service: str = "") -> list[str]:
        """The ids of the containers."""
        return self.compose("ps", "--quiet", *([service] if service else [])).split()

    def running(self, service: str) -> list[str]:
        """The ids of those that have not been killed."""
        return [one for one in self.containers(service) if self.inspect(one, "{{.State.Running}}") == "true"]

    def inspect(self, container: str, what: str) -> str:
        """One field of a container."""
        return self._engine.docker("inspect", "--format", what, container).strip()

    def await_healthy(self, seconds: float) -> None:
        """Wait until every container that is watched is healthy."""
        health = "{{.Name}} {{if .State.Health}}{{.State.Health.Status}}{{else}}healthy{{end}} {{.State.Status}}"
        patience = time.monotonic() + seconds
        while True:
            states = [self.inspect(container, health) for container in self.containers()]
            if states and all(state.endswith(" healthy running") for state in states):
                return
            if time.monotonic() > patience:
                raise Fault(f"not healthy: {states}\n{self.compose('logs', '--no-color', '--tail=30')[-6000:]}")
            time.sleep(1)


def score(stack: Stack, first: int, count: int) -> None:
    """Requests go in, answers come out."""
    try:
        said = stack.compose("exec", "-T", "app", "python", "-m", "dev.containers.inside", str(first), str(count))
    except ProcessFailedError as error:
        raise Fault(
            f"{error}\n{stack.compose('logs', '--no-color', '--tail=40', 'bridge', 'worker')[-6000:]}"
        ) from None
    print("   ", said.strip())


def look_for_root(engine: Engine, stack: Stack) -> None:
    """`docker top` shows no root in any container."""
    for container in stack.containers():
        processes = engine.docker("top", container, "-eo", "uid,pid,args").splitlines()[1:]
        users = {line.split()[0] for line in processes}
        print("   ", stack.inspect(container, "{{.Name}}"), "runs as", ", ".join(sorted(users)))
        if "0" in users:
            raise Fault(f"root in {processes}")


def look_at_owners(stack: Stack) -> None:
    """The log is written, and belongs to the user of the containers."""
    owners = stack.compose("exec", "-T", "app", "sh", "-c", "stat -c '%u %n' logs logs/*").splitlines()
    print("   ", "; ".join(owners))
    if not any(line.endswith("auth_service.log") for line in owners) or any(
        not line.startswith("10001 ") for line in owners
    ):
        raise Fault(f"owners of the logs: {owners}")


def look_at_secrets(stack: Stack) -> None:
    """What a role does not need is not in its container."""
    for service, forbidden in (("bridge", "OPENAI_KEY"), ("flower", "OPENAI_KEY"), ("worker", "FLOWER_BASIC_AUTH")):
        value = stack.compose("exec", "-T", service, "sh", "-c", f'printf %s "${forbidden}"')
        if value:
            raise Fault(f"{service} knows {forbidden}")
    for service in ("bridge", "worker", "flower"):
        if stack.compose("exec", "-T", service, "sh", "-c", "touch /app/x 2>/dev/null && echo wrote || true").strip():
            raise Fault(f"{service} can write into its image")


def stop(stack: Stack) -> None:
    """Everything stops by itself, cleanly and soon."""
    watched = {service: stack.running(service) for service in ("bridge", "worker", "flower", "kafka", "redis")}
    began = time.monotonic()
    stack.compose("stop")
    took = time.monotonic() - began
    codes = {
        f"{service} {number}": int(stack.inspect(container, "{{.State.ExitCode}}"))
        for service, containers in watched.items()
        for number, container in enumerate(containers, 1)
    }
    print(f"    stopped in {took:.1f} s; exit codes {codes}")
    if took > STOPS_WITHIN:
        raise Fault(f"the stack took {took:.1f} s to stop")
    if any(code == 137 for code in codes.values()):
        raise Fault("something had to be killed")
    if any(code != 0 for name, code in codes.items() if name.startswith(("bridge", "worker"))):
        raise Fault("a bridge or a worker did not end well")


def story(engine: Engine, folder: Path) -> None:
    step("images that the files ask for, of Debian's packages")
    make_images(engine)
    stack = Stack(engine, folder)
    step("the real Dockerfile")
    stack.compose("build", "bridge", "app", seconds=400)
    step("docker-compose up")
    stack.compose("up", "--detach")
    try:
        stack.compose(
            "exec", "-T", "--detach", "app", "python", "-m", "dev.openai_standin", "--host=0.0.0.0", "--port=8080",
            "--rpm=60000", "--rpd=20000000", "--tpm=200000000",
        )  # fmt: skip
        stack.await_healthy(90)
        step("requests are scored")
        score(stack, 1, 20)
        step("users, secrets, owners")
        look_for_root(engine, stack)
        look_at_secrets(stack)
        look_at_owners(stack)
        step("python -m bridge check, in the bridge's container")
        print(stack.compose("exec", "-T", "bridge", "python", "-m", "bridge", "check"))
        step("exec app pytest")
        print("   ", stack.compose("exec", "-T", "app", "pytest", "-q", *PYTEST).strip().splitlines()[-1])
        step("scaled, and one of each killed")
        stack.compose("up", "--detach", "--no-recreate", "--scale", "worker=2", "--scale", "bridge=2")
        stack.await_healthy(60)
        for service in ("worker", "bridge"):
            engine.docker("kill", stack.containers(service)[0])
        score(stack, 101, 20)
        step("stopped")
        stop(stack)
    finally:
        stack.compose("down", "--volumes", "--timeout", "5")


def step(what: str) -> None:
    print(f"--- {what} ({time.monotonic() - BEGAN:.0f} s)", flush=True)


def why_not() -> str | None:
    """Why this cannot even be tried here."""
    if os.geteuid() != 0:
        return "it needs root"
    if reason := why_no_apache_kafka():
        return f"it needs Kafka's jars: {reason}"
    missing = [package for tool, package in TOOLS.items() if shutil.which(tool) is None]
    if missing and os.environ.get("CI") == "true" and shutil.which("apt-get"):
        environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive", "RUNLEVEL": "1"}  # no engine of the system's
        for command in (["update", "-qq"], ["install", "-y", "-qq", "--no-install-recommends", *missing]):
            subprocess.run(["apt-get", *command], env=environment, stdout=subprocess.DEVNULL, check=False)
        missing = [package for tool, package in TOOLS.items() if shutil.which(tool) is None]
    return f"Debian's packages are missing: {', '.join(missing)}" if missing else None


def main() -> int:
    """The exit code: 0 all is well, or it cannot be tried here; 1 a fault of ours."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # what was started is stopped
    if reason := why_not():
        print(f"containers: skipped, {reason}")
        return 0
    try:
        with tempfile.TemporaryDirectory() as folder, Engine() as engine:
            return tell(engine, Path(folder))
    except CannotRunHereError as error:
        print(f"containers: skipped, {error}")
        return 0


def tell(engine: Engine, folder: Path) -> int:
    """The story, and how it ended; said before the engine is put away, which takes its time."""
    try:
        story(engine, folder)
    except (Fault, ProcessFailedError) as error:
        print(f"containers: {error}", flush=True)
        return 1
    print(f"containers: all is well ({time.monotonic() - BEGAN:.0f} s)", flush=True)
    return 0


BEGAN = time.monotonic()

if __name__ == "__main__":
    sys.exit(main())
