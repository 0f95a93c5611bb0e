"""The consumer lag, read on scrape: how many offsets of the input topic are not finished.

A paused partition is not fetched, so the bridge's own consumer does not know how far its topic has grown. So a reader
of its own asks the brokers; a scrape comes from a thread that the bridge's loop does not wait for.
"""

import logging
from collections.abc import Callable, Iterable, Mapping
from functools import cached_property
from typing import Final

from confluent_kafka import Consumer, KafkaException, TopicPartition
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

log = logging.getLogger(__name__)

NAME: Final = "ai_handler_bridge_lag"
MEANING: Final = (
    "Offsets of the input partition that are not finished; none while the brokers do not answer, "
    "negative where the partition ends below what is finished"
)
PATIENCE = 2.0  # seconds; a scrape waits for ten


class Lag(Collector):
    """Asks on scrape.

    Args:
        make_reader: makes a consumer that joins no group.
        watermarks: of each partition that is worked on, by topic and number: the offset below which all is finished.
    """

    def __init__(
        self, make_reader: Callable[[], Consumer], watermarks: Callable[[], Mapping[tuple[str, int], int]]
    ) -> None:
        self._make_reader = make_reader
        self._watermarks = watermarks

    @cached_property
    def _reader(self) -> Consumer:
        return self._make_reader()  # open until the process ends

    def describe(self) -> Iterable[GaugeMetricFamily]:
        """The metric's name and meaning, for the registry: nothing is asked for it."""
        return [GaugeMetricFamily(NAME, MEANING, labels=["partition"])]

    def collect(self) -> Iterable[GaugeMetricFamily]:
        """The lag of now."""
        family = GaugeMetricFamily(NAME, MEANING, labels=["partition"])
        for (topic, partition), watermark in self._watermarks().items():
            try:
                end = self._reader.get_watermark_offsets(TopicPartition(topic, partition), timeout=PATIENCE)[1]
            except KafkaException as error:
                log.debug("no lag: %s", error)
                break  # the others would not be answered either, and the scrape has an end
            family.add_metric([str(partition)], end - watermark)
        return [family]
