"""The one way out: through the proxy that is set, and through no other."""

import base64
import threading

import pytest

from dev.processes import free_port
from tests.support.local_web import http_proxy, reply, socks5_proxy, web_server
from worker.asking.egress import EgressCheck


def test_a_page_is_fetched(standin, make_route):
    """The trace page is read as it is."""
    page = make_route().fetch(f"{standin.url}/cdn-cgi/trace", 10)
    assert "loc=NL\n" in page


def test_no_page_is_none(standin, make_route):
    """An error page, a refused connection, a wrong address: no answer, and no exception."""
    route = make_route()
    standin.set(trace="missing")
    assert route.fetch(f"{standin.url}/cdn-cgi/trace", 10) is None
    assert route.fetch(f"http://127.0.0.1:{free_port()}/cdn-cgi/trace", 10) is None
    assert route.fetch("http://[not-an-address/", 10) is None
    assert route.fetch("gopher://example.invalid/", 10) is None


def test_a_redirect_is_no_answer(standin, make_route):
    """A portal that sends us elsewhere does not tell where we are."""

    def redirect(handler, _body):
        handler.send_response(302)
        handler.send_header("Location", f"{standin.url}/cdn-cgi/trace")
        handler.end_headers()

    with web_server(redirect) as url:
        assert make_route().fetch(f"{url}/cdn-cgi/trace", 10) is None


def test_a_page_that_is_late_is_none(standin, make_route):
    """A trace page that hangs closes the exit within the time that it was given."""
    standin.set(trace="slow", trace_delay=100)
    assert make_route().fetch(f"{standin.url}/cdn-cgi/trace", 0.3) is None


def test_a_page_that_never_ends_is_none(make_route):
    """The time is for the whole page, not for each byte of it."""
    sent = []
    pause = threading.Event()

    def trickle(handler, _body):
        handler.send_response(200)
        handler.end_headers()
        for _ in range(600):
            handler.wfile.write(b"x")
            handler.wfile.flush()
            sent.append("x")
            pause.wait(0.05)

    with web_server(trickle) as url:
        assert make_route().fetch(f"{url}/cdn-cgi/trace", 0.5) is None
    assert sent, "it did begin to answer"


def test_a_page_of_bytes_is_no_exception(make_route):
    """Whatever stands there, the check just finds no country in it."""
    with web_server(lambda handler, _: reply(handler, 200, bytes(range(256)), "text/plain; charset=nonsense")) as url:
        assert "loc=" not in make_route().fetch(f"{url}/cdn-cgi/trace", 10)


@pytest.mark.parametrize("charset", ["hex", "idna", "undefined", "punycode"])
def test_a_page_is_utf_8_whatever_it_says(make_route, charset):
    """Codecs that Python has and that read no texts, or take minutes: every request would wait or end with them."""
    with web_server(lambda handler, _: reply(handler, 200, b"loc=NL\xff", f"text/plain; charset={charset}")) as url:
        assert make_route().fetch(f"{url}/cdn-cgi/trace", 10) == "loc=NL\ufffd"


def test_everything_goes_through_the_http_proxy(standin, make_route):
    """With OPENAI_PROXY set the page is asked through it, with its credentials."""
    seen = []
    with http_proxy(seen) as address:
        page = make_route(proxy=f"http://user:pass@{address}").fetch(f"{standin.url}/cdn-cgi/trace", 10)
    assert "loc=NL" in page
    credentials = base64.b64encode(b"user:pass").decode()
    assert seen == [f"GET {standin.url}/cdn-cgi/trace Basic {credentials}"]


def test_https_goes_through_the_proxy_too(make_route):
    """Encrypted requests are tunnelled: the proxy is asked to CONNECT, and nothing goes around it."""
    seen = []
    with http_proxy(seen) as address:
        assert make_route(proxy=f"http://{address}").fetch("https://api.example.invalid/cdn-cgi/trace", 10) is None
    assert seen == ["CONNECT api.example.invalid:443"]


@pytest.mark.parametrize("scheme", ["socks5", "socks5h"])
def test_everything_goes_through_the_socks_proxy(standin, make_route, scheme):
    """A SOCKS5 proxy is given the host's name: it is not looked up here, where the answer could be censored."""
    seen = []
    port = standin.url.rpartition(":")[2]
    with socks5_proxy(seen) as address:
        page = make_route(proxy=f"{scheme}://{address}").fetch(f"http://localhost:{port}/cdn-cgi/trace", 10)
    assert "loc=NL" in page
    assert seen == [f"localhost:{port}"]


def test_a_dead_proxy_is_not_gone_around(standin, make_route):
    """Without its proxy nothing leaves: the exit's country is unknown then."""
    route = make_route(proxy=f"http://127.0.0.1:{free_port()}")
    assert route.fetch(f"{standin.url}/cdn-cgi/trace", 10) is None


@pytest.mark.parametrize("name", ["HTTP_PROXY", "http_proxy", "ALL_PROXY", "HTTPS_PROXY"])
def test_the_environments_proxies_are_ignored(monkeypatch, standin, make_route, name):
    """A proxy of the container's environment is not ours: what was checked is where requests go."""
    monkeypatch.setenv(name, f"http://127.0.0.1:{free_port()}")
    assert "loc=NL" in make_route().fetch(f"{standin.url}/cdn-cgi/trace", 10)


def test_the_check_reads_the_page_through_the_route(standin, make_route):
    """The exit's country is what the page says, from one look to the next."""
    check = EgressCheck(
        make_route().fetch, f"{standin.url}/cdn-cgi/trace", blocked=frozenset({"RU"}), interval=300, clock=lambda: 0.0
    )
    check.require()
    assert check.state == "NL"
