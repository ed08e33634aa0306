"""Commands behind a final dot: only for servers that cope, and never at a message's cost."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from lovecampaign.core.message import FaultKind, Outcome, OutcomeKind
from lovecampaign.providers.smtp.ahead.policy import AheadMode, is_known_to_cope
from lovecampaign.providers.smtp.connect import Security, SmtpTarget, TimeLimits
from lovecampaign.providers.smtp.provider import ConnectionPolicy, SmtpProvider
from lovecampaign.testing.faults import (
    Act,
    BehindDot,
    Close,
    Say,
    SmtpFault,
    Stall,
    Step,
    StoreThenClose,
)
from lovecampaign.testing.messages import RecordingFlight, make_message
from lovecampaign.testing.smtp_connection import SmtpServerOptions
from lovecampaign.testing.smtp_server import SmtpServer

ACCEPTED, UNKNOWN = OutcomeKind.ACCEPTED, OutcomeKind.UNKNOWN
POSTFIX = "mail.example ESMTP Postfix (Debian/GNU)"
EXIM = "mail.example ESMTP Exim 4.96 Mon, 30 Nov 2026 12:00:00 +0000"
TROUBLED = [BehindDot.CLOSE, BehindDot.REFUSE, BehindDot.SWALLOW]


class Notes:
    """What a ledger would remember."""

    def __init__(self) -> None:
        self.reasons: dict[str, str] = {}

    def read(self, server: str) -> str | None:
        return self.reasons.get(server)

    def write(self, server: str, reason: str) -> None:
        self.reasons[server] = reason


@pytest.fixture
def notes() -> Notes:
    return Notes()


def send(
    server: SmtpServer,
    count: int = 12,
    *,
    mode: AheadMode = AheadMode.AUTO,
    notes: Notes | None = None,
    connections: int = 1,
    a_connection: int = 100,
    flight: RecordingFlight | None = None,
) -> list[Outcome]:
    target = SmtpTarget(
        host=server.host,
        port=server.port,
        security=Security.LOOPBACK,
        limits=TimeLimits(ahead=0.2),
    )
    policy = ConnectionPolicy(cooldown_seconds=0, messages_per_connection=a_connection)
    provider = SmtpProvider(target, connections=connections, policy=policy, ahead=mode, notes=notes)
    try:
        messages = list(map(make_message, range(count)))
        return list(provider.send(messages, flight or RecordingFlight()))
    finally:
        provider.close()


def kinds(outcomes: Sequence[Outcome]) -> list[OutcomeKind]:
    """In the order of the messages; each has one outcome."""
    by_id = {outcome.delivery_id: outcome.kind for outcome in outcomes}
    assert len(by_id) == len(outcomes)
    return [by_id[each] for each in sorted(by_id)]


def is_ahead(greeting: str, mode: AheadMode, notes: Notes | None = None) -> bool:
    """Whether anything is sent ahead: this server swallows it."""
    options = SmtpServerOptions(greeting=greeting, behind_dot=BehindDot.SWALLOW)
    with SmtpServer(options) as server:
        outcomes = send(server, mode=mode, notes=notes)
        assert kinds(outcomes) == [ACCEPTED] * 12
        return len(server.commands) > 1


@pytest.mark.parametrize("greeting", [POSTFIX, EXIM])
def test_servers_that_were_tried_get_commands_ahead(greeting: str) -> None:
    assert is_ahead(greeting, AheadMode.AUTO)
    assert not is_ahead(greeting, AheadMode.NO)


@pytest.mark.parametrize(
    "greeting",
    [
        "mail.example ESMTP",
        "mail.example Dovecot (Debian) ready.",
        "mail.example ESMTP Haraka/3.3.4 ready",
        "mail.example ESMTP OpenSMTPD",
        "mail.example Microsoft ESMTP MAIL Service ready",
        "eximious.example ESMTP",
        "Postfix.example ESMTP Haraka/3.3.4 ready",
        "mail.example ESMTP Postfixed",
    ],
)
def test_others_get_nothing_ahead_unless_it_is_asked_for(greeting: str) -> None:
    assert not is_ahead(greeting, AheadMode.AUTO)
    assert is_ahead(greeting, AheadMode.YES)


@pytest.mark.parametrize("behaviour", TROUBLED)
@pytest.mark.parametrize("connections", [1, 4])
def test_each_message_arrives_once_and_none_is_in_doubt_where_nothing_is_known(
    behaviour: BehindDot, connections: int
) -> None:
    with SmtpServer(SmtpServerOptions(behind_dot=behaviour)) as server:
        outcomes = send(server, 40, connections=connections, a_connection=9)
        assert kinds(outcomes) == [ACCEPTED] * 40
        assert set(server.counts.values()) == {1}
        assert len(server.counts) == 40


@pytest.mark.parametrize("behaviour", TROUBLED)
@pytest.mark.parametrize("connections", [1, 4])
def test_a_server_that_does_not_cope_is_found_out_by_one_connection(
    behaviour: BehindDot, connections: int, notes: Notes
) -> None:
    """Dovecot takes the message and closes: that one is in doubt. No other is, and none judged."""
    with SmtpServer(SmtpServerOptions(behind_dot=behaviour)) as server:
        outcomes = send(server, 40, mode=AheadMode.YES, notes=notes, connections=connections)
        in_doubt = 1 if behaviour is BehindDot.CLOSE else 0
        assert sorted(kinds(outcomes)) == sorted(
            [ACCEPTED] * (40 - in_doubt) + [UNKNOWN] * in_doubt
        )
        assert len(server.counts) == 40
        assert set(server.counts.values()) == {1}
        assert list(notes.reasons) == [f"smtp://127.0.0.1:{server.port}"]
        before = len(server.commands)
        again = send(server, 40, mode=AheadMode.YES, notes=notes)
        assert kinds(again) == [ACCEPTED] * 40
        assert len(server.commands) == before + 1


@pytest.mark.parametrize("behaviour", TROUBLED)
def test_quit_behind_the_last_dot_is_a_command_like_others(
    behaviour: BehindDot, notes: Notes
) -> None:
    with SmtpServer(SmtpServerOptions(behind_dot=behaviour)) as server:
        outcomes = send(server, 6, mode=AheadMode.YES, notes=notes, a_connection=1)
        in_doubt = 1 if behaviour is BehindDot.CLOSE else 0
        assert kinds(outcomes).count(UNKNOWN) == in_doubt
        assert set(server.counts.values()) == {1}
        assert len(server.counts) == 6


@pytest.mark.parametrize(
    ("step", "line", "kind", "fault"),
    [
        (Step.MAIL, "451 4.3.0 later", OutcomeKind.TRANSIENT, FaultKind.PROVIDER),
        (Step.RCPT, "550 5.1.1 no such user", OutcomeKind.PERMANENT, FaultKind.RECIPIENT),
        (Step.RCPT, "450 4.2.1 busy", OutcomeKind.TRANSIENT, FaultKind.MAILBOX),
        (Step.DATA, "451 4.3.0 later", OutcomeKind.TRANSIENT, FaultKind.PROVIDER),
        (Step.DOT, "550 5.7.1 content", OutcomeKind.PERMANENT, FaultKind.POLICY),
        (Step.DOT, "552 5.3.4 too large", OutcomeKind.PERMANENT, FaultKind.MESSAGE),
    ],
)
def test_what_is_refused_without_commands_ahead_too_is_judged_and_the_server_copes(
    step: Step, line: str, kind: OutcomeKind, fault: FaultKind, notes: Notes
) -> None:
    to = None if step is Step.MAIL else "reader3@example.com"
    refusal = SmtpFault(step=step, act=Say(line=line), to=to)
    with SmtpServer(SmtpServerOptions(greeting=POSTFIX), faults=[refusal]) as server:
        outcomes = {each.delivery_id: each for each in send(server, 6, notes=notes)}
        judged = outcomes["delivery-000003"]
        assert (judged.kind, judged.fault) == (kind, fault)
        if to is not None:
            assert kinds(list(outcomes.values())).count(ACCEPTED) == 5
            assert set(server.counts.values()) == {1}
            assert len(server.counts) == 5
        assert not notes.reasons


@pytest.mark.parametrize("step", [Step.RCPT, Step.DATA, Step.DOT])
@pytest.mark.parametrize("line", ["550 5.5.1 no", "421 4.7.0 bye", "503 5.5.1 order"])
def test_what_is_refused_with_commands_ahead_alone_is_not_judged(
    step: Step, line: str, notes: Notes
) -> None:
    to = "reader3@example.com"
    refusal = SmtpFault(step=step, act=Say(line=line), to=to, times=1)
    with SmtpServer(SmtpServerOptions(greeting=POSTFIX), faults=[refusal]) as server:
        outcomes = send(server, 6, notes=notes)
        assert kinds(outcomes) == [ACCEPTED] * 6
        assert set(server.counts.values()) <= {1}
        assert notes.reasons


@pytest.mark.parametrize("act", [Close(), Stall()])
@pytest.mark.parametrize("step", [Step.RCPT, Step.DATA])
def test_a_connection_that_dies_or_is_silent_there_costs_no_message(
    step: Step, act: Act, notes: Notes
) -> None:
    fault = SmtpFault(step=step, act=act, to="reader3@example.com", times=1)
    flight = RecordingFlight()
    with SmtpServer(SmtpServerOptions(greeting=POSTFIX), faults=[fault]) as server:
        outcomes = send(server, 8, notes=notes, flight=flight)
        assert kinds(outcomes) == [ACCEPTED] * 8
        assert set(server.counts.values()) == {1}
        assert flight.written.count("delivery-000003") == 1
        server.set_options(behind_dot=BehindDot.CLOSE)
        assert kinds(send(server, 8, notes=notes)) == [ACCEPTED] * 8
    [reason] = notes.reasons.values()
    assert "sent ahead" in reason


def test_one_message_that_is_offered_again_leaves_no_other_behind(notes: Notes) -> None:
    """A body is refused while the next message's commands wait behind it: both go again."""
    refusal = SmtpFault(step=Step.DOT, act=Say(line="554 5.5.0 sync"), times=1)
    with SmtpServer(SmtpServerOptions(greeting=POSTFIX), faults=[refusal]) as server:
        assert kinds(send(server, 2, notes=notes)) == [ACCEPTED] * 2
        assert [each.recipient for each in server.received] == [
            "reader0@example.com",
            "reader1@example.com",
        ]


def test_names_in_greeting_and_ehlo_count_but_no_parts_of_names() -> None:
    assert is_known_to_cope("mail.example\nmail.example ESMTP Exim 4.97")
    assert not is_known_to_cope("exim.example ESMTP Sendmail 8.17")


faults = st.builds(
    SmtpFault,
    step=st.sampled_from([Step.MAIL, Step.RCPT, Step.DATA, Step.DOT]),
    act=st.one_of(
        st.sampled_from([Close(), StoreThenClose()]),
        st.builds(Say, line=st.sampled_from(["450 4.2.1 busy", "550 5.1.1 no", "421 4.3.2 bye"])),
    ),
    to=st.sampled_from([f"reader{number}@example.com" for number in range(5)]),
    times=st.sampled_from([1, 2, None]),
)


@hypothesis_settings(max_examples=30)
@given(st.lists(faults, max_size=4), st.sampled_from([1, 2, 100]))
def test_whatever_happens_each_message_has_one_outcome_and_it_is_true(
    found: list[SmtpFault], a_connection: int
) -> None:
    with SmtpServer(SmtpServerOptions(greeting=POSTFIX), faults=found) as server:
        outcomes = send(server, 6, a_connection=a_connection)
        assert len({each.delivery_id for each in outcomes}) == len(outcomes) == 6
        assert set(server.counts.values()) <= {1}
        arrived = set(server.counts)
        for each in outcomes:
            if each.kind is not UNKNOWN:
                assert (each.kind is ACCEPTED) == (each.delivery_id in arrived)
