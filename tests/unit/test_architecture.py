"""docs/architecture.md says what import-linter holds."""

from dev.imports_table import PAGE, page
from dev.kafka_server import CHECKOUT


def test_the_table_of_imports_is_current():
    """Whoever reads who may import what reads what is checked."""
    text = PAGE.read_text(encoding="utf-8")
    assert text == page(text, (CHECKOUT / "pyproject.toml").read_text()), "run `python -m dev.imports_table`"
