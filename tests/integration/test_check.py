"""`python -m bridge check` on real servers: it names what is wrong, and finds nothing wrong with what is right."""

from __future__ import annotations

import json
import os
import ssl
import subprocess
import sys
import threading
import uuid
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import pytest
import redis
from confluent_kafka import Consumer
from confluent_kafka.admin import (
    AclBinding,
    AclOperation,
    AclPermissionType,
    AdminClient,
    NewTopic,
    ResourcePatternType,
    ResourceType,
)

from bridge.app import make_watch
from bridge.commands.check.brokers import faults_at_start, look_at_kafka
from bridge.commands.check.finding import State, table
from bridge.commands.check.provider import look_at_the_provider
from bridge.commands.check.store import look_at_redis
from bridge.kafka import make_follower, make_producer
from bridge.repeating import Repeating
from config import Settings
from dev.kafka_server import CHECKOUT, MockKafka
from dev.openai_standin.server import StandIn
from dev.processes import free_port, running
from tests.support.local_web import reply, web_server
from tests.support.samples import until
from tests.support.secure_servers import PASSWORD, SecureKafka

READ, WRITE, DESCRIBE = AclOperation.READ, AclOperation.WRITE, AclOperation.DESCRIBE


def settings(**values):
    return Settings(openai_key="sk-right", **values)


def faults(findings):
    """What stands in the way, by what it is about; nothing of it may hold a secret."""
    rows = list(findings)
    assert PASSWORD not in "\n".join(table(rows))
    wrong = {row.what: f"{row.found} -> {row.advice}" for row in rows if row.state is State.WRONG}
    assert all(row.advice for row in rows if row.state is State.WRONG)
    return wrong


# --- Redis --------------------------------------------------------------------------------------------------


@pytest.fixture
def redis_at(secure_redis, authority):
    """The settings of the secure Redis, with whatever is planted."""

    def at(**planted):
        right = {
            "redis_host": "127.0.0.1", "redis_port": secure_redis.port, "redis_password": PASSWORD,
            "redis_tls": True, "redis_tls_ca": authority.ca,
        }  # fmt: skip
        return settings(**{**right, **planted})

    return at


def test_a_redis_that_is_right(redis_at):
    """Nothing is wrong with a Redis that is set up as ours."""
    assert faults(look_at_redis(redis_at())) == {}


def test_faults_on_the_way_to_redis(redis_at, stranger):
    """A wrong password, CA, port, database and protocol are each told apart, with the setting to correct."""
    assert "REDIS_PASSWORD" in faults(look_at_redis(redis_at(redis_password="wrong")))["Redis"]
    assert "REDIS_TLS_CA" in faults(look_at_redis(redis_at(redis_tls_ca=stranger.ca)))["Redis"]
    assert "REDIS_PORT" in faults(look_at_redis(redis_at(redis_port=free_port())))["Redis"]
    assert "REDIS_DB" in faults(look_at_redis(redis_at(redis_db=99)))["Redis"]
    assert "REDIS_TLS" in faults(look_at_redis(redis_at(redis_tls=False, redis_tls_ca=None)))["Redis"]


def test_a_redis_user_without_permissions(redis_at, secure_redis):
    """A user that may not run scripts, or may not touch our keys, is named with what it lacks."""
    with secure_redis.client() as client:
        client.acl_setuser(
            "limited", enabled=True, passwords=["+x"], keys=["*"], channels=["*"], commands=["+@all", "-eval"]
        )
        client.acl_setuser(
            "elsewhere", enabled=True, passwords=["+x"], keys=["other:*"], channels=["*"], commands=["+@all"]
        )
    limited = redis_at(redis_username="limited", redis_password="x")
    assert "user limited may not EVAL ->" in faults(look_at_redis(limited))["Redis permissions"]
    elsewhere = redis_at(redis_username="elsewhere", redis_password="x")
    assert "SET, GET, DEL, LLEN" in faults(look_at_redis(elsewhere))["Redis permissions"]


def test_a_redis_that_forgets(redis_at, secure_redis):
    """A Redis that evicts keys when it is full would forget claims."""
    with secure_redis.client() as client:
        client.config_set("maxmemory", "100mb")
        client.config_set("maxmemory-policy", "allkeys-lru")
        found = faults(look_at_redis(redis_at()))
        client.config_set("maxmemory", 0)
        client.config_set("maxmemory-policy", "noeviction")
    assert list(found) == ["Redis memory"]


# --- Kafka --------------------------------------------------------------------------------------------------


class Ground:
    """Topics and permissions of one test on the secure Kafka, all right until something is taken away."""

    def __init__(self, server, authority):
        self._admin = AdminClient({"bootstrap.servers": server.bootstrap})
        name = uuid.uuid4().hex[:8]
        self.group = f"ai-handler-{name}"
        self.input, self.notifications, self.uploads = f"in-{name}", f"notifications-{name}", f"uploads-{name}"
        self.dead_letters = f"{self.input}.DLQ"
        self.topics = [self.input, self.notifications, self.uploads, self.dead_letters]
        self.right = {
            "kafka_bootstrap_servers": server.secure_bootstrap, "kafka_security_protocol": "SASL_SSL",
            "kafka_sasl_username": SecureKafka.USER, "kafka_sasl_password": PASSWORD,
            "kafka_ssl_ca_location": authority.ca, "kafka_group_id": self.group,
            "kafka_topic_for_ai_handler": self.input, "kafka_topic_for_notifications": self.notifications,
            "kafka_topic_for_uploading_data": self.uploads,
        }  # fmt: skip

    def create(self, *topics, partitions=1, **config):
        for future in self._admin.create_topics(
            [NewTopic(name, partitions, 1, config=config) for name in topics]
        ).values():
            future.result(30)

    def allow(self, kind, name, *operations, prefix=False):
        pattern = ResourcePatternType.PREFIXED if prefix else ResourcePatternType.LITERAL
        bindings = [
            AclBinding(kind, name, pattern, f"User:{SecureKafka.USER}", "*", operation, AclPermissionType.ALLOW)
            for operation in operations
        ]
        for future in self._admin.create_acls(bindings).values():
            future.result(30)

    def allow_all(self, *, but=()):
        for name in set(self.topics) - set(but):
            self.allow(ResourceType.TOPIC, name, READ, WRITE, DESCRIBE)
        if "group" not in but:
            self.allow(ResourceType.GROUP, self.group, READ)
        if "transactions" not in but:
            self.allow(ResourceType.TRANSACTIONAL_ID, self.group, WRITE, DESCRIBE, prefix=True)

    def faults(self, **planted):
        return faults(look_at_kafka(settings(**{**self.right, **planted})))

    def faults_without(self, *names):
        """What is found, once the broker has heard of all that is allowed: a permission takes a moment."""
        return until(lambda: (found,) if set(found := self.faults()) == set(names) else None)[0]


@pytest.fixture
def ground(secure_kafka, authority):
    return Ground(secure_kafka, authority)


def test_a_kafka_that_is_right(ground):
    """With the permissions that docs/deploying.md names, nothing is wrong."""
    ground.create(*ground.topics)
    ground.allow_all()
    assert ground.faults_without() == {}


def test_faults_on_the_way_to_kafka(ground, stranger):
    """A wrong password, CA, port, name and protocol are each told apart, with the setting to correct."""
    assert "KAFKA_SASL_PASSWORD" in ground.faults(kafka_sasl_password="wrong")["Kafka"]
    assert "KAFKA_SSL_CA_LOCATION" in ground.faults(kafka_ssl_ca_location=stranger.ca)["Kafka"]
    nowhere = f"127.0.0.1:{free_port()}"
    assert f"{nowhere}, SASL_SSL: " in ground.faults(kafka_bootstrap_servers=nowhere)["Kafka"]
    assert "correct KAFKA_BOOTSTRAP_SERVERS" in ground.faults(kafka_bootstrap_servers="no.such.invalid:9092")["Kafka"]
    plain = {"kafka_security_protocol": "PLAINTEXT", "kafka_sasl_username": None, "kafka_sasl_password": None}
    assert "KAFKA_SECURITY_PROTOCOL" in ground.faults(**plain)["Kafka"]


def test_missing_permissions(ground):
    """What we may not do is named for each topic, for the group and for transactions."""
    ground.create(*ground.topics)
    ground.allow_all(but=("group", "transactions", ground.uploads, ground.dead_letters))
    ground.allow(ResourceType.TOPIC, ground.uploads, READ, DESCRIBE)
    wanted = [
        f"topic {ground.uploads}",
        f"topic {ground.dead_letters}",
        f"group {ground.group}",
        f"transactions {ground.group}.*",
    ]
    found = ground.faults_without(*wanted)
    assert "may not WRITE" in found[wanted[0]]
    assert "allow READ, WRITE" in found[wanted[1]]


def test_groups_of_the_repeats(ground):
    """With the contract of 2026 a group for each delay needs a permission, too, or nothing would ever be repeated."""
    ground.topics.remove(ground.uploads)
    ground.create(*ground.topics)
    ground.allow_all()
    ground.right |= {"contract": "2026"}
    groups = [f"{ground.group}.repeat-{delay}" for delay in (60, 3600)]
    assert "allow READ" in ground.faults_without(*(f"group {name}" for name in groups))[f"group {groups[0]}"]
    ground.allow(ResourceType.GROUP, f"{ground.group}.repeat-", READ, prefix=True)
    assert ground.faults_without() == {}


def test_a_missing_permission_stops_the_repeats(ground, caplog):
    """Kafka's own word for it reaches the log."""
    ground.create(*ground.topics)
    ground.allow_all()
    configured, ended = settings(**ground.right), threading.Event()
    group = f"{ground.group}.repeat-60"
    repeating = Repeating(
        60,
        ground.notifications,
        lambda: make_follower(configured, group),
        lambda: make_producer(configured, None),
        ended,
    )
    repeating.start()
    until(lambda: "answers are not repeated for now" in caplog.text)
    ended.set()
    repeating.join(30)
    assert "GROUP_AUTHORIZATION_FAILED" in caplog.text


def test_missing_topics(ground):
    """A missing topic is wrong where nobody will make it, and where we are not allowed to."""
    ground.create(ground.input, ground.notifications, ground.uploads)
    ground.allow_all()
    found = ground.faults_without(f"topic {ground.dead_letters}")
    assert "cannot create it" in found[f"topic {ground.dead_letters}"]
    assert "KAFKA_CREATE_TOPICS" in ground.faults(kafka_create_topics=False)[f"topic {ground.dead_letters}"]
    ground.allow(ResourceType.TOPIC, ground.dead_letters, AclOperation.CREATE)
    assert ground.faults_without() == {}


def test_a_running_bridge_sees_what_it_may_not_write(ground):
    """Without the right to write it, an output is named with the reason while the bridge runs, and until it has it."""
    ground.create(*ground.topics)
    ground.allow_all(but=(ground.uploads, ground.dead_letters))
    ground.allow(ResourceType.TOPIC, ground.dead_letters, READ, DESCRIBE)
    configured = settings(**ground.right)
    watch = make_watch(configured, AdminClient(configured.kafka))
    wanted = {ground.uploads: "TOPIC_AUTHORIZATION_FAILED", ground.dead_letters: "we may not WRITE"}
    until(lambda: watch.look() or watch.troubles == wanted)
    assert (watch.may_write_answers(), watch.may_write_letters(), watch.missing) == (False, False, ())
    ground.allow_all()
    until(lambda: watch.look() or not watch.troubles)
    assert (watch.may_write_answers(), watch.may_write_letters()) == (True, True)


def test_topics_that_lose_or_disorder_messages(ground):
    """Results in several partitions kill storage, and a compacted topic keeps the last message only."""
    ground.create(ground.input, ground.dead_letters)
    ground.create(ground.notifications, **{"cleanup.policy": "compact"})
    ground.create(ground.uploads, partitions=3)
    ground.allow_all()
    ground.allow(ResourceType.TOPIC, ground.notifications, AclOperation.DESCRIBE_CONFIGS)
    found = ground.faults_without(f"topic {ground.uploads}", f"topic {ground.notifications}")
    assert "3 partitions" in found[f"topic {ground.uploads}"]
    assert "compacted" in found[f"topic {ground.notifications}"]


def test_a_group_that_somebody_else_has(ground, secure_kafka):
    """A neighbour in our group would take half of our partitions, or be refused, or both."""
    ground.create(*ground.topics)
    ground.allow_all()
    neighbour = Consumer({"bootstrap.servers": secure_kafka.bootstrap, "group.id": ground.group})
    neighbour.subscribe([ground.uploads])
    until(lambda: neighbour.poll(0.1) or neighbour.assignment())
    found = ground.faults_without(f"group {ground.group}")
    neighbour.close()
    assert "KAFKA_GROUP_ID" in found[f"group {ground.group}"]


# --- The provider -------------------------------------------------------------------------------------------


@contextmanager
def provider(*, country="NL", trace=200, model=200, ends=None):
    """An endpoint with a trace page and a page for the model, no list; gives its address and what it was asked."""
    asked = []

    def answer(handler, _body):
        asked.append((handler.path, handler.headers.get("Authorization")))
        if handler.path == "/cdn-cgi/trace":
            reply(handler, trace, f"fl=1\nloc={country}\n".encode())
        elif handler.path.split("?")[0] == "/v1/models":
            reply(handler, 404, b"{}")
        else:
            reply(handler, model, json.dumps({"id": "a model", "shutdown_date": ends}).encode())

    with web_server(answer) as url:
        yield url, asked


def look_from(url, **more):
    more = {"openai_prices": "a model=1/1/1", **more}
    return look_at_the_provider(settings(openai_base_url=f"{url}/v1", openai_model="a model", **more))


def test_a_provider_that_is_right():
    """The exit's country is known, the key knows the model, tokens can be counted; no token is spent."""
    with provider() as (url, asked):
        assert faults(look_from(url)) == {}
    assert asked == [("/cdn-cgi/trace", None), ("/v1/models/a%20model", "Bearer sk-right")]


def test_faults_on_the_way_to_the_provider():
    """A refused country, an unknown one, a proxy that is away and a wrong key are each told apart."""
    with provider(country="RU") as (url, asked):
        assert "from RU" in faults(look_from(url))["exit"]
    assert [path for path, _ in asked] == ["/cdn-cgi/trace"]  # and the key stayed here
    for unknown in ({"trace": 404}, {"country": "XX"}):
        with provider(**unknown) as (url, _):
            assert "EGRESS_TRACE_URL" in faults(look_from(url))["exit"]
    with provider() as (url, asked):
        assert "OPENAI_PROXY" in faults(look_from(url, openai_proxy=f"http://127.0.0.1:{free_port()}"))["exit"]
    assert asked == []
    with provider(model=401) as (url, _):
        assert "OPENAI_KEY" in faults(look_from(url))["model"]


def test_a_model_that_ends_or_is_not_there():
    """The end of a model is told 90 days before; one that the endpoint does not list stands in the way."""
    soon = datetime.now(UTC).date() + timedelta(days=90)
    with provider(ends=soon.isoformat()) as (url, _):
        rows = {row.what: row for row in look_from(url)}
        assert rows["model's end"].state is State.NOTE
        assert str(soon) in rows["model's end"].found
    with provider(ends=(soon + timedelta(days=1)).isoformat()) as (url, _):
        assert "model's end" not in {row.what for row in look_from(url)}
    with StandIn(models=["gpt-6-luna"]) as standin:
        assert "OPENAI_MODEL" in faults(look_from(standin.url))["model"]
    with provider(model=404) as (url, _):
        assert {row.what: row.state for row in look_from(url)}["model"] is State.NOTE


def test_a_model_without_a_price_is_told():
    """Who wants a budget has to know that nothing is counted."""
    with provider() as (url, _):
        assert {row.what: row.state for row in look_from(url, openai_prices="x=1/1/1")}["model's price"] is State.NOTE


def test_the_endpoint_is_asked_as_the_workers_ask_it(authority):
    """Query, headers and CA of the settings go with the check, too."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(authority.certificate, authority.key)
    asked = []

    def answer(handler, _body):
        asked.append((handler.path, handler.headers.get("X-Title")))
        reply(handler, 200, b"loc=NL\n" if "trace" in handler.path else b'{"id": "m"}')

    with web_server(answer, tls=context) as url:
        more = {"openai_tls_ca": authority.ca, "openai_headers": "X-Title: t", "openai_model": "m"}
        found = faults(look_at_the_provider(settings(openai_base_url=f"{url}/v1?api-version=1", **more)))
    assert found == {}
    assert asked[1:] == [("/v1/models/m?api-version=1", "t")]


def test_a_program_that_prints_the_key_is_tried(redis_url):
    """As the workers have it: its key is asked with, and a program that gives none is told as what it is."""
    with provider() as (url, asked):
        more = {"openai_base_url": f"{url}/v1", "openai_model": "a model", "openai_prices": "a model=1/1/1"}
        more |= {"redis_url": redis_url}
        assert faults(look_at_the_provider(Settings(openai_key_command="echo sk-printed", **more))) == {}
        assert asked[1:] == [("/v1/models/a%20model", "Bearer sk-printed")]
        found = faults(look_at_the_provider(Settings(openai_key_command="/bin/sh -c 'echo no; exit 7'", **more)))
    assert list(found) == ["key"]
    assert "ended with code 7" in found["key"]


def test_a_role_without_the_key_leaves_the_provider_alone():
    """In the bridge's container there is no key, and no proxy to try: it says so instead of guessing."""
    with provider() as (url, asked):
        rows = list(look_at_the_provider(Settings(openai_base_url=f"{url}/v1")))
    assert [row.state for row in rows] == [State.SKIPPED]
    assert asked == []


def test_librdkafkas_imitation_is_known(tmp_path):
    """The Kafka of the demo answers no questions about topics: it is told what it is, and nothing is wrong."""
    with running(MockKafka(tmp_path)) as server:
        ours = settings(kafka_bootstrap_servers=server.bootstrap)
        found = list(look_at_kafka(ours))
        assert list(faults_at_start(ours, AdminClient(dict(ours.kafka)))) == []
    assert [(each.what, each.state) for each in found] == [("Kafka", State.NOTE)]
    assert "librdkafka's imitation" in found[0].found


# --- The command --------------------------------------------------------------------------------------------


def test_the_command(kafka, redis_url, topics):
    """It prints a table and tells by its exit code whether something stands in the way."""
    source, notifications, uploads = topics("in", "notifications", "uploads")
    with provider() as (url, _):
        environment = {
            **os.environ, "ENV_FILE": os.devnull, "LOG_FILE": "none", "OPENAI_KEY": "sk-right",
            "OPENAI_BASE_URL": f"{url}/v1", "REDIS_URL": redis_url, "KAFKA_BOOTSTRAP_SERVERS": kafka,
            "KAFKA_TOPIC_FOR_AI_HANDLER": source, "KAFKA_TOPIC_FOR_NOTIFICATIONS": notifications,
            "KAFKA_TOPIC_FOR_UPLOADING_DATA": uploads, "KAFKA_GROUP_ID": f"group-{source}",
        }  # fmt: skip
        for planted, code, last in (
            ({}, 0, "nothing stands in the way"),
            ({"KAFKA_CREATE_TOPICS": "off"}, 1, "1 of 16 stand in the way"),
        ):
            ended = subprocess.run(
                [sys.executable, "-m", "bridge", "check"], env=environment | planted, cwd=CHECKOUT,
                capture_output=True, text=True, timeout=120, check=False,
            )  # fmt: skip
            assert (ended.returncode, ended.stdout.splitlines()[-1]) == (code, last), ended.stdout + ended.stderr
    # All that is left is how Celery's answers find their way, which every `inspect` leaves.
    left = redis.Redis.from_url(redis_url).keys()
    assert [key for key in left if not key.startswith(b"_kombu.binding")] == []
