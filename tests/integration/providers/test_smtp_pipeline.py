"""Pipelined transactions (RFC 2920) end as they do without pipelining, message by message."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Self

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from lovecampaign.core.message import Address, Message, Outcome, OutcomeKind
from lovecampaign.providers.smtp.connect import Security, SmtpTarget, TimeLimits
from lovecampaign.providers.smtp.provider import ConnectionPolicy, SmtpProvider
from lovecampaign.testing.faults import (
    Act,
    Close,
    Drip,
    Say,
    SmtpFault,
    Stall,
    Step,
    StoreThenClose,
)
from lovecampaign.testing.messages import RecordingFlight, make_message
from lovecampaign.testing.smtp_connection import SmtpServerOptions
from lovecampaign.testing.smtp_server import SmtpServer

ACCEPTED, TRANSIENT = OutcomeKind.ACCEPTED, OutcomeKind.TRANSIENT
PLAIN = SmtpServerOptions(extensions=("SIZE 10485760", "8BITMIME", "ENHANCEDSTATUSCODES"))


def send(
    port: int,
    *messages: Message,
    flight: RecordingFlight | None = None,
    seconds: float = 5,
    a_connection: int = 100,
) -> list[Outcome]:
    limits = TimeLimits.all_of(seconds)
    server = SmtpTarget(host="127.0.0.1", port=port, security=Security.LOOPBACK, limits=limits)
    policy = ConnectionPolicy(cooldown_seconds=0, messages_per_connection=a_connection)
    provider = SmtpProvider(server, connections=1, policy=policy)
    try:
        return list(provider.send(messages, flight or RecordingFlight()))
    finally:
        provider.close()


def said(server: SmtpServer) -> list[list[str]]:
    return [[command.split()[0] for command in commands] for commands in server.commands]


def test_the_next_message_is_introduced_before_the_last_one_is_answered() -> None:
    """This server says nothing to a final dot before it has heard the DATA behind it."""
    with ScriptedServer(waits_for_next=True) as server:
        outcomes = send(server.port, *map(make_message, range(3)))
    assert [outcome.kind for outcome in outcomes] == [ACCEPTED] * 3
    assert server.messages == 3


def test_the_commands_of_a_message_share_a_write_where_nothing_is_said_ahead() -> None:
    """This server replies to none of the three before it has them all."""
    with ScriptedServer(waits_for_next=False, greeting="ESMTP") as server:
        outcomes = send(server.port, *map(make_message, range(3)))
    assert [outcome.kind for outcome in outcomes] == [ACCEPTED] * 3


def test_the_last_message_of_a_connection_takes_the_goodbye_along() -> None:
    """This server says nothing to a final dot before it has heard the QUIT behind it."""
    with ScriptedServer(waits_for_next=True) as server:
        outcomes = send(server.port, *map(make_message, range(2)), a_connection=2)
    assert [outcome.kind for outcome in outcomes] == [ACCEPTED] * 2


def test_a_body_goes_out_only_after_the_one_before_it_was_answered() -> None:
    """So that after a kill one message a connection is in doubt, at most."""
    flight = RecordingFlight()
    with SmtpServer() as server:
        send(server.port, *map(make_message, range(3)), flight=flight)
    ids = [f"delivery-00000{number}" for number in range(3)]
    assert flight.notes == [(note, each) for each in ids for note in ("writing", "answered")]


def test_a_refused_recipient_costs_nobody_behind_it() -> None:
    refused = SmtpFault(step=Step.RCPT, act=Say(line="550 5.1.1 no"), to="reader1@example.com")
    with SmtpServer(faults=[refused]) as server:
        flight = RecordingFlight()
        outcomes = send(server.port, *map(make_message, range(3)), flight=flight)
        assert [o.kind for o in outcomes] == [ACCEPTED, OutcomeKind.PERMANENT, ACCEPTED]
        assert said(server) == [
            ["EHLO", *["MAIL", "RCPT", "DATA"] * 2, "RSET", "MAIL", "RCPT", "DATA", "QUIT"]
        ]
        assert "delivery-000001" not in flight.written


def test_a_lone_dot_ends_what_a_server_would_take_for_nobody() -> None:
    refused = SmtpFault(step=Step.RCPT, act=Say(line="550 5.1.1 no"), to="reader1@example.com")
    with SmtpServer(
        SmtpServerOptions(accepts_data_without_recipient=True), faults=[refused]
    ) as server:
        outcomes = send(server.port, *map(make_message, range(3)))
        assert [o.kind for o in outcomes] == [ACCEPTED, OutcomeKind.PERMANENT, ACCEPTED]
        [commands] = server.commands
        assert commands[commands.index("DATA", 5) + 1 :][:2] == [".", "RSET"]
        assert set(server.counts) == {"delivery-000000", "delivery-000002"}


def test_a_server_that_refuses_the_sender_and_asks_for_the_message_is_left() -> None:
    """Nobody can tell what it would do at a lone dot."""
    refused = SmtpFault(step=Step.MAIL, act=Say(line="451 4.3.0 later"), times=1)
    with SmtpServer(
        SmtpServerOptions(accepts_data_without_recipient=True), faults=[refused]
    ) as server:
        outcomes = send(server.port, *map(make_message, range(2)))
        assert [o.kind for o in outcomes] == [TRANSIENT, ACCEPTED]
        assert len(server.commands) == 2


@pytest.mark.parametrize("act", [Close(), Say(line="421 4.4.2 bye")])
@pytest.mark.parametrize("step", [Step.MAIL, Step.RCPT, Step.DATA, Step.DOT])
def test_whoever_waits_behind_a_lost_message_goes_over_a_new_connection(
    step: Step, act: Act
) -> None:
    trouble = SmtpFault(step=step, act=act, to=None if step is Step.MAIL else "reader1@example.com")
    flight = RecordingFlight()
    with SmtpServer(faults=[replace(trouble, times=1)]) as server:
        outcomes = send(server.port, *map(make_message, range(4)), flight=flight)
        assert [o.kind for o in outcomes][2:] == [ACCEPTED, ACCEPTED]
        assert set(server.counts.values()) == {1}
    is_unknown = outcomes[1].kind is OutcomeKind.UNKNOWN
    assert is_unknown is (step is Step.DOT and isinstance(act, Close))
    assert flight.written.count("delivery-000002") == 1


def test_what_was_stored_and_not_answered_is_unknown_and_the_next_one_is_not() -> None:
    lost = SmtpFault(step=Step.DOT, act=StoreThenClose(), to="reader1@example.com")
    with SmtpServer(faults=[lost]) as server:
        outcomes = send(server.port, *map(make_message, range(3)))
        assert [o.kind for o in outcomes] == [ACCEPTED, OutcomeKind.UNKNOWN, ACCEPTED]
        assert set(server.counts.values()) == {1}


def test_a_server_that_says_one_line_too_many_is_left_before_it_gets_a_message() -> None:
    """The line would be taken for the answer to the message, and its answer for the next one's."""
    twice = SmtpFault(
        step=Step.DATA, act=Say(line="354 go on\r\n250 and on"), to="reader1@example.com", times=1
    )
    flight = RecordingFlight()
    with SmtpServer(faults=[twice]) as server:
        outcomes = send(server.port, *map(make_message, range(3)), flight=flight)
        assert [o.kind for o in outcomes] == [ACCEPTED, TRANSIENT, ACCEPTED]
        assert set(server.counts) == {"delivery-000000", "delivery-000002"}
    assert "delivery-000001" not in flight.written


def test_replies_may_come_byte_by_byte() -> None:
    steps = (Step.CONNECT, Step.EHLO, Step.MAIL, Step.RCPT, Step.DATA, Step.DOT)
    drips = [SmtpFault(step=step, act=Drip(seconds_per_byte=0.001)) for step in steps]
    with SmtpServer(faults=drips) as server:
        outcomes = send(server.port, *map(make_message, range(3)))
        assert [o.kind for o in outcomes] == [ACCEPTED] * 3


def test_replies_may_have_many_lines_and_come_all_at_once() -> None:
    with ScriptedServer(waits_for_next=True, lines_a_reply=7) as server:
        outcomes = send(server.port, *map(make_message, range(3)))
    assert [outcome.kind for outcome in outcomes] == [ACCEPTED] * 3


def test_a_server_that_stops_reading_is_not_waited_for_and_is_left() -> None:
    stall = SmtpFault(step=Step.BODY, act=Stall(), to="reader1@example.com", times=1)
    large = replace(make_message(1), raw=make_message(1).raw + b"x\r\n" * 3_000_000)
    with SmtpServer(faults=[stall]) as server:
        outcomes = send(server.port, make_message(0), large, make_message(2), seconds=1)
        assert [o.kind for o in outcomes] == [ACCEPTED, TRANSIENT, ACCEPTED]
        assert set(server.counts) == {"delivery-000000", "delivery-000002"}


def test_an_address_the_server_cannot_carry_is_answered_on_the_way() -> None:
    with (
        SmtpServer(PLAIN) as plain,
        SmtpServer(SmtpServerOptions(extensions=("PIPELINING",))) as pipelined,
    ):
        for server in (plain, pipelined):
            odd = make_message(1, to=Address(email="añá@example.com"))
            outcomes = send(server.port, make_message(0), odd, make_message(2))
            kinds = {outcome.delivery_id: outcome.kind for outcome in outcomes}
            assert kinds["delivery-000001"] is OutcomeKind.PERMANENT
            assert set(server.counts) == {"delivery-000000", "delivery-000002"}
            assert len(server.commands) == 1


def test_a_message_in_hand_does_not_wait_for_a_slow_source() -> None:
    """At 50 a second each message would leave a fiftieth of a second late."""
    produced: list[float] = []

    def slowly() -> Iterator[Message]:
        for number in range(5):
            time.sleep(0.1)
            produced.append(time.monotonic())
            yield make_message(number)

    arrived: list[float] = []

    class Clocked(RecordingFlight):
        def answered(self, *outcomes: Outcome) -> None:
            super().answered(*outcomes)
            arrived.append(time.monotonic())

    with SmtpServer() as server:
        limits = TimeLimits.all_of(5)
        peer = SmtpTarget(
            host="127.0.0.1", port=server.port, security=Security.LOOPBACK, limits=limits
        )
        provider = SmtpProvider(peer, connections=1)
        list(provider.send(slowly(), Clocked()))
        provider.close()
    assert all(there < after for there, after in zip(arrived, produced[1:], strict=False))


def test_a_source_that_breaks_does_not_keep_back_the_message_in_hand() -> None:
    def breaking() -> Iterator[Message]:
        yield make_message(1)
        raise RuntimeError("no more")

    with SmtpServer() as server:
        limits = TimeLimits.all_of(5)
        peer = SmtpTarget(
            host="127.0.0.1", port=server.port, security=Security.LOOPBACK, limits=limits
        )
        provider = SmtpProvider(peer, connections=1)
        with pytest.raises(RuntimeError, match="no more"):
            list(provider.send(breaking(), RecordingFlight()))
        provider.close()
        assert set(server.counts) == {"delivery-000001"}


replies = st.sampled_from(
    ["450 4.2.1 busy", "550 5.1.1 no", "552 full", "421 4.3.2 bye", "550-a\r\n550 b"]
)
faults = st.builds(
    SmtpFault,
    step=st.sampled_from([Step.MAIL, Step.RCPT, Step.DATA, Step.BODY, Step.DOT]),
    act=st.one_of(st.builds(Say, line=replies), st.just(Close()), st.just(StoreThenClose())),
    to=st.sampled_from([f"reader{number}@example.com" for number in range(5)]),
    times=st.just(1),
)


@hypothesis_settings(max_examples=30)
@given(st.lists(faults, max_size=4), st.booleans(), st.sampled_from([1, 2, 100]))
def test_every_trouble_has_the_same_outcome_in_both_dialogues(
    found: list[SmtpFault],
    accepts_data_without_recipient: bool,
    a_connection: int,
) -> None:
    results = []
    for manners in (
        PLAIN,
        replace(SmtpServerOptions(), accepts_data_without_recipient=accepts_data_without_recipient),
    ):
        with SmtpServer(manners, faults=found) as server:
            outcomes = send(server.port, *map(make_message, range(5)), a_connection=a_connection)
            assert set(server.counts.values()) <= {1}
            results.append(
                [(o.delivery_id, o.kind, o.fault, sorted(server.counts)) for o in outcomes]
            )
    assert results[0] == results[1]


class ScriptedServer:
    """Takes everything; may hold an answer back until more has come, as one write."""

    def __init__(
        self, *, waits_for_next: bool, lines_a_reply: int = 1, greeting: str = "ESMTP Postfix"
    ) -> None:
        self._greeting = greeting
        self._lines_a_reply = lines_a_reply
        self._waits_for_next = waits_for_next
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self.messages = 0
        self._thread = threading.Thread(target=self._serve)

    def _serve(self) -> None:
        sock, _ = self._listener.accept()
        with sock, sock.makefile("rb") as lines:
            sock.sendall(f"220 {self._greeting}\r\n".encode())
            held = b""
            for line in lines:
                verb = line.split()[0].upper()
                if verb == b"EHLO":
                    sock.sendall(b"250-scripted\r\n250 PIPELINING\r\n")
                elif verb == b"DATA":
                    sock.sendall(held + self._reply(354))
                    held = self._message(lines.readline)
                elif verb == b"QUIT":
                    sock.sendall(held + self._reply(221))
                    return
                else:
                    held += self._reply(250)
                if verb not in (b"MAIL", b"RCPT") and not self._holds():
                    sock.sendall(held)
                    held = b""

    def _holds(self) -> bool:
        return self._waits_for_next and self.messages < 3

    def _message(self, readline: Callable[[], bytes]) -> bytes:
        while readline() not in (b".\r\n", b""):
            pass
        self.messages += 1
        return self._reply(250)

    def _reply(self, code: int) -> bytes:
        more = b"%d-go\r\n" % code * (self._lines_a_reply - 1)
        return more + b"%d on\r\n" % code

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._listener.close()
        self._thread.join()
