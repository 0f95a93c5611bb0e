"""TLS to a real Redis, a real Kafka and an HTTPS endpoint: verified by every client, and a wrong CA is refused."""

from __future__ import annotations

import os
import ssl
import subprocess
import sys
from urllib.parse import quote

import pytest
import redis
from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient

from bridge.kafka import make_producer, make_reader
from config import Settings
from dev.kafka_server import CHECKOUT, silent
from tests.support.local_web import reply, web_server
from tests.support.secure_servers import PASSWORD, SecureKafka


def settings(**values):
    return Settings(openai_key="-", **values)


def redis_settings(server, ca, host="127.0.0.1"):
    return settings(redis_host=host, redis_port=server.port, redis_password=PASSWORD, redis_tls=True, redis_tls_ca=ca)


def kafka_settings(server, ca):
    return settings(
        kafka_bootstrap_servers=server.secure_bootstrap, kafka_security_protocol="SASL_SSL",
        kafka_sasl_username=SecureKafka.USER, kafka_sasl_password=PASSWORD, kafka_ssl_ca_location=ca,
    )  # fmt: skip


def test_redis_is_reached_over_tls(secure_redis, authority):
    """With the right CA bridge and workers talk to a Redis that takes nothing but TLS."""
    with redis.Redis.from_url(redis_settings(secure_redis, authority.ca).redis) as client:
        assert client.ping()


def test_a_redis_that_cannot_prove_itself_is_refused(secure_redis, authority, stranger):
    """Neither another CA, nor the system's, nor another host's name in the certificate is good enough."""
    for wrong in (
        redis_settings(secure_redis, stranger.ca),
        redis_settings(secure_redis, None),
        redis_settings(secure_redis, authority.ca, host="localhost"),
    ):
        with redis.Redis.from_url(wrong.redis) as client, pytest.raises(redis.ConnectionError, match="certificate"):
            client.ping()


CELERY = """
import sys
from celery import Celery
app = Celery()
app.config_from_object("celeryconfig")
try:
    with app.connection_for_write() as connection:
        connection.ensure_connection(max_retries=1, timeout=5)
        connection.default_channel.client.ping()
except Exception as error:
    sys.exit(f"{type(error).__name__}: {error}")
"""


def celery_says(server, ca, **more):
    """What Celery, set up as our celeryconfig.py has it, says of its broker; empty when all is well."""
    environment = {
        **os.environ, "ENV_FILE": os.devnull, "REDIS_HOST": "127.0.0.1", "REDIS_PORT": str(server.port),
        "REDIS_PASSWORD": PASSWORD, "REDIS_TLS": "on", "REDIS_TLS_CA": ca, **more,
    }  # fmt: skip
    ended = subprocess.run(
        [sys.executable, "-c", CELERY], env=environment, cwd=CHECKOUT, capture_output=True, text=True, timeout=120,
        check=False,
    )  # fmt: skip
    return ended.stderr.strip()


def test_celery_verifies_its_broker(secure_redis, authority, stranger):
    """Celery, which by itself would take any certificate, takes the right one only, by either way of setting it."""
    assert celery_says(secure_redis, authority.ca) == ""
    assert "certificate verify failed" in celery_says(secure_redis, stranger.ca)
    assert "certificate verify failed" in celery_says(secure_redis, "")
    assert "mismatch" in celery_says(secure_redis, authority.ca, REDIS_HOST="localhost")
    url = f"rediss://:{quote(PASSWORD, safe='')}@127.0.0.1:{secure_redis.port}/1"
    assert celery_says(secure_redis, authority.ca, REDIS_URL=url) == ""
    assert "certificate verify failed" in celery_says(secure_redis, "", REDIS_URL=url)


def test_kafka_is_reached_over_sasl_ssl(secure_kafka, authority):
    """With the right CA and password every kind of client reaches a Kafka that asks for both."""
    right = kafka_settings(secure_kafka, authority.ca)
    assert AdminClient(right.kafka).list_topics(timeout=30).brokers
    make_producer(right, None).list_topics(timeout=30)
    reader = make_reader(right)
    reader.list_topics(timeout=30)
    reader.close()


@pytest.mark.parametrize("kind", ["admin", "producer", "reader"])
def test_a_kafka_that_cannot_prove_itself_is_refused(secure_kafka, stranger, kind):
    """No client says its password to a broker that another CA has signed."""
    wrong = kafka_settings(secure_kafka, stranger.ca)
    heard = []
    watched = wrong.model_copy()
    watched.__dict__["kafka"] = {**wrong.kafka, "error_cb": heard.append, "log_level": 0}
    make = {
        "admin": lambda: AdminClient(watched.kafka, logger=silent),
        "producer": lambda: make_producer(watched, None),
        "reader": lambda: make_reader(watched),
    }[kind]
    client = make()
    with pytest.raises(KafkaException):
        client.list_topics(timeout=5)
    if kind != "reader":
        client.poll(1)
        assert any("certificate verify failed" in error.str() for error in heard), heard
    if kind == "reader":
        client.close()


def test_an_endpoint_that_cannot_prove_itself_is_refused(authority, make_route):
    """Neither the key nor a resume goes to a provider whose certificate nobody known has signed."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(authority.certificate, authority.key)
    heard = []

    def answer(handler, _body):
        heard.append(handler.path)
        reply(handler, 200, b"loc=NL\n")

    with web_server(answer, tls=context) as url:
        assert url.startswith("https://")
        assert make_route().fetch(f"{url}/cdn-cgi/trace", 10) is None
    assert heard == []


def test_an_endpoint_with_a_ca_of_its_own_is_reached(authority, stranger, make_route):
    """With OPENAI_TLS_CA an endpoint inside the network is trusted, and nobody else who is not."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(authority.certificate, authority.key)
    with web_server(lambda handler, _: reply(handler, 200, b"loc=NL"), tls=context) as url:
        assert make_route(ca_location=authority.ca).fetch(url, 10) == "loc=NL"
        assert make_route(ca_location=stranger.ca).fetch(url, 10) is None
