"""A repeated month lists what its author has to look at."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from lovecampaign.campaign.files.load import load_campaign
from lovecampaign.checks.carried_over import find_carried_over
from lovecampaign.testing.campaigns import day_file, write_campaign

NOW = datetime(2027, 1, 1, tzinfo=UTC)


def test_skips_codes_approvals_and_days_in_copy_are_listed(tmp_path: Path) -> None:
    folder = write_campaign(
        tmp_path,
        length=10,
        days=9,
        settings={"deals": {"insider": {"codes": "codes.csv"}}},
        files={
            "codes.csv": "code\nA1\n",
            "days/02-day-2.md": day_file(2, body="Wir sehen uns am Freitag, den 5. März.\n"),
            "days/03-day-3.md": day_file(3, "On Monday", "{# 1 March #} It may rain.\n"),
        },
    )
    campaign = load_campaign(folder, tmp_path).campaign
    assert campaign is not None
    listed = find_carried_over(campaign, NOW)
    assert [(one.what, Path(one.file).name, one.message) for one in listed] == [
        ("skip", "campaign.yaml", "day 10 has no letter: it is a Wednesday now, 2027-02-10"),
        (
            "codes",
            "campaign.yaml",
            "codes.csv has the earlier month's codes: put fresh ones into it",
        ),
        ("date", "02-day-2.md", "day-02 says “Freitag, den 5. März”"),
        ("date", "03-day-3.md", "day-03 says “Monday”"),
        ("approval", "04-day-4.md", "Mai Tran approved this on 2027-01-20: ask again"),
        ("approval", "09-day-9.md", "Mai Tran approved this on 2027-01-20: ask again"),
    ]
