"""Mail in a folder: whole or not at all, never twice under one name, and found again."""

from __future__ import annotations

import mailbox
import resource
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from lovecampaign.core.errors import Unreachable
from lovecampaign.core.message import FaultKind, OutcomeKind
from lovecampaign.providers.base.maildir import MaildirProvider
from lovecampaign.providers.base.provider import Provider
from lovecampaign.testing.messages import RecordingFlight, make_message


def test_messages_lie_in_new_as_any_mail_reader_expects(tmp_path: Path) -> None:
    provider: Provider = MaildirProvider(tmp_path / "out" / "box")
    provider.check_connection()
    messages = [make_message(number) for number in range(5)]
    outcomes = list(provider.send(messages, RecordingFlight()))
    assert [outcome.kind for outcome in outcomes] == [OutcomeKind.ACCEPTED] * 5
    box = tmp_path / "out" / "box"
    files = sorted((box / "new").iterdir(), key=lambda file: file.name.partition("Q")[2])
    assert [file.read_bytes() for file in files] == [message.raw for message in messages]
    assert list((box / "tmp").iterdir()) == []
    assert len(mailbox.Maildir(str(box), create=False)) == 5


def test_the_folder_itself_tells_what_was_sent(tmp_path: Path) -> None:
    provider = MaildirProvider(tmp_path)
    assert provider.has_sent("delivery-000001") is False
    [outcome] = provider.send([make_message(1)], RecordingFlight())
    assert provider.has_sent("delivery-000001") is True
    assert provider.has_sent("delivery-00000") is False
    read = tmp_path / "cur" / f"{Path(outcome.detail).name}:2,S"
    (tmp_path / outcome.detail).rename(read)
    assert provider.has_sent("delivery-000001") is True
    read.unlink()
    assert provider.has_sent("delivery-000001") is False


def test_ids_with_letters_that_file_names_do_not_take_are_found_again(tmp_path: Path) -> None:
    provider = MaildirProvider(tmp_path)
    for delivery_id in ("../../x", "a.b:2,S", "-_-", "test 1"):
        odd = replace(make_message(1), delivery_id=delivery_id)
        list(provider.send([odd], RecordingFlight()))
        assert provider.has_sent(delivery_id) is True
    assert len(list((tmp_path / "new").iterdir())) == 4


def test_sending_again_makes_another_file(tmp_path: Path) -> None:
    provider = MaildirProvider(tmp_path)
    list(provider.send([make_message(1), make_message(1)], RecordingFlight()))
    assert len(list((tmp_path / "new").iterdir())) == 2


def test_the_flight_is_told_before_the_file_can_be_seen(tmp_path: Path) -> None:
    class Looking(RecordingFlight):
        def writing(self, *delivery_ids: str) -> None:
            assert list((tmp_path / "new").iterdir()) == []
            super().writing(*delivery_ids)

    flight = Looking()
    list(MaildirProvider(tmp_path).send([make_message(1)], flight))
    assert [note for note, _ in flight.notes] == ["writing", "answered"]


def test_an_outbox_that_cannot_be_is_said_before_anything_is_sent(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    provider = MaildirProvider(tmp_path / "file")
    with pytest.raises(Unreachable, match="cannot be written") as raised:
        provider.check_connection()
    assert raised.value.hint
    flight = RecordingFlight()
    [outcome] = provider.send([make_message(1)], flight)
    assert (outcome.kind, outcome.fault) == (OutcomeKind.TRANSIENT, FaultKind.PROVIDER)
    assert flight.written == []


def test_a_full_disk_is_no_sent_mail(tmp_path: Path) -> None:
    """A limit on the size of files stands in for the disk: the write fails in the middle."""
    script = """
import resource, signal, sys
from pathlib import Path
from lovecampaign.providers.base.maildir import MaildirProvider
from lovecampaign.testing.messages import RecordingFlight, make_message
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (2000, 2000))
messages = [make_message(1), make_message(2, text="x " * 5000), make_message(3)]
for outcome in MaildirProvider(Path(sys.argv[1])).send(messages, RecordingFlight()):
    print(outcome.kind, outcome.fault)
"""
    assert resource.getrlimit(resource.RLIMIT_FSIZE)[1] == resource.RLIM_INFINITY
    done = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path)], capture_output=True, text=True, check=True
    )
    assert done.stdout.splitlines() == ["accepted None", "transient provider", "accepted None"]
    assert len(list((tmp_path / "new").iterdir())) == 2
    assert list((tmp_path / "tmp").iterdir()) == []


def test_a_folder_that_was_taken_away_is_made_again(tmp_path: Path) -> None:
    provider = MaildirProvider(tmp_path / "outbox")
    list(provider.send([make_message(1)], RecordingFlight()))
    (tmp_path / "outbox").rename(tmp_path / "moved")
    [outcome] = provider.send([make_message(2)], RecordingFlight())
    assert outcome.kind is OutcomeKind.ACCEPTED
