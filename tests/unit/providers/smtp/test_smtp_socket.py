"""Replies are read whole, in time, or not at all."""

from __future__ import annotations

import contextlib
import socket
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lovecampaign.providers.smtp.smtp_socket import (
    ConnectionLost,
    Reply,
    SmtpSocket,
    WriteIncomplete,
)
from lovecampaign.testing.certificate import self_signed


@pytest.fixture
def pair() -> Iterator[tuple[socket.socket, socket.socket]]:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        yield ours, theirs


@pytest.mark.parametrize(
    ("sent", "reply"),
    [
        (b"250 ok\r\n", Reply(code=250, lines=("ok",))),
        (b"250\r\n", Reply(code=250, lines=("",))),
        (b"250 ok\n", Reply(code=250, lines=("ok",))),
        (b"250-a\r\n250-b\r\n250 c\r\n", Reply(code=250, lines=("a", "b", "c"))),
        (b"550-5.1.1 no\r\n550 5.1.1 such\r\n", Reply(code=550, lines=("5.1.1 no", "such"))),
        (b"550 caf\xe9 \xc3\xa9\r\n", Reply(code=550, lines=("caf\ufffd é",))),
    ],
)
def test_replies(pair: tuple[socket.socket, socket.socket], sent: bytes, reply: Reply) -> None:
    ours, theirs = pair
    theirs.sendall(sent + b"220 next\r\n")
    reader = SmtpSocket(ours)
    assert reader.read(1) == reply
    assert reader.read(1) == Reply(code=220, lines=("next",))


@pytest.mark.parametrize(
    "sent",
    [
        b"hello\r\n",
        b"25 ok\r\n",
        b"250_ok\r\n",
        b"999 ok\r\n",
        b"250-one\r\n550 two\r\n",
        b"250-x\r\n" * 300,
        b"250 " + b"x" * 9000,
        b"\r\n",
    ],
)
def test_what_is_no_reply_is_a_lost_connection(
    pair: tuple[socket.socket, socket.socket], sent: bytes
) -> None:
    ours, theirs = pair
    theirs.sendall(sent)
    with pytest.raises(ConnectionLost):
        SmtpSocket(ours).read(0.5)


def test_a_reply_cut_short_is_a_lost_connection(
    pair: tuple[socket.socket, socket.socket],
) -> None:
    ours, theirs = pair
    theirs.sendall(b"250-queued\r\n250 o")
    theirs.close()
    with pytest.raises(ConnectionLost, match="closed"):
        SmtpSocket(ours).read(1)


def test_the_time_limit_holds_for_the_whole_reply(
    pair: tuple[socket.socket, socket.socket],
) -> None:
    ours, theirs = pair
    theirs.sendall(b"250-a\r\n")
    begun = time.monotonic()
    with pytest.raises(ConnectionLost, match="in time"):
        SmtpSocket(ours).read(0.1)
    assert time.monotonic() - begun < 1


@settings(max_examples=50, suppress_health_check=[HealthCheck.too_slow])
@given(st.binary(max_size=200))
def test_no_bytes_can_do_more_than_lose_the_connection(sent: bytes) -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        theirs.sendall(sent)
        theirs.close()
        with contextlib.suppress(ConnectionLost):
            assert 200 <= SmtpSocket(ours).read(1).code < 600


def test_over_tls_a_message_is_known_to_be_out_when_what_follows_it_breaks(
    pair: tuple[socket.socket, socket.socket], tmp_path: Path
) -> None:
    """The peer has its end: sent again, it would come twice."""
    certificate = self_signed(tmp_path)
    ours, theirs = pair
    with ThreadPoolExecutor(1) as thread:
        server = thread.submit(certificate.for_server().wrap_socket, theirs, server_side=True)
        client = certificate.for_client().wrap_socket(ours, server_hostname="localhost")
    message, following = (b"x" * 50_000, b".\r\n"), b"MAIL" * 1_000_000
    with client, server.result(), pytest.raises(WriteIncomplete) as cut:
        SmtpSocket(client).write((*message, following), 0.5)
    assert cut.value.written >= sum(map(len, message))


def test_the_enhanced_code_is_subject_and_detail() -> None:
    assert Reply(code=550, lines=("5.1.10 no",)).enhanced == (1, 10)
    assert Reply(code=550, lines=("5.1.1",)).enhanced == (1, 1)
    assert Reply(code=550, lines=("15.1.1 no",)).enhanced is None
    assert Reply(code=550, lines=("5.1.1.example.com",)).enhanced is None
