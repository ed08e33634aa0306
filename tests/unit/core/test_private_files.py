"""Private files and folders are closed to others under every umask."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from lovecampaign.core.private_files import (
    is_open_to_others,
    make_private_file,
    make_private_folder,
    open_private,
)


@pytest.fixture(params=[0o000, 0o022, 0o077], autouse=True)
def umask(request: pytest.FixtureRequest) -> Iterator[None]:
    before = os.umask(request.param)
    yield
    os.umask(before)


def mode(path: Path) -> int:
    return path.stat().st_mode & 0o777


def test_a_new_file_is_its_owners_alone(tmp_path: Path) -> None:
    make_private_file(tmp_path / "one")
    with open(tmp_path / "two", "x", opener=open_private) as file:
        file.write("words")
    assert [mode(tmp_path / name) for name in ("one", "two")] == [0o600, 0o600]


def test_a_new_folder_is_its_owners_alone(tmp_path: Path) -> None:
    make_private_folder(tmp_path / "above" / "outbox")
    assert mode(tmp_path / "above" / "outbox") == 0o700


def test_what_is_there_keeps_its_mode_and_content(tmp_path: Path) -> None:
    folder, file = tmp_path / "folder", tmp_path / "file"
    folder.mkdir()
    folder.chmod(0o750)
    file.write_text("words")
    file.chmod(0o640)
    make_private_folder(folder)
    make_private_file(file)
    assert (mode(folder), mode(file), file.read_text()) == (0o750, 0o640, "words")
    assert is_open_to_others(folder)
    assert is_open_to_others(file)
    assert not is_open_to_others(tmp_path / "missing")
