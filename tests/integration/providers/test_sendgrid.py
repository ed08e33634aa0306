"""The SendGrid provider against a stand-in that judges every request and misbehaves on request."""

from __future__ import annotations

import logging
import socket
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Self

import pytest

from lovecampaign.core.clock import FixedClock
from lovecampaign.core.errors import Unreachable, UsageError
from lovecampaign.core.message import Address, FaultKind, Message, Outcome, OutcomeKind
from lovecampaign.providers.sendgrid.connection import Endpoint
from lovecampaign.providers.sendgrid.provider import SendGridProvider
from lovecampaign.testing.certificate import self_signed
from lovecampaign.testing.messages import RecordingFlight, make_message
from lovecampaign.testing.sendgrid_http import ScriptedResponse
from lovecampaign.testing.sendgrid_server import SendGridServer
from tests.support.paths import DATA

DESCRIPTION = DATA / "sendgrid" / "tsg_mail_v3.json"
KEY = "SG.make-believe.key"
NOW = datetime(2027, 2, 1, 9, 0, tzinfo=UTC)


@pytest.fixture
def server() -> Iterator[SendGridServer]:
    with SendGridServer(description=DESCRIPTION, api_key=KEY) as running:
        yield running


def provider_for(port: int, *, seconds: float = 10, connections: int = 1) -> SendGridProvider:
    endpoint = Endpoint(
        host="127.0.0.1", port=port, is_tls=False, connect_seconds=seconds, answer_seconds=seconds
    )
    return SendGridProvider(endpoint, KEY, connections=connections, clock=FixedClock(NOW))


def send(
    port: int,
    *messages: Message,
    seconds: float = 10,
    connections: int = 1,
    flight: RecordingFlight | None = None,
) -> list[Outcome]:
    provider = provider_for(port, seconds=seconds, connections=connections)
    try:
        return list(provider.send(messages, flight or RecordingFlight()))
    finally:
        provider.close()


def test_messages_are_taken_once_each_over_kept_connections(server: SendGridServer) -> None:
    outcomes = send(server.port, *map(make_message, range(40)), connections=4)
    assert [outcome.kind for outcome in outcomes] == [OutcomeKind.ACCEPTED] * 40
    assert all(outcome.provider_message_id for outcome in outcomes)
    assert set(server.counts.values()) == {1}
    assert len(server.counts) == 40
    assert 1 <= server.connections <= 4
    assert server.breaches == []


def test_the_flight_is_told_before_the_request_and_after_the_answer(
    server: SendGridServer,
) -> None:
    flight = RecordingFlight()
    send(server.port, make_message(1), flight=flight)
    assert flight.notes == [("writing", "delivery-000001"), ("answered", "delivery-000001")]


@pytest.mark.parametrize("status", [429, 503])
@pytest.mark.parametrize(
    ("headers", "wait"),
    [
        ({}, None),
        ({"Retry-After": "7"}, 7),
        ({"Retry-After": "999999"}, 3600),
        ({"Retry-After": "soon"}, None),
        ({"X-RateLimit-Reset": "soon"}, None),
    ],
)
def test_a_rate_limit_is_retried_when_they_say(
    server: SendGridServer, status: int, headers: dict[str, str], wait: float | None
) -> None:
    errors = [(None, "too many requests")]
    server.answer_next(ScriptedResponse(status=status, headers=headers, errors=errors))
    [outcome] = send(server.port, make_message())
    assert (outcome.kind, outcome.fault) == (OutcomeKind.TRANSIENT, FaultKind.PROVIDER)
    assert outcome.retry_after_seconds == wait
    assert "too many requests" in outcome.detail


def test_a_date_to_wait_for_counts_by_their_clock(server: SendGridServer) -> None:
    """The server sends a Date of its own, months from our clock's."""
    theirs = datetime.now(UTC)
    later = theirs + timedelta(seconds=30)
    server.answer_next(
        ScriptedResponse(status=429, headers={"Retry-After": format_datetime(later, usegmt=True)}),
        ScriptedResponse(status=429, headers={"X-RateLimit-Reset": str(int(later.timestamp()))}),
    )
    outcomes = send(server.port, make_message(1), make_message(2))
    for outcome in outcomes:
        assert outcome.retry_after_seconds is not None
        assert 25 <= outcome.retry_after_seconds <= 31


@pytest.mark.parametrize(
    ("answer", "kind", "fault"),
    [
        (ScriptedResponse(status=500), OutcomeKind.UNKNOWN, FaultKind.PROVIDER),
        (ScriptedResponse(status=502, is_stored=True), OutcomeKind.UNKNOWN, FaultKind.PROVIDER),
        (ScriptedResponse(status=504), OutcomeKind.UNKNOWN, FaultKind.PROVIDER),
        (ScriptedResponse(status=200), OutcomeKind.UNKNOWN, FaultKind.PROVIDER),
        (ScriptedResponse(is_closed=True), OutcomeKind.UNKNOWN, FaultKind.PROVIDER),
        (ScriptedResponse(is_closed=True, is_stored=True), OutcomeKind.UNKNOWN, FaultKind.PROVIDER),
        (ScriptedResponse(is_stalled=True), OutcomeKind.UNKNOWN, FaultKind.PROVIDER),
        (ScriptedResponse(drip_seconds=0.2), OutcomeKind.UNKNOWN, FaultKind.PROVIDER),
        (ScriptedResponse(status=401), OutcomeKind.TRANSIENT, FaultKind.CONFIGURATION),
        (ScriptedResponse(status=403), OutcomeKind.TRANSIENT, FaultKind.CONFIGURATION),
        (ScriptedResponse(status=404), OutcomeKind.TRANSIENT, FaultKind.CONFIGURATION),
        (
            ScriptedResponse(status=302, headers={"Location": "http://127.0.0.1/"}),
            OutcomeKind.TRANSIENT,
            FaultKind.CONFIGURATION,
        ),
        (ScriptedResponse(status=408), OutcomeKind.TRANSIENT, FaultKind.PROVIDER),
        (ScriptedResponse(status=413), OutcomeKind.PERMANENT, FaultKind.MESSAGE),
        (ScriptedResponse(status=400), OutcomeKind.PERMANENT, FaultKind.UNCLEAR),
        (
            ScriptedResponse(status=400, errors=[("personalizations.0.to.0.email", "not valid")]),
            OutcomeKind.PERMANENT,
            FaultKind.RECIPIENT,
        ),
        (
            ScriptedResponse(status=400, errors=[("personalizations.0.to.0.name", "no commas")]),
            OutcomeKind.PERMANENT,
            FaultKind.MESSAGE,
        ),
        (
            ScriptedResponse(status=400, errors=[("from.email", "not valid")]),
            OutcomeKind.TRANSIENT,
            FaultKind.CONFIGURATION,
        ),
        (
            ScriptedResponse(status=400, errors=[(None, "nobody named")]),
            OutcomeKind.PERMANENT,
            FaultKind.UNCLEAR,
        ),
    ],
)
def test_what_the_answer_says_decides_and_the_next_message_goes_on(
    server: SendGridServer, answer: ScriptedResponse, kind: OutcomeKind, fault: FaultKind
) -> None:
    server.answer_next(answer)
    begun = time.monotonic()
    outcomes = send(server.port, make_message(1), make_message(2), seconds=1.5)
    assert (outcomes[0].kind, outcomes[0].fault) == (kind, fault)
    assert outcomes[1].kind is OutcomeKind.ACCEPTED
    assert time.monotonic() - begun < 8


def test_a_body_that_never_ends_does_not_unsay_the_status() -> None:
    """202 is 202, whatever comes after it, or does not."""
    peer = RawPeer(b"HTTP/1.1 202 Accepted\r\nX-Message-Id: abc\r\nContent-Length: 9\r\n\r\n")
    with peer:
        [outcome] = send(peer.port, make_message(), seconds=1.5)
    assert outcome.kind is OutcomeKind.ACCEPTED
    assert outcome.provider_message_id == "abc"


def test_an_answer_that_comes_before_the_whole_request_is_heard() -> None:
    """413 may come early, and the connection break while we still write."""
    peer = RawPeer(b"HTTP/1.1 413 Too Large\r\nConnection: close\r\nContent-Length: 0\r\n\r\n")
    with peer:
        huge = make_message(text="x" * 30_000_000)
        [outcome] = send(peer.port, huge, seconds=3)
    # Where the reset overtakes the answer, all we know is that the request was not complete.
    assert (outcome.kind, outcome.fault) in {
        (OutcomeKind.PERMANENT, FaultKind.MESSAGE),
        (OutcomeKind.TRANSIENT, FaultKind.PROVIDER),
    }


@pytest.mark.parametrize(
    "nonsense", [b"SMTP ready\r\n", b"\x00" * 100_000, b"HTTP/1.1 abc\r\n\r\n"]
)
def test_an_answer_that_is_not_http_is_unknown(nonsense: bytes) -> None:
    with RawPeer(nonsense) as peer:
        [outcome] = send(peer.port, make_message(), seconds=0.5)
    assert outcome.kind is OutcomeKind.UNKNOWN


def test_a_closed_connection_between_requests_costs_nobody_an_attempt(
    server: SendGridServer,
) -> None:
    provider = provider_for(server.port)
    kinds = []
    for number in range(3):
        kinds += [o.kind for o in provider.send([make_message(number)], RecordingFlight())]
        server.hang_up()
        time.sleep(0.05)
    provider.close()
    assert kinds == [OutcomeKind.ACCEPTED] * 3


def test_nobody_there_is_transient_and_nothing_was_in_the_air() -> None:
    flight = RecordingFlight()
    outcomes = send(closed_port(), *map(make_message, range(10)), connections=3, flight=flight)
    assert {(o.kind, o.fault) for o in outcomes} == {(OutcomeKind.TRANSIENT, FaultKind.PROVIDER)}
    assert len(outcomes) == 10
    assert flight.written == []


def test_details_do_not_show_the_recipient(server: SendGridServer) -> None:
    errors = [("personalizations.0.to.0.email", "Reader1@example.com does not exist")]
    server.answer_next(ScriptedResponse(status=400, errors=errors))
    [outcome] = send(server.port, make_message(1))
    assert "does not exist" in outcome.detail
    assert "reader1" not in outcome.detail.lower()


def test_an_address_that_sendgrid_cannot_carry_makes_no_request(server: SendGridServer) -> None:
    [outcome] = send(server.port, make_message(to=Address(email="añá@example.com")))
    assert (outcome.kind, outcome.fault) == (OutcomeKind.PERMANENT, FaultKind.RECIPIENT)
    assert server.requests == []


def test_a_sender_that_sendgrid_cannot_carry_stops_the_run(server: SendGridServer) -> None:
    message = replace(make_message(), sender=Address(email="añá@example.com"))
    [outcome] = send(server.port, message)
    assert (outcome.kind, outcome.fault) == (OutcomeKind.TRANSIENT, FaultKind.CONFIGURATION)


def test_every_request_is_json_with_the_key_in_its_header_only(server: SendGridServer) -> None:
    send(server.port, make_message())
    [request] = server.requests
    assert request.headers["authorization"] == f"Bearer {KEY}"
    assert request.headers["content-type"] == "application/json"
    assert KEY.encode() not in request.body


def test_prove_says_what_is_wrong(server: SendGridServer) -> None:
    check_connection(server.port)
    server.answer_always(ScriptedResponse(status=404))
    check_connection(server.port)  # a stand-in without that page is there all the same
    server.answer_always(ScriptedResponse(status=500))
    with pytest.raises(Unreachable, match="500"):
        check_connection(server.port)
    with pytest.raises(Unreachable, match="does not answer"):
        check_connection(closed_port())
    with SendGridServer(api_key="another") as strict:
        with pytest.raises(Unreachable, match="SENDGRID_API_KEY") as raised:
            check_connection(strict.port)
        assert raised.value.hint is not None


def test_the_key_is_never_shown(server: SendGridServer, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    provider = provider_for(server.port)
    server.answer_next(ScriptedResponse(status=401))
    outcomes = list(provider.send([make_message()], RecordingFlight()))
    provider.close()
    assert KEY not in f"{provider!r} {vars(provider)} {outcomes} {caplog.text}"
    with pytest.raises(UsageError) as raised:
        SendGridProvider(Endpoint(host="127.0.0.1", port=1, is_tls=False), f"{KEY}\n")
    assert KEY not in f"{raised.value} {raised.value.hint}"


def test_tls_is_checked(tmp_path: Path) -> None:
    certificate = self_signed(tmp_path)
    with SendGridServer(tls=certificate.for_server()) as server:
        trusting = Endpoint(
            host="127.0.0.1",
            port=server.port,
            is_tls=True,
            ssl_context=certificate.for_client(),
        )
        doubting = replace(trusting, ssl_context=None)
        for endpoint, kind in ((doubting, OutcomeKind.TRANSIENT), (trusting, OutcomeKind.ACCEPTED)):
            provider = SendGridProvider(endpoint, KEY, connections=1)
            [outcome] = provider.send([make_message()], RecordingFlight())
            provider.close()
            assert outcome.kind is kind
        assert len(server.received) == 1


def check_connection(port: int) -> None:
    provider = provider_for(port)
    try:
        provider.check_connection()
    finally:
        provider.close()


def closed_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as reserved:
        port: int = reserved.getsockname()[1]
    return port


class RawPeer:
    """Answers every connection with the same bytes, whatever it is asked, and holds it open."""

    def __init__(self, answer: bytes) -> None:
        self._answer = answer
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._open: list[socket.socket] = []
        self.port: int = self._listener.getsockname()[1]
        self._thread = threading.Thread(target=self._serve)

    def _serve(self) -> None:
        while True:
            try:
                sock, _ = self._listener.accept()
            except OSError:
                return
            self._open.append(sock)
            sock.recv(100)
            sock.sendall(self._answer)
            if b"close" in self._answer:
                sock.close()

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join()
        for sock in self._open:
            sock.close()
