"""docs/architecture.md says what import-linter holds, and what is loaded is what is needed."""

import subprocess
import sys
from collections import Counter

from dev.imports_table import PAGE, page
from dev.kafka_server import CHECKOUT


def test_the_table_of_imports_is_current():
    """Whoever reads who may import what reads what is checked."""
    text = PAGE.read_text(encoding="utf-8")
    assert text == page(text, (CHECKOUT / "pyproject.toml").read_text()), "run `python -m dev.imports_table`"


def test_a_bridge_has_nothing_of_a_worker_that_it_does_not_need():
    """No worker's metrics, which alerts would take for a worker's word, and none of its dictionaries in memory."""
    loads = "import sys, bridge.app; print(*sys.modules)"
    command = [sys.executable, "-c", loads]
    ran = subprocess.run(command, cwd=CHECKOUT, capture_output=True, text=True, check=True, timeout=60)
    assert {"worker.metrics", "pymorphy3"}.isdisjoint(ran.stdout.split())


def test_no_two_files_of_tests_share_a_name():
    """Tests are no package: pytest collects all floors together, and takes the second file for the first."""
    names = Counter(file.name for file in (CHECKOUT / "tests").rglob("test_*.py"))
    assert [name for name, times in names.items() if times > 1] == []
