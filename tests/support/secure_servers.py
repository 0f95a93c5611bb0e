"""Servers with TLS and passwords, as a platform has them; certificates are made on the spot."""

from __future__ import annotations

from pathlib import Path

import redis

from dev.kafka_server import ApacheKafka
from dev.processes import free_port
from dev.redis_server import RedisServer

PASSWORD = "s3cret: p@ss/w:rd#%"


class Authority:
    """A certificate authority of a test's own.

    Attributes:
        ca: path of its certificate, what a client needs to trust what it signed.
        certificate, key: paths of a certificate for 127.0.0.1 and localhost, and of its key (PKCS #8).
    """

    def __init__(self, folder: Path, *, host: str = "127.0.0.1") -> None:
        # Of requirements-dev.txt: a test that uses no authority does without them.
        import trustme  # noqa: PLC0415
        from cryptography.hazmat.primitives import serialization  # noqa: PLC0415

        folder.mkdir(parents=True, exist_ok=True)
        authority = trustme.CA()
        issued = authority.issue_cert(host)
        self.ca = str(folder / "ca.pem")
        self.certificate = str(folder / "server.pem")
        self.key = str(folder / "server.key")
        authority.cert_pem.write_to_path(self.ca)
        issued.cert_chain_pems[0].write_to_path(self.certificate)
        key = serialization.load_pem_private_key(issued.private_key_pem.bytes(), None)
        Path(self.key).write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
        )


class SecureRedis(RedisServer):
    """A Redis that speaks TLS alone and asks for a password; more users are one's own affair."""

    def __init__(self, data_dir: Path, authority: Authority) -> None:
        super().__init__(data_dir)
        self._authority = authority

    def client(self, **options) -> redis.Redis:
        """A client that may do everything."""
        return redis.Redis(
            "127.0.0.1", self.port, password=PASSWORD, ssl=True, ssl_ca_certs=self._authority.ca, **options
        )

    def _command(self) -> list[str]:
        command = super()._command()
        command[command.index("--port") + 1] = "0"
        return [
            *command,
            *("--tls-port", str(self.port), "--tls-auth-clients", "no", "--requirepass", PASSWORD),
            *("--tls-cert-file", self._authority.certificate, "--tls-key-file", self._authority.key),
        ]

    def _answers(self) -> bool:
        with self.client(socket_timeout=1, socket_connect_timeout=1) as client:
            try:
                return bool(client.info("server")["process_id"] == self._started().pid)
            except redis.RedisError:
                return False


class SecureKafka(ApacheKafka):
    """A Kafka with SASL_SSL (SCRAM) for `USER`, who may do nothing until a test allows it.

    `bootstrap` is a second listener without any of that, whose clients may do everything.
    """

    USER = "ai-handler"

    def __init__(self, data_dir: Path, authority: Authority) -> None:
        super().__init__(data_dir)
        self._secure_port = free_port()
        self._authority = authority

    @property
    def secure_bootstrap(self) -> str:
        """Where one needs TLS, a name and a password."""
        return f"127.0.0.1:{self._secure_port}"

    def _properties(self, folder: Path) -> str:
        store = folder / "keystore.pem"
        store.write_bytes(Path(self._authority.key).read_bytes() + Path(self._authority.certificate).read_bytes())
        secure, plain = f"SASL_SSL://127.0.0.1:{self._secure_port}", f"PLAINTEXT://127.0.0.1:{self.port}"
        return super()._properties(folder) + "\n".join(
            [
                f"listeners={plain},{secure},CONTROLLER://127.0.0.1:{self._controller_port}",
                f"advertised.listeners={plain},{secure}",
                "listener.security.protocol.map=PLAINTEXT:PLAINTEXT,SASL_SSL:SASL_SSL,CONTROLLER:PLAINTEXT",
                "sasl.enabled.mechanisms=SCRAM-SHA-512",
                (
                    "listener.name.sasl_ssl.scram-sha-512.sasl.jaas.config="
                    "org.apache.kafka.common.security.scram.ScramLoginModule required;"
                ),
                "ssl.keystore.type=PEM",
                f"ssl.keystore.location={store}",
                "authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer",
                "super.users=User:ANONYMOUS",
                "",
            ]
        )

    def _format_options(self) -> list[str]:
        return ["--add-scram", f"SCRAM-SHA-512=[name={self.USER},password={PASSWORD}]"]
