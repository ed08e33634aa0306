"""The SMTP provider against a real server that misbehaves on request, and against aiosmtpd."""

from __future__ import annotations

import smtplib
import socket
import time
from collections.abc import Generator, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.handlers import Mailbox

from lovecampaign.core.errors import Unreachable
from lovecampaign.core.message import Address, FaultKind, Message, Outcome, OutcomeKind
from lovecampaign.providers.smtp.connect import Security, SmtpTarget, TimeLimits
from lovecampaign.providers.smtp.provider import ConnectionPolicy, SmtpProvider
from lovecampaign.testing.certificate import Certificate, self_signed
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

#: For servers that never answer.
SHORT = TimeLimits.all_of(0.4)
#: Where a server must answer too, on a busy machine.
MEDIUM = TimeLimits.all_of(1.5)
LONG = TimeLimits.all_of(10)


@pytest.fixture(params=["pipelined", "plain"])
def server(request: pytest.FixtureRequest) -> Iterator[SmtpServer]:
    """Whatever a server makes of PIPELINING, the outcomes are the same."""
    with SmtpServer(manners(is_pipelined=request.param == "pipelined")) as running:
        yield running


def manners(*, is_pipelined: bool) -> SmtpServerOptions:
    offered = SmtpServerOptions()
    without = tuple(name for name in offered.extensions if name != "PIPELINING")
    return offered if is_pipelined else replace(offered, extensions=without)


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    return self_signed(tmp_path_factory.mktemp("tls"))


def settings(server: SmtpServer, **changes: Any) -> SmtpTarget:
    plain = SmtpTarget(host=server.host, port=server.port, security=Security.LOOPBACK, limits=LONG)
    return replace(plain, **changes)


def send(
    server: SmtpTarget,
    *messages: Message,
    flight: RecordingFlight | None = None,
    connections: int = 1,
    policy: ConnectionPolicy | None = None,
) -> list[Outcome]:
    provider = SmtpProvider(server, connections=connections, policy=policy)
    try:
        return list(provider.send(messages, flight or RecordingFlight()))
    finally:
        provider.close()


def test_a_message_arrives_with_its_envelope_and_every_byte(server: SmtpServer) -> None:
    message = make_message(text="one\n.\n..two\n.three\nlast")
    [outcome] = send(settings(server), message)
    assert outcome.kind is OutcomeKind.ACCEPTED
    assert outcome.provider_message_id == "T1"
    [received] = server.received
    assert received.content == message.raw
    assert (received.sender, received.recipient) == (message.sender.email, message.to.email)
    assert received.delivery_id == message.delivery_id


def test_a_lone_line_feed_cannot_end_a_message_early(server: SmtpServer) -> None:
    smuggled = make_message().raw + b"x\n.\nMAIL FROM:<evil@example.com>\r.\r"
    [outcome] = send(settings(server), replace(make_message(), raw=smuggled))
    assert outcome.kind is OutcomeKind.ACCEPTED
    [received] = server.received
    assert received.content.endswith(b"x\r\n.\r\nMAIL FROM:<evil@example.com>\r\n.\r\n")


def test_a_message_that_ends_without_a_line_end_is_completed(server: SmtpServer) -> None:
    send(settings(server), replace(make_message(), raw=b".first\r\n\r\nlast"))
    assert server.received[0].content == b".first\r\n\r\nlast\r\n"


def test_the_flight_is_told_before_the_body_and_after_the_answer(server: SmtpServer) -> None:
    server.faults.add(
        SmtpFault(step=Step.RCPT, act=Say(line="550 5.1.1 no"), to="reader1@example.com")
    )
    flight = RecordingFlight()
    send(settings(server), make_message(1), make_message(2), flight=flight)
    assert flight.notes == [
        ("answered", "delivery-000001"),  # refused at RCPT: never in the air
        ("writing", "delivery-000002"),
        ("answered", "delivery-000002"),
    ]


def test_many_messages_go_over_several_connections_once_each(server: SmtpServer) -> None:
    messages = [make_message(number) for number in range(60)]
    outcomes = send(settings(server), *messages, connections=4)
    assert {o.delivery_id for o in outcomes} == {m.delivery_id for m in messages}
    assert set(server.counts.values()) == {1}
    assert 1 < len(server.commands) <= 4


def test_one_message_opens_one_connection(server: SmtpServer) -> None:
    send(settings(server), make_message(), connections=4)
    assert len(server.commands) == 1


def test_connections_are_kept_between_sends_and_left_politely(server: SmtpServer) -> None:
    provider = SmtpProvider(settings(server), connections=1)
    for number in range(3):
        list(provider.send([make_message(number)], RecordingFlight()))
    provider.close()
    [commands] = server.commands
    assert commands.count("DATA") == 3
    assert commands[-1] == "QUIT"


def test_a_connection_is_renewed_after_its_share_of_messages(server: SmtpServer) -> None:
    policy = ConnectionPolicy(messages_per_connection=10)
    send(settings(server), *map(make_message, range(25)), policy=policy)
    assert [commands.count("DATA") for commands in server.commands] == [10, 10, 5]


@pytest.mark.parametrize("host", ["127.0.0.1", "0.0.0.0"])
def test_whoever_waits_for_a_greeting_keeps_nobody_back(server: SmtpServer, host: str) -> None:
    """On this machine the waiting is done between other messages, elsewhere in a thread."""
    server.faults.add(SmtpFault(step=Step.CONNECT, act=Stall(), times=1))
    limits = replace(LONG, connect=3.0)
    provider = SmtpProvider(settings(server, host=host, limits=limits), connections=2)
    begun = time.monotonic()
    outcomes = provider.send(map(make_message, range(12)), RecordingFlight())
    next(outcomes)
    assert time.monotonic() - begun < 2.5
    assert [outcome.kind for outcome in outcomes] == [OutcomeKind.ACCEPTED] * 11
    assert time.monotonic() - begun < 5  # the limit holds once, whoever waits
    provider.close()
    assert set(server.counts.values()) == {1}


@pytest.mark.parametrize("host", ["127.0.0.1", "0.0.0.0"])
def test_connections_are_renewed_beside_each_other(server: SmtpServer, host: str) -> None:
    provider = SmtpProvider(
        settings(server, host=host),
        connections=3,
        policy=ConnectionPolicy(messages_per_connection=2),
    )
    outcomes = list(provider.send(map(make_message, range(40)), RecordingFlight()))
    provider.close()
    assert [outcome.kind for outcome in outcomes] == [OutcomeKind.ACCEPTED] * 40
    assert set(server.counts.values()) == {1}
    assert max(commands.count("DATA") for commands in server.commands) == 2
    assert all(commands[-1] == "QUIT" for commands in server.commands)


def test_an_idle_connection_is_renewed(server: SmtpServer) -> None:
    provider = SmtpProvider(
        settings(server), connections=1, policy=ConnectionPolicy(idle_seconds=0.05)
    )
    for number in range(2):
        list(provider.send([make_message(number)], RecordingFlight()))
        time.sleep(0.06)
    provider.close()
    assert len(server.commands) == 2


def test_a_silent_close_between_messages_costs_nobody_an_attempt() -> None:
    """Yahoo closes without a word after some number of messages."""
    with SmtpServer(SmtpServerOptions(messages_per_connection=3)) as server:
        outcomes = send(settings(server), *map(make_message, range(10)))
        assert [outcome.kind for outcome in outcomes] == [OutcomeKind.ACCEPTED] * 10
        assert set(server.counts.values()) == {1}


def test_a_limit_of_messages_over_one_connection_is_met_once_and_remembered(
    server: SmtpServer,
) -> None:
    """OpenSMTPD replies 452 to MAIL then (``max-mails``), which is no refusal of the message."""
    server.set_options(mails_per_connection=4)
    outcomes = send(settings(server), *map(make_message, range(14)))
    assert [o.kind for o in outcomes] == [OutcomeKind.ACCEPTED] * 14
    assert set(server.counts.values()) == {1}
    mails = [sum(each.startswith("MAIL") for each in commands) for commands in server.commands]
    assert mails == [5, 4, 4, 2]
    assert all(commands[-1] == "QUIT" for commands in server.commands)


@pytest.mark.parametrize("line", ["503 5.5.1 not now", "451 4.3.0 later", "452 4.3.1 no room"])
def test_a_refused_mail_on_a_used_connection_is_asked_for_once_more_on_a_new_one(
    server: SmtpServer, line: str
) -> None:
    assert len(send(settings(server), make_message(1), connections=1)) == 1
    provider = SmtpProvider(settings(server), connections=1)
    try:
        assert len(list(provider.send([make_message(2)], RecordingFlight()))) == 1
        server.faults.add(SmtpFault(step=Step.MAIL, act=Say(line=line), times=2))
        outcomes = list(provider.send([make_message(3), make_message(4)], RecordingFlight()))
    finally:
        provider.close()
    assert line in outcomes[0].detail
    assert [o.kind for o in outcomes] == [OutcomeKind.TRANSIENT, OutcomeKind.ACCEPTED]
    assert len(server.commands) == 3


def test_a_refused_message_ends_its_transaction_where_the_server_keeps_it_open(
    server: SmtpServer,
) -> None:
    """Postfix with end-of-data restrictions: 503 nested MAIL."""
    server.set_options(keeps_refused_transaction=True)
    refused = SmtpFault(step=Step.DOT, act=Say(line="452 4.2.2 full"), to="reader1@example.com")
    server.faults.add(refused)
    outcomes = send(settings(server), *map(make_message, range(4)))
    assert [o.kind for o in outcomes] == [
        OutcomeKind.ACCEPTED,
        OutcomeKind.TRANSIENT,
        *[OutcomeKind.ACCEPTED] * 2,
    ]
    assert set(server.counts) == {"delivery-000000", "delivery-000002", "delivery-000003"}
    assert [each.recipient for each in server.received][1:] == [
        "reader2@example.com",
        "reader3@example.com",
    ]


def test_421_instead_of_an_answer_to_mail_on_an_old_connection_is_a_silent_close(
    server: SmtpServer,
) -> None:
    provider = SmtpProvider(settings(server), connections=1)
    list(provider.send([make_message(1)], RecordingFlight()))
    server.faults.add(SmtpFault(step=Step.MAIL, act=Say(line="421 4.4.2 timed out"), times=1))
    [outcome] = provider.send([make_message(2)], RecordingFlight())
    provider.close()
    assert outcome.kind is OutcomeKind.ACCEPTED


@pytest.mark.parametrize(
    ("step", "line", "kind", "fault"),
    [
        (Step.CONNECT, "421 4.3.2 too busy", OutcomeKind.TRANSIENT, FaultKind.PROVIDER),
        (Step.CONNECT, "554 5.7.1 listed", OutcomeKind.TRANSIENT, FaultKind.CONFIGURATION),
        (Step.EHLO, "421 4.3.2 no", OutcomeKind.TRANSIENT, FaultKind.PROVIDER),
        (Step.MAIL, "421 4.7.0 too many", OutcomeKind.TRANSIENT, FaultKind.PROVIDER),
        (Step.MAIL, "451 4.3.0 later", OutcomeKind.TRANSIENT, FaultKind.PROVIDER),
        (Step.MAIL, "553 5.1.8 bad sender", OutcomeKind.TRANSIENT, FaultKind.CONFIGURATION),
        (Step.RCPT, "421 4.3.2 bye", OutcomeKind.TRANSIENT, FaultKind.PROVIDER),
        (Step.RCPT, "450 4.2.1 busy", OutcomeKind.TRANSIENT, FaultKind.MAILBOX),
        (Step.RCPT, "452 4.2.2 full", OutcomeKind.TRANSIENT, FaultKind.MAILBOX),
        (Step.RCPT, "550 5.1.1 unknown", OutcomeKind.PERMANENT, FaultKind.RECIPIENT),
        (Step.RCPT, "552 5.2.2 full", OutcomeKind.TRANSIENT, FaultKind.MAILBOX),
        (Step.RCPT, "550 5.7.1 policy", OutcomeKind.PERMANENT, FaultKind.POLICY),
        (Step.RCPT, "250-half", OutcomeKind.TRANSIENT, FaultKind.PROVIDER),
        (Step.RCPT, "hello, Dave", OutcomeKind.TRANSIENT, FaultKind.PROVIDER),
        (Step.DATA, "451 4.3.0 later", OutcomeKind.TRANSIENT, FaultKind.PROVIDER),
        (Step.DATA, "250 2.0.0 what?", OutcomeKind.TRANSIENT, FaultKind.PROVIDER),
        (Step.DOT, "451 4.3.0 later", OutcomeKind.TRANSIENT, FaultKind.PROVIDER),
        (Step.DOT, "421 4.3.2 bye", OutcomeKind.TRANSIENT, FaultKind.PROVIDER),
        (Step.DOT, "550 5.7.1 content", OutcomeKind.PERMANENT, FaultKind.POLICY),
        (Step.DOT, "552 5.3.4 too large", OutcomeKind.PERMANENT, FaultKind.MESSAGE),
        (Step.DOT, "354 again?", OutcomeKind.UNKNOWN, FaultKind.PROVIDER),
        (Step.DOT, "2x0 gibberish", OutcomeKind.UNKNOWN, FaultKind.PROVIDER),
    ],
)
def test_what_the_server_says_decides_and_the_next_message_goes_on(
    server: SmtpServer, step: Step, line: str, kind: OutcomeKind, fault: FaultKind
) -> None:
    server.faults.add(SmtpFault(step=step, act=Say(line=line), times=1))
    policy = ConnectionPolicy(cooldown_seconds=0)
    outcomes = send(
        settings(server, limits=MEDIUM),
        make_message(1),
        make_message(2),
        policy=policy,
    )
    assert (outcomes[0].kind, outcomes[0].fault) == (kind, fault)
    assert outcomes[1].kind is OutcomeKind.ACCEPTED
    assert server.counts == {"delivery-000002": 1}


@pytest.mark.parametrize("step", [Step.CONNECT, Step.EHLO, Step.MAIL, Step.RCPT, Step.DATA])
@pytest.mark.parametrize("act", [Close(), Stall()])
def test_what_is_lost_before_the_body_may_be_tried_again(
    server: SmtpServer, step: Step, act: Act
) -> None:
    server.faults.add(SmtpFault(step=step, act=act))
    flight = RecordingFlight()
    [outcome] = send(settings(server, limits=SHORT), make_message(), flight=flight)
    assert (outcome.kind, outcome.fault) == (OutcomeKind.TRANSIENT, FaultKind.PROVIDER)
    assert flight.written == []
    assert server.received == []


def test_what_is_lost_in_the_middle_of_a_large_body_may_be_tried_again(
    server: SmtpServer,
) -> None:
    server.faults.add(SmtpFault(step=Step.BODY, act=Stall()))
    large = replace(make_message(), raw=make_message().raw + b"x" * 72 + b"\r\n" * 4_000_000)
    flight = RecordingFlight()
    [outcome] = send(settings(server, limits=SHORT), large, flight=flight)
    assert (outcome.kind, outcome.fault) == (OutcomeKind.TRANSIENT, FaultKind.PROVIDER)
    assert flight.written == [large.delivery_id]


@pytest.mark.parametrize("act", [Close(), Stall(), StoreThenClose(), Drip(seconds_per_byte=0.2)])
def test_what_is_lost_after_the_final_dot_is_unknown(server: SmtpServer, act: Act) -> None:
    """A drip counts as silence: the limit holds for the whole reply."""
    server.faults.add(SmtpFault(step=Step.DOT, act=act, times=1))
    begun = time.monotonic()
    outcomes = send(settings(server, limits=MEDIUM), make_message(1), make_message(2))
    assert [outcome.kind for outcome in outcomes] == [OutcomeKind.UNKNOWN, OutcomeKind.ACCEPTED]
    assert time.monotonic() - begun < 8
    assert server.counts["delivery-000002"] == 1


def test_a_greeting_that_drips_is_not_waited_for(server: SmtpServer) -> None:
    server.faults.add(SmtpFault(step=Step.CONNECT, act=Drip(seconds_per_byte=0.1)))
    begun = time.monotonic()
    [outcome] = send(settings(server, limits=SHORT), make_message())
    assert outcome.kind is OutcomeKind.TRANSIENT
    assert time.monotonic() - begun < 2


def test_a_reply_without_end_is_not_read_to_its_end(server: SmtpServer) -> None:
    server.faults.add(SmtpFault(step=Step.RCPT, act=Say(line="550 " + "x" * 100_000)))
    server.faults.add(SmtpFault(step=Step.MAIL, act=Say(line="250-go\r\n" * 300), to="nobody"))
    [outcome] = send(settings(server), make_message())
    assert (outcome.kind, outcome.fault) == (OutcomeKind.TRANSIENT, FaultKind.PROVIDER)
    assert len(outcome.detail) <= 300


def test_after_a_refused_recipient_the_next_transaction_starts_clean() -> None:
    with SmtpServer(manners(is_pipelined=False)) as server:
        server.faults.add(SmtpFault(step=Step.RCPT, act=Say(line="550 5.1.1 no"), times=1))
        send(settings(server), make_message(1), make_message(2))
        [commands] = server.commands
    assert [command.split()[0] for command in commands] == [
        "EHLO", "MAIL", "RCPT", "RSET", "MAIL", "RCPT", "DATA", "QUIT",
    ]  # fmt: skip


def test_details_show_the_reply_but_not_the_recipient(server: SmtpServer) -> None:
    line = "550 5.1.1 <Reader1@Example.com>: no such user\x1b[31m"
    server.faults.add(SmtpFault(step=Step.RCPT, act=Say(line=line)))
    [outcome] = send(settings(server), make_message())
    assert "no such user" in outcome.detail
    assert "reader1" not in outcome.detail.lower()
    assert "\x1b" not in outcome.detail


def test_a_server_that_is_not_there_is_asked_once_for_many_messages() -> None:
    with socket.create_server(("127.0.0.1", 0)) as reserved:
        port = reserved.getsockname()[1]
    nobody = SmtpTarget(host="127.0.0.1", port=port, security=Security.LOOPBACK, limits=SHORT)
    outcomes = send(nobody, *map(make_message, range(20)), connections=4)
    assert len(outcomes) == 20
    assert {(o.kind, o.fault) for o in outcomes} == {(OutcomeKind.TRANSIENT, FaultKind.PROVIDER)}
    provider = SmtpProvider(nobody)
    with pytest.raises(Unreachable, match=str(port)) as raised:
        provider.check_connection()
    assert raised.value.hint is not None


def test_a_server_that_allows_fewer_connections_gets_fewer(server: SmtpServer) -> None:
    """The others hand their messages back: no attempt is lost."""
    busy = Say(line="421 4.7.0 too many connections")
    server.faults.add(SmtpFault(step=Step.CONNECT, act=busy, times=3))
    outcomes = send(settings(server), *map(make_message, range(20)), connections=4)
    assert [outcome.kind for outcome in outcomes] == [OutcomeKind.ACCEPTED] * 20
    assert set(server.counts.values()) == {1}


def test_starttls_with_a_trusted_certificate_carries_mail(certificate: Certificate) -> None:
    with SmtpServer(
        SmtpServerOptions(starttls=certificate.for_server(), users={"ana": "s3cret"})
    ) as server:
        secured = settings(
            server,
            security=Security.STARTTLS,
            ssl_context=certificate.for_client(),
            user="ana",
            password="s3cret",
        )
        [outcome] = send(secured, make_message())
        assert outcome.kind is OutcomeKind.ACCEPTED
        verbs = [command.split()[0] for command in server.commands[0]]
        assert verbs[:4] == ["EHLO", "STARTTLS", "EHLO", "AUTH"]


def test_implicit_tls_carries_mail(certificate: Certificate) -> None:
    with SmtpServer(SmtpServerOptions(tls=certificate.for_server())) as server:
        context = certificate.for_client()
        secured = settings(server, security=Security.TLS, ssl_context=context)
        [outcome] = send(secured, make_message())
        assert outcome.kind is OutcomeKind.ACCEPTED


@pytest.mark.parametrize("security", [Security.STARTTLS, Security.TLS])
def test_a_certificate_nobody_vouches_for_stops_the_run(
    certificate: Certificate, security: Security
) -> None:
    context = certificate.for_server()
    manners = (
        SmtpServerOptions(tls=context)
        if security is Security.TLS
        else SmtpServerOptions(starttls=context)
    )
    with SmtpServer(manners) as server:
        [outcome] = send(settings(server, security=security), make_message())
        assert (outcome.kind, outcome.fault) == (OutcomeKind.TRANSIENT, FaultKind.CONFIGURATION)
        assert "certificate" in outcome.detail
        assert server.received == []


def test_mail_never_falls_back_to_plain_text(server: SmtpServer) -> None:
    secured = settings(server, security=Security.STARTTLS, user="ana", password="s3cret")
    [outcome] = send(secured, make_message())
    assert outcome.fault is FaultKind.CONFIGURATION
    assert "STARTTLS" in outcome.detail
    assert [command.split()[0] for command in server.commands[0]] == ["EHLO"]


@pytest.mark.parametrize(
    ("step", "act"),
    [
        (Step.STARTTLS, Say(line="454 4.7.0 no TLS today")),
        (Step.STARTTLS, Close()),
        (Step.HANDSHAKE, Close()),
        (Step.HANDSHAKE, Say(line="250 what handshake?")),
        (Step.HANDSHAKE, Stall()),
    ],
)
def test_tls_that_breaks_off_is_tried_again_and_never_replaced(
    certificate: Certificate, step: Step, act: Act
) -> None:
    manners = SmtpServerOptions(starttls=certificate.for_server())
    with SmtpServer(manners, faults=[SmtpFault(step=step, act=act)]) as server:
        secured = settings(
            server,
            security=Security.STARTTLS,
            ssl_context=certificate.for_client(),
            limits=SHORT,
        )
        [outcome] = send(secured, make_message())
        assert (outcome.kind, outcome.fault) == (OutcomeKind.TRANSIENT, FaultKind.PROVIDER)
        assert server.received == []


def test_on_this_machine_starttls_is_used_where_it_is_offered(certificate: Certificate) -> None:
    with SmtpServer(SmtpServerOptions(starttls=certificate.for_server())) as server:
        [outcome] = send(settings(server), make_message())
        assert outcome.kind is OutcomeKind.ACCEPTED
        assert "STARTTLS" in server.commands[0]


@pytest.mark.parametrize("password", ["s3cret", "pä55wörd€", ""])
def test_a_right_password_lets_us_in(password: str) -> None:
    with SmtpServer(SmtpServerOptions(users={"ana": password})) as server:
        [outcome] = send(settings(server, user="ana", password=password), make_message())
        assert outcome.kind is OutcomeKind.ACCEPTED


def test_a_wrong_password_stops_the_run_and_is_never_shown() -> None:
    with SmtpServer(SmtpServerOptions(users={"ana": "s3cret"})) as server:
        server.faults.add(
            SmtpFault(step=Step.AUTH, act=Say(line="535 5.7.8 hunter2 is not the password"))
        )
        wrong = settings(server, user="ana", password="hunter2")
        provider = SmtpProvider(wrong, connections=1)
        with pytest.raises(Unreachable, match="535") as raised:
            provider.check_connection()
        outcomes = list(provider.send(map(make_message, range(5)), RecordingFlight()))
        assert {(o.kind, o.fault) for o in outcomes} == {
            (OutcomeKind.TRANSIENT, FaultKind.CONFIGURATION)
        }
        shown = f"{raised.value} {raised.value.hint} {outcomes} {wrong!r} {provider.name}"
        assert "hunter2" not in shown
        assert len(server.commands) == 1, "a refused login is not tried again for each message"


def test_login_where_none_is_offered_stops_the_run(server: SmtpServer) -> None:
    [outcome] = send(settings(server, user="ana", password="s3cret"), make_message())
    assert (outcome.kind, outcome.fault) == (OutcomeKind.TRANSIENT, FaultKind.CONFIGURATION)
    assert "offers no login" in outcome.detail


def logins(server: SmtpServer) -> list[list[str]]:
    """The mechanisms tried over each connection."""
    return [
        [command.split()[1] for command in commands if command.startswith("AUTH")]
        for commands in server.commands
    ]


@pytest.mark.parametrize(
    ("mechanisms", "tried"),
    [
        (("CRAM-MD5", "LOGIN", "PLAIN"), "PLAIN"),
        (("GSSAPI", "CRAM-MD5", "LOGIN"), "LOGIN"),
        (("CRAM-MD5", "XOAUTH2"), "CRAM-MD5"),
    ],
)
@pytest.mark.parametrize("password", ["s3cret", "pä55wörd€"])
def test_plain_comes_before_login_and_cram_md5_last(
    certificate: Certificate, mechanisms: tuple[str, ...], tried: str, password: str
) -> None:
    options = SmtpServerOptions(
        users={"ana": password}, mechanisms=mechanisms, starttls=certificate.for_server()
    )
    with SmtpServer(options) as server:
        [outcome] = send(settings(server, user="ana", password=password), make_message())
        assert outcome.kind is OutcomeKind.ACCEPTED
        assert logins(server) == [[tried]]


def test_a_refused_password_is_not_tried_with_another_mechanism() -> None:
    """fail2ban's defaults would block the address after two connections."""
    options = SmtpServerOptions(users={"ana": "s3cret"}, mechanisms=("PLAIN", "LOGIN", "CRAM-MD5"))
    with SmtpServer(options) as server:
        [outcome] = send(settings(server, user="ana", password="wrong"), make_message())
        assert outcome.fault is FaultKind.CONFIGURATION
        assert logins(server) == [["PLAIN"]]


def test_the_mechanism_that_worked_is_the_first_of_the_next_connection() -> None:
    options = SmtpServerOptions(users={"ana": "s3cret"})
    refused = SmtpFault(step=Step.AUTH, act=Say(line="504 5.7.4 not PLAIN"), times=1)
    with SmtpServer(options, faults=[refused]) as server:
        target = settings(server, user="ana", password="s3cret")
        policy = ConnectionPolicy(messages_per_connection=1)
        outcomes = send(target, make_message(1), make_message(2), policy=policy)
        assert [o.kind for o in outcomes] == [OutcomeKind.ACCEPTED] * 2
        assert logins(server) == [["PLAIN", "LOGIN"], ["LOGIN"]]


def test_mechanisms_that_are_all_unknown_are_named() -> None:
    options = SmtpServerOptions(users={"ana": "s3cret"}, mechanisms=("GSSAPI", "XOAUTH2"))
    with SmtpServer(options) as server:
        [outcome] = send(settings(server, user="ana", password="s3cret"), make_message())
        assert outcome.fault is FaultKind.CONFIGURATION
        assert "only GSSAPI, XOAUTH2" in outcome.detail


@pytest.mark.parametrize("step", [Step.MAIL, Step.RCPT])
def test_a_refusal_without_our_login_says_that_a_login_is_offered(step: Step) -> None:
    refused = SmtpFault(step=step, act=Say(line="530 5.7.1 Authentication required"))
    options = SmtpServerOptions(extensions=("PIPELINING", "AUTH PLAIN LOGIN"))
    with SmtpServer(options, faults=[refused]) as server:
        [outcome] = send(settings(server), make_message())
        assert outcome.fault is FaultKind.CONFIGURATION
        assert "LOVECAMPAIGN_PROVIDER has no user: 530 5.7.1" in outcome.detail


def test_prove_logs_in_and_leaves_the_connection_ready(server: SmtpServer) -> None:
    provider = SmtpProvider(settings(server))
    provider.check_connection()
    server.hang_up()
    provider.check_connection()
    list(provider.send([make_message()], RecordingFlight()))
    provider.close()
    assert len(server.commands) == 2


def test_a_closed_connection_after_prove_costs_no_attempt(server: SmtpServer) -> None:
    provider = SmtpProvider(settings(server), connections=1)
    provider.check_connection()
    server.hang_up()
    [outcome] = provider.send([make_message()], RecordingFlight())
    provider.close()
    assert outcome.kind is OutcomeKind.ACCEPTED


@pytest.mark.parametrize(
    ("email", "extensions", "rcpt"),
    [
        ("ana@bücher.example", (), "RCPT TO:<ana@xn--bcher-kva.example>"),
        ("ana@faß.example", (), "RCPT TO:<ana@xn--fa-hia.example>"),
        ("ana@bücher.example", ("SMTPUTF8",), "RCPT TO:<ana@xn--bcher-kva.example>"),
        ("añá@bücher.example", ("SMTPUTF8",), "RCPT TO:<añá@xn--bcher-kva.example>"),
    ],
)
def test_addresses_beyond_ascii(email: str, extensions: tuple[str, ...], rcpt: str) -> None:
    with SmtpServer(SmtpServerOptions(extensions=extensions)) as server:
        [outcome] = send(settings(server), make_message(to=Address(email=email)))
        assert outcome.kind is OutcomeKind.ACCEPTED
        mail, said = server.commands[0][1:3]
        assert said == rcpt
        assert ("SMTPUTF8" in mail) is email.startswith("añá")


@pytest.mark.parametrize(
    "email", ["añá@example.com", "ana", "a b@example.com", "a@b>\r\nDATA", "@x"]
)
def test_an_address_that_the_server_cannot_carry_is_refused_here(email: str) -> None:
    with SmtpServer(SmtpServerOptions(extensions=())) as server:
        [outcome] = send(settings(server), make_message(to=Address(email=email)))
        assert (outcome.kind, outcome.fault) == (OutcomeKind.PERMANENT, FaultKind.RECIPIENT)
        assert email not in outcome.detail
        assert all(not command.startswith("RCPT") for command in server.commands[0])


def test_a_message_over_the_advertised_size_is_not_sent() -> None:
    with SmtpServer(SmtpServerOptions(extensions=("SIZE 300",))) as server:
        [outcome] = send(settings(server), make_message())
        assert (outcome.kind, outcome.fault) == (OutcomeKind.PERMANENT, FaultKind.MESSAGE)
        assert "300" in outcome.detail


def test_size_is_announced_where_the_server_asks_for_it(server: SmtpServer) -> None:
    message = make_message()
    send(settings(server), message)
    assert server.commands[0][1].endswith(f" SIZE={len(message.raw)}")


def test_a_flight_that_cannot_be_noted_leaves_nothing_half_sent(server: SmtpServer) -> None:
    """A full disk under the journal: the message stays, and the error comes out."""

    class FullDisk(RecordingFlight):
        def writing(self, *_delivery_ids: str) -> None:
            raise OSError(28, "No space left on device")

    with pytest.raises(OSError, match="No space left"):
        send(settings(server), make_message(), flight=FullDisk())
    assert server.received == []


def test_a_source_that_breaks_is_raised_after_what_was_in_the_air(server: SmtpServer) -> None:
    def messages() -> Iterator[Message]:
        yield make_message(1)
        yield make_message(2)
        raise RuntimeError("no more")

    outcomes: list[Outcome] = []
    provider = SmtpProvider(settings(server), connections=2)
    with pytest.raises(RuntimeError, match="no more"):
        outcomes.extend(provider.send(messages(), RecordingFlight()))
    provider.close()
    assert set(server.counts) == {"delivery-000001", "delivery-000002"}


@pytest.mark.parametrize("slow_at", [1000, 3, 4, 5, 6])
def test_leaving_early_finishes_what_is_in_the_air_and_takes_no_more(
    server: SmtpServer, slow_at: int
) -> None:
    """Also where a thread of its own is about to go on, since a message was long in coming."""
    taken = []

    def messages() -> Iterator[Message]:
        for number in range(1000):
            taken.append(number)
            time.sleep(0.02 if number == slow_at else 0)
            yield make_message(number)

    flight = RecordingFlight()
    provider = SmtpProvider(settings(server), connections=2)
    outcomes = provider.send(messages(), flight)
    next(outcomes)
    assert isinstance(outcomes, Generator)
    outcomes.close()
    provider.close()
    assert len(taken) < 1000
    assert sorted(flight.written) == sorted(server.counts)
    assert sorted(flight.written) == sorted(
        name for note, name in flight.notes if note == "answered"
    )


def test_what_we_send_is_taken_by_aiosmtpd(tmp_path: Path) -> None:
    """An independent server agrees about envelope, dots and bytes."""
    with socket.create_server(("127.0.0.1", 0)) as reserved:
        port = reserved.getsockname()[1]
    controller = Controller(Mailbox(tmp_path / "mail"), hostname="127.0.0.1", port=port)
    controller.start()
    try:
        peer = SmtpTarget(host="127.0.0.1", port=port, security=Security.LOOPBACK, limits=LONG)
        outcomes = send(peer, *map(make_message, range(5)), connections=2)
    finally:
        controller.stop()
    assert [outcome.kind for outcome in outcomes] == [OutcomeKind.ACCEPTED] * 5
    texts = [file.read_bytes() for file in (tmp_path / "mail" / "new").iterdir()]
    assert len(texts) == 5
    assert all(b"\n.\nAna" in text for text in texts)


def test_the_server_of_tests_agrees_with_smtplib(server: SmtpServer) -> None:
    message = make_message(text="a\n.b\n..\n")
    with smtplib.SMTP("127.0.0.1", server.port) as client:
        client.sendmail("a@example.com", "b@example.com", message.raw)
    assert server.received[0].content == message.raw
