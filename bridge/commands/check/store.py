"""Looks at Redis: is it there, are we let in, may we do what we do, does it remember."""

from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import redis

from bridge.commands.check.finding import Finding, note, ok, wrong
from config import Settings
from contract import KEY_PREFIX, QUEUE_NAME, processed_mark
from servers.redis_trouble import advice, told

WHAT = "Redis"

# What bridge, workers and Celery do, on keys of our own and without effect on anybody.
_OURS = (f"{KEY_PREFIX}check", processed_mark(0) + ":check")
_TRIALS: tuple[tuple[str | int, ...], ...] = (
    *(trial for key in _OURS for trial in (("SET", key, "_", "EX", 10), ("GET", key), ("DEL", key))),
    ("EVAL", "return redis.call('TIME')", 0),
    ("LLEN", QUEUE_NAME),
    ("SMEMBERS", f"_kombu.binding.{QUEUE_NAME}"),
    ("PUBLISH", "/0.celeryev/check", "-"),
)


def look_at_redis(settings: Settings) -> Iterator[Finding]:
    """One finding if it cannot be reached, else one for each thing that matters."""
    parts = urlsplit(settings.redis)
    where = settings.redis_connection.where
    client = settings.redis_connection.client()
    try:
        if refusal := settings.redis_connection.refusal():
            yield wrong(WHAT, f"{where}: {refusal}", "give it another server")
            return
        client.ping()
    except redis.RedisError as error:
        yield wrong(WHAT, f"{where}: {told(error)}", advice(error))
        return
    yield ok(WHAT, where + (", TLS verified" if parts.scheme == "rediss" else ""))
    if parts.path[1:] == "0":
        yield note(
            "Redis database",
            "0 belongs to the notifications service, if it uses this Redis",
            "its marks have our names: in one database it drops our notifications. Set REDIS_DB to another",
        )
    denied = [str(trial[0]) for trial in _TRIALS if not _is_allowed(client, trial)]
    if denied:
        yield wrong(
            "Redis permissions",
            f"user {parts.username or 'default'} may not {', '.join(dict.fromkeys(denied))}",
            f"give it ~{KEY_PREFIX}* ~processed_messages:* ~{QUEUE_NAME}* ~_kombu* &* +@all -@dangerous",
        )
    else:
        yield ok("Redis permissions", "all that we need")
    yield from _look_at_memory(client)


def _is_allowed(client: redis.Redis, trial: tuple[str | int, ...]) -> bool:
    try:
        client.execute_command(*trial)
    except redis.ResponseError as error:  # a key of another type is somebody's mistake, but no lack of permission
        return not isinstance(error, redis.exceptions.NoPermissionError) and "NOPERM" not in str(error)
    return True


def _look_at_memory(client: redis.Redis) -> Iterator[Finding]:
    try:
        info: Any = client.info()
    except redis.RedisError:
        yield note("Redis memory", "we may not ask (INFO)", "see to `maxmemory-policy noeviction`, `appendonly yes`")
        return
    policy, bounded = info.get("maxmemory_policy", "?"), bool(info.get("maxmemory", 0))
    if policy != "noeviction" and bounded:
        yield wrong(
            "Redis memory",
            f"maxmemory-policy {policy}: it forgets claims and marks when it is full",
            "set `maxmemory-policy noeviction`",
        )
    else:
        yield ok("Redis memory", f"maxmemory-policy {policy}" + ("" if bounded else ", no maxmemory"))
    if info.get("aof_enabled"):
        yield ok("Redis file", "append-only")
    else:
        yield note(
            "Redis file",
            "no append-only file: a restart forgets answers that are not yet published",
            "nothing is lost by that, but they are asked and paid for again; set `appendonly yes`",
        )
