"""What operators may set of a partition's work."""

from dataclasses import dataclass

from bridge.start import Start


@dataclass(frozen=True, slots=True)
class PartitionPolicy:
    """Seconds and requests.

    Attributes:
        window_cap: unfinished requests at most.
        request_rate: requests a second that the provider's limits allow.
        request_deadline: from a request's Kafka timestamp to its end.
        redispatch_after: the first pause before a hint goes again.
        lease: a worker's claim lives so long without it.
        start: where to begin in a topic that was never committed.
    """

    window_cap: int
    request_rate: float
    request_deadline: float
    redispatch_after: float
    lease: float
    start: Start | None = None
