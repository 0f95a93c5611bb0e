"""The images that Dockerfile and compose file ask for, made of Debian's packages under the names they ask for."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tarfile
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from dev.containers.engine import CannotRunHereError, Engine, run
from dev.kafka_server import CHECKOUT, fetch_jars, kafka_version
from dev.processes import ProcessFailedError

if TYPE_CHECKING:
    from collections.abc import Iterator

RELEASE = "trixie"  # its Python is 3.13
ROOT = CHECKOUT / ".cache" / f"{RELEASE}.tar"
CERTIFICATES = "etc/ssl/certs/ca-certificates.crt"
PACKAGES = "ca-certificates,python3,python3-venv"

REDIS = """\
FROM {base}
RUN apt-get update -qq && apt-get install -y -qq --no-install-recommends redis-server >/dev/null \\
    && install -d -o 999 -g 1000 /data
WORKDIR /data
"""

# As the official image does it: settings are variables, the storage is formatted once, the user is no. 1000.
KAFKA = """\
FROM {base}
RUN apt-get update -qq && apt-get install -y -qq --no-install-recommends openjdk-21-jre-headless >/dev/null \\
    && install -d -o 1000 -g 1000 /var/lib/kafka/data
COPY jars /opt/kafka/libs
COPY kafka_entry.py /
USER 1000:1000
CMD ["python", "/kafka_entry.py"]
"""


def make_images(engine: Engine) -> None:
    """Make all of them.

    Raises:
        CannotRunHereError: Debian's packages, or Kafka's jars, cannot be had here.
    """
    try:
        base = re.search(r"^ARG PYTHON=(\S+)", (CHECKOUT / "Dockerfile").read_text(), re.MULTILINE)
        assert base is not None  # noqa: S101 # our own file
        _import_base(engine, base[1])
        with tempfile.TemporaryDirectory() as folder:
            _build(engine, Path(folder), REDIS.format(base=base[1]), _image_of("redis"))
            shutil.copytree(fetch_jars(), Path(folder, "jars"))
            shutil.copy(Path(__file__).with_name("kafka_entry.py"), folder)
            _build(engine, Path(folder), KAFKA.format(base=base[1]), f"apache/kafka:{kafka_version()}")
    except ProcessFailedError as error:
        raise CannotRunHereError(f"the images cannot be made here: {str(error)[-500:]}") from None


def _image_of(service: str) -> str:
    found = re.search(rf"^  {service}:\n    image: (\S+)", (CHECKOUT / "docker-compose.yml").read_text(), re.MULTILINE)
    assert found is not None  # noqa: S101 # our own file
    return found[1]


def _build(engine: Engine, folder: Path, dockerfile: str, name: str) -> None:
    (folder / "Dockerfile").write_text(dockerfile)
    engine.docker("build", "--quiet", "--tag", name, str(folder))


def _import_base(engine: Engine, name: str) -> None:
    if not ROOT.exists():
        _bootstrap()
    changes = [word for variable in _pip_settings() for word in ("--change", f"ENV {variable}")]
    engine.docker("import", *changes, str(ROOT), name)


def _bootstrap() -> None:
    """Debian's own tool makes a root in about a minute; kept for the next time."""
    with tempfile.TemporaryDirectory(dir="/var/tmp") as folder:
        root = Path(folder, "root")
        run("debootstrap", "--variant=minbase", f"--include={PACKAGES}", RELEASE, str(root), seconds=400)
        (root / "usr" / "bin" / "python").symlink_to("python3")
        # A machine behind an inspecting proxy has a CA of its own, without which no package can be fetched.
        if Path("/", CERTIFICATES).exists():
            shutil.copy(Path("/", CERTIFICATES), root / CERTIFICATES)
        ROOT.parent.mkdir(parents=True, exist_ok=True)
        partial = ROOT.with_suffix(".partial")
        with tarfile.open(partial, "w") as archive:
            archive.add(root, arcname=".")
        partial.rename(ROOT)


def _pip_settings() -> Iterator[str]:
    """Where this machine has its packages from, as variables; whatever names a file of this machine is left out."""
    yield f"PIP_CERT=/{CERTIFICATES}"
    for option in ("index-url", "extra-index-url", "trusted-host"):
        name = f"PIP_{option.upper().replace('-', '_')}"
        asked = subprocess.run(
            ["python3", "-m", "pip", "config", "get", f"global.{option}"], capture_output=True, text=True, check=False
        )
        found = os.environ.get(name) or asked.stdout.strip()
        if found:
            yield f"{name}={found}"
    for name in ("http_proxy", "https_proxy", "no_proxy"):
        if value := os.environ.get(name) or os.environ.get(name.upper()):
            yield f"{name}={value}"
