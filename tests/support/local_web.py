"""Tiny servers on the loopback address that behave as a test wants: an HTTP server, an HTTP and a SOCKS5 proxy."""

import contextlib
import socket
import socketserver
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit


class _Quiet(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False

    def handle_error(self, request, client_address):
        """Clients that hang up are no news."""


@contextmanager
def _running(server: socketserver.BaseServer) -> Iterator[int]:
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@contextmanager
def web_server(
    answer: Callable[[BaseHTTPRequestHandler, bytes], None], *, tls: ssl.SSLContext | None = None
) -> Iterator[str]:
    """A server whose every answer `answer(handler, request body)` writes; gives its address."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            self.close_connection = True
            answer(self, self.rfile.read(int(self.headers.get("Content-Length", 0))))

        do_GET = do_POST  # noqa: N815

        def log_message(self, *_):
            """Say nothing."""

    server = _Quiet(("127.0.0.1", 0), Handler)
    if tls is not None:
        server.socket = tls.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    with _running(server) as port:
        yield f"http{'s' if tls else ''}://127.0.0.1:{port}"


def reply(handler: BaseHTTPRequestHandler, status: int, body: bytes, kind: str = "application/json") -> None:
    handler.send_response(status)
    handler.send_header("Content-Type", kind)
    handler.send_header("Content-Length", str(len(body)))
    handler.end_headers()
    handler.wfile.write(body)


@contextmanager
def http_proxy(seen: list[str]) -> Iterator[str]:
    """A forward proxy; `seen` gets each request line and credentials. CONNECT is noted and refused."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            self.close_connection = True
            seen.append(f"{self.command} {self.path} {self.headers.get('Proxy-Authorization', '')}".strip())
            if self.command == "CONNECT":
                self.send_error(502)
                return
            target = urlsplit(self.path)
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            with socket.create_connection((target.hostname, target.port), timeout=10) as upstream:
                lines = [f"{self.command} {target.path} HTTP/1.1", "Connection: close"]
                lines += [
                    f"{name}: {value}"
                    for name, value in self.headers.items()
                    if name.lower() not in ("connection", "proxy-connection", "proxy-authorization")
                ]
                upstream.sendall("\r\n".join([*lines, "", ""]).encode() + body)
                while chunk := upstream.recv(65_536):
                    self.wfile.write(chunk)

        do_GET = do_CONNECT = do_POST  # noqa: N815

        def log_message(self, *_):
            """Say nothing."""

    with _running(_Quiet(("127.0.0.1", 0), Handler)) as port:
        yield f"127.0.0.1:{port}"


class _Threads(socketserver.ThreadingTCPServer):
    daemon_threads = True
    block_on_close = False

    def handle_error(self, request, client_address):
        """Clients that hang up are no news."""


@contextmanager
def socks5_proxy(seen: list[str]) -> Iterator[str]:
    """A SOCKS5 proxy without authentication (RFC 1928); `seen` gets each target as the client named it."""

    class Handler(socketserver.StreamRequestHandler):
        def handle(self):
            _, methods = self.rfile.read(2)
            self.rfile.read(methods)
            self.wfile.write(b"\x05\x00")
            _, _, _, kind = self.rfile.read(4)
            if kind == 1:
                host = socket.inet_ntoa(self.rfile.read(4))
            else:
                host = self.rfile.read(self.rfile.read(1)[0]).decode()
            port = int.from_bytes(self.rfile.read(2), "big")
            seen.append(f"{host}:{port}")
            with socket.create_connection((host, port), timeout=10) as upstream:
                self.wfile.write(b"\x05\x00\x00\x01\x00\x00\x00\x00\x00\x00")
                back = threading.Thread(target=_copy, args=(upstream, self.connection), daemon=True)
                back.start()
                _copy(self.connection, upstream)
                back.join()

    with _running(_Threads(("127.0.0.1", 0), Handler)) as port:
        yield f"127.0.0.1:{port}"


def _copy(source: socket.socket, target: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while chunk := source.recv(65_536):
            target.sendall(chunk)
    with contextlib.suppress(OSError):
        target.shutdown(socket.SHUT_WR)
