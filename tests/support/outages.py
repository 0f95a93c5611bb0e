"""What can happen to Redis and Kafka under a running service. Each outage begins at once and ends by itself."""

import contextlib
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import redis
from confluent_kafka.admin import AdminClient, AlterConfigOpType, ConfigEntry, ConfigResource, ResourceType

from dev.kafka_server import ApacheKafka, silent
from dev.processes import ProcessFailedError
from dev.redis_sentinel import SentinelRedis
from dev.redis_server import RedisServer
from tests.support.fleet import Fleet

REDIS_AWAY = 1.0  # seconds that a killed Redis stays away
DEAD_PRIMARY_AWAY = 3.0  # seconds that a primary stays away after its replica took over
DEAD_LETTERS_AWAY = 6.0  # seconds that the dead-letter topic stays away
CLOCK_BACK = 3_600  # seconds
AGREEMENT = 60.0  # seconds until the sentinels agree on who is the primary, after whatever happened before

# ARGV[1] milliseconds. Every key that expires does so that much later.
_LATER = """
for _, database in ipairs({0, 1}) do
  redis.call('SELECT', database)
  for _, key in ipairs(redis.call('KEYS', '*')) do
    local left = redis.call('PTTL', key)
    if left > 0 then redis.call('PEXPIRE', key, left + ARGV[1]) end
  end
end
"""


class Outages:
    """Redis and Kafka, and somebody who means them ill.

    One thing at a time happens to Redis, and one to Kafka; the next waits in its own thread.

    Args:
        memory: Redis, alone or behind Sentinel.
        kafka: the broker.
        fleet: whose topics are meant.
        folder: gets copies of Redis' data.
        say: told each event.
    """

    def __init__(
        self,
        memory: RedisServer | SentinelRedis,
        kafka: ApacheKafka,
        fleet: Fleet,
        folder: Path,
        say: Callable[[str], None],
    ) -> None:
        self._memory = memory
        self._kafka = kafka
        self._fleet = fleet
        self._folder = folder
        self._say = say
        self._turn = {"Redis": threading.Lock(), "Kafka": threading.Lock()}
        self._threads: list[threading.Thread] = []
        self._faults: list[Exception] = []
        self.done: Counter[str] = Counter()

    def join(self) -> None:
        """Wait until everything that began has ended. Raises whatever went wrong with an outage itself."""
        for thread in self._threads:
            thread.join()
        if self._faults:
            raise self._faults[0]

    # --- Redis --------------------------------------------------------------------------------------------

    def kill_redis(self) -> None:
        """SIGKILL, and up again a second later; behind Sentinel that may just be soon enough to stay the primary."""

        def kill() -> None:
            server = self._server
            server.kill()
            time.sleep(REDIS_AWAY)
            server.start()

        self._begin("Redis", "Redis killed", kill)

    def freeze_redis(self, seconds: float) -> None:
        """SIGSTOP for so long; behind Sentinel a stale primary wakes up after its replica took over."""

        def freeze() -> None:
            server = self._server
            server.pause()
            time.sleep(seconds)
            server.resume()

        self._begin("Redis", f"Redis frozen for {seconds:g} s", freeze)

    def back_up_redis(self, number: int) -> None:
        """Copy its data aside."""
        self._begin("Redis", "Redis backed up", lambda: self._server.copy_data(self._backup(number)))

    def roll_back_redis(self, number: int) -> None:
        """Kill it and start it with that copy."""
        self._begin("Redis", "Redis rolled back to a backup", lambda: self._memory.roll_back(self._backup(number)))

    def hold_replica_back(self) -> None:
        """Until the next failover the replica hears nothing."""
        self._begin("Redis", "replica held back", self._sentinel.hold_replica_back)

    def fail_over(self) -> None:
        """The primary is killed, its replica promoted as it is; the dead one comes back as a replica."""

        def fail_over() -> None:
            dead = self._server
            dead.kill()
            self._sentinel.await_failover(dead)
            self._say("the replica was promoted")
            time.sleep(DEAD_PRIMARY_AWAY)
            dead.start()
            self._sentinel.await_replica()

        self._begin("Redis", "Redis failed over", fail_over)

    def empty_redis(self) -> None:
        """It forgets everything."""

        def empty() -> None:
            with self._client() as client:
                client.flushall()

        self._begin("Redis", "Redis emptied", empty)

    def disconnect_redis(self) -> None:
        """It hangs up on everybody."""

        def disconnect() -> None:
            with self._client() as client:
                client.client_kill_filter(_type="normal", skipme=True)
                client.client_kill_filter(_type="pubsub", skipme=True)

        self._begin("Redis", "all connections of Redis cut", disconnect)

    def set_clock_back(self) -> None:
        """Whatever was to expire does so an hour later, as when Redis' clock goes back by an hour."""

        def set_back() -> None:
            with self._client() as client:
                client.eval(_LATER, 0, CLOCK_BACK * 1000)

        self._begin("Redis", "Redis' clock set back by an hour", set_back)

    # --- Kafka --------------------------------------------------------------------------------------------

    def restart_kafka(self) -> None:
        """It is stopped, and the next time killed, and starts again."""
        hard = self.done["Kafka restarted"] % 2 == 1

        def restart() -> None:
            if hard:
                self._kafka.kill()
            self._kafka.restart()

        self._begin("Kafka", "Kafka restarted", restart)

    def freeze_kafka(self, seconds: float) -> None:
        """SIGSTOP for so long."""

        def freeze() -> None:
            self._kafka.pause()
            time.sleep(seconds)
            self._kafka.resume()

        self._begin("Kafka", f"Kafka frozen for {seconds:g} s", freeze)

    def limit_topics(self, largest: int | None) -> None:
        """Output topics and dead letters take batches of at most so many bytes; None: what Kafka has by default."""
        names = self._fleet.names

        def limit() -> None:
            admin = AdminClient({"bootstrap.servers": self._kafka.bootstrap, "log_level": 0}, logger=silent)
            what = AlterConfigOpType.DELETE if largest is None else AlterConfigOpType.SET
            entry = ConfigEntry("max.message.bytes", str(largest or 0), incremental_operation=what)
            topics = [
                ConfigResource(ResourceType.TOPIC, topic, incremental_configs=[entry])
                for topic in (names.notifications, names.uploads, names.dead_letters)
            ]
            for changed in admin.incremental_alter_configs(topics).values():
                changed.result(timeout=30)

        self._begin("Kafka", "topics limited" if largest else "limits of topics lifted", limit)

    def lose_dead_letters(self) -> None:
        """Their topic is removed, and made again later, by us or by a bridge that starts."""
        topic = self._fleet.names.dead_letters

        def lose() -> None:
            self._fleet.remove_topic(topic)
            time.sleep(DEAD_LETTERS_AWAY)
            self._fleet.make_topic(topic, 1)

        self._begin("Kafka", "dead-letter topic removed for a while", lose)

    # --- how ----------------------------------------------------------------------------------------------

    def _begin(self, whose: str, name: str, what: Callable[[], object]) -> None:
        self.done[name] += 1

        def act() -> None:
            with self._turn[whose]:
                self._say(name)
                try:
                    what()
                except Exception as fault:  # noqa: BLE001 - told by `join`
                    self._say(f"could not: {fault}")
                    self._faults.append(fault)

        thread = threading.Thread(target=act, daemon=True)
        thread.start()
        self._threads.append(thread)

    def _backup(self, number: int) -> Path:
        return self._folder / f"backup-{number}"

    @property
    def _sentinel(self) -> SentinelRedis:
        assert isinstance(self._memory, SentinelRedis), "the plan has failovers"
        return self._memory

    @property
    def _server(self) -> RedisServer:
        """The Redis that is written to."""
        if isinstance(self._memory, RedisServer):
            return self._memory
        deadline = time.monotonic() + AGREEMENT
        while True:
            try:
                return self._memory.primary
            except ProcessFailedError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.1)

    @contextlib.contextmanager
    def _client(self) -> Iterator[redis.Redis]:
        with self._server.client() as client, contextlib.suppress(redis.ConnectionError):
            yield client
