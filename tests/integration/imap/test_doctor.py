"""The doctor sends itself a mail to an address for bounces, and looks for it in the inbox."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from lovecampaign.cli.health.health_finding import HealthFinding, HealthState
from lovecampaign.cli.health.inbox_check import check_bounce_by_mail, make_test_mail, open_inbox
from lovecampaign.core.settings import Settings
from lovecampaign.delivery.inbox.sorting.kinds import MailKind
from lovecampaign.delivery.inbox.sorting.sort import sort_mail
from lovecampaign.providers.factory import open_provider
from lovecampaign.providers.smtp.provider import SmtpProvider
from lovecampaign.testing.faults import Say, SmtpFault, Step
from lovecampaign.testing.smtp_server import SmtpServer
from tests.integration.delivery.test_provider_events import NOW
from tests.integration.imap.dovecot import Account
from tests.integration.imap.test_reading import mail


@contextmanager
def delivering(server: SmtpServer, account: Account) -> Iterator[None]:
    """What a mail server does: what it accepts lies in the mailbox a moment later."""
    done = threading.Event()

    def deliver() -> None:
        while not done.wait(0.02):
            for one in server.received:
                account.deliver(f"Delivered-To: {one.recipient}\n".encode() + one.content)
                done.set()

    thread = threading.Thread(target=deliver)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()


def check(server: SmtpServer, account: Account, wait_seconds: float) -> HealthFinding:
    url = f"smtp://127.0.0.1:{server.port}"
    settings = Settings(workspace=Path(), provider_url=url, inbox_url=account.url)
    mailbox, end, inbox = open_inbox(settings)
    provider = open_provider(settings)
    assert mailbox is not None
    assert end is not None
    assert inbox is not None
    assert inbox.state is HealthState.GOOD
    assert isinstance(provider, SmtpProvider)
    try:
        test_mail = make_test_mail("bounces@bloom.example", "ana@bloom.example", NOW)
        return check_bounce_by_mail(provider, mailbox, end, test_mail, wait_seconds)
    finally:
        mailbox.close()
        provider.close()


def test_a_test_mail_that_arrives_shows_that_plus_addresses_work(account: Account) -> None:
    account.deliver(mail(1))
    with SmtpServer() as server, delivering(server, account):
        found = check(server, account, 20)
        (sent,) = server.received

    assert found.state is HealthState.GOOD
    assert "bounces+TEST@bloom.example was in the inbox" in found.message
    assert sent.sender == sent.recipient
    assert sort_mail(sent.content).kind is MailKind.AUTOMATIC


def test_a_test_mail_that_does_not_arrive_is_told(account: Account) -> None:
    with SmtpServer() as server:
        found = check(server, account, 0.1)

    assert found.state is HealthState.DOUBTFUL
    assert "not in the inbox" in found.message


@pytest.mark.parametrize("step", [Step.RCPT, Step.BODY])
def test_a_refused_address_is_wrong(account: Account, step: Step) -> None:
    with SmtpServer(faults=[SmtpFault(step=step, act=Say(line="550 5.1.1 unknown"))]) as server:
        found = check(server, account, 0.1)

    assert found.state is HealthState.WRONG
    assert "recipient_delimiter" in (found.hint or "")


def test_an_inbox_that_cannot_be_read_is_told(account: Account) -> None:
    url = account.url.replace("sec%2F", "bad")
    mailbox, end, found = open_inbox(Settings(workspace=Path(), inbox_url=url))

    assert mailbox is not None
    assert end is None
    assert found is not None
    assert found.is_unreachable
