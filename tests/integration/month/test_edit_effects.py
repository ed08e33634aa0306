"""``plan --against`` counts what the reference model counts reader by reader."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

from lovecampaign.campaign.files.load import load_campaign
from lovecampaign.campaign.model.campaign import Campaign
from lovecampaign.schedule.reasons import Change
from lovecampaign.store.reports.edit_effects import compare_versions
from lovecampaign.testing.campaigns import write_campaign
from tests.oracle.comparison import Play, open_play
from tests.oracle.edits import Choices, edit, expected_effects
from tests.oracle.story import Story
from tests.support.postgres import PostgresServer

SQLITE = "sqlite:///lovecampaign.db"
DAYS = 5
EDITS_A_MONTH = 4


def test_the_effects_of_twenty_random_edits_are_those_of_the_reference_model(
    tmp_path: Path,
) -> None:
    seen = set()
    for seed in range(5):
        with open_play(SQLITE, seed, days=DAYS, readers=15) as play:
            seen |= {change for each in edits(play, seed, tmp_path) for change in each}
    assert seen == set(Change), "else these edits prove little"


def test_postgresql_agrees_on_the_effects(postgres: PostgresServer, tmp_path: Path) -> None:
    with postgres.database() as url, open_play(url, 2, days=DAYS, readers=15) as play:
        assert any(edits(play, 2, tmp_path))


def edits(play: Play, seed: int, folder: Path) -> Iterator[set[Change]]:
    """Compares an edit after every few passes; yields the kinds of its effects."""
    for number in range(EDITS_A_MONTH):
        after = load(folder / f"{seed}-{number}", edited_choices(seed, number))
        effects = compare_versions(play.stage.database, play.stage.campaign, after, play.now)
        found = {change.value: effects.total(change) for change in Change}
        expected = expected_effects(play, play.stage.campaign, after)
        assert {**found, "people": effects.people} == expected, (seed, number, play.now)
        yield {change for change in Change if found[change]}
        for _, step in zip(range(3), play.story.steps(), strict=False):
            play.send(play.story.chance.choice((None, 3)))
            play.move(step)
            play.change_some()


def edited_choices(seed: int, number: int) -> Choices:
    return edit(Story.of(seed).choices(DAYS), DAYS, random.Random(10 * seed + number))


def load(workspace: Path, choices: Choices) -> Campaign:
    loaded = load_campaign(write_campaign(workspace, **choices), workspace)
    assert loaded.campaign is not None, loaded.problems
    return loaded.campaign
