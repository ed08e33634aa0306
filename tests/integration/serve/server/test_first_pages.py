"""The pages that are there before any other."""

from __future__ import annotations

import re

import pytest

from tests.support.serving import Serving, serving, with_settings
from tests.support.stage import Stage


def test_the_first_page_says_what_this_is_and_leads_to_joining(served: Serving) -> None:
    page = served.get("/")

    assert page.status == 200
    assert "Test Month is a month of small gifts by email from Ana from Bloom" in page.text
    assert 'href="/join/readers"' in page.text


def test_a_page_speaks_the_visitors_language(served: Serving) -> None:
    page = served.get("/", accept_language="it;q=0.9, fr-CA, en;q=0.5")

    assert '<html lang="fr" dir="ltr">' in page.text
    assert page.headers["content-language"] == "fr"
    assert "Recevoir Test Month par e-mail" in page.text


def test_what_is_not_there_is_said_kindly(served: Serving) -> None:
    for path in ("/nothing", "/i/none", "/style/none.css", "/static/none", "/healthz/"):
        page = served.get(path)
        assert page.status == 404
        assert "There is nothing here" in page.text


def test_a_method_that_a_page_does_not_have_is_refused(served: Serving) -> None:
    answer = served.ask("DELETE", "/")

    assert answer.status == 405
    assert "Open the link from the letter" in answer.text
    assert set(answer.headers["allow"].split(", ")) == {"GET", "HEAD"}
    assert served.ask("HEAD", "/").status == 200


def test_everything_may_lie_below_a_path(stage: Stage) -> None:
    """Whether the proxy passes the path on or takes it off."""
    below = with_settings(stage.settings, public_url="https://bloom.example/letters")
    with serving(below, stage.database, stage.clock) as served:
        taken_off, passed_on = served.get("/"), served.get("/letters/")

    assert taken_off.text == passed_on.text
    assert 'href="/letters/join/readers"' in taken_off.text
    assert 'href="/letters/static/pages.css?' in taken_off.text
    assert 'href="/letters/style/' in taken_off.text


def test_what_is_named_by_its_content_may_be_kept_for_ever(served: Serving) -> None:
    page = served.get("/").text
    for path in re.findall(r'(?:href|src)="(/(?:static|style)/[^"]+)"', page):
        assert served.get(path).headers["cache-control"].endswith("immutable"), path
    assert served.get("/static/pages.css").headers["cache-control"] == "no-store"
    assert served.get("/").headers["cache-control"] == "no-store"


@pytest.mark.parametrize(
    ("language", "words"), [("en", "It accepts POST only."), ("fr", "Elle accepte POST")]
)
def test_who_opens_an_address_for_programs_is_told_what_it_takes(
    served: Serving, language: str, words: str
) -> None:
    for path in ("/webhooks/sendgrid", "/webhooks/redeem"):
        answer = served.get(path, accept_language=language)

        assert answer.status == 405
        assert answer.headers["allow"] == "POST"
        assert words in answer.text
