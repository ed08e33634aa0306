"""A real mailbox is read once, completely and without a trace in it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TypeAlias

import pytest

from lovecampaign.core.errors import LovecampaignError, Unreachable, UsageError
from lovecampaign.delivery.inbox.mailboxes.mailbox import Mailbox
from lovecampaign.delivery.inbox.reader import InboxReader
from lovecampaign.store import tables
from lovecampaign.store.database.engine import Database
from lovecampaign.store.ledger.inbox_cursor import read_cursor
from tests.integration.imap.dovecot import Account, Dovecot
from tests.integration.serve.support.letters import rows_of
from tests.unit.delivery.inbox.mails import dsn, file_part, letter, letter_with_files

OpenAt: TypeAlias = Callable[[str], Mailbox]


def mail(number: int, text: str = "") -> bytes:
    return letter(text or f"Letter {number}", Message_ID=f"<{number}@reader.example>")


def test_new_mail_is_taken_in_once_and_left_as_it_was(
    account: Account, mailbox: Mailbox, reader: InboxReader, database: Database, open_at: OpenAt
) -> None:
    picture = file_part("a.jpg", b"\0\xff")
    account.deliver(mail(1), dsn(), letter_with_files("Look", picture, Message_ID="<a@a.example>"))
    counts = reader.read(mailbox)

    assert (counts.read, counts.letters, counts.bounces_hard, counts.unmatched) == (3, 2, 1, 3)
    assert (account.size(), account.flags()) == (3, set())
    assert [one.content for one in rows_of(database, tables.incoming_attachment)] == [b"\0\xff"]

    account.deliver(mail(2))
    assert reader.read(mailbox).read == 1
    assert reader.read(mailbox).read == 0
    assert reader.read(open_at(account.url)).read == 0


def test_a_large_mailbox_is_read_in_batches(
    account: Account, mailbox: Mailbox, reader: InboxReader
) -> None:
    account.deliver(*(mail(number) for number in range(450)))
    sizes: list[int] = []
    counts = reader.read(mailbox, lambda batch: sizes.append(batch.read))

    assert counts.read == 450
    assert max(sizes) <= 100


def test_a_new_uidvalidity_loses_and_doubles_nothing(
    dovecot: Dovecot,
    account: Account,
    mailbox: Mailbox,
    reader: InboxReader,
    database: Database,
) -> None:
    account.deliver(mail(1), mail(2))
    reader.read(mailbox)
    before = read_cursor(database, mailbox.name)
    mailbox.close()
    dovecot.stop()  # what it has in memory, it would write again
    account.begin_anew()
    dovecot.start()
    account.deliver(mail(3))

    assert reader.read(mailbox).read == 1
    after = read_cursor(database, mailbox.name)
    assert before is not None
    assert after is not None
    assert before.validity != after.validity
    assert len(rows_of(database, tables.incoming_mail)) == 3


def test_mail_that_others_delete_meanwhile_hides_no_other(
    account: Account, mailbox: Mailbox, reader: InboxReader
) -> None:
    account.deliver(*(mail(number) for number in range(450)))
    read = []

    def delete_some(batch: object) -> None:
        read.append(batch)
        if len(read) == 1:
            for file in sorted((account.folder / "cur").iterdir())[:50]:
                file.unlink()

    assert reader.read(mailbox, delete_some).read == 450
    account.deliver(mail(451))
    assert reader.read(mailbox).read == 1


def test_a_reader_that_ends_in_the_middle_goes_on_there(
    account: Account, mailbox: Mailbox, reader: InboxReader, database: Database, open_at: OpenAt
) -> None:
    account.deliver(*(mail(number) for number in range(250)))
    with pytest.raises(RuntimeError):
        reader.read(mailbox, lambda _batch: (_ for _ in ()).throw(RuntimeError))
    assert 0 < len(rows_of(database, tables.incoming_mail)) < 250

    again = open_at(account.url)
    reader.read(again)
    assert len(rows_of(database, tables.incoming_mail)) == 250


def test_a_folder_and_a_login_with_special_characters_over_tls(
    dovecot: Dovecot,
    account: Account,
    reader: InboxReader,
    monkeypatch: pytest.MonkeyPatch,
    open_at: OpenAt,
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(dovecot.certificate.path))
    account.deliver(mail(1))

    assert reader.read(open_at(account.tls_url)).read == 1
    assert reader.read(open_at(f"{account.tls_url}/INBOX")).read == 0


@pytest.mark.parametrize(
    ("change", "kind", "words"),
    [
        (("user", "nouser"), Unreachable, "does not accept the user or the password"),
        ((":sec%2F", ":bad"), Unreachable, "does not accept the user or the password"),
        (("127.0.0.1", "127.0.0.1"), UsageError, "no folder Nowhere"),
        (("imap://", "imaps://"), Unreachable, "cannot be read"),
    ],
)
def test_what_is_wrong_is_said_without_the_password(
    account: Account,
    reader: InboxReader,
    change: tuple[str, str],
    kind: type[LovecampaignError],
    words: str,
    open_at: OpenAt,
) -> None:
    with pytest.raises(kind) as error:
        reader.read(open_at(f"{account.url.replace(*change)}/Nowhere"))
    assert words in error.value.message
    assert "sec" not in f"{error.value.message} {error.value.hint}".replace("seconds", "")


def test_a_certificate_that_is_not_trusted_ends_the_connection(
    account: Account, reader: InboxReader, open_at: OpenAt
) -> None:
    with pytest.raises(Unreachable, match="certificate is not valid"):
        reader.read(open_at(account.tls_url))


def test_the_same_mail_by_imap_and_by_a_maildir_counts_once(
    account: Account, mailbox: Mailbox, reader: InboxReader, tmp_path: Path, open_at: OpenAt
) -> None:
    account.deliver(mail(1))
    for name in ("cur", "new", "tmp"):
        (tmp_path / "other" / name).mkdir(parents=True)
    forwarded = b"Received: by other.example; Mon, 1 Feb 2027 12:00:09 +0000\n" + mail(1)
    (tmp_path / "other" / "new" / "1").write_bytes(forwarded)

    assert reader.read(mailbox).read == 1
    assert reader.read(open_at(f"maildir:{tmp_path / 'other'}")).read == 0


def test_hostile_mail_is_taken_in_and_hides_no_other(
    account: Account, mailbox: Mailbox, reader: InboxReader
) -> None:
    account.deliver(
        letter(
            "many",
            Message_ID="<m@a.example>",
            **{f"X-{number}": "y" * 50 for number in range(10_000)},
        ),
        letter_with_files(
            "large",
            file_part("film.mp4", bytes(8 << 20), "video/mp4"),
            Message_ID="<l@a.example>",
        ),
        _nested(100),
        b"\0" * 5_000,
        b"From: \xff\xfe=?utf-8?q?=00?= <a\0@b.example>\nContent-Type: text/\xff\n\n\xff\0",
        b"",
        mail(2),
    )
    counts = reader.read(mailbox)

    assert counts.read == 7
    assert counts.letters >= 3
    assert reader.read(mailbox).read == 0


def _nested(depth: int) -> bytes:
    body = b"Content-Type: text/plain\n\nHello"
    for number in range(depth):
        head = f"Content-Type: multipart/mixed; boundary=b{number}\n\n--b{number}\n".encode()
        body = head + body + f"\n--b{number}--\n".encode()
    return letter("").rstrip().replace(b"Content-Type: text/plain; charset=utf-8", body)
