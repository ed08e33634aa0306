"""The pages that are there before any other."""

from __future__ import annotations

from tests.serving import Serving


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
    assert set(answer.headers["allow"].split(", ")) == {"GET", "HEAD"}
    assert served.ask("HEAD", "/").status == 200
