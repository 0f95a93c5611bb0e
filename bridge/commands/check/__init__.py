"""`python -m bridge check`: tries everything that the service will need, and says what it found and what to do.

It changes nothing: no message is written, no topic is made, no token is spent. It looks with the eyes of the process
that it runs as: in a container that is not given the key, the provider is left out and the table says so.
"""

from collections.abc import Iterator

from bridge.commands.check.brokers import look_at_kafka
from bridge.commands.check.finding import Finding, State, skipped, table
from bridge.commands.check.provider import look_at_the_provider
from bridge.commands.check.store import look_at_redis
from bridge.commands.check.workers import look_at_workers
from config import Settings


def run(settings: Settings) -> int:
    """Print the table; the exit code: 0 nothing stands in the way, 1 something does."""
    findings = list(look(settings))
    print("\n".join(table(findings)))  # noqa: T201 # a command's answer goes to its user
    return int(any(finding.state is State.WRONG for finding in findings))


def look(settings: Settings) -> Iterator[Finding]:
    """Everything that can be looked at."""
    redis = list(look_at_redis(settings))
    yield from redis
    yield look_at_workers() if redis[0].state is State.OK else skipped("workers", "they are asked by way of Redis")
    yield from look_at_kafka(settings)
    yield from look_at_the_provider(settings)
