from __future__ import annotations

from pathlib import Path

import pytest

from lovecampaign.core.errors import UsageError
from lovecampaign.delivery.inbox.mail_files import read_mail
from lovecampaign.delivery.inbox.sort_files import sort_files
from lovecampaign.delivery.inbox.sorting.kinds import MailKind
from tests.unit.delivery.inbox.mails import dsn, letter

FROM = b"From ana@reader.example Mon Feb  1 12:00:00 2027\n"


def test_an_mbox_is_split_where_mails_begin_and_nowhere_else(tmp_path: Path) -> None:
    file = tmp_path / "in.mbox"
    file.write_bytes(FROM + letter("One\n\n>From here on\nFrom there") + b"\n" + FROM + dsn())

    assert [one.name for one in read_mail(file)] == [f"{file}#1", f"{file}#2"]
    first, second = sort_files([file])
    assert first.mail.text == "One\n\nFrom here on\nFrom there"
    assert second.mail.kind is MailKind.BOUNCE_HARD


def test_a_maildir_is_read_with_its_subfolders_and_stays_as_it_is(tmp_path: Path) -> None:
    for folder in ("new", "cur", "tmp", ".Junk/new"):
        (tmp_path / folder).mkdir(parents=True)
    (tmp_path / "new" / "1.a").write_bytes(letter("One"))
    (tmp_path / "tmp" / "2.a").write_bytes(letter("half written"))
    (tmp_path / ".Junk" / "new" / "3.a").write_bytes(dsn())
    before = sorted(tmp_path.rglob("*"))

    kinds = {one.mail.kind for one in sort_files([tmp_path])}

    assert kinds == {MailKind.LETTER, MailKind.BOUNCE_HARD}
    assert sorted(tmp_path.rglob("*")) == before


def test_an_eml_that_begins_with_a_line_of_an_mbox_is_one_mail(tmp_path: Path) -> None:
    file = tmp_path / "one.eml"
    file.write_bytes(FROM + letter("One\n\nFrom me, Mon Feb  1 12:00:00 2027"))

    (mail,) = sort_files([file])

    assert mail.file == str(file)
    assert mail.mail.kind is MailKind.LETTER


@pytest.mark.parametrize("name", ["", "missing.eml"])
def test_what_holds_no_mail_is_named(tmp_path: Path, name: str) -> None:
    with pytest.raises(UsageError) as caught:
        sort_files([tmp_path / name])
    assert str(tmp_path) in caught.value.message


def test_the_same_words_twice_are_a_programs_and_the_same_mail_twice_is_one(tmp_path: Path) -> None:
    mails = {
        "a": letter("We have your mail.", Message_ID="<1@x>"),
        "b": letter("We have your mail.", Message_ID="<2@x>"),
        "c": letter("Hello", Message_ID="<3@x>"),
        "d": letter("Hello", Message_ID="<3@x>", Delivered_To="other@bloom.example"),
    }
    for name, raw in mails.items():
        (tmp_path / f"{name}.eml").write_bytes(raw)

    sorted_mail = [one.mail for one in sort_files([tmp_path])]

    assert [one.kind.value for one in sorted_mail] == ["automatic", "automatic", "letter", "letter"]
    assert sorted_mail[2].key == sorted_mail[3].key
