"""The workspace's mailboxes, and what reads them."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping, Sequence

from lovecampaign.campaign.model.campaign import Campaign
from lovecampaign.cli.framework.bug_log import write_bug_log
from lovecampaign.cli.framework.invocation import Invocation
from lovecampaign.cli.output.style import red
from lovecampaign.cli.resources.lists import load_all
from lovecampaign.core.errors import LovecampaignError, UsageError
from lovecampaign.core.settings import Settings
from lovecampaign.core.tokens import TokenSigner
from lovecampaign.delivery.inbox.mailboxes.mailbox import Mailbox
from lovecampaign.delivery.inbox.mailboxes.open import VARIABLE, open_mailbox, open_spool
from lovecampaign.delivery.inbox.reader import InboxCounts, InboxReader
from lovecampaign.delivery.inbox.watcher import InboxWatcher
from lovecampaign.store.database.engine import Database


def open_mailboxes(settings: Settings) -> Sequence[Mailbox]:
    """Those of the settings; raises UsageError where there are none."""
    found = list(_open_all(settings))
    if not found:
        raise UsageError(
            f"{VARIABLE} is not set, so there is no mailbox to read",
            hint=f"in .env: {VARIABLE}=imaps://USER:PASSWORD@HOST, or maildir:PATH",
        )
    return found


def open_inbox_reader(
    invocation: Invocation, settings: Settings, database: Database
) -> InboxReader:
    """Takes new mail in for all campaigns of the workspace, as their files are at that moment."""

    def campaigns() -> Mapping[str, Campaign]:
        return {campaign.id: campaign for campaign in load_all(invocation) if campaign}

    return InboxReader(
        database=database,
        signer=TokenSigner(settings.require_secret_keys(), settings.retired_keys),
        clock=invocation.clock,
        campaigns=campaigns,
    )


@contextlib.contextmanager
def watching_inbox(
    invocation: Invocation, settings: Settings, database: Database
) -> Iterator[None]:
    """Read the mailboxes while the block runs, each in its thread; with ``--now``, once before."""
    reader = open_inbox_reader(invocation, settings, database)
    with contextlib.ExitStack() as stack:
        for mailbox in _open_all(settings):
            if invocation.chosen_now is not None:
                stack.enter_context(contextlib.closing(mailbox))
                reader.read(mailbox)
            else:
                stack.enter_context(_watcher(invocation, settings, mailbox, reader).watching())
        yield


@contextlib.contextmanager
def watching_spool(
    invocation: Invocation, settings: Settings, database: Database
) -> Iterator[None]:
    """Take in what the inbound webhook accepts while the block runs."""
    if settings.inbound_secret is None:
        yield
        return
    reader = open_inbox_reader(invocation, settings, database)
    with _watcher(invocation, settings, open_spool(settings), reader).watching():
        yield


def _open_all(settings: Settings) -> Iterator[Mailbox]:
    mailbox = open_mailbox(settings)
    if mailbox is not None:
        yield mailbox
    if settings.inbound_secret is not None:
        yield open_spool(settings)


def _watcher(
    invocation: Invocation, settings: Settings, mailbox: Mailbox, reader: InboxReader
) -> InboxWatcher:
    output = invocation.output

    def show_mail(counts: InboxCounts) -> None:
        output.show_hint(f"{mailbox.name}: {counts.describe()}")

    def show_outage(error: LovecampaignError | None) -> None:
        if error is None:
            output.show_note(f"{mailbox.name} is read again")
        else:
            output.show_note(f"{red('inbox')}: {error.message}; it is tried again")

    def note_bug(error: BaseException) -> None:
        path = write_bug_log(error, ["-C", str(settings.workspace), "run"])
        output.show_note(f"{red('inbox')}: a mistake in lovecampaign. Details: {path}")

    return InboxWatcher(
        mailbox=mailbox, reader=reader, on_mail=show_mail, on_outage=show_outage, on_bug=note_bug
    )
