"""A whole month is checked within two seconds once the program is warm."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path

from lovecampaign.campaign.files.load import load_campaign
from lovecampaign.checks.base.facts import Facts
from lovecampaign.checks.base.rendered_email import try_rendering
from lovecampaign.checks.run import check_campaign
from lovecampaign.render.model.content import read_content
from lovecampaign.render.templating.name_check import JinjaSource, check_names
from lovecampaign.testing.months import utc
from tests.support.paths import REPOSITORY
from tests.support.render_kit import LETTER, Workbench

FACTS = Facts(now=utc("2027-01-20 12:00"))
#: Of the processor's time, so that a busy machine does not decide.
SECONDS = 2.0


def check_example() -> float:
    start = time.process_time()
    campaign = load_campaign(REPOSITORY / "campaigns" / "customer-love", REPOSITORY).campaign
    assert campaign is not None
    assert check_campaign(campaign, FACTS) == []
    return time.process_time() - start


def test_a_whole_month_is_checked_within_two_seconds_once_warm() -> None:
    check_example()
    assert check_example() < SECONDS


def test_names_are_checked_once_for_a_template_that_many_emails_share() -> None:
    source = JinjaSource(text="{{ first_name }} once", file="templates/email/shared.mjml.j2")
    known = check_names.cache_info().hits
    assert check_names(source) is check_names(replace(source))
    assert check_names.cache_info().hits == known + 1


def test_a_template_that_was_edited_is_compiled_anew(tmp_path: Path) -> None:
    bench = Workbench(tmp_path)
    assert "Leave" in bench.render("Hello").text
    assert "Go away" in bench.render("Hello", LETTER.replace("Leave", "Go away")).text
    assert "Leave" in bench.render("Hello", LETTER).text


def test_what_was_not_edited_is_not_rendered_again() -> None:
    campaign = load_campaign(REPOSITORY / "campaigns" / "customer-love", REPOSITORY).campaign
    assert campaign is not None
    email = campaign.day_emails[0]
    content = read_content(campaign, email)
    before = try_rendering(campaign, email, content)
    assert try_rendering(campaign, email, read_content(campaign, email)) is before
    edited = replace(email, subject="Another subject")
    after = try_rendering(
        replace(campaign, emails=(edited,)), edited, read_content(campaign, edited)
    )
    assert after.email
    assert after.email.subject == "Another subject"
