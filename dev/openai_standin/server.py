"""The stand-in over HTTP: the API, Cloudflare's trace page, and the control API under ``/standin``."""

import asyncio
import json
import socket
import threading
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import asdict
from types import TracebackType
from typing import Any, Self, TypeVar
from urllib.parse import unquote

import tornado.httpserver
import tornado.web

from dev.openai_standin import tokens
from dev.openai_standin.families import family
from dev.openai_standin.faults import Fault
from dev.openai_standin.provider import ConnectionDroppedError, Provider, unknown_url
from dev.openai_standin.replies import Reply
from dev.openai_standin.settings import Settings
from dev.openai_standin.trace import GARBAGE_PAGE, trace_page

_Result = TypeVar("_Result")


class _Handler(tornado.web.RequestHandler):
    def initialize(self, provider: Provider) -> None:
        self.provider = provider

    def set_default_headers(self) -> None:
        self.set_header("Server", "openai-standin")

    def log_exception(
        self,
        typ: type[BaseException] | None,
        value: BaseException | None,
        tb: TracebackType | None,
    ) -> None:
        if not isinstance(value, ValueError):
            super().log_exception(typ, value, tb)

    def write_error(self, status_code: int, **kwargs: Any) -> None:
        """Say what was wrong with a control call (bad JSON, an unknown setting): 400, not tornado's 500."""
        problem = kwargs.get("exc_info", (None, None, None))[1]
        if isinstance(problem, ValueError):
            self.set_status(400)
        self.finish({"standin": True, "error": str(problem or status_code)})

    def json_body(self) -> dict[str, Any]:
        body = json.loads(self.request.body)
        if not isinstance(body, dict):
            raise ValueError("expected a JSON object")  # noqa: TRY004  a bad value of the caller's
        return body

    def reply(self, reply: Reply) -> None:
        self.set_status(reply.status)
        self.set_header("Content-Type", "application/json")
        for name, value in reply.headers.items():
            self.set_header(name, value)
        self.finish(json.dumps(reply.body, ensure_ascii=False))


class _Chat(_Handler):
    async def post(self) -> None:
        headers = self.request.headers
        try:
            reply = await self.provider.complete(
                self.request.body,
                headers.get("Authorization", ""),
                headers.get("X-Standin-Tag", ""),
                {name: values[-1].decode() for name, values in self.request.query_arguments.items()},
            )
        except ConnectionDroppedError:
            self.detach().close()
            return
        self.reply(reply)


class _Models(_Handler):
    def get(self, name: str | None = None) -> None:
        key = self.request.headers.get("Authorization", "")
        self.reply(self.provider.models(key) if name is None else self.provider.model(unquote(name), key))


class _Trace(_Handler):
    async def get(self) -> None:
        settings = self.provider.settings
        self.set_header("Content-Type", "text/plain")
        if settings.trace == "missing":
            self.set_status(404)
            self.finish("openai-standin: no trace page\n")
        elif settings.trace == "garbage":
            self.set_header("Content-Type", "text/html")
            self.finish(GARBAGE_PAGE)
        else:
            if settings.trace == "slow":
                await asyncio.sleep(settings.trace_delay)
            agent = self.request.headers.get("User-Agent", "")
            page = trace_page(
                host=self.request.host,
                ip=self.request.remote_ip or "",
                agent=agent,
                country=settings.country,
            )
            self.finish(page)


class _UnknownUrl(_Handler):
    def prepare(self) -> None:
        self.reply(unknown_url(self.request.method or "", self.request.path))


class _Log(_Handler):
    def get(self) -> None:
        journal = self.provider.journal
        self.finish({"standin": True, "totals": journal.totals(), "attempts": journal.attempts()})

    def delete(self) -> None:
        self.provider.journal.clear()
        self.finish({"standin": True})


class _Set(_Handler):
    def post(self) -> None:
        self.provider.change(self.json_body())
        self.finish({"standin": True, "settings": self.provider.settings.model_dump()})


class _State(_Handler):
    def get(self) -> None:
        levels = {name: asdict(level) for name, level in self.provider.buckets.levels().items()}
        settings = self.provider.settings.model_dump()
        self.finish({"standin": True, "settings": settings, "buckets": levels})


class _Faults(_Handler):
    def get(self) -> None:
        pending = [fault.model_dump() for fault in self.provider.faults.pending()]
        self.finish({"standin": True, "faults": pending})

    def post(self) -> None:
        self.provider.faults.add(Fault.model_validate(self.json_body()))
        self.get()

    def delete(self) -> None:
        self.provider.faults.clear()
        self.get()


def application(provider: Provider) -> tornado.web.Application:
    """The routes. Nothing is logged per request: the journal has it all."""
    shared = {"provider": provider}
    routes: list[tuple[str, type[_Handler], dict[str, Provider]]] = [
        (r"/v1/chat/completions", _Chat, shared),
        (r"/openai/deployments/[^/]+/chat/completions", _Chat, shared),
        (r"/v1/models", _Models, shared),
        (r"/v1/models/([^/]+)", _Models, shared),
        (r"/cdn-cgi/trace", _Trace, shared),
        (r"/standin/log", _Log, shared),
        (r"/standin/set", _Set, shared),
        (r"/standin/state", _State, shared),
        (r"/standin/faults", _Faults, shared),
        (r".*", _UnknownUrl, shared),
    ]
    return tornado.web.Application(routes, log_function=lambda _: None)


async def serve(provider: Provider, host: str, port: int, ready: Callable[[str], None], stop: asyncio.Event) -> None:
    """Serve until ``stop``; ``ready`` gets the base URL (without ``/v1``) once calls are answered."""
    tokens.encode("load the tokenizer before the first call has to wait for it")
    asyncio.get_running_loop().set_exception_handler(_quiet_about_cancelled_calls)
    # Not tornado's bind_sockets, which leaks the socket when the port is taken.
    listener = socket.create_server((host, port), backlog=1024)
    listener.setblocking(False)
    server = tornado.httpserver.HTTPServer(application(provider))
    server.add_socket(listener)
    ready(f"http://{host}:{listener.getsockname()[1]}")
    try:
        await stop.wait()
    finally:
        server.stop()
        await server.close_all_connections()


def _quiet_about_cancelled_calls(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """Calls that are still waiting when the server stops are cancelled: no news to anybody."""
    if not isinstance(context.get("exception"), asyncio.CancelledError):
        loop.default_exception_handler(context)


class StandIn:
    """The stand-in in a background thread, for tests in the same process.

    Example:
        with StandIn(rpm=60, latency=0.0) as standin:
            standin.fault("status_500", count=2)
            client = openai.OpenAI(base_url=standin.url + "/v1", api_key="any")

    ``url`` has no ``/v1``. Keyword arguments are the fields of ``Settings``; everything can also be changed
    over HTTP. Stopping breaks off calls that are still waiting for an answer.
    """

    def __init__(self, *, host: str = "127.0.0.1", port: int = 0, seed: int | None = None, **settings: Any) -> None:
        self._host = host
        self._port = port
        self._provider = Provider(Settings(**settings), seed=seed)
        self._started: Future[tuple[asyncio.AbstractEventLoop, asyncio.Event, str]] = Future()
        self._thread = threading.Thread(target=self._run, name="openai-standin", daemon=True)
        self.url = ""

    def start(self) -> Self:
        """Serve from now on. Raises OSError where the port is taken."""
        self._thread.start()
        self._loop, self._stop, self.url = self._started.result()
        return self

    @property
    def base_url(self) -> str:
        """What a client of the family's API is given."""
        return self.url + family(self._provider.settings.family).path

    def stop(self) -> None:
        """Serve no more; returns when the thread has ended. Stopping twice is harmless."""
        if self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._stop.set)
            self._thread.join()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *exc_info: object) -> None:
        self.stop()

    def set(self, **changes: Any) -> None:
        """Change settings at run time, as ``POST /standin/set``."""
        self._in_loop(lambda: self._provider.change(changes))

    def fault(self, kind: str, **details: Any) -> None:
        """Queue a fault, as ``POST /standin/faults``."""
        fault = Fault.model_validate({"kind": kind, **details})
        self._in_loop(lambda: self._provider.faults.add(fault))

    def clear_faults(self) -> None:
        """Drop all faults."""
        self._in_loop(self._provider.faults.clear)

    def attempts(self) -> list[dict[str, Any]]:
        """Every attempt at a completion, oldest first (see ``journal.Attempt``)."""
        return self._in_loop(self._provider.journal.attempts)

    def forget_attempts(self) -> None:
        """Empty the journal."""
        self._in_loop(self._provider.journal.clear)

    def _in_loop(self, act: Callable[[], _Result]) -> _Result:
        async def run() -> _Result:
            return act()

        return asyncio.run_coroutine_threadsafe(run(), self._loop).result()

    def _run(self) -> None:
        async def main() -> None:
            loop, stop = asyncio.get_running_loop(), asyncio.Event()

            def ready(url: str) -> None:
                self._started.set_result((loop, stop, url))

            await serve(self._provider, self._host, self._port, ready, stop)

        try:
            asyncio.run(main())
        except OSError as problem:
            if self._started.done():
                raise
            self._started.set_exception(problem)
