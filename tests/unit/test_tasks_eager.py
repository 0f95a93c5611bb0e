"""The Celery task by its name: run at once (`task_always_eager`), and as a message of a broker in memory."""

import json

import pytest
from celery import Celery
from celery.exceptions import Retry

from contract import QUEUE_NAME, TASK_NAME
from tests.support.fakes import SECRET_WORDS, World
from worker.errors import TransientError
from worker.limits.answers import Reserved
from worker.tasks import register


@pytest.fixture
def world():
    world = World()
    world.dispatch()
    return world


@pytest.fixture
def app(world):
    """An app of the test's own, with a broker in memory and the task on it."""
    app = Celery("test", broker="memory://", set_as_current=False)
    app.conf.update(task_default_queue=QUEUE_NAME, task_ignore_result=True)
    register(app, lambda: world.scoring)
    yield app
    app.close()


@pytest.fixture
def eager(app):
    app.conf.update(task_always_eager=True, task_eager_propagates=True)
    return app


def messages(app):
    """What stands in the queue: the headers and the body of each message."""
    found = []
    with app.connection_for_read() as connection, connection.SimpleQueue(QUEUE_NAME) as queue:
        while queue.qsize():
            message = queue.get(block=False)
            found.append((message.headers, json.loads(message.body)))
            message.ack()
    return found


def run_as_worker(app, *arguments):
    """Run the task as a worker would that has taken it from the queue."""
    task = app.tasks[TASK_NAME]
    task.push_request(id="hint-1", args=arguments, kwargs={}, called_directly=False, is_eager=False, delivery_info={})
    try:
        task.run(*arguments)
    finally:
        task.pop_request()


def test_the_task_runs_a_request_to_its_outcome(eager, world):
    """The bridge's hint, an id and nothing else, ends in a stored outcome."""
    result = eager.tasks[TASK_NAME].apply_async((7,))
    assert result.successful()
    assert world.store.outcomes[7]["notification"]["response"]["score"] == 80


def test_an_eager_task_goes_on_after_each_countdown(eager, world):
    """Waits and faults in between do not change the end: each retry continues where the last one stopped."""
    world.limiter.script.extend([Reserved(600.0, 600.0), Reserved(60.0, 60.0)])
    world.model.script.append(TransientError("500"))
    eager.conf.task_eager_propagates = False  # else a retry is an error to the caller and not a retry
    eager.tasks[TASK_NAME].apply((7,))
    assert world.store.outcomes[7]["notification"]["success"]
    assert [reservation for reservation, _ in world.limiter.asked] == ["7:0", "7:0", "7:0", "7:1"]


def test_a_long_wait_is_a_retry_with_a_countdown(app, world):
    """A parked request shows in `celery inspect scheduled` and in Flower, as a retry with its time."""
    world.limiter.script.append(Reserved(60.0, 60.0))
    with pytest.raises(Retry) as caught:
        run_as_worker(app, 7)
    assert caught.value.when == 59.0
    ((headers, _),) = messages(app)
    assert headers["task"] == TASK_NAME
    assert headers["eta"] is not None
    assert headers["retries"] == 1


def test_a_retry_carries_the_id_and_the_progress_only(app, world):
    """Nothing of the resume can be read in the broker, in Flower or in a log of messages."""
    world.model.script.append(TransientError("500"))
    with pytest.raises(Retry):
        run_as_worker(app, 7)
    ((headers, body),) = messages(app)
    progress = {"token": "token-1", "calls": 1, "faults": 1, "counted": [world.digest(), 2_500]}
    assert body[:2] == [[7, progress], {}]
    everything = json.dumps([headers, body], ensure_ascii=False)
    assert not [word for word in SECRET_WORDS if word in everything]


def test_a_retry_goes_on_from_its_progress(app, world):
    """What comes back after the countdown adopts the parked claim."""
    world.limiter.script.append(Reserved(60.0, 60.0))
    with pytest.raises(Retry):
        run_as_worker(app, 7)
    ((_, (arguments, _, _)),) = messages(app)
    run_as_worker(app, *arguments)
    assert world.store.outcomes[7]["notification"]["success"]


def test_no_number_of_waits_is_too_many(app, world):
    """Celery counts retries, but never gives a request up for them."""
    world.limiter.script.append(Reserved(60.0, 60.0))
    task = app.tasks[TASK_NAME]
    task.push_request(
        id="hint-1", args=(7,), kwargs={}, called_directly=False, is_eager=False, retries=100_000, delivery_info={}
    )
    with pytest.raises(Retry):
        task.run(7)
    task.pop_request()
    assert len(messages(app)) == 1


def test_an_error_of_the_store_fails_the_hint(app, world):
    """Celery sees the error; the hint is not retried by itself, since the bridge dispatches again."""
    world.store.error = ConnectionError("Redis is away")
    with pytest.raises(ConnectionError):
        run_as_worker(app, 7)
    assert messages(app) == []
