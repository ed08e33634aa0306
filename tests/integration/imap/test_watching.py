"""`run` and `inbox` keep hearing: woken by the server, after its restart, and after a kill."""

from __future__ import annotations

import threading
import time

from lovecampaign.core.errors import LovecampaignError
from lovecampaign.core.settings import Settings
from lovecampaign.delivery.inbox.mailboxes.mailbox import Mailbox
from lovecampaign.delivery.inbox.reader import InboxReader
from lovecampaign.delivery.inbox.watcher import InboxWatcher
from lovecampaign.store import tables
from lovecampaign.store.database.engine import Database
from lovecampaign.testing.campaigns import write_campaign
from tests.chaos.commands import Commands
from tests.integration.imap.dovecot import Account, Dovecot
from tests.integration.imap.test_reading import mail
from tests.integration.serve.support.letters import rows_of
from tests.support.wait_until import wait_until


class Watch:
    """What a watcher reports."""

    def __init__(self, mailbox: Mailbox, reader: InboxReader) -> None:
        self.read = 0
        self.outages: list[LovecampaignError | None] = []
        self.bugs: list[BaseException] = []
        self.watcher = InboxWatcher(
            mailbox=mailbox,
            reader=reader,
            on_mail=lambda counts: setattr(self, "read", self.read + counts.read),
            on_outage=self.outages.append,
            on_bug=self.bugs.append,
            first_pause_seconds=0.05,
        )


def test_new_mail_wakes_the_watcher_and_a_server_that_comes_back_is_read_on(
    dovecot: Dovecot, account: Account, mailbox: Mailbox, reader: InboxReader
) -> None:
    watch = Watch(mailbox, reader)
    account.deliver(mail(1))
    with watch.watcher.watching():
        wait_until(lambda: watch.read == 1)
        began = time.monotonic()
        account.deliver(mail(2))
        wait_until(lambda: watch.read == 2)
        assert time.monotonic() - began < 45, "by IDLE, and not by the minute"

        dovecot.stop()
        wait_until(lambda: watch.outages)
        time.sleep(0.3)
        assert len(watch.outages) == 1
        account.deliver(mail(3))
        dovecot.start()
        wait_until(lambda: watch.read == 3)
    wait_until(lambda: "inbox" not in {thread.name for thread in threading.enumerate()})
    assert [error is None for error in watch.outages] == [False, True]
    assert watch.bugs == []


def test_waiting_ends_when_it_is_told_to(account: Account, mailbox: Mailbox) -> None:
    list(mailbox.read(None))
    stop = threading.Event()
    stop.set()
    began = time.monotonic()
    mailbox.wait(stop)
    assert time.monotonic() - began < 5


def test_a_kill_at_any_moment_loses_and_doubles_nothing(
    account: Account, commands: Commands, settings: Settings, database: Database
) -> None:
    write_campaign(settings.workspace)
    account.deliver(*(mail(number) for number in range(600)))
    environment = {
        "LOVECAMPAIGN_SECRET_KEY": "test-key",
        "LOVECAMPAIGN_DATABASE_URL": settings.database_url,
        "LOVECAMPAIGN_INBOX": account.url,
    }

    def stored() -> int:
        return len(rows_of(database, tables.incoming_mail))

    def kill_after(number: int) -> None:
        running = commands.start("inbox", folder=settings.workspace, settings=environment)
        wait_until(lambda: stored() >= number)
        running.kill()

    kill_after(1)
    kill_after(250)
    commands.start("inbox", folder=settings.workspace, settings=environment).end().done()

    assert stored() == 600
    assert account.flags() == set()
