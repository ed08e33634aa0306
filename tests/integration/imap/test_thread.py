"""The thread of letter and answer holds in both mailboxes, by SMTP, as imap-tools reads them."""

from __future__ import annotations

import smtplib
from collections.abc import Callable
from contextlib import ExitStack
from datetime import datetime, timedelta
from pathlib import Path

from imap_tools.mailbox import MailBoxUnencrypted
from imap_tools.message import MailMessage

from lovecampaign.core.settings import Settings
from lovecampaign.delivery.inbox.mailboxes.mailbox import Mailbox
from lovecampaign.delivery.inbox.reader import InboxCounts, InboxReader
from lovecampaign.providers.factory import open_provider
from lovecampaign.store.database.engine import Database
from lovecampaign.testing.smtp_server import SmtpServer
from tests.integration.desk.reply_desk import ANNA, ReplyDesk
from tests.integration.imap.dovecot import PASSWORD, Account, Dovecot
from tests.unit.delivery.inbox.mails import letter


class Mailer:
    """SMTP servers on both sides: what each takes lies in a mailbox of Dovecot's."""

    def __init__(self, stack: ExitStack, dovecot: Dovecot, ours: Account) -> None:
        self.ours, self.hers = ours, dovecot.new_account()
        self.our_server = stack.enter_context(SmtpServer())
        self.her_server = stack.enter_context(SmtpServer())
        url = f"smtp://127.0.0.1:{self.her_server.port}"
        self.provider = open_provider(Settings(workspace=Path(), provider_url=url))
        stack.callback(self.provider.close)

    def deliver_to_her(self) -> MailMessage:
        """Her newest mail, as her mail program shows it."""
        taken = self.her_server.received
        self.hers.deliver(*(one.content for one in taken[self.hers.size() :]))
        with MailBoxUnencrypted("127.0.0.1", self.hers.port) as box:
            box.login_utf8(self.hers.name, PASSWORD)
            return list(box.fetch(mark_seen=False))[-1]

    def send_to_us(self, raw: bytes) -> None:
        with smtplib.SMTP("127.0.0.1", self.our_server.port) as wire:
            wire.sendmail(ANNA, ["letters@bloom.example"], raw)
        self.ours.deliver(self.our_server.received[-1].content)


def reply(to: MailMessage, text: str, id_: str, at: datetime) -> bytes:
    """As mail programs write it."""
    known = " ".join([*to.obj.get_all("References", []), *to.headers["message-id"]])
    return letter(
        text,
        From=ANNA,
        To=to.from_,
        Subject=f"Re: {to.subject}",
        Message_ID=id_,
        In_Reply_To=to.headers["message-id"][0],
        References="\n ".join(known.split()),  # folded, as programs do
        Date=at.strftime("%a, %d %b %Y %H:%M:%S +0000"),
    )


def test_the_thread_holds_in_both_directions_over_smtp_and_imap(
    dovecot: Dovecot,
    account: Account,
    open_at: Callable[[str], Mailbox],
    settings: Settings,
    database: Database,
) -> None:
    with ExitStack() as stack:
        mailer = Mailer(stack, dovecot, account)
        desk = ReplyDesk(settings, database, days=1)
        desk.provider = mailer.provider
        desk.add_readers(1)
        desk.send()
        desk.clock.move_to(desk.now + timedelta(hours=2))
        inbox = InboxReader(
            database=database,
            signer=desk.signer,
            clock=desk.clock,
            campaigns=lambda: {desk.campaign.id: desk.campaign},
        )
        _write_to_and_fro(mailer, desk, lambda: inbox.read(open_at(account.url)))


def _write_to_and_fro(mailer: Mailer, desk: ReplyDesk, read: Callable[[], InboxCounts]) -> None:
    shown = first = mailer.deliver_to_her()
    thread = [*first.headers["message-id"]]
    for number, words in enumerate(("Where is it?", "It did not come.", "Now it has come!")):
        id_ = f"<{number}@reader.example>"
        mailer.send_to_us(reply(shown, words, id_, desk.now - timedelta(minutes=5)))
        counts = read()
        assert (counts.letters, counts.unmatched) == (1, 0)
        heard = desk.letters()[-1]
        assert (heard.text, heard.subscriber_id) == (words, desk.letters()[0].subscriber_id)
        desk.answer(heard, f"Answer {number}: dear Anna.")
        desk.deliver()

        shown = mailer.deliver_to_her()
        thread.append(id_)
        assert shown.headers["in-reply-to"] == (id_,)
        assert " ".join(shown.headers["references"]).split() == thread
        assert shown.subject == f"Re: {first.subject}"
        assert not any(name.startswith("list-") for name in shown.headers)
        thread.extend(shown.headers["message-id"])
        desk.clock.move_to(desk.now + timedelta(hours=1))
    assert {one.recipient for one in mailer.her_server.received} == {ANNA}
