"""The pages of ``serve`` in a real browser: accessible, in light and dark, on phones."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from lovecampaign.campaign.words.catalog import flatten, read_words
from lovecampaign.core.settings import Settings
from lovecampaign.core.tokens import Purpose
from lovecampaign.store.signup.request import SignupForm, request_signup
from tests.browser.conftest import NewPage
from tests.integration.serve.support.routes import every_path
from tests.support.accessibility import assert_accessible
from tests.support.fast_databases import open_new_database
from tests.support.serving import RecordingMailer, Serving, serving
from tests.support.stage import Stage


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serving]:
    settings = Settings(workspace=tmp_path_factory.mktemp("workspace"), secret_keys=("key",))
    database = open_new_database(settings)
    stage = Stage(settings, database, days=2, settings_={"brand": {"color": "#f2c14e"}})
    stage.add_readers(1, lists=("readers", "insiders"))
    stage.send()
    address = "new@readers.example"
    wish = SignupForm(list="readers", consent_text="Yes", consent_version="1")
    request_signup(database, address, address, wish, 1, stage.clock.now())
    with serving(settings, database, stage.clock) as running:
        yield running
    database.close()


def test_everybody_can_use_every_page(pages: Serving, new_page: NewPage) -> None:
    """Also those that say that there is nothing here, or that the link was of a test."""
    page = new_page()
    seen: set[str] = set()
    for asked in every_path(pages, 1):
        answer = page.request.get(pages.url + asked.path)
        title = re.search("<h1>.*?</h1>", answer.text(), re.DOTALL)
        if title and title[0] not in seen:
            seen.add(title[0])
            page.goto(pages.url + asked.path)
            assert_accessible(page)
    assert len(seen) > 4


def test_german_pages_are_accessible_and_have_no_english_left(
    pages: Serving, new_page: NewPage
) -> None:
    page = new_page(extra_http_headers={"Accept-Language": "de-AT"})
    links = pages.token(Purpose.LINKS, 1)
    paths = ("/join/readers", f"/p/{links}", f"/u/{links}", f"/p/{links}?insiders=1", "/d/nothing")
    for path in paths:
        page.goto(pages.url + path)
        assert page.locator("html").get_attribute("lang") == "de"
        assert find_phrases("en", page.locator("body").inner_text()) == []
        assert_accessible(page)


def find_phrases(language: str, text: str) -> list[str]:
    """Texts of the pages, of three words and more, that a page shows in this language."""
    words = read_words(None, language)
    assert words is not None
    texts = (text for _, text in flatten(words.texts))
    return [each for each in texts if len(each.split()) > 2 and each in text]


def test_the_sign_up_pages_are_accessible_while_no_mail_goes_out(
    pages: Serving, new_page: NewPage
) -> None:
    mailer = pages.site.mailer
    assert isinstance(mailer, RecordingMailer)
    mailer.waits = "our sending limit is reached"
    page = new_page()
    for path in ("/join/readers", "/join/readers/sent"):
        page.goto(pages.url + path)
        assert_accessible(page)
    mailer.waits = None


def test_a_page_loads_nothing_that_its_policy_forbids(pages: Serving, new_page: NewPage) -> None:
    page = new_page()
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.goto(pages.url + "/")

    assert said == []
    assert page.locator(".button").evaluate("e => getComputedStyle(e).backgroundColor") == (
        "rgb(242, 193, 78)"
    )


def test_the_check_for_everybody_finds_what_somebody_cannot_read(
    new_page: NewPage, tmp_path: Path
) -> None:
    file = tmp_path / "faint.html"
    file.write_text('<html lang="en"><title>T</title><main><h1 style="color:#ccc">Faint</h1>')
    page = new_page()
    page.goto(file.as_uri())

    with pytest.raises(AssertionError, match="color-contrast"):
        assert_accessible(page)
