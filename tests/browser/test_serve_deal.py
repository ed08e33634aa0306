"""The deal's page in a real browser: it counts, it can be used by all, it leads to the checkout."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta

import pytest
from playwright.sync_api import expect

from lovecampaign.core.settings import Settings
from lovecampaign.core.tokens import Purpose
from tests.browser.conftest import NewPage
from tests.support.accessibility import assert_accessible
from tests.support.deal_room import MINUTE, OPEN, DealRoom
from tests.support.fast_databases import open_new_database
from tests.support.serving import Serving, serving


@pytest.fixture
def visited(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[DealRoom, Serving]]:
    settings = Settings(workspace=tmp_path_factory.mktemp("workspace"), secret_keys=("key",))
    database = open_new_database(settings)
    room = DealRoom(settings, database, insiders=3, quantity=1)
    room.stage.clock.move_to(OPEN)
    with serving(settings, database, room.stage.clock) as running:
        yield room, running
    database.close()


def address(visited: tuple[DealRoom, Serving], number: int) -> str:
    room, served = visited
    return f"{served.url}/d/{served.token(Purpose.DEAL, room.delivery_ids[room.ids[number]])}"


def test_the_countdown_runs_by_the_servers_clock_and_without_a_script_the_date_stands(
    visited: tuple[DealRoom, Serving], new_page: NewPage
) -> None:
    page = new_page(width=390)
    page.goto(address(visited, 0))
    counted = re.compile(r"^Time left: 4 days, 11:58:5[0-9]$")
    expect(page.locator(".countdown")).to_have_text(counted, timeout=5_000)

    plain = new_page(java_script_enabled=False)
    plain.goto(address(visited, 0))
    assert not plain.locator(".countdown").is_visible()
    assert "Wednesday 3 March 2027, 23:59 (Paris time)" in plain.locator("main").inner_text()


def test_at_zero_the_page_looks_again_and_says_what_is_true(
    visited: tuple[DealRoom, Serving], new_page: NewPage
) -> None:
    room, _ = visited
    claimed_at = OPEN + timedelta(seconds=0.4)
    room.claim(room.ids[0], claimed_at)
    room.stage.clock.move_to(claimed_at + 29 * MINUTE)
    page = new_page(width=390)
    page.clock.install()
    page.goto(address(visited, 0))
    expect(page.locator("h1")).to_have_text("One is reserved for you")
    room.wait(room.ids[1], claimed_at)
    room.stage.clock.move_to(claimed_at + 30 * MINUTE + timedelta(seconds=1))
    room.tell(claimed_at + 30 * MINUTE + timedelta(seconds=1))

    page.clock.run_for(62_000)

    expect(page.locator("h1")).to_have_text("The only one is taken")
    assert "so others can take it" in page.locator("main").inner_text()


def test_the_button_leads_to_the_checkout_and_on_to_where_it_sends_its_visitors(
    visited: tuple[DealRoom, Serving], new_page: NewPage
) -> None:
    """Browsers hold the policy of the page against each redirect after its form."""
    room, _ = visited
    page = new_page()
    page.route(
        "https://bloom.example/**",
        lambda route: route.fulfill(status=200, content_type="text/html", body="<h1>Pay</h1>"),
    )
    page.goto(address(visited, 0))
    page.get_by_role("button", name="Take one for €59.00").click()
    page.wait_for_url("https://bloom.example/buy?code=*")

    assert page.url.endswith(room.code(room.ids[0]))


def test_every_state_can_be_used_by_everybody(
    visited: tuple[DealRoom, Serving], new_page: NewPage
) -> None:
    room, _ = visited
    page = new_page(width=390)

    def look(number: int, title: str) -> None:
        page.goto(address(visited, number))
        assert page.locator("h1").inner_text() == title
        assert page.evaluate("document.documentElement.scrollWidth") <= 390
        assert_accessible(page)

    look(0, "Bloom for life, at the insiders' price")
    room.claim(room.ids[0])
    look(0, "One is reserved for you")
    look(1, "The only one is taken")
    page.get_by_role("button", name="Put me in line").click()
    page.get_by_role("heading", name="You have a place in line").wait_for()
    assert_accessible(page)
    room.stage.clock.move_to(OPEN + 30 * MINUTE)
    room.tell(OPEN + 30 * MINUTE)
    look(1, "Bloom for life, at the insiders' price")
    room.redeem(room.ids[1], OPEN + 30 * MINUTE)
    look(1, "It is yours already")
    room.stage.clock.move_to(room.deal.closes + timedelta(hours=1))
    look(2, "The price for insiders is over")
