"""A Kafka whose clients' wish to end a transaction can be held back on its way, and let go into the next one."""

import socket
import struct
import threading
from collections.abc import Iterator

from dev.kafka_server import ApacheKafka

END_TXN = 26  # its key in Kafka's protocol


class HeldCommits(ApacheKafka):
    """A broker behind a proxy, which all clients speak to.

    Attributes:
        held: set while an EndTxn is held back.
        let_go: set when it was sent on, just before the EndTxn of another transaction.
    """

    def __init__(self, *arguments, **named):
        super().__init__(*arguments, **named)
        self._proxy = socket.create_server(("127.0.0.1", 0))
        self._hold_next = threading.Event()
        self.held, self.let_go = threading.Event(), threading.Event()
        self._release = lambda: None
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def bootstrap(self):
        return f"127.0.0.1:{self._proxy.getsockname()[1]}"

    def hold_next_commit(self):
        """Hold the next EndTxn back until another one comes."""
        self._hold_next.set()

    def stop(self):
        super().stop()
        self._proxy.close()

    def _properties(self, folder):
        return super()._properties(folder) + f"\nadvertised.listeners=PLAINTEXT://{self.bootstrap}\n"

    def _accept(self):
        while True:
            try:
                client, _ = self._proxy.accept()
            except OSError:
                return
            try:
                broker = socket.create_connection(("127.0.0.1", self.port))
            except OSError:
                client.close()
                continue
            threading.Thread(target=self._forward, args=(client, broker), daemon=True).start()
            threading.Thread(target=_copy, args=(broker, client), daemon=True).start()

    def _forward(self, client, broker):
        """Requests, one after the other; only an EndTxn may have to wait, and those behind it pass it by."""
        for frame in _frames(client):
            if struct.unpack(">h", frame[4:6])[0] == END_TXN:
                if self._hold_next.is_set():
                    self._hold_next.clear()
                    self._release = lambda frame=frame: _send(broker, frame)
                    self.held.set()
                    continue
                if self.held.is_set():
                    self.held.clear()
                    self._release()
                    self.let_go.set()
            _send(broker, frame)
        broker.close()


def _frames(source: socket.socket) -> Iterator[bytes]:
    stream = source.makefile("rb")
    try:
        while len(size := stream.read(4)) == 4:
            yield size + stream.read(struct.unpack(">i", size)[0])
    except OSError:
        return


def _send(broker, frame):
    try:
        broker.sendall(frame)
    except OSError:
        broker.close()


def _copy(broker, client):
    try:
        while some := broker.recv(65_536):
            client.sendall(some)
    except OSError:
        pass
    client.close()
