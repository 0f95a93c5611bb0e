"""A provider that limits the calls under way at once: its limit holds for all workers together."""

MOST = 3


def test_a_worker_dies_in_mid_call_and_its_places_come_back(stage, standin):
    """Two workers never have more than three calls under way; when one is killed, all requests are still answered."""
    it = stage(PARALLEL=str(MOST), RPM="0", RPD="0", TPM="0")
    standin.set(latency=0.4)
    it.fleet.bridge()
    it.fleet.worker(name="stays")
    killed = it.fleet.worker(name="killed")
    it.send(40)
    it.await_notified(10)
    began = [attempt for attempt in standin.attempts() if attempt["ended"]]
    killed.kill()
    it.await_notified()
    report = it.report()
    assert report.clean, report.rows()
    assert report.failed == []
    assert max(attempt["under_way"] for attempt in began) == MOST
    # A killed worker's calls go on at the provider for at most their 0.4 s; its places come back after seconds.
    assert max(attempt["under_way"] for attempt in standin.attempts()) == MOST
    (limits, *_) = it.fleet.celery_says("inspect", "limits").values()
    assert (limits["calls"]["limit"], limits["calls"]["under_way"]) == (MOST, 0)
