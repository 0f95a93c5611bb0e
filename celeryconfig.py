"""Celery's options, each with the reason for its value. Everything else is in config/.

A Celery message is only a wake-up hint here: the record of work is the uncommitted Kafka offset, so no option
below is relied upon for "nothing is lost".
"""

from kombu.entity import Queue

from config.providers import calls_in_flight, read_providers
from contract import QUEUE_NAME
from startup import load_settings

_settings = load_settings()

_redis = _settings.redis_connection

broker_url = _redis.broker_url
broker_use_ssl = _redis.broker_use_ssl
broker_connection_retry_on_startup = True  # compose starts everything at once
broker_connection_max_retries = None  # an outage of Redis is waited out, however long
# A primary that became a replica answers READONLY over the old connection: connect again, do not give up.
broker_channel_error_retry = True
broker_transport_options = {
    **_redis.broker_transport_options,
    # No copy of each unacknowledged hint is kept in Redis, to be delivered again after an hour: the bridge sends a lost
    # hint anew in seconds, and the copies cost as much CPU as all the rest that Celery's main thread does.
    "ack_emulation": False,
}
# It would kill running tasks whenever Redis restarts, and orphan their messages.
worker_cancel_long_running_tasks_on_connection_loss = False

task_default_queue = QUEUE_NAME
task_queues = (Queue(QUEUE_NAME),)
task_create_missing_queues = False  # a misspelt queue should fail, not swallow hints
task_ignore_result = True  # the outcome goes to Kafka
task_serializer = "json"
accept_content = ["json"]

# The work is waiting for HTTP, which threads do well. They ignore Celery's time limits (celery #9203), so the
# call of the model has a deadline of its own.
worker_pool = "threads"
worker_concurrency = calls_in_flight(_settings, read_providers(_settings)[0])
worker_prefetch_multiplier = 1  # a hint waits in Redis, where every worker can take it
task_acks_late = True  # a hint outlives a warm shutdown; claims make the second delivery harmless
task_reject_on_worker_lost = True
# Countdowns wait in the worker's memory and bypass prefetch (celery #9849); the bridge's window bounds them.
worker_eta_task_limit = 10_000

# The brake on how fast one worker may start tasks is for operators: `celery -A worker control rate_limit`. It must not
# delay a start that the limiter would grant, and when it brakes it brakes hard: each hint that it holds back has a
# timer of its own, kombu's event loop runs ten of them and then sleeps for a second (kombu/asynchronous/hub.py,
# `fire_timers`), so behind sixteen of them one task a second starts, whatever the rate. So it begins out of reach.
task_annotations = {"*": {"rate_limit": "10000/s"}}

# SIGTERM finishes what is in hand, which takes OPENAI_TIMEOUT at most (waits are cut short) and so fits into the
# compose file's stop_grace_period. This is for a second signal: seconds before the rest is dropped.
worker_soft_shutdown_timeout = 10.0

# Events cost a third of what Celery itself spends on a task, so they are sent while somebody listens: Flower asks all
# workers for them every five seconds, as `celery -A worker control enable_events` does once.
worker_send_task_events = False
task_send_sent_event = False  # of the bridge, which cannot be asked

worker_hijack_root_logger = False  # logs.configure_logging owns the logs
worker_redirect_stdouts = False
