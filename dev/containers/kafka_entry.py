"""Starts Kafka in a container from variables, as the official image does: KAFKA_LOG_DIRS is `log.dirs`."""

import os
import subprocess
from pathlib import Path

NOT_PROPERTIES = {"KAFKA_HEAP_OPTS"}


def main() -> None:
    properties = {
        name.removeprefix("KAFKA_").lower().replace("_", "."): value
        for name, value in os.environ.items()
        if name.startswith("KAFKA_") and name not in NOT_PROPERTIES
    }
    file = Path("/tmp/server.properties")  # noqa: S108 # the container's own
    file.write_text("".join(f"{name}={value}\n" for name, value in properties.items()))
    java = ["java", *os.environ.get("KAFKA_HEAP_OPTS", "").split(), "-cp", "/opt/kafka/libs/*"]
    if not Path(properties["log.dirs"], "meta.properties").exists():
        identity = os.environ["CLUSTER_ID"]
        subprocess.run([*java, "kafka.tools.StorageTool", "format", "-t", identity, "-c", str(file)], check=True)
    os.execvp("java", [*java, "kafka.Kafka", str(file)])  # noqa: S606 # no shell, on purpose


if __name__ == "__main__":
    main()
