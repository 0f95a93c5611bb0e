"""What a worker has loaded before its first request, and what Python's collector makes of it."""

import os
import subprocess
import sys

PROGRAM = """
import gc
from worker.app import scoring
scoring()
from worker.assessment.redaction import morphology
from worker.limits import tokens
print(tokens._tokenizer.cache_info().currsize, morphology._dictionary.cache_info().currsize)
print(gc.get_freeze_count() > 100_000 > 10_000 > len(gc.get_objects()))
"""


def test_a_worker_has_its_tables_before_requests_and_never_walks_over_them_again() -> None:
    """Else sixteen first requests make sixteen tables, and one in sixty waits a tenth of a second for a collection."""
    environment = os.environ | {
        "ENV_FILE": os.devnull,
        "MODE": "TEST",
        "OPENAI_KEY": "none",
        "REDIS_URL": "redis://127.0.0.1:1/1",
    }
    ran = subprocess.run(
        [sys.executable, "-c", PROGRAM], env=environment, capture_output=True, text=True, timeout=120, check=True
    )
    assert ran.stdout.split() == ["1", "1", "True"], ran.stdout
