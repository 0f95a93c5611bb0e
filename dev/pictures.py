"""`python -m dev.pictures`: takes the pictures of the documentation anew, from a real run in a real browser.

The whole service runs on this machine, as in the demo; more requests arrive at once than the stand-in for OpenAI allows
in a minute. Prometheus watches, and Chromium shows its page, and the page of one decision. Needs Debian's packages
`prometheus` and `chromium`, Apache Kafka (`make test` fetches it) or its imitation, two minutes, and a machine that
has nothing else to do. Look at the pictures before you commit them.
"""

from __future__ import annotations

import argparse
import itertools
import json
import subprocess
import sys
import tempfile
import time
import urllib.parse
import urllib.request
from pathlib import Path

from confluent_kafka import Producer

from contract import REQUEST_KEY
from dev.browser import Browser, find_browser
from dev.demo import SAMPLES
from dev.kafka_server import CHECKOUT, silent
from dev.local_service import choose_kafka, local_service
from dev.processes import ChildProcess, LocalServer, ProcessFailedError, free_port, listens, running
from dev.service import READY, Service

FOLDER = CHECKOUT / "docs" / "pictures"
REQUESTS = 110
RPM = 60
DECISION = 8  # of whose criteria some are confirmed, some in part, some not
BEFORE = 15.0  # seconds that the picture shows of an idle service
AFTER = 10.0
PATIENCE = 240.0  # seconds for all requests to be answered
CURVES = {
    "lag in Kafka": "sum(ai_handler_bridge_lag)",
    "in hand": "sum(ai_handler_bridge_unfinished)",
    "waiting for the limits": "max(ai_handler_limiter_waiting)",
    "published": "sum(ai_handler_bridge_published_total)",
    "age of the oldest, s": "max(ai_handler_bridge_oldest_unfinished_seconds)",
}


class Prometheus(LocalServer):
    """Prometheus, scraping one bridge and one worker every second.

    Args:
        folder: for its data, configuration and log.
        targets: a port of this machine for each job.
    """

    name = "Prometheus"

    def __init__(self, folder: Path, targets: dict[str, int]) -> None:
        super().__init__()
        self._folder = folder
        self._targets = targets
        self._port = free_port()

    @property
    def url(self) -> str:
        """Its address."""
        return f"http://127.0.0.1:{self._port}"

    def start(self) -> None:
        """Start it and wait until it listens. Raises ProcessFailedError when it does not."""
        jobs = [
            {"job_name": job, "static_configs": [{"targets": [f"127.0.0.1:{port}"]}]}
            for job, port in self._targets.items()
        ]
        configuration = self._folder / "prometheus.yml"  # JSON is YAML
        configuration.write_text(json.dumps({"global": {"scrape_interval": "1s"}, "scrape_configs": jobs}))
        command = [
            "prometheus", f"--config.file={configuration}", f"--storage.tsdb.path={self._folder / 'prometheus'}",
            f"--web.listen-address=127.0.0.1:{self._port}",
        ]  # fmt: skip
        self._process = ChildProcess(self.name, command, log_file=self._folder / "prometheus.log")
        self._process.start()
        self._process.wait_ready(lambda: listens(self._port), timeout=READY)

    def value(self, query: str) -> float:
        """What a query gives now; -1: nothing."""
        url = f"{self.url}/api/v1/query?{urllib.parse.urlencode({'query': query})}"
        with urllib.request.urlopen(url, timeout=10) as answer:  # noqa: S310 # the loopback address
            found = json.load(answer)["data"]["result"]
        return float(found[0]["value"][1]) if found else -1.0

    def graph(self, seconds: int) -> str:
        """The address of its page that shows the curves of the last seconds."""
        labelled = [f'label_replace({query}, "of", "{name}", "", "")' for name, query in CURVES.items()]
        shown = {"g0.expr": " or ".join(labelled), "g0.tab": "0", "g0.range_input": f"{seconds}s", "g0.step_input": "1"}
        return f"{self.url}/graph?{urllib.parse.urlencode(shown)}"


def send(service: Service) -> None:
    """Send the demo's samples again and again, each resume a little different, so that no answer is known before."""
    samples = [json.loads(line) for line in SAMPLES.read_text(encoding="utf-8").splitlines()]
    producer = Producer({"bootstrap.servers": service.kafka, "log_level": 0}, logger=silent)
    for number, sample in enumerate(itertools.islice(itertools.cycle(samples), REQUESTS), start=1):
        resume = f"{sample['resume']}\nВариант {number}."
        request = {**sample, "processing_id": number, "resume_id": number, "resume": resume}
        producer.produce(service.names.requests, key=REQUEST_KEY, value=json.dumps(request, ensure_ascii=False))
    if producer.flush(30):
        raise ProcessFailedError("Kafka did not take the requests in 30 s")


def decision(service: Service, folder: Path) -> Path:
    """The page of one decision, with the quotes marked in its resume."""
    sample = json.loads(SAMPLES.read_text(encoding="utf-8").splitlines()[DECISION - 1])
    resume, page = folder / "resume.txt", folder / "page.html"
    resume.write_text(f"{sample['resume']}\nВариант {DECISION}.", encoding="utf-8")
    command = [sys.executable, "-m", "worker", "explain", str(DECISION), "--html", str(page), "--resume", str(resume)]
    subprocess.run(command, cwd=CHECKOUT, env=service.environment, check=True, timeout=60)
    return page


def main() -> int:
    """Run the service, take the pictures."""
    parser = argparse.ArgumentParser(prog="python -m dev.pictures", description=__doc__.splitlines()[0])
    parser.add_argument("--folder", type=Path, default=FOLDER, help="where the pictures go")
    to = parser.parse_args().folder.resolve()
    found = find_browser()
    if found is None:
        raise ProcessFailedError("there is no Chromium: apt-get install chromium")
    targets = {"bridge": free_port(), "worker": free_port()}
    limits = {"RPM": str(RPM), "RPD": "10000", "TPM": "1000000"}
    metrics = {f"{job.upper()}_METRICS_PORT": str(port) for job, port in targets.items()}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with (
            local_service(
                folder, kafka=choose_kafka("", folder), limits=limits, settings=metrics, announce=print
            ) as local,
            running(Prometheus(folder, targets)) as prometheus,
        ):
            time.sleep(BEFORE)
            started = time.monotonic()
            send(local.service)
            print(f"{REQUESTS} requests sent, {RPM} a minute are allowed")
            while prometheus.value(CURVES["published"]) < REQUESTS:
                local.service.check()
                if time.monotonic() - started > PATIENCE:
                    raise ProcessFailedError("not all requests were answered")
                time.sleep(1)
            time.sleep(AFTER)
            shown = int(time.monotonic() - started + BEFORE - 5)
            browser = Browser(found, folder / "profile")
            browser.picture(prometheus.graph(shown), to / "prometheus.png", "1100,960")
            browser.picture(decision(local.service, folder).as_uri(), to / "decision.png", "1000,1400")
    print(f"look at {to / 'prometheus.png'} and {to / 'decision.png'} before you commit them")
    return 0


if __name__ == "__main__":
    sys.exit(main())
