"""`python -m bridge check`: tries everything that the service will need, and says what it found and what to do.

It changes nothing: no message is written, no topic is made, and no token is spent unless `--call` is given. It looks
with the eyes of the process that it runs as: in a container that is not given the key, the provider is left out and the
table says so.
"""

import argparse
from collections.abc import Iterator

from bridge.commands.check.brokers import look_at_kafka
from bridge.commands.check.finding import Finding, State, skipped, table
from bridge.commands.check.provider import look_at_the_provider, look_at_tokens
from bridge.commands.check.store import look_at_redis
from bridge.commands.check.workers import look_at_workers
from config import Settings
from config.providers import named, read_providers


def arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(add_help=False)
    about = "also make one small call of the model by the real way; it costs a few tokens"
    parser.add_argument("--call", action="store_true", help=about)
    return parser


def run(settings: Settings, *, call: bool = False) -> int:
    """Print the table; the exit code: 0 nothing stands in the way, 1 something does."""
    findings = list(look(settings, call=call))
    print("\n".join(table(findings)))  # noqa: T201 # a command's answer goes to its user
    return int(any(finding.state is State.WRONG for finding in findings))


def look(settings: Settings, *, call: bool = False) -> Iterator[Finding]:
    redis = list(look_at_redis(settings))
    yield from redis
    yield look_at_workers() if redis[0].state is State.OK else skipped("workers", "they are asked by way of Redis")
    yield from look_at_kafka(settings)
    yield look_at_tokens()
    for name, own in read_providers(settings)[0].items():
        for finding in _look_at(name, own, redis_is_well=redis[0].state is State.OK, call=call):
            what = f"{name}: {finding.what}" if name else finding.what
            yield Finding(finding.state, what, named(finding.found, name), named(finding.advice, name))


def _look_at(name: str, settings: Settings, *, redis_is_well: bool, call: bool) -> Iterator[Finding]:
    """What there is to see of one provider."""
    provider = list(look_at_the_provider(settings))
    yield from provider
    if redis_is_well:
        from bridge.commands.check.learned import look_at_what_is_learned  # noqa: PLC0415  a worker's, metrics and all

        yield from look_at_what_is_learned(settings)
    if call and not any(finding.state in (State.WRONG, State.SKIPPED) for finding in provider):
        from bridge.commands.check.call import look_at_a_call  # noqa: PLC0415  a worker: a second to import

        yield from look_at_a_call(settings, name)
    elif call:
        yield skipped("call", "something stands in its way already")
