"""Runs every benchmark once in its smallest form, to see that none has rotted: `python -m bench.smallest`.

Two run at a time, since most of each is waiting for servers: the figures are good for nothing. Which benchmark answers
what: bench/README.md.
"""

import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor

SMALLEST = {  # the longest first
    "bench.end_to_end": ("--quick", "--messages", "20", "--only", "this service"),
    "bench.limits_order": ("--quick",),
    "bench.redis_cost": ("--requests", "5"),
    "bench.catch_up": ("--most", "2000"),
    "bench.memory": ("--requests", "500"),
    "bench.publishing": ("--quick",),
    "bench.redaction": ("--no-held-out",),
    "bench.scoring": ("--limit", "1"),
    "bench.text_cost": (),
    "bench.limits": ("--quick",),
    "bench.limits_peers": ("--only", "RPM 3"),
}
LONGEST = 180  # seconds
AT_ONCE = 2


def runs(module: str) -> bool:
    """Whether it ended well, which is printed; if not, with the end of its output."""
    began = time.monotonic()
    command = [sys.executable, "-m", module, *SMALLEST[module]]
    try:
        ran = subprocess.run(command, capture_output=True, text=True, timeout=LONGEST, check=False)
        fault = f"exit code {ran.returncode}\n{ran.stdout[-3000:]}\n{ran.stderr[-3000:]}" if ran.returncode else ""
    except subprocess.TimeoutExpired:
        fault = f"not done in {LONGEST} s"
    print(f"{module:24}{time.monotonic() - began:6.1f} s  {fault or 'runs'}", flush=True)
    return not fault


def main() -> int:
    """The exit code: 1 where one failed."""
    began = time.monotonic()
    with ThreadPoolExecutor(AT_ONCE) as pool:
        well = list(pool.map(runs, SMALLEST))
    print(f"{sum(well)} of {len(well)} run, {time.monotonic() - began:.0f} s in all")
    return 0 if all(well) else 1


if __name__ == "__main__":
    sys.exit(main())
