"""A backup is advised for a damaged file alone: it undoes what was sent since."""

from __future__ import annotations

import pytest

from lovecampaign.cli.maintain.database_advice import READ_ONLY_HINT, choose_hint
from lovecampaign.core.errors import Unreachable


@pytest.mark.parametrize(
    "words",
    [
        "says: unable to open database file",
        "can only be read: its file, folder or disk is read-only",
        "says: attempt to write a readonly database",
        "says: disk I/O error",
    ],
)
@pytest.mark.parametrize("hint", ["type: lovecampaign doctor", None])
def test_a_read_only_mount_is_to_be_made_writable(words: str, hint: str | None) -> None:
    assert choose_hint(Unreachable(words, hint=hint), is_writable=False) == READ_ONLY_HINT


@pytest.mark.parametrize("words", ["unable to open database file", "disk I/O error"])
def test_an_unclear_error_leads_to_no_backup(words: str) -> None:
    error = Unreachable(words, hint="type: lovecampaign doctor")
    hint = choose_hint(error, is_writable=True)
    assert "backup" not in hint
    assert "doctor" not in hint


def test_a_hint_about_the_very_error_stays() -> None:
    error = Unreachable("no space is left", hint="free some space")
    assert choose_hint(error, is_writable=True) == "free some space"


@pytest.mark.parametrize(
    "words", ["says: file is not a database", "says: database disk image is malformed"]
)
def test_a_damaged_file_is_to_be_replaced_by_a_backup(words: str) -> None:
    assert "backup" in choose_hint(Unreachable(words), is_writable=True)
