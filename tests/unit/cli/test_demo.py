"""The demo's clock sends every email on its day."""

from __future__ import annotations

from pathlib import Path

from lovecampaign.campaign.workspace.new import new_campaign
from lovecampaign.cli.maintain.demo import NAME, START, end_of_step
from lovecampaign.cli.maintain.demo_subscribers import ZONES
from lovecampaign.cli.resources.campaigns import load_folder
from lovecampaign.schedule.instants import local_day
from lovecampaign.schedule.quiet import after_quiet_hours
from lovecampaign.schedule.slots import plan_zone


def test_every_letter_of_the_demo_comes_on_its_day_and_not_at_night(tmp_path: Path) -> None:
    """Else it would take the place of the next day's, or wait for the morning and miss it."""
    new_campaign(tmp_path, NAME, start=START)
    campaign = load_folder(tmp_path / "campaigns" / NAME, tmp_path).campaign
    quiet_hours = campaign.sending.quiet_hours
    one_a_day = {email.key for email in campaign.scheduled_emails if email.is_one_a_day}

    for zone in ZONES:
        for key, slots in plan_zone(campaign, zone, None).items():
            for slot in slots:
                if key in one_a_day and slot.reason is None:
                    sent_at = end_of_step(slot.due)
                    assert local_day(sent_at, zone) == slot.day, (key, zone)
                    assert after_quiet_hours(sent_at, zone, quiet_hours) == sent_at, (key, zone)
