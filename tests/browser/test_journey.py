"""One person from the first visit to the last click, and one who never asked to hear early.

The example month, the commands as typed, a browser, a mail server; time moves by ``--now``.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import urllib.request
from collections.abc import Iterator
from datetime import datetime, timedelta
from email.message import EmailMessage
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Page

from tests.acceptance.program import text_of
from tests.browser.conftest import NewPage
from tests.support.accessibility import assert_accessible
from tests.support.example_shop import INSIDER, READER, example_shop, paris
from tests.support.processes.shop import REDEEM_SECRET, RunningShop, blog, said_in

ANA = "ana@reader.example"
EARLY, LAUNCH = "A day early", "The question I promised you"
LAST_CALL, THANKS = "Before your insiders’ price ends", "You’re in."
PRICE = "€64.00"
#: As a browser writes the same on one line.
PRICE_ON_PAGE = "€64.00"


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[RunningShop]:
    with example_shop(tmp_path) as found:
        found.send(paris("02-01 09:00"))  # the month has begun
        yield found


def test_from_the_sidebar_of_a_blog_through_the_whole_month_to_the_last_click(
    shop: RunningShop, new_page: NewPage, tmp_path_factory: pytest.TempPathFactory
) -> None:
    page = new_page(timezone_id="Asia/Tokyo", locale="en-GB")
    with blog(tmp_path_factory.mktemp("blog"), shop.url) as elsewhere:
        join_from(elsewhere, shop, page, paris("02-04 14:00"))
    confirm(shop, page, paris("02-04 14:05"))

    shop.send(paris("02-05 09:30"))
    day_5 = shop.letter(ANA, "Somewhere in your home")
    assert day_5["To"] == f"Ana <{ANA}>"

    shop.send(paris("02-13 09:30"))
    invitation = shop.letter(ANA, "Compost for people who have a flat")
    become_insider(shop, page, shop.link(invitation, "/p/"), paris("02-13 10:00"))

    shop.send(paris("02-27 10:00"))
    early = shop.letter(ANA, EARLY)
    code = take_deal(shop, page, shop.link(early, "/d/"), paris("02-27 12:00"))
    assert code in text_of(early)
    buy(shop, page, shop.link(early, "/d/"), code, paris("02-27 12:10"))

    for moment in ("02-28 10:00", "03-03 10:00", "03-04 10:00"):
        shop.send(paris(moment))
    thanks = shop.letter(ANA, THANKS)
    assert LAST_CALL in subjects(shop, INSIDER)
    assert not any(LAST_CALL in subject for subject in subjects(shop, ANA))

    before = len(shop.letters(ANA))
    leave(shop, thanks, paris("03-04 11:00"))
    shop.send(paris("03-06 10:00"))
    assert "Two days later" in subjects(shop, READER)
    assert len(shop.letters(ANA)) == before
    assert len(set(subjects(shop, ANA))) == before  # and nothing ever came twice


def test_who_never_asked_to_hear_early_never_meets_the_deal(
    shop: RunningShop, new_page: NewPage
) -> None:
    """Neither in a letter nor behind a link, on any day of the month or after it."""
    page = new_page()
    for moment in map(paris, ("02-27 10:05", "02-28 09:59", "02-28 10:00", "03-03 10:00")):
        shop.send(moment)
        with shop.open_at(moment):
            page.goto(deal_page(shop, INSIDER))
            assert PRICE_ON_PAGE in page.content(), moment  # so it could be seen
            page.goto(deal_page(shop, READER))
        assert page.get_by_role("button").count() == 0, moment
        assert PRICE_ON_PAGE not in page.content(), moment
        assert "code=" not in page.content(), moment

    written = "\n".join(map(said_in, shop.letters(READER)))
    assert PRICE not in written
    assert "code=" not in written

    assert [each for each in subjects(shop, READER) if EARLY in each or LAST_CALL in each] == []
    assert any(LAUNCH in subject for subject in subjects(shop, READER))
    assert any(EARLY in subject for subject in subjects(shop, INSIDER))


def join_from(elsewhere: str, shop: RunningShop, page: Page, now: datetime) -> None:
    """The form on the blog; whoever reads before they press takes five seconds."""
    with shop.open_at(now):
        page.goto(elsewhere)
        page.get_by_label("Your email address").fill(ANA)
        page.get_by_label("Your first name").fill("Ana")
        assert page.get_by_label("Your time zone").input_value() == "Asia/Tokyo"
    with shop.open_at(now + timedelta(seconds=5)):
        page.get_by_role("button").click()
        page.get_by_role("heading", name="Please check your mailbox").wait_for()
        confirmation = shop.letter(ANA, "/confirm/")
    assert confirmation["Auto-Submitted"] == "auto-generated"
    assert len(shop.letters(ANA)) == 1


def confirm(shop: RunningShop, page: Page, now: datetime) -> None:
    link = shop.link(shop.letter(ANA, "/confirm/"), "/confirm/")
    with shop.open_at(now):
        page.goto(link)
        page.get_by_role("button").click()
        page.get_by_role("heading", name="You are in").wait_for()
        assert "Friday 5 February 2027, 09:00 (Tokyo time)" in page.inner_text("main")
        assert_accessible(page)
        shop.letter(ANA, "You’re on the list")


def become_insider(shop: RunningShop, page: Page, link: str, now: datetime) -> None:
    """One button, and no mail that asks whether it was them."""
    before = len(shop.letters(ANA))
    with shop.open_at(now):
        page.goto(link)
        assert_accessible(page)
        page.get_by_role("button", name="Yes, tell me early").click()
        page.get_by_role("heading", name="You will hear early").wait_for()
        assert_accessible(page)
    shop.send(now)
    assert len(shop.letters(ANA)) == before


def take_deal(shop: RunningShop, page: Page, link: str, now: datetime) -> str:
    """Press the button; returns the code with which the checkout was reached."""
    page.route(
        "https://bloom.example/**",
        lambda route: route.fulfill(status=200, content_type="text/html", body="<h1>Pay</h1>"),
    )
    with shop.open_at(now):
        page.goto(link)
        assert_accessible(page)
        page.get_by_role("button", name=f"Take one for {PRICE}").click()
        page.wait_for_url("https://bloom.example/year?code=*")
    return parse_qs(urlsplit(page.url).query)["code"][0]


def buy(shop: RunningShop, page: Page, link: str, code: str, now: datetime) -> None:
    """The checkout tells us, and so does the page of the deal from then on."""
    body = json.dumps({"code": code, "at": now.isoformat()}).encode()
    digest = hmac.new(REDEEM_SECRET.encode(), body, hashlib.sha256).hexdigest()
    call = urllib.request.Request(f"{shop.url}/webhooks/redeem", body)
    call.add_header("X-Signature", f"sha256={digest}")
    with shop.open_at(now):
        with urllib.request.urlopen(call, timeout=10) as answer:
            assert json.load(answer)["new"] is True
        page.goto(link)
        assert page.inner_text("h1") == "It is yours already"


def leave(shop: RunningShop, mail: EmailMessage, now: datetime) -> None:
    """As a mail program does it (RFC 8058), with nothing but what the header says; twice."""
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    address = mail["List-Unsubscribe"].partition(",")[0].strip("<> ")
    with shop.open_at(now):
        for _ in range(2):
            call = urllib.request.Request(address, b"List-Unsubscribe=One-Click")
            with urllib.request.urlopen(call, timeout=10) as answer:
                assert (answer.status, answer.url) == (200, address)


def subjects(shop: RunningShop, recipient: str) -> list[str]:
    return [str(mail["Subject"]) for mail in shop.letters(recipient)]


def deal_page(shop: RunningShop, recipient: str) -> str:
    """The deal's page by the newest link of a letter; without one, by another token."""
    letters = shop.letters(recipient)
    with_deal = [letter for letter in letters if "/d/" in text_of(letter)]
    if with_deal:
        return shop.link(with_deal[-1], "/d/")
    return shop.link(letters[-1], "/p/").replace("/p/", "/d/").partition("?")[0]
