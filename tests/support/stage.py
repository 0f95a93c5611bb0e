"""A service and the platform around it, for tests that tell a story of signals and outages."""

from confluent_kafka import ConsumerGroupState
from confluent_kafka.admin import AdminClient

from tests.support.delivery_checker import check
from tests.support.fleet import scoring_request


class Stage:
    """A fleet with somebody who sends to it and reads what comes out.

    Args:
        fleet: its processes are the test's to start.
        standin: that the fleet asks.
        eventually: waits until something is so.
    """

    def __init__(self, fleet, standin, eventually):
        self.fleet = fleet
        self.standin = standin
        self._eventually = eventually
        self.sent = []
        fleet.create_topics()

    def send(self, count, **fields):
        """So many new requests, to all partitions in turn."""
        for _ in range(count):
            request = scoring_request(len(self.sent) + 1) | fields
            self.fleet.queue(request, partition=len(self.sent) % self.fleet.partitions)
            self.sent.append(request)
        self.fleet.flush()

    def await_calls(self, count):
        """Until the model has been asked so often since `forget_attempts`."""
        self._eventually(lambda: len(self.standin.attempts()) >= count, f"{count} calls of the model")

    def await_notified(self, count=None, seconds=60.0):
        """Until so many are notified; all by default."""
        wanted = len(self.sent) if count is None else count
        with self.fleet.reader() as reader:
            found = reader.records[self.fleet.names.notifications]
            assert reader.wait(lambda: len(found) >= wanted, seconds), f"{len(found)} of {wanted}\n{self.fleet.logs()}"

    def await_so(self, is_so, what, seconds=60.0):
        """Until something is so."""
        self._eventually(is_so, what, seconds)

    def report(self):
        """What the topics contain, once everything is committed."""
        assert self.fleet.drained(40), self.fleet.logs()
        contents = self.fleet.contents()
        return check(
            self.sent,
            notifications=contents["notifications"],
            uploads=contents["uploads"],
            attempts=self.standin.attempts(),
        )

    def group_is_empty(self):
        """Whether every bridge has left the group, so that nobody waits for a session to end."""
        admin = AdminClient({"bootstrap.servers": self.fleet.kafka})
        group = admin.describe_consumer_groups([self.fleet.names.group])[self.fleet.names.group].result(timeout=10)
        return group.state is ConsumerGroupState.EMPTY
