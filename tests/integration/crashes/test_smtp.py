"""What an SMTP server in trouble does to a send: each reader's end in the ledger."""

from __future__ import annotations

import contextlib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest

from lovecampaign.core.errors import ProviderRefused, Unreachable
from lovecampaign.core.message import OutcomeKind
from lovecampaign.core.settings import Settings
from lovecampaign.providers.factory import open_provider
from lovecampaign.store.database.engine import Database
from lovecampaign.store.sending.server_notes import LedgerNotes
from lovecampaign.testing.certificate import self_signed
from lovecampaign.testing.faults import (
    Act,
    BehindDot,
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
from tests.chaos.outcomes import (
    DOUBT,
    PLANNED,
    SENT,
    End,
    address_of,
    ends,
    go_on,
    is_paused,
    suppressed,
)
from tests.chaos.recording_provider import Remembering
from tests.support.stage import DAY_1, Stage

LATER = DAY_1 + timedelta(minutes=2)
#: Of four connections, when the tenth failure is told.
MOST_ON_THE_WIRE = 2 * 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One reader's trouble, which strikes once, and what becomes of it."""

    step: Step
    act: Act
    #: After the first pass.
    first: End
    #: After a second pass, two minutes later.
    last: End
    is_suppressed: bool = False
    #: How often the mail arrived in the end.
    arrives: int = 1


def refused(step: Step, line: str, reason: str, *, is_suppressed: bool = False) -> Case:
    end = ("failed", reason)
    return Case(
        step=step, act=Say(line=line), first=end, last=end, is_suppressed=is_suppressed, arrives=0
    )


def tried_again(step: Step, act: Act | str) -> Case:
    spoken = Say(line=act) if isinstance(act, str) else act
    return Case(step=step, act=spoken, first=PLANNED, last=SENT)


def doubted(act: Act, *, arrives: int) -> Case:
    return Case(step=Step.DOT, act=act, first=DOUBT, last=DOUBT, arrives=arrives)


CASES = (
    tried_again(Step.RCPT, "450 4.2.1 mailbox busy"),
    tried_again(Step.RCPT, "452 4.2.2 mailbox full"),
    tried_again(Step.RCPT, "421 4.3.2 going down"),
    tried_again(Step.RCPT, "552 5.2.2 over quota, for now"),
    tried_again(Step.DATA, "451 4.3.0 local error"),
    tried_again(Step.DATA, Close()),
    tried_again(Step.DOT, "451 4.7.1 greylisted"),
    tried_again(Step.DOT, "421 4.7.0 too much from you"),
    tried_again(Step.RCPT, Stall()),
    refused(Step.RCPT, "550 5.1.1 no such user", "recipient", is_suppressed=True),
    refused(Step.RCPT, "550 5.7.1 blocked", "policy"),
    refused(Step.DOT, "550 5.7.26 not authenticated", "policy"),
    refused(Step.DOT, "552 5.3.4 too big", "message"),
    refused(Step.DOT, "554 5.2.2 mailbox full", "mailbox"),
    # A short message is with the network, its dot included, before the server reads any of it.
    Case(step=Step.BODY, act=Close(), first=DOUBT, last=DOUBT, arrives=0),
    doubted(Close(), arrives=0),
    doubted(StoreThenClose(), arrives=1),
    doubted(Stall(), arrives=0),
    Case(step=Step.DOT, act=Drip(seconds_per_byte=0.01), first=SENT, last=SENT),
)
#: Between two troubles come readers without any, so that no run of failures pauses the campaign.
APART = 3


@pytest.fixture
def server() -> Iterator[SmtpServer]:
    with SmtpServer() as running:
        yield running


@pytest.fixture
def stage(settings: Settings, database: Database) -> Iterator[Stage]:
    prepared = Stage(settings, database, days=1, max_per_second="unlimited")
    yield prepared
    prepared.provider.close()


def test_every_reader_comes_to_the_right_end(stage: Stage, server: SmtpServer) -> None:
    stage.add_readers(APART * len(CASES))
    by_reader = {address_of(APART * number): case for number, case in enumerate(CASES, start=1)}
    for address, case in by_reader.items():
        server.faults.add(SmtpFault(step=case.step, act=case.act, to=address, times=1))
    provider = _send_through(stage, server)

    stage.send(DAY_1)
    first = ends(stage)
    assert {one: first[one] for one in by_reader} == {o: c.first for o, c in by_reader.items()}
    assert all(end == SENT for one, end in first.items() if one not in by_reader)

    stage.send(LATER)
    last = ends(stage)
    assert {one: last[one] for one in by_reader} == {o: c.last for o, c in by_reader.items()}
    arrived = Counter(received.recipient for received in server.received)
    assert {one: arrived[one] for one in by_reader} == {o: c.arrives for o, c in by_reader.items()}
    assert set(arrived.values()) == {1}
    assert suppressed(stage) == {one for one, case in by_reader.items() if case.is_suppressed}
    again = {one: tries for one, tries in provider.tries.items() if len(tries) > 1}
    assert set(again) == {one for one, case in by_reader.items() if case.first == PLANNED}
    assert all(len(set(tries)) == 1 for tries in again.values()), "a retry is the same bytes"


@pytest.mark.parametrize(
    "trouble",
    [
        SmtpFault(step=Step.CONNECT, act=Say(line="421 4.3.2 not now")),
        SmtpFault(step=Step.CONNECT, act=Stall()),
        SmtpFault(step=Step.CONNECT, act=Close()),
        SmtpFault(step=Step.EHLO, act=Close()),
        SmtpFault(step=Step.CONNECT, act=Say(line="554 5.7.1 go away")),
    ],
    ids=lambda trouble: f"{trouble.step}-{type(trouble.act).__name__}",
)
def test_a_server_that_lets_nobody_in_costs_no_claim(
    stage: Stage, server: SmtpServer, trouble: SmtpFault
) -> None:
    stage.add_readers(3)
    _send_through(stage, server)
    server.faults.add(trouble)
    with pytest.raises(Unreachable, match="cannot be used"):
        stage.send(DAY_1)
    assert stage.states("day-01") == {}
    server.faults.clear()
    assert stage.send(DAY_1).sent == 3


def test_a_server_that_is_not_there_costs_no_claim(stage: Stage, server: SmtpServer) -> None:
    stage.add_readers(3)
    _send_through(stage, server)
    server.close()
    with pytest.raises(Unreachable, match="cannot be used"):
        stage.send(DAY_1)
    assert stage.states("day-01") == {}


def test_tls_that_is_dropped_costs_nobody_their_mail(stage: Stage, tmp_path: Path) -> None:
    """At the handshake and at RCPT nothing has left; after the dot nobody knows."""
    stage.add_readers(40)
    context = self_signed(tmp_path).for_server()
    with SmtpServer(SmtpServerOptions(starttls=context)) as server:
        _send_through(stage, server)
        server.faults.add(SmtpFault(step=Step.HANDSHAKE, act=Close(), times=1))
        with pytest.raises(Unreachable):
            stage.send(DAY_1)
        server.faults.add(SmtpFault(step=Step.RCPT, act=Close(), to=address_of(7), times=1))
        server.faults.add(SmtpFault(step=Step.DOT, act=Close(), to=address_of(20), times=1))
        first = stage.send(DAY_1)
        assert (first.sent, first.retry_later, first.in_doubt) == (38, 1, 1)
        assert stage.send(LATER).sent == 1
        assert ends(stage)[address_of(20)] == DOUBT
        assert Counter(each.recipient for each in server.received).most_common(1)[0][1] == 1


def test_connections_that_close_silently_cost_nobody_their_mail(stage: Stage) -> None:
    stage.add_readers(60)
    with SmtpServer(SmtpServerOptions(messages_per_connection=3)) as server:
        _send_through(stage, server)
        assert stage.send(DAY_1).sent == 60
        assert set(server.counts.values()) == {1}


def test_a_server_that_loses_a_reply_to_commands_ahead_is_remembered(
    stage: Stage, database: Database
) -> None:
    """Dovecot submission takes the message and closes: one is in doubt, in all processes."""
    stage.add_readers(30)
    with SmtpServer(SmtpServerOptions(behind_dot=BehindDot.CLOSE)) as server:
        stage.provider = open_provider(_settings(server, "ahead=yes"), LedgerNotes(database))
        report = stage.send(DAY_1)
        assert (report.sent, report.in_doubt) == (29, 1)
        assert (len(server.counts), set(server.counts.values())) == (30, {1})
        later = open_provider(_settings(server, "ahead=yes"), LedgerNotes(database))
        with contextlib.closing(later):
            outcomes = list(later.send(map(make_message, range(10)), RecordingFlight()))
        assert {each.kind for each in outcomes} == {OutcomeKind.ACCEPTED}


def test_a_server_that_refuses_our_login_in_the_middle_stops_the_send(
    stage: Stage, server: SmtpServer
) -> None:
    stage.add_readers(40)
    _send_through(stage, server)
    server.faults.add(
        SmtpFault(
            step=Step.RCPT, act=Say(line="530 5.7.0 log in first"), to=address_of(12), times=1
        )
    )
    with pytest.raises(ProviderRefused, match="log in first"):
        stage.send(DAY_1)
    states = stage.states("day-01")
    assert set(states) == {"sent", "planned"}
    assert stage.send(DAY_1).sent == states["planned"]
    assert set(server.counts.values()) == {1}


def test_a_server_that_is_lost_in_the_middle_pauses_and_nobody_is_lost(stage: Stage) -> None:
    stage.add_readers(80)
    with SmtpServer() as server:
        provider = _send_through(stage, server)
        last = address_of(20)
        server.faults.add(SmtpFault(step=Step.DOT, act=StoreThenClose(), to=last, times=1))
        for number in range(21, 81):
            server.faults.add(SmtpFault(step=Step.RCPT, act=Close(), to=address_of(number)))
        first = stage.send(DAY_1)
        assert first.in_doubt == 1
        assert first.sent + first.retry_later + first.remaining + 1 == 80
        assert is_paused(stage)
        assert first.retry_later < 10 + MOST_ON_THE_WIRE
        server.faults.clear()
        go_on(stage)
        second = stage.send(LATER)
        assert second.sent == first.retry_later + first.remaining
        assert set(server.counts.values()) == {1}
        assert len(server.counts) == 80
        assert all(len(set(tries)) == 1 for tries in provider.tries.values())


def test_a_refused_recipient_holds_up_nobody_behind(stage: Stage) -> None:
    """What would be about us as a whole, if it were not said of one person only."""
    stage.add_readers(30)
    with SmtpServer() as server:
        _send_through(stage, server)
        poison = Say(line="504 5.5.4 parameter not implemented")
        server.faults.add(SmtpFault(step=Step.RCPT, act=poison, to=address_of(12)))
        report = stage.send(DAY_1)
    assert (report.sent, report.failed) == (29, 1)
    assert not is_paused(stage)


def test_who_is_refused_first_of_all_comes_later_in_the_next_run(stage: Stage) -> None:
    stage.add_readers(10)
    with SmtpServer() as server:
        poison = Say(line="554 5.7.1 relay access denied")
        server.faults.add(SmtpFault(step=Step.RCPT, act=poison, to=address_of(1)))
        _send_through(stage, server)
        with pytest.raises(ProviderRefused, match="relay access denied"):
            stage.send(DAY_1)
        stage.send(DAY_1)
        assert (len(server.counts), set(server.counts.values())) == (9, {1})
        assert stage.send(LATER).failed == 1


def _send_through(stage: Stage, server: SmtpServer) -> Remembering:
    provider = Remembering(open_provider(_settings(server)))
    stage.provider = provider
    return provider


def _settings(server: SmtpServer, *options: str) -> Settings:
    query = "&".join(("connections=4", "timeout=1", *options))
    return Settings(workspace=Path(), provider_url=f"smtp://127.0.0.1:{server.port}?{query}")
