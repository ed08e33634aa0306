"""A Maildir is read by the time when a file came there, and left as it is."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest

from lovecampaign.core.errors import UsageError
from lovecampaign.delivery.inbox.mail_files import MailFile
from lovecampaign.delivery.inbox.mailboxes.mailbox import BATCH_BYTES, BATCH_MAILS, batches
from lovecampaign.delivery.inbox.mailboxes.maildir import InboundSpool, MaildirMailbox
from lovecampaign.store.ledger.inbox_cursor import InboxCursor


class Folder:
    """A Maildir, read again and again as one process does."""

    def __init__(self, path: Path) -> None:
        self.path = path
        for name in ("cur", "new", "tmp"):
            (path / name).mkdir()
        self.mailbox = MaildirMailbox(path, "maildir:test")
        self.cursor: InboxCursor | None = None

    def deliver(self, name: str, raw: bytes = b"", folder: str = "new") -> Path:
        file = self.path / folder / name
        file.write_bytes(raw or name.encode())
        return file

    def read(self) -> list[str]:
        found = []
        for batch in self.mailbox.read(self.cursor):
            found += [one.raw.decode() for one in batch.mails]
            self.cursor = batch.cursor or self.cursor
        return found


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return Folder(tmp_path)


def test_each_mail_is_read_once_whatever_its_flags_become(folder: Folder) -> None:
    folder.deliver("1")
    folder.deliver("2:2,S", folder="cur")
    assert sorted(folder.read()) == ["1", "2:2,S"]

    (folder.path / "new" / "1").rename(folder.path / "cur" / "1:2,RS")
    old = folder.deliver("3")
    os.utime(old, (0, 0))
    assert folder.read() == ["3"]
    assert folder.read() == []
    assert sum(1 for _ in folder.path.rglob("*:2,*")) == 2


def test_another_process_reads_at_most_the_last_minutes_again(folder: Folder) -> None:
    folder.deliver("1")
    folder.read()
    assert folder.cursor is not None
    folder.mailbox = MaildirMailbox(folder.path, "maildir:test")
    assert folder.read() == ["1"]

    later = folder.cursor.position + 3600 * 10**9
    folder.mailbox = MaildirMailbox(folder.path, "maildir:test")
    folder.cursor = InboxCursor(validity=0, position=later)
    assert folder.read() == []
    assert folder.cursor.position == later


def test_waiting_ends_when_mail_comes(folder: Folder) -> None:
    folder.read()
    threading.Timer(0.1, folder.deliver, ["1"]).start()
    folder.mailbox.wait(threading.Event())
    assert folder.read() == ["1"]


def test_a_folder_that_is_no_maildir_is_told(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="which is no Maildir"):
        list(MaildirMailbox(tmp_path / "none", "maildir:none").read(None))


def test_a_spool_is_emptied_by_what_was_taken_in(tmp_path: Path) -> None:
    spool = InboundSpool(tmp_path)
    assert list(spool.read(None)) == []
    (tmp_path / "new").mkdir()
    for number in range(BATCH_MAILS + 1):
        (tmp_path / "new" / f"{number:03}").write_bytes(b"x")

    first = next(spool.read(None))
    assert len(first.mails) == BATCH_MAILS
    assert sum(1 for _ in (tmp_path / "new").iterdir()) == BATCH_MAILS + 1, "nothing is stored yet"
    assert [len(batch.mails) for batch in spool.read(None)] == [BATCH_MAILS, 1]
    assert list((tmp_path / "new").iterdir()) == []


def test_a_batch_has_a_limit_of_bytes() -> None:
    mails = [MailFile(name="", raw=bytes(BATCH_BYTES // 2)) for _ in range(5)]
    assert [len(group) for group in batches(mails)] == [2, 2, 1]
