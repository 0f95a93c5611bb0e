"""Dashboard, alert rules and their pages: what they name is there, and the rules fire."""

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

from dev.metrics_table import PAGE, declared, page
from tests.conftest import skip

CHECKOUT = Path(__file__).parents[2]
MONITORING = CHECKOUT / "deploy" / "monitoring"
RULES = [rule for group in yaml.safe_load((MONITORING / "alerts.yml").read_text())["groups"] for rule in group["rules"]]
DASHBOARD = json.loads((MONITORING / "grafana" / "dashboards" / "ai-handler.json").read_text())
QUERIES = {
    **{f"alert {rule['alert']}": rule["expr"] for rule in RULES},
    **{
        f"panel {panel['title']} {target['refId']}": target["expr"]
        for panel in DASHBOARD["panels"]
        for target in panel["targets"]
    },
}
LABELS = {series: set(each.labels) for metrics in declared().values() for each in metrics for series in each.series}
METRIC = re.compile(r"\bai_handler_\w+\b")
MATCHER = re.compile(r"(\w+)\{([^}]*)\}")
GROUPED = re.compile(r"by \(([^)]*)\)")


@pytest.mark.parametrize("query", QUERIES.values(), ids=QUERIES)
def test_a_query_names_metrics_and_labels_that_exist(query):
    """No panel stays empty, and no alert silent, because a metric was renamed."""
    named = METRIC.findall(query)
    assert set(named) <= set(LABELS)
    known = set().union(*(LABELS[name] for name in named)) | {"le", "job"}
    for name, matchers in MATCHER.findall(query):
        assert set(re.findall(r"(\w+)!?=", matchers)) <= LABELS.get(name, {"job"})
    assert {label.strip() for labels in GROUPED.findall(query) for label in labels.split(",")} <= known


def test_every_metric_is_in_the_documentation_and_nothing_else():
    """docs/metrics.md is what `python -m dev.metrics_table` makes of the declarations."""
    assert PAGE.read_text(encoding="utf-8") == page()


def test_no_metric_has_a_label_that_carries_ids_or_text():
    """Prometheus keeps no personal data: labels are few words of our own, and the names of models and providers."""
    ours = {"partition", "kind", "reason", "result", "why", "sign", "ground", "question", "bucket", "model", "topic",
            "name", "provider", "prompt", "rubric", "schema", "python", "librdkafka"}  # fmt: skip
    assert set().union(*LABELS.values()) <= ours


def promtool(*arguments):
    if shutil.which("promtool") is None:
        skip("needs promtool: apt-get install prometheus")
    done = subprocess.run(
        ["promtool", *arguments], cwd=MONITORING, capture_output=True, text=True, check=False, timeout=120
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_prometheus_takes_its_configuration():
    """Prometheus starts with it, and knows the rules."""
    promtool("check", "config", "prometheus.yml")


def test_every_alert_fires():
    """With the numbers of each trouble its alert fires; with those of a service that is well none does."""
    promtool("test", "rules", "alerts_test.yml")


def test_every_alert_is_tested():
    """Each is fired once, and once is silent."""
    tests = yaml.safe_load((MONITORING / "alerts_test.yml").read_text())["tests"]
    fired = {case["alertname"] for test in tests for case in test["alert_rule_test"] if case["exp_alerts"]}
    silent = {case["alertname"] for test in tests for case in test["alert_rule_test"] if not case["exp_alerts"]}
    assert fired == silent == {rule["alert"] for rule in RULES}


def test_every_alert_has_its_paragraph_in_the_runbook():
    """Whoever is woken finds what it means and what to do under the alert's name, and no paragraph is left over."""
    for runbook, annotation in (("docs/runbook.md", "runbook"), ("docs/runbook.ru.md", "runbook_ru")):
        headings = re.findall(r"^### (\w+)$", (CHECKOUT / runbook).read_text(), re.MULTILINE)
        assert sorted(headings) == sorted(rule["alert"] for rule in RULES)
        for rule in RULES:
            assert rule["annotations"][annotation] == f"{runbook}#{rule['alert'].lower()}"
    for rule in RULES:
        assert rule["labels"]["severity"] in ("page", "ticket")


def rows_of(markdown):
    """The cells of a table's rows, without its head."""
    rows = [line.strip("| ").split("|") for line in markdown.splitlines() if line.startswith("| ")]
    return [[cell.strip() for cell in row] for row in rows[2:]]


def test_one_look_tells_why_it_is_slow():
    """The first row of tiles, the panel that explains it and the page name the same reasons in the same order."""
    tiles = [panel["title"] for panel in DASHBOARD["panels"] if panel["gridPos"]["y"] == 0]
    (said,) = [panel for panel in DASHBOARD["panels"] if panel["type"] == "text"]
    rows = rows_of(said["options"]["content"])
    explained = (
        (CHECKOUT / "docs" / "monitoring.md").read_text().partition('## From "it is slow"')[2].partition("\n## ")[0]
    )
    assert [row[0] for row in rows] == [row[0] for row in rows_of(explained)]
    assert [*(row[0] for row in rows[:-1]), "Oldest request"] == tiles
    alerts = {rule["alert"] for rule in RULES}
    assert all(set(row[-1].split(", ")) <= alerts for row in rows)


def test_no_two_panels_lie_on_each_other():
    """Grafana would move one of them, and the row that one looks at first would not be one."""
    places = [panel["gridPos"] for panel in DASHBOARD["panels"]]
    cells = [
        (x, y) for at in places for x in range(at["x"], at["x"] + at["w"]) for y in range(at["y"], at["y"] + at["h"])
    ]
    assert len(cells) == len(set(cells))
    assert max(x for x, _ in cells) < 24


def test_the_dashboard_is_provisioned():
    """Grafana finds its data source and the folder of the dashboard where compose mounts them."""
    compose = yaml.safe_load((CHECKOUT / "docker-compose.yml").read_text())["services"]
    provisioning = MONITORING / "grafana" / "provisioning"
    (source,) = yaml.safe_load((provisioning / "datasources" / "prometheus.yml").read_text())["datasources"]
    assert source["url"] == "http://prometheus:9090"
    assert {panel["datasource"]["uid"] for panel in DASHBOARD["panels"]} == {source["uid"]}
    (provider,) = yaml.safe_load((provisioning / "dashboards" / "dashboards.yml").read_text())["providers"]
    assert f"./deploy/monitoring/grafana/dashboards:{provider['options']['path']}:ro" in compose["grafana"]["volumes"]


def test_what_prometheus_scrapes_is_what_compose_serves():
    """The ports are the same, and reachable from Prometheus' container."""
    compose = yaml.safe_load((CHECKOUT / "docker-compose.yml").read_text())["services"]
    jobs = yaml.safe_load((MONITORING / "prometheus.yml").read_text())["scrape_configs"]
    for job in jobs:
        name = job["job_name"]
        (found,) = job["dns_sd_configs"]
        environment = compose[name]["environment"]
        assert found["names"] == [name]
        assert environment[f"{name.upper()}_METRICS_PORT"] == str(found["port"])
        assert environment["METRICS_HOST"] == "0.0.0.0"
        assert name == "bridge" or "ports" not in compose[name]  # its overview is for a person on this machine
