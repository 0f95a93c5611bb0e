"""Cloudflare's ``/cdn-cgi/trace``: the page that tells a client which country it seems to come from."""

import time


def trace_page(*, host: str, ip: str, agent: str, country: str) -> str:
    """The page's text: one ``name=value`` a line."""
    lines = {
        "fl": "0standin0",
        "h": host,
        "ip": ip,
        "ts": f"{time.time():.3f}",
        "visit_scheme": "http",
        "uag": agent,
        "colo": "AMS",
        "sliver": "none",
        "http": "http/1.1",
        "loc": country,
        "tls": "off",
        "sni": "off",
        "warp": "off",
        "gateway": "off",
        "rbi": "off",
        "kex": "none",
    }
    return "".join(f"{name}={value}\n" for name, value in lines.items())


GARBAGE_PAGE = "<!doctype html><title>openai-standin</title><p>Not a trace page. Sign in to the hotel's Wi-Fi."
