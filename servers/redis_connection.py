"""How Redis is reached: by our own clients, and by Celery's. The options of both are written here, once.

Redis may be one server (or a managed one behind a name), or a primary and its replicas behind Sentinel; then
each new connection asks the sentinels who the primary is. Redis Cluster is refused: our scripts and
transactions touch keys of many slots at once, and Celery's transport knows no Cluster.
"""

import ssl
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry
from redis.sentinel import Sentinel

from servers.redis_trouble import too_old

Address = tuple[str, int]  # host, port
CLUSTER = "Redis Cluster is not supported: use one server, a managed one, or Sentinel"

# Without a timeout a frozen Redis hangs the caller for ever, which is kombu's default.
SOCKET = {"socket_timeout": 5, "socket_connect_timeout": 5, "socket_keepalive": True}  # seconds
# An idle connection is tried before it is used. Kombu also drops a blocking read of its own that is so late:
# after a failover away from a frozen primary this is how soon a worker hears of new hints again.
HEALTH_CHECK_INTERVAL = 10  # seconds


def _no_retry() -> Retry:
    """Nothing is tried twice in secret: the callers' loops do that, and know what may have happened before.

    But a connection whose server answers READONLY is closed. It was a primary once; the next call, over a
    new connection, finds the new one.
    """
    return Retry(
        NoBackoff(), 0, supported_errors=(redis.ConnectionError, redis.TimeoutError, redis.exceptions.ReadOnlyError)
    )


@dataclass(frozen=True, slots=True, repr=False)
class RedisConnection:
    """Where Redis is and how it is reached. Holds secrets: never log it."""

    # `redis://` or `rediss://`, with user, password, database and, in its query, what TLS needs; behind Sentinel its
    # host is not used.
    url: str
    ca_location: str | None = None  # path of the CA certificates for `rediss://`, once more; None: the system's
    sentinels: tuple[Address, ...] = ()  # where the sentinels are; empty: `url` is Redis itself
    master: str = "mymaster"  # what the sentinels call this primary
    sentinel_password: str | None = None  # of the sentinels themselves

    def client(self, *, max_connections: int | None = None) -> redis.Redis:
        """A client whose calls end, by an error if need be; its answers are bytes.

        With `max_connections` so many threads are served at once, and the others wait for their turn. Behind Sentinel
        there is no such pool, and no bound.
        """
        pool: dict[str, Any] = {**SOCKET, "health_check_interval": HEALTH_CHECK_INTERVAL, "retry": _no_retry()}
        if not self.sentinels:
            if max_connections is None:
                return redis.Redis.from_url(self.url, **pool)
            wait = SOCKET["socket_timeout"]
            return redis.Redis.from_pool(
                redis.BlockingConnectionPool.from_url(self.url, max_connections=max_connections, timeout=wait, **pool)
            )
        found = redis.connection.parse_url(self.url)
        pool |= {name: value for name, value in found.items() if name not in ("host", "port", "connection_class")}
        if self.broker_use_ssl:
            pool["ssl"] = True
        sentinel = Sentinel(self.sentinels, sentinel_kwargs=self._sentinel_options)
        client: redis.Redis = sentinel.master_for(self.master, **pool)
        return client

    def refusal(self) -> str | None:
        """Why this server cannot be ours, if that is so: a Redis Cluster, or too old.

        Raises:
            redis.RedisError: it does not answer, or does not let us in.
        """
        try:
            with self.client() as client:
                info: Any = client.info()
        except redis.exceptions.NoPermissionError:  # we may not ask, and need not
            return None
        except redis.ResponseError as error:
            if "unknown command" in str(error):  # the first that the client sends, HELLO, came with Redis 6
                return too_old("5")
            if "cluster mode" in str(error):  # most have but one database, and refuse another
                return CLUSTER
            raise
        if info.get("cluster_enabled"):
            return CLUSTER
        return too_old(str(info.get("redis_version", "")))

    @property
    def where(self) -> str:
        """Where it is, without any secret."""
        parts = urlsplit(self.url)
        if self.sentinels:
            return f"primary {self.master} behind Sentinel, database {parts.path[1:]}"
        return f"{parts.hostname}:{parts.port or 6379}, database {parts.path[1:]}"

    @property
    def broker_url(self) -> str:
        if not self.sentinels:
            return self.url
        parts = urlsplit(self.url)
        login, at, _ = parts.netloc.rpartition("@")
        # Kombu goes on to the next of these when one fails, so each carries the password and the database.
        return ";".join(
            f"sentinel://{login}{at}{f'[{host}]' if ':' in host else host}:{port}{parts.path}"
            for host, port in self.sentinels
        )

    @property
    def broker_transport_options(self) -> dict[str, Any]:
        """Celery's `broker_transport_options`, as far as they are about the connection."""
        options: dict[str, Any] = {
            **SOCKET,
            "health_check_interval": HEALTH_CHECK_INTERVAL,
            # Else the bridge, publishing a hint, waits in kombu's own loop for as long as Redis is away.
            "max_retries": 1,
            "interval_start": 0.2,
        }
        if self.sentinels:
            options |= {"master_name": self.master, "sentinel_kwargs": self._sentinel_options}
        return options

    @property
    def broker_use_ssl(self) -> dict[str, Any] | None:
        """Celery's `broker_use_ssl`: without it kombu verifies nothing (kombu #910). Our URL says the same."""
        if not self.url.startswith("rediss://"):
            return None
        return {"ssl_cert_reqs": ssl.CERT_REQUIRED, "ssl_check_hostname": True, "ssl_ca_certs": self.ca_location}

    @property
    def _sentinel_options(self) -> dict[str, Any]:
        """For the connections to the sentinels; a dead one costs one try, then the next is asked."""
        options: dict[str, Any] = {**SOCKET, "retry": _no_retry()}
        if self.sentinel_password is not None:
            options["password"] = self.sentinel_password
        if certificates := self.broker_use_ssl:
            options |= {"ssl": True, **certificates}
        return options
