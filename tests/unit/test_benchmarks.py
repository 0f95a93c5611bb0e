"""Benchmarks: none is forgotten by the page that says what they answer, nor by CI."""

from pathlib import Path

from bench.smallest import SMALLEST

BENCH = Path(__file__).parents[2] / "bench"


def benchmarks():
    """What can be run there, but for what runs them all."""
    files = (file for file in BENCH.rglob("*.py") if '__name__ == "__main__"' in file.read_text())
    names = {".".join(file.relative_to(BENCH.parent).with_suffix("").parts).removesuffix(".__main__") for file in files}
    return {name for name in names if name.count(".") == 1} - {"bench.smallest"}


def test_each_is_run_by_ci():
    """None rots unseen."""
    assert set(SMALLEST) == benchmarks()


def test_each_is_on_the_page():
    """Whoever looks for a figure's source finds what each benchmark answers, and when it last did."""
    page = (BENCH / "README.md").read_text()
    rows = {line.split("`")[1].removeprefix("python -m ") for line in page.splitlines() if line.startswith("| `python")}
    assert rows == benchmarks()
