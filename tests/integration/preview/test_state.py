"""What the preview knows while somebody writes: every view, and nothing done twice."""

from __future__ import annotations

import threading
from datetime import UTC, datetime
from pathlib import Path

import pytest

from lovecampaign.campaign.model.campaign import Campaign, Email
from lovecampaign.checks.base.facts import Facts
from lovecampaign.core.errors import ProblemsFound
from lovecampaign.core.settings import Settings
from lovecampaign.testing.campaigns import day_file, launch_file, write_campaign
from lovecampaign.web.preview.live.background_checks import BackgroundChecker
from lovecampaign.web.preview.live.state import PreviewState
from lovecampaign.web.preview.readers.preview_subscriber import (
    PreviewSubscriber,
    sample_subscribers,
)
from tests.support.paths import REPOSITORY

NOW = datetime(2027, 1, 20, tzinfo=UTC)
LETTER = "letter.mjml.j2"


def state_of(workspace: Path, folder: Path) -> PreviewState:
    return PreviewState(folder, Settings(workspace=workspace))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_campaign(tmp_path, days=3)


@pytest.fixture
def state(tmp_path: Path, folder: Path) -> PreviewState:
    return state_of(tmp_path, folder)


@pytest.fixture
def sam(state: PreviewState) -> PreviewSubscriber:
    return sample_subscribers(state.require_campaign())[0]


def email(state: PreviewState, key: str) -> Email:
    found = state.require_campaign().find_email(key)
    assert found is not None
    return found


def save(state: PreviewState, folder: Path, name: str, text: str) -> None:
    (folder / name).write_text(text)
    state.reload()


def test_every_email_of_the_example_can_be_seen_with_every_made_up_reader() -> None:
    state = state_of(REPOSITORY, REPOSITORY / "campaigns" / "customer-love")
    campaign = state.require_campaign()
    faults = [
        (one.key, reader.key, view.faults)
        for one in campaign.emails
        for reader in sample_subscribers(campaign)
        if (view := state.view(one, reader)).faults
    ]

    assert faults == []


def test_what_did_not_change_is_not_rendered_again(
    state: PreviewState, folder: Path, sam: PreviewSubscriber
) -> None:
    before = {key: state.view(email(state, key), sam).letter for key in ("day-01", "day-02")}
    save(state, folder, "days/02-day-2.md", day_file(2, "Another subject"))
    after = {key: state.view(email(state, key), sam).letter for key in ("day-01", "day-02")}

    assert after["day-01"] is before["day-01"]
    assert after["day-02"] is not before["day-02"]
    assert after["day-02"] is state.view(email(state, "day-02"), sam).letter


def test_a_setting_of_the_campaign_changes_every_letter(
    state: PreviewState, folder: Path, sam: PreviewSubscriber
) -> None:
    state.view(email(state, "day-01"), sam)
    text = (folder / "campaign.yaml").read_text().replace("Ana from Bloom", "Lucie from Bloom")
    save(state, folder, "campaign.yaml", text)
    letter = state.view(email(state, "day-01"), sam).letter

    assert letter is not None
    assert letter.sender == "Lucie from Bloom"


def test_a_template_changes_the_letters_made_with_it_only(
    state: PreviewState, folder: Path, sam: PreviewSubscriber
) -> None:
    before = {key: state.view(email(state, key), sam).letter for key in ("day-01", "launch")}
    template = folder.parents[1] / "templates" / "email" / LETTER
    template.write_text(template.read_text().replace("Leave with one click", "Go in peace"))
    state.reload()
    after = {key: state.view(email(state, key), sam).letter for key in ("day-01", "launch")}

    assert after["day-01"] != before["day-01"]
    assert after["launch"] is before["launch"]


@pytest.mark.parametrize(
    "broken",
    [
        day_file(2, body="Hi {{ first_nme }}"),
        day_file(2, body="{% if %}"),
        day_file(2).replace("preheader:", "prehaeder:"),
        "no front matter",
    ],
)
def test_the_last_good_letter_stays_with_the_fault_above_it(
    state: PreviewState, folder: Path, sam: PreviewSubscriber, broken: str
) -> None:
    good = state.view(email(state, "day-02"), sam).letter
    save(state, folder, "days/02-day-2.md", broken)
    view = state.view(email(state, "day-02"), sam)

    assert view.letter is good
    assert [one.place.file for one in view.faults if one.place] == [
        "campaigns/test-month/days/02-day-2.md"
    ] * len(view.faults)
    assert view.faults


def test_what_was_never_good_has_no_letter_but_its_fault(tmp_path: Path) -> None:
    folder = write_campaign(
        tmp_path, days=1, files={"days/01-day-1.md": day_file(1, body="{{ first_nme }}")}
    )
    state = state_of(tmp_path, folder)
    view = state.view(email(state, "day-01"), sample_subscribers(state.require_campaign())[0])

    assert view.letter is None
    assert "first_nme" in view.faults[0].message


def test_a_campaign_that_cannot_be_read_leaves_the_last_one_in_place(
    state: PreviewState, folder: Path
) -> None:
    before = state.require_campaign()
    save(state, folder, "campaign.yaml", "version: [")

    assert state.is_behind
    assert state.campaign is before
    assert state.problems


def test_without_any_campaign_the_mistakes_are_told(tmp_path: Path, folder: Path) -> None:
    (folder / "campaign.yaml").write_text("version: [")

    with pytest.raises(ProblemsFound):
        state_of(tmp_path, folder).require_campaign()


class TestChecker:
    """What is wrong with the month, email by email."""

    @pytest.fixture
    def checker(self, state: PreviewState) -> BackgroundChecker:
        return BackgroundChecker(state, lambda _campaign: Facts(now=NOW), on_result=lambda: None)

    def test_a_problem_is_shown_with_its_email_and_in_the_whole(
        self, state: PreviewState, folder: Path, checker: BackgroundChecker
    ) -> None:
        save(state, folder, "days/02-day-2.md", day_file(2, body="Hello,\n\nit costs 59 EUR."))
        checker.check(state.require_campaign())
        found = checker.problems_of(email(state, "day-02"))

        assert [one for one in found if one.place and one.place.file.endswith("02-day-2.md")]
        assert set(found) <= set(checker.all_problems())
        assert not set(found) & set(checker.problems_of(email(state, "day-01")))

    def test_a_fixed_problem_is_gone(
        self, state: PreviewState, folder: Path, checker: BackgroundChecker
    ) -> None:
        save(state, folder, "days/02-day-2.md", day_file(2, body="Hi {{ first_nme }}"))
        checker.check(state.require_campaign())
        assert any("first_nme" in one.message for one in checker.all_problems())
        save(state, folder, "days/02-day-2.md", day_file(2))
        checker.check(state.require_campaign())

        assert not any("first_nme" in one.message for one in checker.all_problems())
        assert checker.is_done

    def test_a_mistake_of_ours_is_noted_and_the_next_save_is_checked(
        self, state: PreviewState
    ) -> None:
        told = threading.Event()
        bugs: list[BaseException] = []

        def find_facts(_campaign: Campaign) -> Facts:
            if not bugs:
                raise RuntimeError("a fault")
            return Facts(now=NOW)

        checker = BackgroundChecker(state, find_facts, on_result=told.set)
        checker.start(bugs.append)
        try:
            assert told.wait(10)
            assert [str(bug) for bug in bugs] == ["a fault"]
            told.clear()
            checker.request()
            assert told.wait(10)
            assert checker.is_done
        finally:
            checker.stop()

    def test_a_new_save_stops_a_check_that_is_behind(
        self, state: PreviewState, checker: BackgroundChecker
    ) -> None:
        checker.request()
        checker.check(state.require_campaign())

        assert not checker.is_done


def test_an_email_that_is_not_for_a_reader_can_be_seen_with_their_eyes(
    state: PreviewState, folder: Path
) -> None:
    save(state, folder, "launch/early-access.md", launch_file("early-access") + "{{ deal.code }}\n")
    robin = next(one for one in sample_subscribers(state.require_campaign()) if one.key == "robin")

    assert state.view(email(state, "early-access"), robin).faults == ()
