"""Kombu's Redis transport, mended where the loss of Redis would end the worker, and where it wastes time."""

import logging
from typing import Any

import redis
from kombu.transport import TRANSPORT_ALIASES
from kombu.transport import redis as of_kombu

log = logging.getLogger(__name__)


class _Mended:
    """Says that it is lost, after its connection is, and keeps its client for as long as its pool of connections.

    Kombu 5.7 looks for the address of a closed connection when a message of it is acknowledged or put back: an
    AttributeError, which Celery calls unrecoverable. So the death of Redis took busy workers with it (exit code 1),
    and their calls in hand. As a connection error it is logged, and the hint comes again in other ways.

    And it makes a client for every command, for which redis-py fills a table of 170 entries: half of what Celery spends
    on taking and acknowledging a message.
    """

    connection: Any
    pool: Any
    _kept: tuple[Any, Any] | None = None  # pool, client
    _gave_up = False  # putting hints back

    def _restore(self, message: Any, leftmost: bool = False) -> None:
        """Put a hint back before all that wait; Kombu puts it behind them where it keeps no copies."""
        if self._gave_up:
            return
        where, hint = message.delivery_info, message.serializable()
        try:
            with self.conn_or_acquire() as client:  # type: ignore[attr-defined] # of the class beside this one
                self._do_restore_message(hint, where["exchange"], where["routing_key"], client, leftmost)  # type: ignore[attr-defined] # likewise
        except redis.RedisError as error:  # Kombu would wait for each, and write them into a file
            self._gave_up = True
            log.warning("hints cannot be put back, the bridge sends them anew: %s", error)

    def _connparams(self, asynchronous: bool = False) -> Any:
        if self.connection is None or self.connection.client is None:
            raise redis.ConnectionError("the connection of this channel is gone")
        return super()._connparams(asynchronous)  # type: ignore[misc] # of the class beside this one

    def _create_client(self, asynchronous: bool = False) -> Any:
        if asynchronous:
            return super()._create_client(asynchronous)  # type: ignore[misc] # of the class beside this one
        pool = self.pool
        if self._kept is None or self._kept[0] is not pool:
            self._kept = pool, super()._create_client()  # type: ignore[misc] # of the class beside this one
        return self._kept[1]


class _Channel(_Mended, of_kombu.Channel):
    pass


class _SentinelChannel(_Mended, of_kombu.SentinelChannel):
    pass


class Transport(of_kombu.Transport):
    Channel = _Channel


class SentinelTransport(of_kombu.SentinelTransport):
    Channel = _SentinelChannel


def use() -> None:
    """Take these from now on, in this process."""
    TRANSPORT_ALIASES.update(
        redis=f"{__name__}:Transport", rediss=f"{__name__}:Transport", sentinel=f"{__name__}:SentinelTransport"
    )
