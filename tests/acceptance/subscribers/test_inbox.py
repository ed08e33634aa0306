"""inbox: what came back is told, acted on once, and explained."""

from __future__ import annotations

import contextlib
import email
import sqlite3
from email.utils import parseaddr

from tests.acceptance.program import Shop
from tests.unit.delivery.inbox.mails import dsn, file_part, letter, letter_with_files

NOW = ("--now", "2027-02-01T21:00Z")


def test_a_bounce_is_named_then_applied_once_and_explained(shop: Shop) -> None:
    shop.type("send", "--yes", "--now", "2027-02-01T20:00Z").done()
    sent = next(iter((shop.folder / "outbox" / "new").iterdir()))
    message = email.message_from_bytes(sent.read_bytes())
    address, token = parseaddr(message["To"])[1], message["X-Lovecampaign-Delivery"]
    (shop.folder / "back.eml").write_bytes(dsn(token=token, email=address))

    (mail,) = shop.data("inbox", "sort", "back.eml")["mails"]
    assert (mail["kind"], mail["email"], mail["delivery"]) == ("bounce_hard", address, token)
    assert (mail["key"], mail["status"]) == ("day-01", "5.1.1")
    assert shop.data("suppressions")["suppressions"] == []

    assert shop.data("inbox", "sort", "back.eml", "--apply", *NOW)["new"] == 1
    assert shop.data("inbox", "sort", "back.eml", "--apply", *NOW)["new"] == 0
    (suppressed,) = shop.data("suppressions")["suppressions"]
    assert (suppressed["email"], suppressed["reason"]) == (address, "hard_bounce")
    assert "bounced" in shop.type("explain", address, *NOW).done().out


def test_the_files_of_a_letter_are_kept(shop: Shop) -> None:
    raw = letter_with_files("Look", file_part("tulip.jpg", b"\0\xff"))
    (shop.folder / "letter.eml").write_bytes(raw)

    shop.type("inbox", "sort", "letter.eml", "--apply", *NOW).done()
    with contextlib.closing(sqlite3.connect(shop.folder / "lovecampaign.db")) as database:
        files = database.execute("SELECT name, size, content FROM incoming_attachment").fetchall()
    assert files == [("tulip.jpg", 2, b"\0\xff")]


def test_nonsense_is_unreadable(shop: Shop) -> None:
    (shop.folder / "nonsense.eml").write_bytes(b"\0\1\2")

    said = shop.type("inbox", "sort", "nonsense.eml").done()

    assert "1 mail: 1 unreadable." in said.out


def test_new_mail_is_read_once_by_inbox_and_by_run(shop: Shop) -> None:
    for name in ("cur", "new", "tmp"):
        (shop.folder / "post" / name).mkdir(parents=True)
    (shop.folder / "post" / "new" / "1").write_bytes(letter("Hello", From="ana@readers.example"))
    inbox = {"LOVECAMPAIGN_INBOX": "maildir:post"}

    assert shop.data("inbox", *NOW, **inbox) == {
        "read": 1, "letters": 1, "bounces_hard": 0, "bounces_soft": 0, "delayed": 0,
        "complaints": 0, "unsubscribes": 0, "automatic": 0, "unmatched": 1, "unreadable": 0,
    }  # fmt: skip
    assert "0 new (maildir:post)." in shop.type("inbox", *NOW, **inbox).done().out

    (shop.folder / "post" / "new" / "0").write_bytes(letter("Hi", Message_ID="<0@a.example>"))
    assert "1 new: 1 letter (maildir:post)." in shop.type("inbox", *NOW, **inbox).done().out
    stop = letter("Stop", From="ben@readers.example", Message_ID="<2@readers.example>")
    (shop.folder / "post" / "new" / "2").write_bytes(stop)
    shop.type("run", "--yes", *NOW, **inbox)
    (suppressed,) = shop.data("suppressions")["suppressions"]
    assert (suppressed["email"], suppressed["reason"]) == ("ben@readers.example", "unsubscribed")
    said = shop.type("explain", "ben@readers.example", *NOW).done().out
    assert "by a mail from this address that names no letter of ours" in said
    assert len(list((shop.folder / "post" / "new").iterdir())) == 3


def test_a_mailbox_that_is_missing_or_wrong_is_told_in_words(shop: Shop) -> None:
    assert "LOVECAMPAIGN_INBOX is not set" in shop.type("inbox").err
    wrong = shop.type("inbox", LOVECAMPAIGN_INBOX="maildir:nowhere")
    assert (wrong.code, "which is no Maildir" in wrong.err) == (2, True)
    gone = shop.type("inbox", LOVECAMPAIGN_INBOX="imap://ana:s3cret@127.0.0.1:1")
    assert (gone.code, "cannot be read: Connection refused" in gone.err) == (7, True)
    assert "s3cret" not in gone.err
