"""An edit of a campaign is seen, wherever its files are, and nothing else is."""

from __future__ import annotations

from pathlib import Path

import pytest

from lovecampaign.campaign.files.paths import TEMPLATE_FOLDER
from lovecampaign.testing.campaigns import launch_file, write_campaign
from lovecampaign.web.reload import CampaignReloader, FileChanges

#: A launch email whose copy several campaigns share.
SHARED = {"launch": {"emails": {"launch": {"copy": "../../shared/launch.md"}}}}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_campaign(tmp_path, days=1)


@pytest.fixture
def edits(folder: Path, tmp_path: Path) -> FileChanges:
    seen = FileChanges(folder, tmp_path)
    assert seen.has_changed()
    return seen


def test_what_is_not_edited_stays_the_same(edits: FileChanges, tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("of no campaign")
    assert not edits.has_changed()


def test_an_edit_is_seen_once(edits: FileChanges, folder: Path) -> None:
    (folder / "campaign.yaml").write_text("version: 1")
    assert edits.has_changed()
    assert not edits.has_changed()


def test_a_template_that_comes_or_goes_is_seen(edits: FileChanges, tmp_path: Path) -> None:
    template = tmp_path / TEMPLATE_FOLDER / "new.mjml.j2"
    template.write_text("<mjml></mjml>")
    assert edits.has_changed()
    template.unlink()
    assert edits.has_changed()


def test_an_edit_of_copy_outside_its_folder_is_seen(tmp_path: Path) -> None:
    """Also of a file that comes only later, as what makes a campaign usable again."""
    edits = FileChanges(write_campaign(tmp_path, days=1, settings=SHARED), tmp_path)
    assert edits.has_changed()
    shared = tmp_path / "shared" / "launch.md"
    shared.parent.mkdir()
    shared.write_text(launch_file("launch"))
    assert edits.has_changed()
    shared.write_text(launch_file("launch") + "And more.\n")
    assert edits.has_changed()
    assert not edits.has_changed()


def test_a_campaign_that_is_gone_has_no_edits(tmp_path: Path) -> None:
    edits = FileChanges(tmp_path / "gone", tmp_path)
    assert edits.has_changed()
    assert not edits.has_changed()


def test_a_campaign_with_an_error_leaves_the_last_usable_one_in_place(
    folder: Path, tmp_path: Path
) -> None:
    reloader = CampaignReloader(folder, tmp_path)
    first = reloader.reload_if_changed()
    assert first is not None
    assert reloader.reload_if_changed() is None
    (folder / "campaign.yaml").write_text("version: [")
    broken = reloader.reload_if_changed()
    assert broken is not None
    assert broken.campaign is None
    assert reloader.campaign is first.campaign is not None
