"""What operators ask and tell the workers about the provider's limits.

celery -A worker inspect limits
celery -A worker control set_limits 500 10000 200000      # RPM RPD TPM, for the whole fleet; 0: no such limit
celery -A worker control reset_limits                     # forget what was learned from the provider
celery -A worker control close_breaker                    # what it was open for is mended: try at once
"""

from collections.abc import Callable
from typing import Any

from celery.worker.control import control_command, inspect_command
from prometheus_client import REGISTRY

from worker.limits.answers import LEAST_TPM, Limits
from worker.limits.provider_limits import LARGEST
from worker.ports import Ports


def answered(question: str) -> int:
    """How many questions of a kind this process asked and got an answer to."""
    labels = {"question": question, "result": "miss"}
    return int(REGISTRY.get_sample_value("ai_handler_result_cache_total", labels) or 0)


def register(ports: Callable[[], Ports]) -> None:
    """Add the commands; `ports` gives this process' adapters."""

    @inspect_command(name="limits", default_timeout=5.0)
    def limits(_state: Any) -> dict[str, Any]:
        """Show each bucket's limit as configured, learned and confirmed, its level, and why requests wait.

        `answered`: the calls of this worker by what they asked, one for each new vacancy and one for each new resume.
        """
        adapters = ports()
        return {
            **adapters.limiter.snapshot(),
            "circuit_breaker": adapters.breaker.state() or "closed",
            "profile": adapters.profiles.state(),
            "egress": adapters.egress.state,
            "answered": {question: answered(question) for question in ("criteria", "grades", "second_look")},
            **({"money": adapters.spending.state()} if adapters.spending else {}),
        }

    @control_command(name="set_limits", args=[("rpm", int), ("rpd", int), ("tpm", int)], signature="<RPM> <RPD> <TPM>")
    def set_limits(_state: Any, rpm: int, rpd: int, tpm: int) -> dict[str, Any]:
        """Change the provider's limits for the whole fleet, until they are changed again; 0: there is none."""
        # Programs that send this command are not held to `args`, and NaN in a bucket would stop it for good.
        whole = all(type(limit) is int and 0 <= limit <= LARGEST for limit in (rpm, rpd, tpm))
        if not whole or 0 < tpm < LEAST_TPM:
            return {"error": f"limits are whole numbers up to {LARGEST}, 0 for none, and TPM at least {LEAST_TPM}"}
        ports().limiter.set_limits(Limits(rpm=rpm, rpd=rpd, tpm=tpm))
        return {"ok": f"limits are now RPM={rpm} RPD={rpd} TPM={tpm}"}

    @control_command(name="reset_limits")
    def reset_limits(_state: Any) -> dict[str, Any]:
        """Forget what was learned from the provider: smaller limits and bursts, pauses, other users of the key."""
        ports().limiter.reset()
        return {"ok": "what was learned is forgotten; the configured limits count"}

    @control_command(name="close_breaker")
    def close_breaker(_state: Any) -> dict[str, Any]:
        """Close the circuit breaker: what it was open for is mended. What requests may carry is learned anew."""
        adapters = ports()
        adapters.profiles.forget()
        adapters.breaker.reset()
        return {"ok": "the circuit breaker is closed"}
