"""The consumer lag as a scrape reads it, from a real Kafka."""

import pytest
from confluent_kafka import Consumer, Producer
from prometheus_client import CollectorRegistry

from bridge.lag import NAME, Lag


@pytest.fixture
def make_reader(kafka):
    """Makes consumers that join no group, and closes them."""
    made = []

    def make(servers=kafka):
        made.append(Consumer({"bootstrap.servers": servers, "group.id": "nobody", "log_level": 0}))
        return made[-1]

    yield make
    for reader in made:
        reader.close()


def scraped(lag, partition):
    registry = CollectorRegistry()
    registry.register(lag)
    return registry.get_sample_value(NAME, {"partition": str(partition)})


def test_the_lag_grows_while_nothing_is_fetched(kafka, topics, make_reader):
    """A paused partition's backlog shows: the brokers are asked, and not what was fetched last."""
    (topic,) = topics("lag", partitions=2)
    watermarks = {(topic, 0): 0, (topic, 1): 0}
    lag = Lag(make_reader, lambda: watermarks)
    producer = Producer({"bootstrap.servers": kafka, "log_level": 0})
    for expected in (3, 6):
        for _ in range(3):
            producer.produce(topic, b"x", partition=1)
        producer.flush(30)
        assert (scraped(lag, 0), scraped(lag, 1)) == (0, expected)
    watermarks[topic, 1] = 4
    assert scraped(lag, 1) == 2


def test_without_brokers_there_is_no_lag_and_the_scrape_ends(make_reader):
    """The other metrics are scraped all the same while Kafka is away."""
    lag = Lag(lambda: make_reader("127.0.0.1:1"), lambda: {("AI_handler", number): 0 for number in range(50)})
    assert scraped(lag, 0) is None


def test_registering_asks_nobody():
    """A bridge starts while Kafka is away."""
    CollectorRegistry().register(Lag(lambda: pytest.fail("asked"), lambda: pytest.fail("asked")))
