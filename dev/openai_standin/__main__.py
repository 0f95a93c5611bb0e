"""``python -m dev.openai_standin``: serve until SIGTERM or Ctrl-C; one line on stdout when ready."""

import argparse
import asyncio
import signal

from dev.openai_standin.families import NAMES
from dev.openai_standin.provider import Provider
from dev.openai_standin.server import serve
from dev.openai_standin.settings import Settings


def _arguments() -> argparse.Namespace:
    defaults = Settings()
    parser = argparse.ArgumentParser(
        prog="python -m dev.openai_standin", description="A local stand-in for OpenAI. It is not OpenAI."
    )
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=0, help="0 takes a free one")
    parser.add_argument("--seed", type=int, help="makes jitter and shares of faults repeatable")
    parser.add_argument("--rpm", type=float, default=defaults.rpm)
    parser.add_argument("--rpd", type=float, default=defaults.rpd)
    parser.add_argument("--tpm", type=float, default=defaults.tpm)
    parser.add_argument("--charge", choices=["admission", "use"], default=defaults.charge)
    parser.add_argument("--foreign-share", type=float, default=defaults.foreign_share)
    parser.add_argument("--latency", type=float, default=defaults.latency, help="seconds")
    parser.add_argument("--jitter", type=float, default=defaults.jitter, help="seconds at most, each way")
    parser.add_argument("--no-headers", dest="headers", action="store_false")
    parser.add_argument("--request-headers", choices=["minute", "day"], default=defaults.request_headers)
    parser.add_argument("--country", default=defaults.country)
    parser.add_argument("--obey-injections", action="store_true")
    parser.add_argument("--family", choices=NAMES, help="whose refusals and manners to imitate")
    return parser.parse_args()


async def _main() -> None:
    chosen = vars(_arguments())
    host, port, seed = chosen.pop("host"), chosen.pop("port"), chosen.pop("seed")
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)

    def ready(url: str) -> None:
        print(f"openai-standin listening on {url} (a stand-in, not OpenAI)", flush=True)

    await serve(Provider(Settings(**chosen), seed=seed), host, port, ready, stop)


if __name__ == "__main__":
    asyncio.run(_main())
