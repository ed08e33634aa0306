"""The reply desk in a real browser, from a reader's letter to the last message of a case."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
from playwright.sync_api import Page, expect

from lovecampaign.core.settings import Settings
from lovecampaign.core.tokens import Purpose
from lovecampaign.store import tables
from tests.browser.conftest import NewPage
from tests.integration.desk.reply_desk import ANNA, ReplyDesk
from tests.integration.serve.support.dashboard import HOME, PASSWORD
from tests.integration.serve.support.letters import rows_of
from tests.support.accessibility import assert_accessible
from tests.support.fast_databases import open_new_database
from tests.support.row_keys import key_of
from tests.support.serving import Serving, serving

AN_HOUR = timedelta(hours=1)
ADVOCATE = {"name": "Lucie", "email": "lucie@bloom.example", "budget": "50 EUR"}


@pytest.fixture
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ReplyDesk]:
    settings = Settings(
        workspace=tmp_path_factory.mktemp("workspace"),
        secret_keys=("key",),
        dashboard_password=PASSWORD,
    )
    database = open_new_database(settings)
    team = {"mail": ["lucie@bloom.example"]}
    files = {"voice.md": "Write as you would speak across the counter.\n"}
    desk = ReplyDesk(
        settings,
        database,
        days=1,
        files=files,
        settings_={"team": team, "advocate": ADVOCATE, "replies": {"voice": "voice.md"}},
    )
    desk.add_readers(2)
    desk.send()
    desk.clock.move_to(desk.campaign.launch.at - AN_HOUR)
    yield desk
    database.close()


@pytest.fixture
def served(desk: ReplyDesk) -> Iterator[Serving]:
    with serving(desk.settings, desk.database, desk.clock) as running:
        yield running


def log_in(page: Page, served: Serving) -> None:
    page.goto(served.url + HOME)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Log in").click()
    page.get_by_role("link", name="Desk").click()


def launched(desk: ReplyDesk) -> set[str]:
    """Who got the launch email so far."""
    desk.send(desk.now)
    return {mail.to_email for mail in desk.memory.sent if "launch" in mail.subject.lower()}


def test_from_a_letter_to_the_follow_through_and_the_launch_waits(
    desk: ReplyDesk, served: Serving, new_page: NewPage
) -> None:
    desk.hear("It arrived broken.\n<script>alert(1)</script>", Subject="Re: Day 1")
    desk.clock.move_to(desk.campaign.launch.at)
    assert launched(desk) == {"reader2@readers.example"}

    page = new_page()
    log_in(page, served)
    expect(page.locator("h1")).to_contain_text("1 letter waits")
    assert_accessible(page)
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    expect(page.get_by_text("<script>alert(1)</script>").first).to_be_visible()
    expect(page.frame_locator("iframe[title='day-01']").locator("body")).to_contain_text("Hi")
    assert_accessible(page)

    page.get_by_label("Your name").first.fill("Lucie")
    page.get_by_label("Your answer").fill("Sorry, that's our policy.")
    page.get_by_role("button", name="Send the answer").click()
    expect(page.get_by_role("alert")).to_contain_text("must never hear")
    page.get_by_label("Your answer").fill("Oh no. A new one leaves today.")
    page.get_by_role("button", name="Send the answer").click()
    expect(page.get_by_role("status")).to_contain_text("on its way")
    desk.deliver()

    page.get_by_role("link", name="Re: Day 1").click()
    page.get_by_placeholder("What it is about").fill("A broken parcel")
    page.locator("#case-as, [name=as]").first.evaluate("one => one.value = 'Lucie'")
    page.locator("h1").click()
    page.keyboard.press("c")
    expect(page.locator("h1")).to_have_text("A broken parcel")
    assert_accessible(page)
    desk.clock.move_to(desk.now + AN_HOUR)
    assert launched(desk) == {"reader2@readers.example"}

    for _ in range(4):
        page.get_by_role("button", name="Done", exact=True).click()
        expect(page.get_by_role("status")).to_contain_text("next step")
    page.get_by_placeholder("The rule").fill("No returns after 14 days")
    page.get_by_placeholder("Why it hurts here").fill("the post broke it")
    page.get_by_placeholder("Cost").fill("20 EUR")
    page.get_by_role("button", name="Record it").click()
    expect(page.get_by_text("the post broke it")).to_be_visible()
    assert_accessible(page)
    page.get_by_label("The last message").fill("Did the new one arrive, Anna?")
    page.get_by_role("button", name="Send it and close the case").click()
    desk.deliver()
    assert desk.memory.sent[-1].to_email == ANNA

    desk.clock.move_to(desk.now + AN_HOUR)
    assert ANNA in launched(desk)


def test_a_reader_says_on_a_phone_that_it_is_not_solved(
    desk: ReplyDesk, served: Serving, new_page: NewPage
) -> None:
    one = desk.hear("It arrived broken.")
    case = desk.open_case(one.subscriber_id or 0)
    desk.finish_steps(case)
    desk.follow_through(case, "Did it arrive?")
    desk.deliver()
    row = rows_of(desk.database, tables.transactional)[-1]
    key = key_of(desk.database, Purpose.TRANSACTIONAL, row.id)

    page = new_page(width=390)
    page.goto(f"{served.url}/p/{desk.signer.sign(Purpose.MAILED, key)}")
    assert_accessible(page)
    assert not desk.case(case.id).is_open
    page.get_by_role("button", name="It is not solved").click()
    expect(page.locator("h1")).to_contain_text("Thank you")
    assert_accessible(page)
    assert desk.case(case.id).is_open
