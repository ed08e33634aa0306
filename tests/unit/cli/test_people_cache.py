"""What check counts in the database is counted again only where its file was written."""

from __future__ import annotations

import os
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from lovecampaign.campaign.files.load import load_campaign
from lovecampaign.campaign.model.campaign import Campaign
from lovecampaign.cli.resources.people_cache import count_cached
from lovecampaign.core.settings import Settings, read_settings
from lovecampaign.testing.campaigns import write_campaign

COUNTS = {
    "subscribers": 2,
    "zones": frozenset({"Europe/Paris", "UTC"}),
    "empty_lists": None,
    "known_fields": {"set": 1, "date": 2},
    "has_begun": True,
    "begun_with": date(2027, 2, 1),
}


class Counter:
    """Counts how often it is asked."""

    def __init__(self, counts: Mapping[str, Any] = COUNTS) -> None:
        self.counts = counts
        self.calls = 0

    def __call__(self) -> Mapping[str, Any]:
        self.calls += 1
        return self.counts


@pytest.fixture
def campaign(tmp_path: Path) -> Campaign:
    campaign = load_campaign(write_campaign(tmp_path, days=3, length=5), tmp_path).campaign
    assert campaign is not None
    return campaign


@pytest.fixture
def workspace(tmp_path: Path) -> Settings:
    """The settings of a workspace with a database that was written an hour ago."""
    settings = read_settings(tmp_path, {})
    write(settings, b"data")
    return settings


def write(settings: Settings, content: bytes, suffix: str = "") -> None:
    file = settings.workspace / f"lovecampaign.db{suffix}"
    file.write_bytes(content)
    os.utime(file, ns=(1_800_000_000, len(content)))


def test_the_same_state_is_counted_once(campaign: Campaign, workspace: Settings) -> None:
    count = Counter()

    found = [count_cached(campaign, ["pet"], workspace, count) for _ in range(2)]

    assert found == [COUNTS, COUNTS]
    assert count.calls == 1


@pytest.mark.parametrize("suffix", ["", "-wal", "-journal"])
def test_a_write_counts_again(campaign: Campaign, workspace: Settings, suffix: str) -> None:
    count = Counter()
    count_cached(campaign, [], workspace, count)

    write(workspace, b"other data", suffix)
    count_cached(campaign, [], workspace, count)

    assert count.calls == 2


def test_other_fields_count_again(campaign: Campaign, workspace: Settings) -> None:
    count = Counter()
    for fields in (["pet"], ["name"]):
        count_cached(campaign, fields, workspace, count)
    assert count.calls == 2


def test_an_edit_of_words_counts_nothing_again(
    campaign: Campaign, workspace: Settings, tmp_path: Path
) -> None:
    count = Counter()
    count_cached(campaign, [], workspace, count)
    file = next((tmp_path / "campaigns" / "test-month" / "days").glob("01*"))
    file.write_text(file.read_text() + "More words.\n")
    edited = load_campaign(file.parents[1], tmp_path).campaign
    assert edited is not None
    assert edited != campaign

    count_cached(edited, [], workspace, count)

    assert count.calls == 1


@pytest.mark.parametrize("counts", [{}, {**COUNTS, "unpermitted_names": frozenset({"Sam"})}])
def test_names_and_failures_are_not_stored(
    campaign: Campaign, workspace: Settings, counts: Mapping[str, Any]
) -> None:
    count = Counter(counts)
    for _ in range(2):
        assert count_cached(campaign, [], workspace, count) == counts
    assert count.calls == 2


def test_a_file_that_was_just_written_may_change_unseen(
    campaign: Campaign, workspace: Settings
) -> None:
    count = Counter()
    (workspace.workspace / "lovecampaign.db").write_bytes(b"data")
    for _ in range(2):
        count_cached(campaign, [], workspace, count)
    assert count.calls == 2
