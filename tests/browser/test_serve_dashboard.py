"""The dashboard in a real browser: accessible, by keyboard, and without JavaScript."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
from playwright.sync_api import Page, expect

from lovecampaign.core.message import FaultKind
from lovecampaign.core.settings import Settings
from lovecampaign.providers.base.memory import MemoryProvider
from lovecampaign.providers.base.outcomes import accepted, permanent, unknown
from tests.browser.conftest import NewPage
from tests.integration.serve.support.dashboard import HOME, MONTH, PASSWORD
from tests.support.accessibility import assert_accessible
from tests.support.fast_databases import open_new_database
from tests.support.serving import Serving, serving
from tests.support.stage import DAY_1, Stage

PAGES = ("", "/people", "/events", "/in-doubt", "/deals", "/problems", "/letters/day-01")


@pytest.fixture
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serving]:
    settings = Settings(
        workspace=tmp_path_factory.mktemp("workspace"),
        secret_keys=("key",),
        dashboard_password=PASSWORD,
    )
    database = open_new_database(settings)
    stage = Stage(settings, database, days=2, settings_={"deals": {"insider": {"quantity": 5}}})
    stage.add_readers(4, lists=("readers", "insiders"), joined_at=DAY_1 - timedelta(days=2))
    verdicts = {
        "reader1": permanent("550 no such user", FaultKind.RECIPIENT),
        "reader2": unknown("connection lost"),
    }
    stage.provider = MemoryProvider(
        lambda message: verdicts.get(message.to.email.partition("@")[0], accepted())
    )
    stage.send()
    stage.clock.move_to(DAY_1 + timedelta(minutes=30))
    with serving(settings, database, stage.clock) as running:
        yield running
    database.close()


def log_in(page: Page, served: Serving) -> None:
    page.goto(served.url + HOME)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Log in").click()
    page.wait_for_url(f"{served.url}{MONTH}")


def test_every_page_can_be_used_by_everybody(served: Serving, new_page: NewPage) -> None:
    page = new_page(width=390)
    page.goto(served.url + HOME)
    assert_accessible(page)
    log_in(page, served)
    for path in PAGES:
        page.goto(f"{served.url}{MONTH}{path}")
        assert_accessible(page)


def test_j_and_k_go_from_letter_to_letter(served: Serving, new_page: NewPage) -> None:
    page = new_page()
    log_in(page, served)
    for key, focused in (("j", "day-01"), ("j", "day-02"), ("k", "day-01")):
        page.keyboard.press(key)
        expect(page.locator(":focus")).to_contain_text(focused)
    page.keyboard.press("Enter")
    expect(page.locator("h1")).to_contain_text("day-01")
    page.keyboard.press("j")
    expect(page.locator("h1")).to_contain_text("day-02")

    page.goto(f"{served.url}{MONTH}")
    page.get_by_label("Why").fill("jjk")
    assert page.get_by_label("Why").input_value() == "jjk"


def test_without_a_script_everything_works(served: Serving, new_page: NewPage) -> None:
    page = new_page(java_script_enabled=False)
    log_in(page, served)
    page.get_by_label("Why").fill("a typo")
    page.get_by_role("button", name="Pause").click()
    assert "a typo" in page.locator("main").inner_text()
    page.get_by_role("button", name="Resume").click()

    page.get_by_role("navigation").get_by_role("link", name="In doubt").click()
    page.get_by_role("checkbox").first.check()
    page.get_by_role("button", name="They arrived").click()
    assert "1 letter settled as sent." in page.locator("main").inner_text()
    assert "Nothing is in doubt." in page.locator("main").inner_text()

    page.get_by_role("link", name="Events").click()
    for _ in range(20):  # numbers that a busy machine is still counting come with the next look
        if page.get_by_role("link", name="Reload").count():
            page.get_by_role("link", name="Reload").click()
    assert page.locator("svg rect").count() == 1
    page.get_by_role("button", name="Log out").click()
    assert page.get_by_label("Password").is_visible()
