"""The access log's file, also after a rotation."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from lovecampaign.web.serve.http.access_log import LogFile


def test_lines_are_added_to_what_is_there(tmp_path: Path) -> None:
    file = tmp_path / "access.log"
    file.write_text("before\n")

    LogFile(file).write_line("é")

    assert file.read_text("utf-8") == "before\né\n"


def test_a_file_that_was_moved_away_is_opened_anew(tmp_path: Path) -> None:
    file = tmp_path / "access.log"
    log = LogFile(file)
    for line, name in (("one", "moved"), ("two", "moved again"), ("three", "access.log")):
        log.write_line(line)
        file.rename(tmp_path / name)

    assert (tmp_path / "moved").read_text() == "one\n"
    assert (tmp_path / "moved again").read_text() == "two\n"
    assert file.read_text() == "three\n"


def test_a_full_disk_keeps_nobody_from_a_page() -> None:
    LogFile(Path("/dev/full")).write_line("nowhere")


def test_where_no_file_can_be_opened_lines_go_into_the_former_one(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """A folder that is gone, a full disk, too many open files: said once, and followed later."""
    folder, moved = tmp_path / "logs", tmp_path / "moved"
    folder.mkdir()
    log = LogFile(folder / "access.log")
    folder.rename(moved)

    log.write_line("one")
    log.write_line("two")
    folder.mkdir()
    log.write_line("three")

    assert (moved / "access.log").read_text() == "one\ntwo\n"
    assert (folder / "access.log").read_text() == "three\n"
    assert caplog.text.count("cannot be reopened") == 1


def test_a_log_closes_no_file_of_others(tmp_path: Path) -> None:
    folder = tmp_path / "logs"
    folder.mkdir()
    log = LogFile(folder / "access.log")
    folder.rename(tmp_path / "moved")
    log.write_line("one")

    with (tmp_path / "others").open("w") as other:  # has the lowest number that is free
        log.write_line("two")
        os.fstat(other.fileno())
