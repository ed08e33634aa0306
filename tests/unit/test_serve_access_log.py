"""Where do the lines of the access log go?"""

from __future__ import annotations

from pathlib import Path

from lovecampaign.web.serve.access_log import LogFile


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
