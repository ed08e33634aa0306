"""How the example's letters look: size, language, structure, contrast, ways out, text part."""

from __future__ import annotations

import itertools
import re
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from html.parser import HTMLParser
from pathlib import Path

import pytest

from lovecampaign.audience.subscriber import Subscriber
from lovecampaign.campaign.files.load import load_campaign
from lovecampaign.campaign.model.campaign import Brand, Campaign
from lovecampaign.campaign.words.catalog import english_source
from lovecampaign.core.message import Message
from lovecampaign.render.lint.render_check import find_problems
from lovecampaign.render.model.content import read_content
from lovecampaign.render.model.contrast import DARK_PAPER, INK, PAPER, READABLE, contrast, shades_of
from lovecampaign.render.model.recipient import Links, Recipient
from lovecampaign.render.renderer import EmailRenderer
from tests.support.paths import REPOSITORY

FOLDER = REPOSITORY / "campaigns" / "customer-love"
BASE = REPOSITORY / "templates" / "email" / "base.mjml.j2"
HOST = "https://letters.bloom.example"
KEYS = (
    *(f"day-{number:02}" for number in range(1, 28)),
    *("early-access", "launch", "last-call", "thanks", "catch-up", "welcome", "confirm"),
    "invitation",
)
LINKS = Links(
    unsubscribe=f"{HOST}/u/token",
    preferences=f"{HOST}/p/token",
    web_view=f"{HOST}/v/token",
    join=f"{HOST}/join/readers",
    insiders=f"{HOST}/p/token?advance",
    every_day=f"{HOST}/p/token?every-day",
    share=f"{HOST}/s/token",
    answer=f"{HOST}/a/token",
    month=f"{HOST}/c/token",
    help=f"{HOST}/h/token",
    gift=f"{HOST}/g/token",
    deal=f"{HOST}/d/token",
    confirm=f"{HOST}/confirm/token",
)
JOANA = Recipient(
    subscriber=Subscriber(id=1, email="joana@example.com", first_name="Joana", is_insider=True),
    zone="America/Sao_Paulo",
    delivery_id="d1",
    first_claimed_at=datetime(2027, 2, 1, 12, tzinfo=UTC),
    links=LINKS,
    deal_code="BLOOM-7KQ4",
)
NOBODY_KNOWN = JOANA._replace(subscriber=Subscriber(id=2, email="who@example.com"))
#: What the base template prints on what: in light, then in dark mode.
LIGHT_PAIRS = [(INK, PAPER), (INK, "#fffdfa"), ("#685f57", PAPER), ("#685f57", "#fffdfa")]
DARK_PAIRS = [
    (words, behind) for words in ("#ebe4da", "#b9aea2") for behind in ("#1f1b18", DARK_PAPER)
]


@pytest.fixture(scope="module")
def campaign() -> Campaign:
    loaded = load_campaign(FOLDER, REPOSITORY)
    assert loaded.campaign is not None
    return loaded.campaign


@pytest.fixture(scope="module")
def letters(campaign: Campaign) -> Mapping[str, Message]:
    return {key: render(campaign, key) for key in KEYS}


def render(campaign: Campaign, key: str, recipient: Recipient = JOANA) -> Message:
    email = campaign.find_email(key)
    assert email is not None
    content = read_content(campaign, email)
    renderer = EmailRenderer(campaign, email, content, media_url=f"{HOST}/i")
    return renderer.render(recipient)


class Tags(HTMLParser):
    """Every start tag of an HTML page, those that only Outlook reads included."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))

    def handle_comment(self, data: str) -> None:
        if data.startswith("[if") and "<table" in data:
            self.found += Tags(data.partition(">")[2]).found

    def named(self, name: str) -> Iterator[dict[str, str | None]]:
        return (attributes for tag, attributes in self.found if tag == name)


def test_the_example_has_exactly_these_emails(campaign: Campaign) -> None:
    assert {email.key for email in campaign.emails} == set(KEYS)


@pytest.mark.parametrize("key", KEYS)
def test_nothing_is_wrong_with_words_and_templates(campaign: Campaign, key: str) -> None:
    email = campaign.find_email(key)
    assert email is not None
    assert find_problems(campaign, email, read_content(campaign, email)) == []


@pytest.mark.parametrize("key", KEYS)
def test_a_letter_is_small_enough_to_be_shown_whole(
    letters: Mapping[str, Message], key: str
) -> None:
    assert len(letters[key].html.encode()) < 30_000


@pytest.mark.parametrize("key", KEYS)
def test_a_letter_can_be_read_by_a_screen_reader(letters: Mapping[str, Message], key: str) -> None:
    tags = Tags(letters[key].html)
    page = next(tags.named("html"))
    assert (page.get("lang"), page.get("dir")) == ("en", "ltr")
    title = re.search(r"<title>(.+?)</title>", letters[key].html)
    assert title is not None
    assert all(table.get("role") == "presentation" for table in tags.named("table"))
    assert all(image.get("alt") for image in tags.named("img"))


@pytest.mark.parametrize("key", KEYS)
def test_headings_start_at_the_top_and_skip_no_level(
    letters: Mapping[str, Message], key: str
) -> None:
    levels = [0, *(int(level) for level in re.findall(r"<h([1-6])\b", letters[key].html))]
    assert all(after <= before + 1 for before, after in itertools.pairwise(levels))


@pytest.mark.parametrize("key", KEYS)
def test_no_words_are_smaller_than_14_pixels(letters: Mapping[str, Message], key: str) -> None:
    body = letters[key].html.partition("<body")[2]
    sizes = {int(size) for size in re.findall(r"font-size:(\d+)px", body)}
    # 0 and 1 are how MJML hides the preheader and the gaps between tables.
    assert {size for size in sizes if 1 < size < 14} == set()


@pytest.mark.parametrize("key", KEYS)
def test_dark_mode_is_announced_and_designed(letters: Mapping[str, Message], key: str) -> None:
    html = letters[key].html
    names = {meta.get("name") for meta in Tags(html).named("meta")}
    assert {"color-scheme", "supported-color-schemes", "viewport"} <= names
    assert "@media (prefers-color-scheme: dark)" in html
    assert "[data-ogsc]" in html


@pytest.mark.parametrize("key", KEYS)
def test_there_is_one_button_at_most(letters: Mapping[str, Message], key: str) -> None:
    assert letters[key].html.count('class="button"') <= 1


@pytest.mark.parametrize("key", [key for key in KEYS if key != "confirm"])
def test_every_letter_shows_the_ways_out_and_the_address(
    letters: Mapping[str, Message], key: str
) -> None:
    for part in (letters[key].html, letters[key].text):
        for needed in (LINKS.unsubscribe, LINKS.preferences, LINKS.web_view, "12 rue des Lilas"):
            assert needed in part


def test_the_confirmation_offers_one_click_and_no_way_out_of_nothing(
    letters: Mapping[str, Message],
) -> None:
    message = letters["confirm"]
    assert LINKS.confirm is not None
    for part in (message.html, message.text):
        assert part.count(LINKS.confirm) == 1
        assert LINKS.unsubscribe not in part


@pytest.mark.parametrize("key", KEYS)
def test_nothing_of_the_template_language_reaches_a_reader_without_a_name(
    campaign: Campaign, key: str
) -> None:
    message = render(campaign, key, NOBODY_KNOWN)
    for part in (message.subject, message.text, message.html.partition("<body")[2]):
        assert not re.search(r"\{\{|\{%|\[\[|\]\]|\bNone\b|Undefined|Hi ,|Dear ,", part)


def test_a_reader_without_a_name_is_a_friend(campaign: Campaign) -> None:
    assert "Hi friend," in render(campaign, "day-01", NOBODY_KNOWN).text
    assert render(campaign, "day-05", NOBODY_KNOWN).subject.startswith("Friend, ")


def test_a_day_carries_its_number(letters: Mapping[str, Message]) -> None:
    assert letters["day-09"].text.startswith("Day 9 of 27 · One to keep")


def test_the_guest_stands_above_the_interview(letters: Mapping[str, Message]) -> None:
    assert "<h1>Dr Mai Tran</h1>" in letters["day-12"].html
    assert "Soil scientist, Lyon" in letters["day-12"].text


@pytest.mark.parametrize("key", ["early-access", "last-call"])
def test_insiders_see_their_price_until_when_where_they_live(
    letters: Mapping[str, Message], key: str
) -> None:
    for part in (letters[key].html, letters[key].text):
        assert "€64.00" in part
        assert "€96.00" in part
        assert "19:59 (" in part  # 23:59 in Paris, for a reader in São Paulo
        assert part.count(LINKS.deal) == 1


def test_the_launch_has_one_price_and_one_link_to_it(letters: Mapping[str, Message]) -> None:
    for part in (letters["launch"].html, letters["launch"].text):
        assert "€96.00" in part
        assert "€64.00" not in part
        assert part.count("https://bloom.example/year") == 1


def test_a_digest_holds_the_days_it_names(campaign: Campaign) -> None:
    digest = JOANA._replace(digest=("day-01", "day-09", "day-10"))
    message = render(campaign, "catch-up", digest)
    for said in ("first small job", "Map your light", "The rule Noé cut in half"):
        assert said in message.text
    assert len(message.html.encode()) < 60_000


@pytest.mark.parametrize(("words", "behind"), [*LIGHT_PAIRS, *DARK_PAIRS])
def test_words_can_be_read_on_what_is_behind_them(words: str, behind: str) -> None:
    assert contrast(words, behind) >= READABLE


def test_the_template_uses_the_colours_that_were_measured() -> None:
    source = BASE.read_text(encoding="utf-8")
    for color in {color for pair in (*LIGHT_PAIRS, *DARK_PAIRS) for color in pair}:
        assert color in source.partition("-#}")[2], color


@pytest.mark.parametrize("color", ["#a8324a", "#ffd54f", "#102a10", "#777777"])
def test_any_brand_colour_gives_a_readable_button_and_links(campaign: Campaign, color: str) -> None:
    shades = shades_of(color)
    html = render(replace(campaign, brand=Brand(color=color)), "day-13").html
    assert f"background:{shades.color};color:{shades.on_color}" in html
    assert f".copy a {{ color: {shades.color_on_paper};" in html
    assert f".copy a, .number {{ color: {shades.color_dark} !important; }}" in html


def test_a_language_from_right_to_left_turns_the_letter(campaign: Campaign, tmp_path: Path) -> None:
    shutil.copytree(BASE.parent, tmp_path / "templates" / "email")
    (tmp_path / "templates" / "words").mkdir()
    (tmp_path / "templates" / "words" / "fa.toml").write_text(english_source(), "utf-8")
    html = render(replace(campaign, language="fa", workspace=tmp_path), "day-02").html
    assert next(Tags(html).named("html")).get("dir") == "rtl"
    body = html.partition("<body")[2]
    assert "direction:ltr" not in body
    assert "text-align:left" not in body.replace("text-align:left;direction:rtl", "")
