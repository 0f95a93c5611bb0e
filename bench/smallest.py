"""Runs every benchmark once in its smallest form, to see that none has rotted: `python -m bench.smallest`.

Its figures are good for nothing. Which benchmark answers what: bench/README.md.
"""

import subprocess
import sys
import time

SMALLEST = {
    "bench.catch_up": ("--most", "2000"),
    "bench.end_to_end": ("--quick", "--messages", "20", "--only", "this service"),
    "bench.limits": ("--quick",),
    "bench.limits_order": ("--quick",),
    "bench.limits_peers": ("--only", "RPM 3"),
    "bench.memory": ("--requests", "500"),
    "bench.publishing": ("--quick",),
    "bench.redaction": ("--no-held-out",),
    "bench.redis_cost": ("--requests", "5"),
    "bench.scoring": ("--limit", "1"),
    "bench.text_cost": (),
}
LONGEST = 120  # seconds


def main() -> int:
    """The exit code: 1 where one failed, whose output is printed."""
    began, failed = time.monotonic(), 0
    for module, arguments in SMALLEST.items():
        at = time.monotonic()
        command = [sys.executable, "-m", module, *arguments]
        try:
            ran = subprocess.run(command, capture_output=True, text=True, timeout=LONGEST, check=False)
            fault = f"exit code {ran.returncode}\n{ran.stdout[-3000:]}\n{ran.stderr[-3000:]}" if ran.returncode else ""
        except subprocess.TimeoutExpired:
            fault = f"not done in {LONGEST} s"
        print(f"{module:24}{time.monotonic() - at:6.1f} s  {fault or 'runs'}", flush=True)
        failed += bool(fault)
    print(f"{len(SMALLEST) - failed} of {len(SMALLEST)} run, {time.monotonic() - began:.0f} s in all")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
