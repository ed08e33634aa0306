"""A real IMAP server, and readers of its accounts."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from lovecampaign.core.clock import FixedClock
from lovecampaign.core.settings import Settings
from lovecampaign.delivery.inbox.mailboxes.mailbox import Mailbox
from lovecampaign.delivery.inbox.mailboxes.open import open_mailbox
from lovecampaign.delivery.inbox.reader import InboxReader
from lovecampaign.store.database.engine import Database
from lovecampaign.testing.certificate import self_signed
from tests.integration.delivery.test_provider_events import NOW, SIGNER
from tests.integration.imap.dovecot import Account, Dovecot, running_dovecot


@pytest.fixture(scope="session")
def dovecot(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Dovecot]:
    with running_dovecot(self_signed(tmp_path_factory.mktemp("imap"))) as server:
        yield server


@pytest.fixture
def account(dovecot: Dovecot) -> Account:
    return dovecot.new_account()


@pytest.fixture
def open_at() -> Iterator[Callable[[str], Mailbox]]:
    """Opens the mailbox of a URL; it is closed after the test."""
    opened = []

    def open_at(url: str) -> Mailbox:
        found = open_mailbox(Settings(workspace=Path(), inbox_url=url))
        assert found is not None
        opened.append(found)
        return found

    yield open_at
    for one in opened:
        one.close()


@pytest.fixture
def mailbox(account: Account, open_at: Callable[[str], Mailbox]) -> Mailbox:
    return open_at(account.url)


@pytest.fixture
def reader(database: Database) -> InboxReader:
    return InboxReader(database=database, signer=SIGNER, clock=FixedClock(NOW), campaigns=dict)
