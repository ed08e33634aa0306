"""The thread of letter and answer holds in both mailboxes, as imap-tools reads the reader's."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from imap_tools.mailbox import MailBoxUnencrypted
from imap_tools.message import MailMessage

from lovecampaign.core.settings import Settings
from lovecampaign.delivery.inbox.mailboxes.mailbox import Mailbox
from lovecampaign.delivery.inbox.reader import InboxReader
from lovecampaign.store.database.engine import Database
from tests.integration.desk.reply_desk import ANNA, ReplyDesk
from tests.integration.imap.dovecot import PASSWORD, Account, Dovecot
from tests.unit.delivery.inbox.mails import letter


class Reader:
    """A reader with a mailbox and a mail program of her own."""

    def __init__(self, account: Account, desk: ReplyDesk) -> None:
        self.account = account
        self.desk = desk

    def receive(self) -> MailMessage:
        """The newest mail that we sent her, as her mail program shows it."""
        self.account.deliver(self.desk.memory.sent[-1].raw)
        with MailBoxUnencrypted("127.0.0.1", self.account.port) as box:
            box.login_utf8(self.account.name, PASSWORD)
            return list(box.fetch(mark_seen=False))[-1]

    def reply(self, to: MailMessage, text: str, id_: str) -> bytes:
        older = to.obj.get_all("References", [])
        known = " ".join([*older, *to.headers["message-id"]])
        return letter(
            text,
            From=ANNA,
            To=to.from_,
            Subject=f"Re: {to.subject}",
            Message_ID=id_,
            In_Reply_To=to.headers["message-id"][0],
            References="\n ".join(known.split()),  # folded, as programs do
            Date=(self.desk.now - timedelta(minutes=5)).strftime("%a, %d %b %Y %H:%M:%S +0000"),
        )


def test_the_thread_holds_in_both_directions(
    dovecot: Dovecot,
    account: Account,
    open_at: Callable[[str], Mailbox],
    settings: Settings,
    database: Database,
) -> None:
    desk = ReplyDesk(settings, database, days=1)
    desk.add_readers(1)
    desk.send()
    desk.clock.move_to(desk.now + timedelta(hours=2))
    anna = Reader(dovecot.new_account(), desk)
    inbox = InboxReader(
        database=database,
        signer=desk.signer,
        clock=desk.clock,
        campaigns=lambda: {desk.campaign.id: desk.campaign},
    )
    thread = [*(first := anna.receive()).headers["message-id"]]
    shown = first
    for number, words in enumerate(("Where is it?", "It did not come.", "Now it has come!")):
        id_ = f"<{number}@reader.example>"
        account.deliver(anna.reply(shown, words, id_))
        assert inbox.read(open_at(account.url)).unmatched == 0
        heard = desk.letters()[-1]
        assert (heard.text, heard.subscriber_id) == (words, desk.letters()[0].subscriber_id)
        desk.answer(heard, f"Answer {number}: dear Anna.")
        desk.deliver()

        shown = anna.receive()
        thread.append(id_)
        assert shown.headers["in-reply-to"] == (id_,)
        assert " ".join(shown.headers["references"]).split() == thread
        assert shown.subject == f"Re: {first.subject}"
        thread.extend(shown.headers["message-id"])
        desk.clock.move_to(desk.now + timedelta(hours=1))
