"""LOVECAMPAIGN_INBOX is read whole, and its mistakes are told without its password."""

from __future__ import annotations

from pathlib import Path

import pytest

from lovecampaign.core.errors import UsageError
from lovecampaign.core.settings import Settings
from lovecampaign.delivery.inbox.mailboxes.mailbox import Mailbox
from lovecampaign.delivery.inbox.mailboxes.open import open_mailbox


def opened(url: str | None) -> Mailbox | None:
    return open_mailbox(Settings(workspace=Path("/shop"), inbox_url=url))


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("imaps://ana:pw@mail.example", "imaps://ana@mail.example:993/INBOX"),
        ("imaps://ana%40b.example:p%2Fw@h:1993/A%20B", "imaps://ana@b.example@h:1993/A B"),
        ("IMAPS://ana:pw@mail.example/", "imaps://ana@mail.example:993/INBOX"),
        ("imap://ana:pw@127.0.0.1", "imap://ana@127.0.0.1:143/INBOX"),
        ("imap://ana:pw@[::1]:1143", "imap://ana@::1:1143/INBOX"),
        ("maildir:inbox", "maildir:inbox"),
    ],
)
def test_a_mailbox_is_named_without_its_password(url: str, name: str) -> None:
    found = opened(url)
    assert found is not None
    assert found.name == name
    assert "pw" not in repr(vars(found))
    assert "p/w" not in repr(vars(found))


@pytest.mark.parametrize("url", [None, "", "  "])
def test_without_the_setting_there_is_no_mailbox(url: str | None) -> None:
    assert opened(url) is None


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("imap://ana:hidden@mail.example", "in plain text"),
        ("imaps://mail.example", "lacks a user, a password or a host"),
        ("imaps://ana@mail.example", "lacks a user"),
        ("imaps://ana:hidden@", "lacks a user"),
        ("imaps://ana:hid#den@mail.example", "cannot be read as a URL"),
        ("imaps://ana:hid/den@mail.example", "cannot be read as a URL"),
        ("imaps://ana:hidden@mail.example:port", "cannot be read as a URL"),
        ("imaps://ana:hid%0Aden@mail.example", "control character"),
        ("pop3://ana:hidden@mail.example", "neither imaps://"),
        ("maildir:", "neither imaps://"),
        ("ana:hidden@mail.example", "neither imaps://"),
    ],
)
def test_a_mistake_is_told_without_the_password(url: str, words: str) -> None:
    with pytest.raises(UsageError, match=words) as error:
        opened(url)
    assert "hid" not in f"{error.value.message} {error.value.hint}"
