"""What a message of the input topic is."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.intake import MESSAGES, Accepted, NotOurs, Reason, Rejected, read
from contract import DIALECTS, REQUEST_KEY
from tests.support.samples import addressee, request_fields, request_value

EXPECTED = {
    "not_json": Reason.NOT_JSON,
    "empty": Reason.EMPTY_VALUE,
    "json_but_a_list": Reason.NOT_AN_OBJECT,
    "missing_callback_url": Reason.MISSING_FIELD,
    "missing_processing_id": Reason.MISSING_FIELD,
    "missing_user_id": Reason.MISSING_FIELD,
    "missing_resume_id": Reason.MISSING_FIELD,
    "missing_requirements_id": Reason.MISSING_FIELD,
    "missing_requirements": Reason.MISSING_FIELD,
    "missing_resume": Reason.MISSING_FIELD,
    "processing_id_is_text": Reason.INVALID_FIELD,
    "processing_id_is_bool": Reason.INVALID_FIELD,
    "processing_id_negative": Reason.INVALID_FIELD,
    "processing_id_too_large": Reason.INVALID_FIELD,
    "resume_is_null": Reason.INVALID_FIELD,
    "resume_is_blank": Reason.BLANK_TEXT,
    "callback_is_not_http": Reason.BAD_CALLBACK_URL,
    "unknown_key": None,
}
# Of these both the ids and the callback can be read, so their users are told.
TOLD = {"missing_requirements": 2001, "missing_resume": 2001, "resume_is_null": 2001, "resume_is_blank": 2002,
        "callback_is_not_http": 2003}  # fmt: skip

SAMPLES = [json.loads(line) for line in Path(__file__).with_name("invalid_requests.jsonl").read_text().splitlines()]


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample["name"])
def test_the_platform_samples_of_bad_input(sample):
    """Each bad message has its reason code, and its user is told where that is possible."""
    content = read(sample["key"].encode(), sample["value"].encode())
    reason = EXPECTED[sample["name"]]
    if reason is None:
        assert content == NotOurs()
    else:
        assert content.reason is reason
        told = content.addressee.processing_id if content.addressee else None
        assert told == TOLD.get(sample["name"])


def rejected(value, key=REQUEST_KEY):
    content = read(key, value)
    assert isinstance(content, Rejected)
    return content


def accepted(value):
    content = read(REQUEST_KEY, value)
    assert isinstance(content, Accepted)
    return content.request


def test_a_valid_request():
    """A request as the sender writes it is accepted with all of its fields."""
    assert accepted(request_value()).model_dump() == request_fields()


def test_unknown_fields_are_ignored():
    """The sender may add fields before we know them."""
    assert accepted(request_value(priority="high", nested={"a": [1]})) == accepted(request_value())


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (None, Reason.EMPTY_VALUE),
        (b"", Reason.EMPTY_VALUE),
        (b" \n ", Reason.EMPTY_VALUE),
        (b"\xff\xfe", Reason.NOT_UTF8),
        (request_value().replace("Инженер".encode(), b"\xc3\x28"), Reason.NOT_UTF8),
        (b"[" * 100_000 + b"]" * 100_000, Reason.NOT_JSON),
        (b'{"a":' * 100_000 + b"1" + b"}" * 100_000, Reason.NOT_JSON),
        (b'{"processing_id": NaN}', Reason.NOT_JSON),
        (b'{"processing_id": -Infinity}', Reason.NOT_JSON),
        (b'{"processing_id": %s}' % (b"9" * 5_000), Reason.NOT_JSON),
        (request_value()[:-1], Reason.NOT_JSON),
        (request_value() + b"{}", Reason.NOT_JSON),
        (b'\xef\xbb\xbf{"bom": 1}', Reason.NOT_JSON),
        (b"null", Reason.NOT_AN_OBJECT),
        (b'"text"', Reason.NOT_AN_OBJECT),
        (request_value()[:-1] + b', "processing_id": 8}', Reason.DUPLICATE_FIELD),
        (request_value(nested="?").replace(b'"?"', b'{"a": 1, "a": 2}'), Reason.DUPLICATE_FIELD),
    ],
    ids=[
        "no value", "empty", "blank", "not UTF-8", "UTF-8 broken within", "deep list", "deep object", "NaN",
        "infinity", "5,000 digits", "cut off", "two values", "byte order mark", "null", "text", "id twice",
        "duplicate further down",
    ],
)  # fmt: skip
def test_unreadable_values(value, reason):
    """What cannot be read at all is a dead letter with its reason, and nobody can be told."""
    assert rejected(value) == Rejected(
        reason, field="processing_id" if b'"processing_id": 8}' in (value or b"") else ""
    )


@pytest.mark.parametrize("wrong", [1.0, True, "12", None, -1, 2**31, [7], {}], ids=repr)
@pytest.mark.parametrize("field", ["processing_id", "user_id", "resume_id", "requirements_id"])
def test_ids_are_integers_of_32_bits(field, wrong):
    """An id that the storage service's columns would not take is refused, and no answer is sent with it."""
    assert rejected(request_value(**{field: wrong})) == Rejected(Reason.INVALID_FIELD, None, field)


@pytest.mark.parametrize("right", [0, 2**31 - 1])
def test_the_smallest_and_the_largest_id(right):
    """Ids run from 0 to 2,147,483,647."""
    assert accepted(request_value(right, user_id=right)).user_id == right


@pytest.mark.parametrize(("field", "longest"), [("requirements", 5_000), ("resume", 15_000)])
def test_texts_may_be_as_long_as_the_sender_allows(field, longest):
    """The sender's own cap is accepted, in characters and not in bytes; one more is refused and told."""
    assert accepted(request_value(**{field: "ы" * longest}))
    assert rejected(request_value(**{field: "ы" * (longest + 1)})) == Rejected(Reason.OVERSIZE_TEXT, addressee(), field)


@pytest.mark.parametrize("blank", ["", " ", "\t\r\n", "\u00a0\u2003"])
@pytest.mark.parametrize("field", ["requirements", "resume"])
def test_blank_texts(field, blank):
    """An empty vacancy or resume is not scored, and the user is told."""
    assert rejected(request_value(**{field: blank})) == Rejected(Reason.BLANK_TEXT, addressee(), field)


@pytest.mark.parametrize("url", ["http://a", "https://client.example:8443/cb?x=1#y", "https://пример.рф/cb"])
def test_callbacks_over_http(url):
    """Any http or https address is a callback."""
    assert accepted(request_value(callback_url=url)).callback_url == url


@pytest.mark.parametrize(
    "url", ["ftp://a/b", "javascript:alert(1)", "//a/b", "a.example", "http://", "http://[::1", "https://a/ b", " "]
)
def test_other_callbacks(url):
    """Any other address is refused; the notification says so to whoever can read it."""
    content = rejected(request_value(callback_url=url))
    assert content.reason is Reason.BAD_CALLBACK_URL
    assert content.addressee.callback_url == url


@pytest.mark.parametrize("url", ["", None, 5, "http://a/" + "x" * 2_075, "http://\ud800"], ids=lambda u: repr(u)[:20])
def test_callbacks_that_cannot_be_passed_on(url):
    """An address that is no text at all, or endless, reaches nobody."""
    body = json.dumps(request_fields(callback_url=url)).encode()
    assert rejected(body) == Rejected(Reason.BAD_CALLBACK_URL, None, "callback_url")


@pytest.mark.parametrize(
    "url",
    ["http://a/" + "x" * 2_074, "https://a/" + "%D1%8F" * 2_073],
    ids=["Latin", "Cyrillic, which arrives percent-encoded"],
)
def test_callbacks_may_be_as_long_as_the_sender_allows(url):
    """The sender takes 2,083 characters as they are typed; none of them costs its user the answer."""
    assert accepted(request_value(callback_url=url)).callback_url == url


def wrapped(resume, **more):
    """A resume as the senders' shared cache keeps it: JSON, with every Cyrillic letter escaped."""
    return json.dumps({"resume_id": 201, **more, "resume": resume})


@pytest.mark.parametrize("more", [{}, {"user_id": 11}], ids=["two fields", "three fields"])
@pytest.mark.parametrize("rounds", [1, 2, 3])
def test_a_resume_inside_json_is_taken_out(more, rounds):
    """A resume that passed through the senders' cache is graded like the one that its author wrote."""
    resume = text = request_fields()["resume"]
    for _ in range(rounds):
        text = wrapped(text, **more)
    assert accepted(request_value(resume=text)).resume == resume


def test_a_resume_inside_json_is_measured_without_its_wrapping():
    """15,000 letters are 90,000 characters in the cache, and are no more than the sender allows; one more is."""
    assert accepted(request_value(resume=wrapped("ы" * 15_000))).resume == "ы" * 15_000
    assert rejected(request_value(resume=wrapped("ы" * 15_001))) == Rejected(
        Reason.OVERSIZE_TEXT, addressee(), "resume"
    )
    assert rejected(request_value(resume=wrapped(" "))) == Rejected(Reason.BLANK_TEXT, addressee(), "resume")
    assert rejected(request_value(resume=wrapped("\ud800"))) == Rejected(Reason.INVALID_FIELD, addressee(), "resume")


@pytest.mark.parametrize(
    "resume",
    [
        '{"resume": "без id"}',
        '{"resume_id": 1, "resume": null}',
        '{"resume_id": 1, "resume": "раз", "resume": "два"}',
        '{"resume_id": 1, "resume": "x", "skills": ["Python"]}',
        '[{"resume_id": 1, "resume": "x"}]',
        '{"resume_id": 1, "resume": "обор',
        "{" * 14_000,
        '{"a":' * 2_800 + "1" + "}" * 900,
        '{"resume_id":' + "[" * 7_000 + "]" * 7_000 + "}",
    ],
    ids=lambda text: text[:25],
)
def test_other_json_is_a_resume_as_it_stands(resume):
    """Whoever writes JSON into a resume, hostile JSON included, is graded by what is written."""
    assert accepted(request_value(resume=resume)).resume == resume


def test_wrapping_without_end_ends():
    """A resume that is wrapped again and again is taken out a few times and no more."""
    text = "x"
    for _ in range(8):
        text = wrapped(text)
    assert accepted(request_value(resume=text)).resume.startswith('{"resume_id"')


@pytest.mark.parametrize("field", ["resume", "requirements"])
def test_lone_surrogates(field):
    """Half of a UTF-16 pair, which no downstream service could store, is refused and told."""
    body = json.dumps(request_fields(**{field: "a\ud800b"})).encode()
    assert rejected(body) == Rejected(Reason.INVALID_FIELD, addressee(), field)


@pytest.mark.parametrize("key", [None, b""])
def test_a_missing_key(key):
    """Without a key nobody knows whose message it is: a dead letter, told where it looks like ours."""
    assert rejected(request_value(), key) == Rejected(Reason.MISSING_KEY, addressee())
    assert rejected(b"{}", key) == Rejected(Reason.MISSING_KEY)
    assert rejected(b"{oops", key).reason is Reason.NOT_JSON


@pytest.mark.parametrize("key", [b"other", b"NEW_REQUEST", b"new_request ", b"\xff"])
def test_other_keys(key):
    """Messages of other services are left alone, however strange."""
    assert read(key, b"\xff") == NotOurs()


def test_every_reason_that_can_be_told_has_a_russian_sentence():
    """Whoever can be told is told in Russian."""
    unreadable = {
        Reason.EMPTY_VALUE, Reason.NOT_UTF8, Reason.NOT_JSON, Reason.DUPLICATE_FIELD, Reason.NOT_AN_OBJECT,
        Reason.UNPUBLISHABLE,
    }  # fmt: skip
    assert set(MESSAGES) == set(Reason) - unreadable
    assert all(message.endswith(".") for message in MESSAGES.values())


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=10,
)


@given(st.none() | st.binary(max_size=20), st.none() | st.binary(max_size=200))
def test_no_bytes_make_it_raise(key, value):
    """Whatever the topic holds, the bridge goes on."""
    assert read(key, value)
    assert read(REQUEST_KEY, value)


@given(st.dictionaries(st.sampled_from(sorted(request_fields())), JSON))
def test_no_json_makes_it_raise(changes):
    """Nor does any JSON in the right places; who is told can always be told."""
    content = read(REQUEST_KEY, json.dumps(request_fields() | changes).encode())
    if isinstance(content, Rejected) and content.addressee:
        assert MESSAGES[content.reason]
        content.addressee.model_dump_json().encode()


def test_the_second_contract():
    """Whatever its key, a message is a request; who can be told needs no more than an id."""
    fields = {"processing_id": 7, "resume_id": 2, "user_id": 3, "requirement_id": 4, "resume": "x", "requirement": "y"}
    for key in (None, b"", b"new_request", b"anything"):
        assert read(key, json.dumps(fields).encode(), DIALECTS["2026"]).request.requirements == "y"
    rejected = read(None, json.dumps({"processing_id": 7}).encode(), DIALECTS["2026"])
    assert (rejected.reason, rejected.addressee.processing_id) == (Reason.MISSING_FIELD, 7)
    assert read(None, b"{", DIALECTS["2026"]) == Rejected(Reason.NOT_JSON)
