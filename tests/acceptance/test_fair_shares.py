"""Users share the limits in turns, whoever came first with however much."""

import json

FLOOD, LAST = 60, 20


def notifications(it):
    return [json.loads(record.value) for record in it.fleet.contents()["notifications"]]


def test_one_users_flood_keeps_nobody_waiting(stage, standin, private_redis):
    """One user sends sixty requests, another one behind them: that is answered long before the last of the sixty.

    What is beyond the first user's day ends at once, and operators see who waits.
    """
    limits = {"RPM": "240", "LIMITS_BURST": "2", "USER_RPD": str(FLOOD)}
    it = stage(redis_url=f"{private_redis.url}/1", **limits)
    standin.set(latency=0.2)
    it.fleet.bridge()
    it.fleet.worker()
    it.send(FLOOD + 1, user_id=11)
    it.await_notified(5)
    it.send(1, user_id=12)
    (shown, *_) = it.fleet.celery_says("inspect", "line").values()
    assert {each["user_id"] for each in shown["busiest"]} <= {11, 12}
    it.await_notified(seconds=120.0)
    answers = notifications(it)
    refused = [answer for answer in answers if not answer["success"]]
    assert [answer["response"]["processing_id"] for answer in refused] == [FLOOD + 1]
    assert refused[0]["wait_seconds"] > 0
    assert refused[0] in answers[:5]
    users = [answer["response"]["user_id"] for answer in answers]
    assert 12 not in users[-LAST:]
    assert it.report().clean
