"""What operators ask and tell the workers: `celery -A worker inspect limits`, `... control set_limits`.

celery -A worker inspect limits
celery -A worker control set_limits 500 10000 200000      # RPM RPD TPM, for the whole fleet
"""

from collections.abc import Callable
from typing import Any

from celery.worker.control import control_command, inspect_command

from worker.limits.answers import Limits
from worker.ports import Ports


def register(ports: Callable[[], Ports]) -> None:
    """Add the commands; `ports` gives this process' adapters."""

    @inspect_command(name="limits", default_timeout=5.0)
    def limits(_state: Any) -> dict[str, Any]:
        """Show each bucket's level and rate, the next free start, who waits, the circuit breaker and the exit."""
        adapters = ports()
        return {
            **adapters.limiter.snapshot(),
            "circuit_breaker": adapters.breaker.state() or "closed",
            "egress": adapters.egress.state,
        }

    @control_command(name="set_limits", args=[("rpm", int), ("rpd", int), ("tpm", int)], signature="<RPM> <RPD> <TPM>")
    def set_limits(_state: Any, rpm: int, rpd: int, tpm: int) -> dict[str, Any]:
        """Change the provider's limits for the whole fleet, until they are changed again."""
        if min(rpm, rpd, tpm) < 1:
            return {"error": "limits are whole numbers above 0"}
        ports().limiter.set_limits(Limits(rpm=rpm, rpd=rpd, tpm=tpm))
        return {"ok": f"limits are now RPM={rpm} RPD={rpd} TPM={tpm}"}
