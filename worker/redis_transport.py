"""Kombu's Redis transport, mended where the loss of Redis would end the worker."""

from typing import Any

import redis
from kombu.transport import TRANSPORT_ALIASES
from kombu.transport import redis as of_kombu


class _LostChannel:
    """Says that it is lost, after its connection is.

    Kombu 5.7 looks for the address of a closed connection when a message of it is acknowledged or put back: an
    AttributeError, which Celery calls unrecoverable. So the death of Redis took busy workers with it (exit code 1),
    and their calls in hand. As a connection error it is logged, and the hint comes again in other ways.
    """

    connection: Any

    def _connparams(self, asynchronous: bool = False) -> Any:
        if self.connection is None or self.connection.client is None:
            raise redis.ConnectionError("the connection of this channel is gone")
        return super()._connparams(asynchronous)  # type: ignore[misc] # of the class beside this one


class _Channel(_LostChannel, of_kombu.Channel):
    pass


class _SentinelChannel(_LostChannel, of_kombu.SentinelChannel):
    pass


class Transport(of_kombu.Transport):
    """For `redis://` and `rediss://`."""

    Channel = _Channel


class SentinelTransport(of_kombu.SentinelTransport):
    """For `sentinel://`."""

    Channel = _SentinelChannel


def use() -> None:
    """Take these from now on, in this process."""
    TRANSPORT_ALIASES.update(
        redis=f"{__name__}:Transport", rediss=f"{__name__}:Transport", sentinel=f"{__name__}:SentinelTransport"
    )
