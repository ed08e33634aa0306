"""Limits of a server on our rate and our connections hold the mail; no message fails for them."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from contextlib import closing

import pytest

from lovecampaign.core.message import FaultKind, Outcome, OutcomeKind
from lovecampaign.providers.smtp.connect import Security, SmtpTarget, TimeLimits
from lovecampaign.providers.smtp.provider import ConnectionPolicy, SmtpProvider
from lovecampaign.testing.messages import RecordingFlight, make_message
from lovecampaign.testing.smtp_connection import EXTENSIONS, SmtpServerOptions
from lovecampaign.testing.smtp_server import SmtpServer

POLICY = ConnectionPolicy(cooldown_seconds=0, hold_seconds=0.1)


@pytest.fixture(params=[EXTENSIONS, ()], ids=["pipelined", "plain"])
def server(request: pytest.FixtureRequest) -> Iterator[SmtpServer]:
    with SmtpServer(SmtpServerOptions(extensions=request.param)) as running:
        yield running


def provider_of(
    server: SmtpServer, connections: int = 1, policy: ConnectionPolicy = POLICY
) -> SmtpProvider:
    target = SmtpTarget(
        host=server.host,
        port=server.port,
        security=Security.LOOPBACK,
        limits=TimeLimits.all_of(10),
    )
    return SmtpProvider(target, connections=connections, policy=policy)


def send(provider: SmtpProvider, numbers: Iterable[int]) -> list[Outcome]:
    return list(provider.send([make_message(each) for each in numbers], RecordingFlight()))


def mails(server: SmtpServer) -> int:
    return sum(command.startswith("MAIL") for each in server.commands for command in each)


@pytest.mark.parametrize("connections", [1, 4])
def test_after_a_refusal_for_our_rate_the_rest_is_held_and_not_offered(
    server: SmtpServer, connections: int
) -> None:
    server.set_options(mails_per_window=10)
    with closing(provider_of(server, connections)) as provider:
        outcomes = send(provider, range(60))
        held = [outcome for outcome in outcomes if outcome.is_held]
        assert [o.kind for o in outcomes].count(OutcomeKind.ACCEPTED) == 10
        assert len(held) == 50
        assert all("too much mail from" in each.detail for each in held)
        assert not any(each.is_outage for each in outcomes)
        assert mails(server) <= 10 + 2 * connections


def test_after_the_hold_messages_go_out_more_slowly(server: SmtpServer) -> None:
    server.set_options(mails_per_window=5, window_seconds=0.3)
    left = {f"delivery-{number:06d}": number for number in range(20)}
    with closing(provider_of(server)) as provider:
        while left:
            for outcome in send(provider, left.values()):
                if outcome.kind is OutcomeKind.ACCEPTED:
                    del left[outcome.delivery_id]
            time.sleep(0.1 if left else 0)
    assert set(server.counts.values()) == {1}
    assert len(server.counts) == 20
    assert mails(server) <= 20 + 10, "the pace keeps to the limit, nearly"


def test_too_many_connections_is_a_reason_to_wait_and_no_outage(server: SmtpServer) -> None:
    server.set_options(connections_at_once=0)
    with closing(provider_of(server, connections=2)) as provider:
        [outcome] = send(provider, range(1))
    assert (outcome.kind, outcome.fault) == (OutcomeKind.TRANSIENT, FaultKind.PROVIDER)
    assert "too many connections" in outcome.detail
    assert outcome.is_held
    assert not outcome.is_outage


def test_a_limit_equal_to_our_connections_lets_them_be_renewed(server: SmtpServer) -> None:
    """A server may count a connection for a moment after its QUIT."""
    server.set_options(connections_at_once=2)
    policy = ConnectionPolicy(messages_per_connection=5)
    with closing(provider_of(server, connections=2, policy=policy)) as provider:
        outcomes = send(provider, range(60))
    assert [o.kind for o in outcomes] == [OutcomeKind.ACCEPTED] * 60
