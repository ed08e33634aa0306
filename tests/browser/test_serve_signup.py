"""A person joins from the sidebar of another site: form, mail, button, welcome, day 5."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta

import pytest
from playwright.sync_api import expect

from lovecampaign.core.settings import Settings
from lovecampaign.store import tables
from lovecampaign.testing.smtp_server import SmtpServer
from tests.browser.conftest import NewPage
from tests.support.accessibility import assert_accessible
from tests.support.fast_databases import open_new_database
from tests.support.processes.shop import RunningShop, blog
from tests.support.signup import rows_of
from tests.support.stage import Stage

NOW = datetime.now(UTC)
#: Day 4 of the month is today.
START = NOW.date() - timedelta(days=3)


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A running shop, and a blog on another origin."""

    shop: RunningShop
    stage: Stage
    blog: str

    @property
    def url(self) -> str:
        return self.shop.url


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    folder = tmp_path_factory.mktemp("shop")
    settings = Settings(workspace=folder, secret_keys=("test-key",))
    with contextlib.ExitStack() as stack:
        database = stack.enter_context(contextlib.closing(open_new_database(settings)))
        stage = Stage(settings, database, days=8, start=START, settings_={"launch": {"day": 28}})
        stage.add_readers(1, joined_at=NOW - timedelta(days=30), name="founder")
        shop = RunningShop(folder, stack.enter_context(SmtpServer()))
        elsewhere = stack.enter_context(blog(tmp_path_factory.mktemp("blog"), shop.url))
        # By its noon, day 1 is out: whatever the hour is today, a new subscriber joins late.
        shop.send(datetime.combine(START, time(12), UTC))
        stack.enter_context(shop.open())
        yield Place(shop=shop, stage=stage, blog=elsewhere)


def test_from_the_sidebar_of_a_blog_to_the_letter_of_the_next_day(
    place: Place, new_page: NewPage
) -> None:
    ana = "ana@reader.example"
    page = new_page(timezone_id="Asia/Tokyo", locale="en-GB")
    page.goto(place.blog)
    page.get_by_label("Your email address").fill(ana)
    page.get_by_label("Your first name").fill("Ana")
    assert page.get_by_label("Your time zone").input_value() == "Asia/Tokyo"
    assert_accessible(page)
    page.wait_for_timeout(2_100)  # as long as a person needs at the least
    page.get_by_role("button").click()
    page.get_by_role("heading", name="Please check your mailbox").wait_for()
    assert_accessible(page)

    confirmation = place.shop.letter(ana, "/confirm/")
    assert confirmation["Auto-Submitted"] == "auto-generated"
    page.goto(place.shop.link(confirmation, "/confirm/"))
    assert_accessible(page)
    page.get_by_role("button").click()
    page.get_by_role("heading", name="You are in").wait_for()
    assert "(Tokyo time)" in page.inner_text("main")
    assert_accessible(page)

    welcome = place.shop.letter(ana, "You are on the list")
    assert "List-Unsubscribe" in welcome
    tomorrow = (NOW + timedelta(days=1)).replace(hour=13, minute=0)
    place.shop.send(tomorrow)
    assert place.shop.letter(ana, "Day 5")["To"] == f"Ana <{ana}>"
    assert len(place.shop.letters(ana)) == 3
    [consent] = rows_of(place.stage.database, tables.consent)
    assert consent.form_url == place.blog


def test_without_scripts_a_person_finishes_on_our_page(place: Place, new_page: NewPage) -> None:
    bob = "bob@reader.example"
    page = new_page(java_script_enabled=False)
    page.goto(place.blog)
    page.get_by_label("Your email address").fill(bob)
    page.get_by_role("button", name="Join").click()

    assert "Almost done" in page.inner_text("main")
    page.wait_for_timeout(2_100)
    page.get_by_role("button", name="Yes, put me on the list").click()

    assert page.inner_text("h1") == "Please check your mailbox"
    place.shop.letter(bob, "/confirm/")


@pytest.mark.parametrize("zone", ["Europe/Lisbon", "Asia/Kolkata", "Etc/GMT+5"])
def test_the_hosted_form_knows_the_visitors_zone_and_shows_it(
    place: Place, new_page: NewPage, zone: str
) -> None:
    """Chromium itself says Asia/Calcutta."""
    page = new_page(timezone_id=zone, locale="fr-FR")
    page.goto(f"{place.url}/join/readers")

    assert page.get_by_label("Votre fuseau horaire").input_value() == zone
    assert_accessible(page)


def test_a_mistake_is_shown_at_the_field_and_read_out(place: Place, new_page: NewPage) -> None:
    page = new_page()
    page.goto(f"{place.url}/join/readers")
    page.get_by_label("Your email address").fill("eve@gmial.com")
    page.wait_for_timeout(2_100)
    page.get_by_role("button").click()

    assert "eve@gmail.com" in page.get_by_role("alert").inner_text()
    assert_accessible(page)


@pytest.mark.parametrize("path", ["/join/readers", "/join/insiders", "/join/readers/embed"])
def test_everybody_can_use_the_page(place: Place, new_page: NewPage, path: str) -> None:
    page = new_page()
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.goto(place.url + path)

    assert said == []
    assert_accessible(page)


def test_the_embedded_form_says_what_comes_next_and_its_heading_has_a_calm_frame(
    place: Place, new_page: NewPage
) -> None:
    """By keyboard alone; a fast visitor presses again."""
    page = new_page(timezone_id="America/New_York", locale="fr-FR")
    page.goto(place.blog)
    zone = page.get_by_label("Votre fuseau horaire")
    assert zone.evaluate("select => select.selectedOptions[0].text") == "New York"
    assert zone.evaluate("s => s.selectedOptions[0].parentNode.label") == "Amérique"
    assert page.locator(".next").inner_text().startswith("La suite")
    page.get_by_label("Votre adresse électronique").fill("eva@reader.example")
    page.get_by_label("Votre adresse électronique").press("Enter")
    page.get_by_role("heading", name="Consultez votre boîte de réception").or_(
        page.get_by_text("C’était rapide")
    ).wait_for()
    if page.get_by_text("C’était rapide").count():
        assert page.locator(".said.wrong").count() == 0
        page.get_by_label("Votre adresse électronique").press("Enter")

    heading = page.get_by_role("heading", name="Consultez votre boîte de réception")
    expect(heading).to_be_focused()
    assert page.get_by_text("Cela prend une minute").is_visible()
    assert heading.evaluate("title => getComputedStyle(title).outlineWidth") in ("0px", "1px")
    assert heading.evaluate("title => getComputedStyle(title).outlineStyle") != "auto"


def test_back_and_reload_send_no_form_again(place: Place, new_page: NewPage) -> None:
    """Also after a typo in the address, and without the browser's cache."""
    page = new_page()
    page.goto(f"{place.url}/join/readers")
    page.get_by_label("Your email address").fill("dora@gmial.com")
    page.get_by_role("button").click()
    page.get_by_text("Did you mean dora@gmail.com?").wait_for()
    assert page.title().startswith("Please check:")
    expect(page.get_by_label("Your email address")).to_be_focused()
    page.get_by_label("Your email address").fill("dora@reader.example")
    page.get_by_role("button").click()
    expect(page.locator("h1")).to_have_text("Please check your mailbox")
    asked = len(rows_of(place.stage.database, tables.transactional))

    page.reload()
    expect(page.locator("h1")).to_have_text("Please check your mailbox")
    page.go_back()
    page.get_by_text("Did you mean dora@gmail.com?").wait_for()
    page.go_back()
    expect(page.locator("h1")).to_have_text("Get Test Month by email")
    assert len(rows_of(place.stage.database, tables.transactional)) == asked
