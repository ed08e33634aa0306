"""stories: an answer is read, approved, told, published and withdrawn by typing."""

from __future__ import annotations

import contextlib
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import sqlalchemy as sa
from PIL import Image

from lovecampaign.core.settings import Settings
from lovecampaign.store.database.schema_version import open_database
from lovecampaign.store.dialogue.stories.stories import StoryDraft, save_answer
from lovecampaign.store.ledger.lookup import find_delivery_of
from lovecampaign.store.tables import delivery
from tests.acceptance.program import Shop

NOW = ("--now", "2027-02-01T21:00Z")
THEN = datetime(2027, 2, 1, 20, 30, tzinfo=UTC)


DRAFT = StoryDraft(text="A fig.", name="Ana", in_letter=True, on_wall=True, in_social=True)


def answer(shop: Shop, draft: StoryDraft = DRAFT) -> None:
    """The newest delivery's subscriber answers, as on the page."""
    settings = Settings(workspace=Path(shop.folder))
    with contextlib.closing(open_database(settings)) as database, database.write() as connection:
        row = connection.execute(sa.select(delivery).where(delivery.c.state == "sent")).first()
        assert row is not None
        found = find_delivery_of(connection, row.email_id, row.subscriber_id)
        assert found is not None
        save_answer(connection, found, "day-01", "Which plant?", draft, THEN)


def test_a_story_goes_its_way_step_by_step(shop: Shop) -> None:
    shop.type("send", "--yes", "--now", "2027-02-01T20:00Z").done()
    assert "No answers yet." in shop.type("stories", *NOW).done().out
    answer(shop)

    [story] = shop.data("stories", *NOW)["stories"]
    assert (story["state"], story["name"], story["wall"]) == ("new", "Ana", True)
    assert "A fig." in shop.type("stories", "show", "1").done().out
    refused = shop.type("stories", "publish", "1", *NOW)
    assert refused.code == 2
    assert "not approved" in refused.err

    approved = shop.type("stories", "approve", "1", *NOW).done().out
    assert approved.startswith("A fig.\n")  # its writer may have changed it since it was read
    assert "gets a mail with it first: it leaves with serve" in approved
    explained = shop.type("explain", story["email"], *NOW).done().out
    assert "the answer was approved" in explained
    untold = shop.type("stories", "publish", "1", *NOW)
    assert untold.code == 2
    assert "not told yet" in untold.err


def test_what_a_writer_allows_nowhere_is_not_approved(shop: Shop) -> None:
    shop.type("send", "--yes", "--now", "2027-02-01T20:00Z").done()
    answer(shop, replace(DRAFT, in_letter=False, on_wall=False, in_social=False))

    refused = shop.type("stories", "approve", "1", *NOW)

    assert refused.code == 2
    assert "for your eyes only" in refused.err
    assert shop.type("stories", "show", "7").code == 2


def test_published_ones_are_exported_with_cards_and_withdrawn_ones_are_not(shop: Shop) -> None:
    shop.type("send", "--yes", "--now", "2027-02-01T20:00Z").done()
    answer(shop, replace(DRAFT, name="Ana " * 15))
    listed = shop.type("stories", *NOW).done().out
    assert max(map(len, listed.splitlines())) < 120  # a long name widens no column
    shop.type("stories", "approve", "1", *NOW).done()
    shop.type("send", "--yes", *NOW).done()  # as from cron, without serve or run
    assert any("Your answer, as others" in str(mail["Subject"]) for mail in shop.letters)
    assert "letter, wall, social" in shop.type("stories", "publish", "1", *NOW).done().out

    [story] = shop.data("stories", "export", "--cards", "cards")["stories"]
    assert (story["text"], story["email"]) == ("A fig.", None)
    with Image.open(shop.folder / "cards" / "story-1.png") as card:
        assert card.size == (1200, 630)

    shop.type("stories", "withdraw", "1", *NOW).done()
    assert shop.data("stories", "export")["stories"] == []
    assert shop.data("stories", "--state", "withdrawn")["stories"][0]["text"] == "A fig."


def test_letters_that_no_font_has_are_told_before_the_card_is_drawn(shop: Shop) -> None:
    shop.type("send", "--yes", "--now", "2027-02-01T20:00Z").done()
    answer(shop, replace(DRAFT, name="花子"))

    approved = shop.type("stories", "approve", "1", *NOW, "--json", PATH="").done()  # no fontconfig

    assert approved.codes == ["card"]
