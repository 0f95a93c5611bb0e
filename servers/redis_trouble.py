"""What is wrong with Redis, in one line for whoever has to mend it: what it says, and what to look at.

Being away is one thing; answering and refusing is another, and both are `redis.RedisError`.
"""

import redis
from redis.sentinel import MasterNotFoundError

OLDEST = (6, 2)  # of Redis: `SET ... GET`, `LPOP` with a count; Debian 12 has 7.0, Debian 11 and Ubuntu 22.04 have 6.0
LONGEST = 160  # characters of what Redis says


def told(error: BaseException) -> str:
    """What is wrong. Nothing of what we asked is in it: Redis' own text may quote a command with all that it holds."""
    error = _of_redis(error)
    if isinstance(error, MasterNotFoundError):  # its text is about our own objects
        return "no sentinel that we reach knows the primary"
    text = str(error).rpartition(" of pipeline caused error: ")[2]
    if is_full(error):
        return "it answers, and its memory is full (OOM)"
    if isinstance(error, redis.ResponseError) and not isinstance(error, redis.AuthenticationError):
        text = text.partition(", with args")[0].partition(" script: ")[0]
        return f"it answers, and refuses: {text[:LONGEST]}"
    return text.splitlines()[0][:LONGEST] if text else type(error).__name__


def advice(error: BaseException) -> str:
    """What to do."""
    error = _of_redis(error)
    text = str(error)
    if isinstance(error, MasterNotFoundError):
        return "correct REDIS_SENTINELS, REDIS_SENTINEL_MASTER and REDIS_SENTINEL_PASSWORD"
    if is_full(error):
        return "raise its `maxmemory`; `noeviction` is right, since it must not forget"
    if "certificate" in text:
        return "REDIS_TLS_CA must hold the CA that signed it, and REDIS_HOST the name that is in it"
    if isinstance(error, redis.AuthenticationError) or "NOAUTH" in text or "WRONGPASS" in text:
        return "correct REDIS_USERNAME and REDIS_PASSWORD"
    if "NOPERM" in text or isinstance(error, redis.exceptions.NoPermissionError):
        return "give the user the permissions that `python -m bridge check` names"
    if "DB index" in text:
        return "this Redis has fewer databases: lower REDIS_DB, or raise `databases`"
    if isinstance(error, redis.ResponseError):
        return "run `python -m bridge check`"
    if "SSL" in text or "closed" in text or "reset" in text:
        return "does it speak TLS, and is REDIS_TLS set accordingly?"
    return "is it running, and are REDIS_HOST and REDIS_PORT its address as seen from here?"


def short(error: BaseException) -> str:
    """Both."""
    return f"{told(error)} -> {advice(error)}"


def line(error: BaseException, where: str) -> str:
    """Both, and where it is."""
    return f"Redis at {where}: {short(error)}"


def is_full(error: BaseException) -> bool:
    """Whether it answers and takes nothing more; out of a script it says so inside another error."""
    return isinstance(error, redis.OutOfMemoryError) or "OOM command not allowed" in str(error)


def too_old(version: str) -> str | None:
    """What is wrong with a server of this version, if anything is; one that tells none is not judged."""
    numbers = tuple(int(part) for part in version.split(".")[:2] if part.isdecimal())
    if not numbers or numbers >= OLDEST:
        return None
    return f"version {version} is too old: Redis {'.'.join(map(str, OLDEST))} is the oldest that it works with"


def _of_redis(error: BaseException) -> BaseException:
    """The client's own error, out of the one that kombu makes of it."""
    cause = error.__cause__
    return cause if isinstance(cause, redis.RedisError) and not isinstance(error, redis.RedisError) else error
