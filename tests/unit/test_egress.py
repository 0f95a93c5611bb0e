"""Whether requests may leave, told from a trace page that the tests write."""

import contextlib
import logging

import pytest

from config import Settings
from worker.app import make_egress
from worker.asking.egress import RECHECK_AFTER, TIMEOUT, EgressCheck, ForbiddenEgress, UncheckedEgress
from worker.errors import SendingBlockedError

URL = "https://api.example/cdn-cgi/trace"
INTERVAL = 300.0


def page(country):
    return f"fl=1f1\nh=api.example\nip=192.0.2.1\nvisit_scheme=https\nloc={country}\ntls=TLSv1.3\nwarp=off\n"


class World:
    """A trace page and a clock, both as the test sets them."""

    def __init__(self):
        self.page = page("NL")
        self.now = 1_000.0
        self.fetched = []
        self.check = EgressCheck(
            self.fetch, URL, blocked=frozenset({"RU", "BY"}), interval=INTERVAL, clock=lambda: self.now
        )

    def fetch(self, url, timeout):
        self.fetched.append((url, timeout))
        return self.page

    def refused(self):
        """The seconds and the reason with which requests are kept from leaving."""
        with pytest.raises(SendingBlockedError) as caught:
            self.check.require()
        return caught.value.seconds, caught.value.reason


@pytest.fixture
def world():
    return World()


def test_an_allowed_country_lets_requests_leave(world):
    """From Amsterdam everything goes, and operators see where from."""
    assert world.check.state == "not asked yet"
    world.check.require()
    assert world.fetched == [(URL, TIMEOUT)]
    assert world.check.state == "NL"


@pytest.mark.parametrize("country", ["RU", "BY"])
def test_a_blocked_country_lets_nothing_leave(world, country):
    """From a country on the block list no request is sent, and the reason names it."""
    world.page = page(country)
    assert world.refused() == (RECHECK_AFTER, f"egress: requests would leave from {country}")


@pytest.mark.parametrize(
    "bad",
    [
        None,
        "",
        "<!doctype html><title>Sign in to the hotel's Wi-Fi</title>",
        page(""),
        page("XX"),
        page("nl"),
        page("NLD"),
        page("N1"),
        page("NL").replace("loc=", "colo="),
        page("NL").replace("loc=", "xloc="),
    ],
)
def test_an_unknown_country_lets_nothing_leave(world, bad):
    """No page, or one that names no country: fail closed."""
    world.page = bad
    assert world.refused() == (RECHECK_AFTER, "egress: the exit's country is unknown")
    assert world.check.state == "unknown"


def test_a_good_answer_holds_for_the_interval(world):
    """One look serves all requests until the interval is over."""
    world.check.require()
    world.now += INTERVAL - 1
    world.check.require()
    assert len(world.fetched) == 1
    world.now += 1
    world.check.require()
    assert len(world.fetched) == 2


def test_the_exit_that_moves_is_noticed(world):
    """A VPN that falls back to Russia stops requests at the next look."""
    world.check.require()
    world.page = page("RU")
    world.now += INTERVAL
    assert "RU" in world.refused()[1]


def test_a_page_that_vanishes_closes(world):
    """Yesterday's country is no answer for today."""
    world.check.require()
    world.page = None
    world.now += INTERVAL
    assert world.refused()[1] == "egress: the exit's country is unknown"


def test_a_bad_answer_is_asked_again_soon(world):
    """Requests go on within seconds after the exit was mended, and the page is not hammered before."""
    world.page = page("RU")
    world.refused()
    world.page = page("NL")
    world.now += RECHECK_AFTER - 1
    assert world.refused()[0] == 1
    assert len(world.fetched) == 1
    world.now += 1
    world.check.require()
    assert world.check.state == "NL"


def test_after_a_network_error_it_is_asked_again(world):
    """A broken connection may mean another route: the next request waits for a new look."""
    world.check.require()
    world.page = page("RU")
    world.check.distrust()
    assert "RU" in world.refused()[1]
    assert len(world.fetched) == 2


def test_a_change_is_logged_once(caplog, world):
    """Operators read each change of the exit, not each look."""
    caplog.set_level(logging.INFO)
    for country in ("NL", "NL", "RU", "RU", "NL"):
        world.page = page(country)
        world.check.distrust()
        with contextlib.suppress(SendingBlockedError):
            world.check.require()
    logged = [(record.levelname, record.getMessage()) for record in caplog.records]
    assert logged == [
        ("INFO", "egress: requests leave from NL: allowed"),
        ("ERROR", "egress: requests leave from RU: nothing is sent"),
        ("INFO", "egress: requests leave from NL: allowed"),
    ]


# --- which check a worker gets ---


class Route:
    """Leads nowhere: a test that fetches through it fails."""

    def fetch(self, *_):
        raise AssertionError


def settings(**changes):
    return Settings(**{"openai_key": "sk-fake", "mode": "PROD", "egress_check": True, **changes})


def test_requests_are_checked_unless_somebody_says_otherwise():
    """The default checks, at the API's own host."""
    assert isinstance(make_egress(settings(), Route()), EgressCheck)


def test_the_check_can_be_switched_off_loudly(caplog):
    """`EGRESS_CHECK=off` lets requests leave, and says so in the log and to `inspect limits`."""
    unchecked = make_egress(settings(egress_check=False), Route())
    assert isinstance(unchecked, UncheckedEgress)
    unchecked.require()
    assert unchecked.state == "off"
    assert [record.levelname for record in caplog.records] == ["WARNING"]
    assert "EGRESS_CHECK is off" in caplog.text


@pytest.mark.parametrize("check", [True, False])
@pytest.mark.parametrize("host", ["api.openai.com", "eu.api.openai.com", "API.OpenAI.com"])
def test_tests_never_call_the_real_openai(host, check):
    """In MODE=TEST nothing leaves for OpenAI, not even with the check off."""
    forbidden = make_egress(settings(mode="TEST", openai_base_url=f"https://{host}/v1", egress_check=check), Route())
    assert isinstance(forbidden, ForbiddenEgress)
    forbidden.distrust()
    with pytest.raises(SendingBlockedError, match="MODE=TEST"):
        forbidden.require()


def test_tests_may_call_a_stand_in():
    """In MODE=TEST another endpoint is checked like any."""
    assert isinstance(make_egress(settings(mode="TEST", openai_base_url="http://127.0.0.1:9/v1"), Route()), EgressCheck)
