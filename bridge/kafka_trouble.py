"""What is wrong between us and the brokers, and what to do: the first contact, and the advice for an error."""

import logging
import socket
import time
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from confluent_kafka import KafkaError, KafkaException
from confluent_kafka.admin import AdminClient

from bridge.kafka import LIBRDKAFKA_LOG

log = logging.getLogger(__name__)

SAY_AFTER = 3.0  # seconds without an answer; what tells by itself is said at once
SAY_EVERY = 60.0  # seconds

# librdkafka's own codes are spelt with an underscore.
_TELLING = frozenset({KafkaError._AUTHENTICATION, KafkaError._SSL, KafkaError._RESOLVE})  # noqa: SLF001
_ON_THE_WAY = _TELLING | {KafkaError._TRANSPORT, KafkaError._ALL_BROKERS_DOWN, KafkaError._TIMED_OUT}  # noqa: SLF001


class FirstContact:
    """A client for administration, and what it hears while it looks for the brokers."""

    def __init__(self, options: Mapping[str, str | int]) -> None:
        self._servers = str(options["bootstrap.servers"])
        self._heard: list[KafkaError] = []
        told: dict[str, Any] = {**options, "error_cb": self._heard.append}
        # Until the brokers answer, what it has to say twenty times a second is said by `metadata`, once.
        self._log = LIBRDKAFKA_LOG.getChild("first_contact")
        self._log.setLevel(logging.CRITICAL)
        self.admin = AdminClient(told, logger=self._log)

    def metadata(self, patience: float, *, persists: bool = False) -> Any:
        """What they say of themselves: the cluster's metadata.

        Whoever persists waits for all of the patience (seconds), and logs what is wrong meanwhile; else an error that
        tells is the end: waiting longer mends no password.

        Raises:
            KafkaException: with what says most of all that was heard.
        """
        began = time.monotonic()
        say_at = began + SAY_AFTER
        while True:
            try:
                found = self.admin.list_topics(timeout=1.0)
            except KafkaException as error:
                self.admin.poll(0.1)  # the reason comes as a callback
                told = self._telling(error)
                now = time.monotonic()
                tells = told.code() in _TELLING
                if now > began + patience or (tells and not persists):
                    raise KafkaException(told) from error
                if persists and (now > say_at or (tells and say_at == began + SAY_AFTER)):
                    say_at = now + SAY_EVERY
                    log.error("%s", line(told, self._servers))  # noqa: TRY400 # the traceback adds nothing
            else:
                self.admin.poll(0)  # what is old by now is not said either
                self._log.setLevel(logging.NOTSET)
                return found

    def _telling(self, error: KafkaException) -> KafkaError:
        worth = [told for told in self._heard if told.code() in _TELLING] or self._heard
        found: KafkaError = worth[0] if worth else error.args[0]
        return found


def line(error: KafkaError, servers: str) -> str:
    """What is wrong and, where it is about the way to the brokers, what to do."""
    hint = f" -> {advice(error, servers)}" if error.code() in _ON_THE_WAY else ""
    return f"Kafka at {servers}: {error.str()}{hint}"


def advice(error: KafkaError, servers: str) -> str:
    code = error.code()
    if "certificate" in error.str():
        return "KAFKA_SSL_CA_LOCATION must hold the CA that signed it, and the brokers' name must be in it"
    if code == KafkaError._AUTHENTICATION:  # noqa: SLF001
        return "correct KAFKA_SASL_USERNAME, KAFKA_SASL_PASSWORD and KAFKA_SASL_MECHANISM"
    if code == KafkaError._RESOLVE:  # noqa: SLF001
        return "this name is not known here: correct KAFKA_BOOTSTRAP_SERVERS"
    if code == KafkaError._SSL or any(map(_listens, servers.split(","))):  # noqa: SLF001
        return "somebody listens there: is KAFKA_SECURITY_PROTOCOL the one of this port?"
    return "are the brokers running, and is KAFKA_BOOTSTRAP_SERVERS their address as seen from here?"


def _listens(server: str) -> bool:
    parts = urlsplit(f"kafka://{server.strip()}")
    try:
        with socket.create_connection((parts.hostname, parts.port or 9092), timeout=2):
            return True
    except OSError:
        return False
