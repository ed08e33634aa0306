"""The workspace is found from anywhere inside it, and a campaign by its name or path."""

from __future__ import annotations

from pathlib import Path

import pytest

from lovecampaign.campaign.workspace.find import find_workspace, list_campaigns, pick_campaign
from lovecampaign.core.errors import UsageError
from lovecampaign.testing.campaigns import write_campaign


def test_the_workspace_is_found_from_any_folder_inside_it(tmp_path: Path) -> None:
    folder = write_campaign(tmp_path, days=1)
    assert find_workspace(tmp_path) == tmp_path.resolve()
    assert find_workspace(folder / "days") == tmp_path.resolve()


def test_outside_any_workspace_the_hint_says_how_to_make_one(tmp_path: Path) -> None:
    with pytest.raises(UsageError) as caught:
        find_workspace(tmp_path)
    assert "lovecampaign new NAME" in (caught.value.hint or "")


def test_a_folder_that_is_not_there_is_no_workspace(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="there is no folder"):
        find_workspace(tmp_path / "nowhere")


def test_only_folders_with_a_campaign_file_are_campaigns(tmp_path: Path) -> None:
    first = write_campaign(tmp_path, name="b", days=1)
    second = write_campaign(tmp_path, name="a", days=1)
    (tmp_path / "campaigns" / "notes").mkdir()
    assert list_campaigns(tmp_path) == [second, first]


def test_the_only_campaign_needs_no_name(tmp_path: Path) -> None:
    folder = write_campaign(tmp_path, days=1)
    assert pick_campaign(tmp_path, None) == folder


def test_a_campaign_is_named_by_folder_or_path_or_file(tmp_path: Path) -> None:
    folder = write_campaign(tmp_path, days=1)
    write_campaign(tmp_path, name="other", days=1)
    for name in ("test-month", "campaigns/test-month", str(folder), str(folder / "campaign.yaml")):
        assert pick_campaign(tmp_path, name) == folder.resolve()


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("test-mnth", "did you mean test-month?"),
        ("zzz", "there are: other, test-month"),
        (None, "name one of: other, test-month"),
        ("\0", "there are"),
    ],
)
def test_what_is_not_there_is_a_usage_error_that_names_what_is(
    tmp_path: Path, name: str | None, hint: str
) -> None:
    write_campaign(tmp_path, days=1)
    write_campaign(tmp_path, name="other", days=1)
    with pytest.raises(UsageError) as caught:
        pick_campaign(tmp_path, name)
    assert hint in (caught.value.hint or "")


def test_an_empty_workspace_says_how_to_begin(tmp_path: Path) -> None:
    with pytest.raises(UsageError) as caught:
        pick_campaign(tmp_path, None)
    assert caught.value.hint == "type: lovecampaign new NAME"


def test_a_campaign_of_another_workspace_is_refused(tmp_path: Path) -> None:
    elsewhere = write_campaign(tmp_path / "b", days=1)
    write_campaign(tmp_path / "a", days=1)
    with pytest.raises(UsageError, match="outside the workspace"):
        pick_campaign(tmp_path / "a", str(elsewhere))
