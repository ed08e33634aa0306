"""What "Send me this" sends is what the page shows."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from lovecampaign.campaign.model.campaign import Campaign
from lovecampaign.core.settings import Settings
from lovecampaign.providers.base.memory import MemoryProvider
from lovecampaign.testing.campaigns import launch_file, write_campaign
from lovecampaign.web.preview.live.state import PreviewState
from lovecampaign.web.preview.readers.preview_subscriber import (
    PreviewSubscriber,
    sample_subscribers,
)
from lovecampaign.web.preview.readers.test_send import PreviewSender

NOW = datetime(2027, 1, 20, tzinfo=UTC)
WITH_CODE = "\n\n{% if deal.code %}Yours: {{ deal.code }}.{% else %}No code here.{% endif %}\n"


@pytest.fixture
def state(tmp_path: Path) -> PreviewState:
    files = {
        "launch/launch.md": launch_file("launch") + WITH_CODE,
        "launch/early-access.md": launch_file("early-access") + WITH_CODE,
    }
    changes = {"late_joiners": "catch-up", "catch_up": {"must_have": [1, 2, 12]}}
    folder = write_campaign(tmp_path, files=files, settings=changes)
    return PreviewState(folder, Settings(workspace=tmp_path, secret_keys=("test-key",)))


def readers(campaign: Campaign) -> Iterator[PreviewSubscriber]:
    """Made-up ones, and somebody of the database who is on the insiders' list only."""
    everybody = sample_subscribers(campaign)
    yield from everybody
    yield replace(everybody[0], key="17", is_in_audience=False)


def test_every_reader_is_sent_what_they_are_shown(state: PreviewState) -> None:
    campaign, provider = state.require_campaign(), MemoryProvider()

    @contextlib.contextmanager
    def opened() -> Iterator[MemoryProvider]:
        yield provider

    sender = PreviewSender(settings=state.settings, open_provider=opened, now=lambda: NOW)
    for key in ("day-02", "early-access", "launch", "welcome", "confirm", "catch-up"):
        email = campaign.find_email(key)
        assert email is not None
        for reader in readers(campaign):
            shown = state.view(email, reader).letter
            told = sender.send(campaign, email, reader, "me@my.example")
            sent = provider.sent[-1]

            assert told.is_sent, told.words
            assert shown is not None
            assert (sent.text, sent.html) == (shown.text, shown.html)
            assert sent.subject == f"[Test] {shown.subject}"
            assert sent.to.email == "me@my.example"


@pytest.mark.parametrize(
    ("key", "reader", "words"),
    [
        ("launch", "sam", "No code here."),  # it goes to everyone
        ("launch", "robin", "No code here."),
        ("early-access", "robin", "Yours: SAMPLE-CODE."),
    ],
)
def test_a_code_is_shown_to_whoever_would_get_one(
    state: PreviewState, key: str, reader: str, words: str
) -> None:
    campaign = state.require_campaign()
    email = campaign.find_email(key)
    assert email is not None
    letter = state.view(email, next(r for r in readers(campaign) if r.key == reader)).letter

    assert letter is not None
    assert words in letter.text
    assert not list(state.settings.workspace.glob("*.db"))  # a code would have been kept there


def test_the_catch_up_is_shown_as_its_typical_reader_gets_it(state: PreviewState) -> None:
    campaign = state.require_campaign()
    email = campaign.find_email("catch-up")
    assert email is not None
    everyone = {one.key: one for one in readers(campaign)}

    def days_for(reader: str) -> list[int]:
        letter = state.view(email, everyone[reader]).letter
        assert letter is not None
        return [n for n in range(1, 28) if f"Day {n}: " in letter.text]

    # Sam joined long before: a reader who joins halfway misses the must-have days so far.
    assert days_for("sam") == [1, 2, 12, 15]
    assert days_for("late") == [1, 2, 11]  # as they get it
