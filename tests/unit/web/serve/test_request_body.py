"""Request bodies: limits, encodings and origins."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from urllib.parse import parse_qsl

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.requests import Request
from starlette.types import Message

from lovecampaign.web.serve.http.request_body import (
    BodyBudget,
    BodyKind,
    Refusal,
    RequestBody,
    read_body,
    read_url_encoded,
)
from lovecampaign.web.serve.http.security import LOOPBACK, Hosts

HOSTS = Hosts(
    names=LOOPBACK | {"letters.bloom.example"},
    public_name="letters.bloom.example",
    root="",
    is_https=True,
)
FORM = {"content-type": "application/x-www-form-urlencoded"}
PARTS = {"content-type": "multipart/form-data; boundary=x"}


def read(
    *chunks: bytes,
    kind: BodyKind = BodyKind.FORM,
    stalls: bool = False,
    max_seconds: float | None = None,
    headers: Mapping[str, str] = FORM,
    budget: BodyBudget | None = None,
) -> RequestBody:
    """Reads a body that arrives in these pieces."""
    named = {"host": "letters.bloom.example", **FORM, **headers}
    messages: list[Message] = [
        {"type": "http.request", "body": chunk, "more_body": True} for chunk in chunks
    ]

    async def receive() -> Message:
        if messages:
            return messages.pop(0)
        if stalls:
            await asyncio.sleep(60)
        return {"type": "http.request", "body": b"", "more_body": False}

    scope = {
        "type": "http",
        "method": "POST",
        "path": "/",
        "query_string": b"",
        "headers": [(name.encode(), value.encode()) for name, value in named.items()],
    }
    with (budget or BodyBudget()).lease(kind) as lease:
        request = Request(scope, receive)
        return asyncio.run(read_body(request, kind, HOSTS, lease, max_seconds=max_seconds))


def test_a_form_of_either_encoding_is_read() -> None:
    parts = b'--x\r\nContent-Disposition: form-data; name="email"\r\n\r\na@b.example\r\n--x--\r\n'

    assert read(b"email=a%40b", b".example").form == {"email": "a@b.example"}
    assert read(parts, headers=PARTS).form == {"email": "a@b.example"}


def test_the_first_value_of_a_field_counts_and_files_are_left_out() -> None:
    file = b'--x\r\nContent-Disposition: form-data; name="f"; filename="a"\r\n\r\nz\r\n--x--\r\n'

    assert read(b"a=1&a=2").form == {"a": "1"}
    assert read(file, headers=PARTS) == RequestBody(raw=file)


@pytest.mark.parametrize(
    "declared",
    [
        "multipart/form-data; boundary=x",
        "multipart/form-data; boundary=x; charset=iso-8859-1",
        'Multipart/Form-Data; charset="utf-16"; boundary="x"',
        "multipart/form-data; boundary=x; charset=nonsense",
        "application/x-www-form-urlencoded",
        "application/x-www-form-urlencoded; charset=windows-1252",
    ],
)
def test_a_form_is_read_as_utf_8_whatever_it_declares(declared: str) -> None:
    body = "name=Zoë Müller 🍓"
    if declared.lower().startswith("multipart"):
        body = (
            '--x\r\nContent-Disposition: form-data; name="name"\r\n\r\nZoë Müller 🍓\r\n--x--\r\n'
        )

    form = read(body.encode(), headers={"content-type": declared}).form

    assert form == {"name": "Zoë Müller 🍓"}


def test_bytes_that_are_not_utf_8_are_marked_and_not_guessed() -> None:
    part = b'--x\r\nContent-Disposition: form-data; name="name"\r\n\r\nZo\xeb\r\n--x--\r\n'

    assert read(part, headers=PARTS).form == {"name": "Zo\N{REPLACEMENT CHARACTER}"}
    assert read(b"name=Zo\xeb").form == {"name": "Zo\N{REPLACEMENT CHARACTER}"}


def test_bodies_share_a_budget_and_a_quarter_of_it_is_for_short_ones() -> None:
    budget = BodyBudget(max_bytes=400)
    with budget.lease(BodyKind.WEBHOOK) as first:
        assert first.take(290)
        batch = read(b"x" * 20, kind=BodyKind.WEBHOOK, budget=budget)
        announced = read(kind=BodyKind.CALL, headers={"content-length": "120"}, budget=budget)
        assert batch.refusal is Refusal.NO_ROOM
        assert announced.refusal is Refusal.NO_ROOM
        assert read(b"a=" + b"1" * 98, budget=budget).form == {"a": "1" * 98}
        assert read(b"a=" + b"1" * 120, budget=budget).refusal is Refusal.NO_ROOM

    assert read(b"x" * 300, kind=BodyKind.WEBHOOK, budget=budget).refusal is None


def test_a_body_of_another_kind_is_no_form() -> None:
    assert read(b'{"a": 1}', headers={"content-type": "application/json"}).form == {}


def test_a_webhook_is_read_as_it_is() -> None:
    assert read(b"[", b"]", kind=BodyKind.WEBHOOK).raw == b"[]"


@pytest.mark.parametrize("headers", [{}, {"content-length": "70000"}])
def test_what_is_too_large_is_refused_whether_it_says_so_or_not(headers: dict[str, str]) -> None:
    pieces = [b"x" * 10_000] * 7

    assert read(*pieces, headers=headers).refusal is Refusal.TOO_LARGE
    assert read(*pieces, kind=BodyKind.WEBHOOK, headers=headers).refusal is None


@pytest.mark.parametrize("kind", list(BodyKind))
def test_who_sends_slowly_is_not_waited_for(kind: BodyKind) -> None:
    assert read(b"a=", kind=kind, stalls=True, max_seconds=0.05).refusal is Refusal.TOO_SLOW
    assert kind.max_seconds <= 30


@pytest.mark.parametrize(
    ("body", "headers"),
    [
        (b"rubbish", PARTS),
        (b"--x\r\n", {"content-type": "multipart/form-data"}),
        (b"&".join([b"a=1"] * 200), FORM),
    ],
)
def test_what_cannot_be_read_is_refused(body: bytes, headers: dict[str, str]) -> None:
    assert read(body, headers=headers).refusal is Refusal.UNREADABLE


ELSEWHERE: Sequence[dict[str, str]] = [
    {"sec-fetch-site": "cross-site"},
    {"sec-fetch-site": "same-site"},
    {"sec-fetch-site": "cross-site", "origin": "https://letters.bloom.example"},
    {"origin": "https://evil.example"},
    {"origin": "https://letters.bloom.example.evil.example"},
    {"origin": "https://evil.example/letters.bloom.example"},
    {"origin": "null"},
    {"origin": ""},
]


@pytest.mark.parametrize("headers", ELSEWHERE)
def test_a_form_from_elsewhere_is_refused_where_it_must_be_ours(headers: dict[str, str]) -> None:
    assert read(b"a=1", headers=headers).refusal is Refusal.FROM_ELSEWHERE
    assert read(b"a=1", kind=BodyKind.OPEN_FORM, headers=headers).form == {"a": "1"}
    assert read(b"a=1", kind=BodyKind.WEBHOOK, headers=headers).raw == b"a=1"


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"sec-fetch-site": "same-origin"},
        {"sec-fetch-site": "none"},
        {"origin": "https://letters.bloom.example"},
        # A proxy that asks us under our inner name.
        {"origin": "https://letters.bloom.example", "host": "127.0.0.1:8028"},
        {"origin": "http://localhost:8028", "host": "localhost:8028"},
    ],
)
def test_a_form_of_ours_is_taken(headers: dict[str, str]) -> None:
    assert read(b"a=1", headers=headers).form == {"a": "1"}


@given(text=st.text(alphabet="ab&=+%41%é;\x00 ", max_size=60))
def test_a_plain_form_says_what_the_standard_library_reads_in_it(text: str) -> None:
    first = dict(reversed(parse_qsl(text, keep_blank_values=True)))

    assert read_url_encoded(text) == first
