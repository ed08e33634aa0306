"""The wall shows what its writers allow and we have published, and nothing else."""

from __future__ import annotations

import io
from xml.etree import ElementTree

import pytest
from PIL import Image

from lovecampaign.render.card.draw import SIZE
from tests.integration.serve.support.stories import NAME, QUESTION, Answers, seal_of

CAMPAIGN = "test-month-2027-02"
WALL = f"/heroes/{CAMPAIGN}"


def test_an_empty_wall_says_so(answers: Answers) -> None:
    page = answers.served.get(WALL)

    assert page.status == 200
    assert "The first answers will appear here soon." in page.text


def test_the_wall_shows_an_answer_with_its_name_and_no_more(answers: Answers) -> None:
    answers.write()
    assert "A fig" not in answers.served.get(WALL).text
    answers.publish()
    page = answers.served.get(WALL).text

    assert QUESTION in page
    assert '<p dir="auto">A fig from 1987.</p>' in page
    assert "&lt;b&gt;eleven&lt;/b&gt; times &amp; *lives*" in page
    assert NAME in page
    assert "Reader1" not in page
    assert "readers.example" not in page


@pytest.mark.parametrize("permission", ["letter", "wall", "social"])
def test_only_the_permission_wall_counts(answers: Answers, permission: str) -> None:
    answers.write(**{"letter": "", "wall": ""} | {permission: "yes"})
    answers.publish()

    for path in (WALL, f"{WALL}/feed"):
        assert ("A fig" in answers.served.get(path).text) is (permission == "wall")


def test_a_withdrawn_answer_is_gone_from_wall_feed_and_card(answers: Answers) -> None:
    answers.write()
    answers.publish()
    card = f"/card/{answers.card_token()}"
    assert answers.served.get(card).status == 200
    link = answers.mailed_link()
    answers.served.press(link, {"do": "withdraw", **seal_of(answers.served.get(link).text)})

    for path in (WALL, f"{WALL}/feed"):
        page = answers.served.get(path)
        assert "A fig" not in page.text
        assert page.headers["cache-control"] == "no-store"
    assert answers.served.get(card).status == 404


def test_other_programs_find_the_wall(answers: Answers) -> None:
    answers.write()
    answers.publish()
    page, feed = answers.served.get(WALL), answers.served.get(f"{WALL}/feed")
    url = f"{answers.stage.settings.public_url}{WALL}"

    assert f'<meta property="og:url" content="{url}">' in page.text
    assert '<meta property="og:locale" content="en_US">' in page.text
    assert f'<meta property="og:image" content="{url}/card.png">' in page.text
    assert feed.headers["content-type"] == "application/atom+xml"
    atom = "{http://www.w3.org/2005/Atom}"
    root = ElementTree.fromstring(feed.body)
    [entry] = root.findall(f"{atom}entry")
    assert entry.findtext(f"{atom}author/{atom}name") == NAME
    assert entry.findtext(f"{atom}title") == QUESTION
    assert entry.findtext(f"{atom}content") == (
        "A fig from 1987.\n\nIt has moved house <b>eleven</b> times & *lives*."
    )


def test_cards_are_pictures_of_the_size_that_previews_want(answers: Answers) -> None:
    answers.write()
    answers.publish()
    for path in (f"{WALL}/card.png", f"/card/{answers.card_token()}"):
        card = answers.served.get(path)
        assert card.headers["content-type"] == "image/png"
        assert card.headers["cross-origin-resource-policy"] == "cross-origin"
        assert Image.open(io.BytesIO(card.body)).size == SIZE


def test_a_card_opens_nothing_else(answers: Answers) -> None:
    answers.write()
    answers.publish()

    assert answers.served.get(f"/a/{answers.card_token()}").status == 404
    assert answers.served.get("/heroes/unknown").status == 404
