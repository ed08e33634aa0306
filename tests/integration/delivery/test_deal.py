"""Letters about the deal go to whom it is still there for, and say until when it is theirs."""

from __future__ import annotations

from datetime import datetime, timedelta

from lovecampaign.core.settings import Settings
from lovecampaign.store.database.engine import Database
from lovecampaign.store.deal_stock.extensions import Extension, extend_deal
from tests.support.deal_room import OPEN, DealRoom

LAUNCH = datetime.fromisoformat("2027-02-28T10:00+01:00")
LAST_CALL = datetime.fromisoformat("2027-03-03T10:00+01:00")
CLOSED = datetime.fromisoformat("2027-03-03T23:59+01:00")
THANKS = datetime.fromisoformat("2027-03-04T10:00+01:00")


def last_call(room: DealRoom, now: datetime = LAST_CALL) -> list[str]:
    """Whom the last call reached, by the first part of the address."""
    room.stage.send(now, keys={"last-call"})
    return sorted(
        message.to.email.partition("@")[0]
        for message in room.stage.memory.sent
        if "last-call" in message.subject
    )


def test_who_bought_by_code_gets_thanks_and_no_letter_for_those_who_did_not(
    settings: Settings, database: Database
) -> None:
    room = DealRoom(settings, database, insiders=3, quantity=None)
    room.redeem(room.ids[0])

    assert last_call(room) == ["reader2", "reader3"]
    room.stage.send(THANKS, keys={"thanks"})
    thanked = [each.to.email for each in room.stage.memory.sent if "thanks" in each.subject]
    assert thanked == ["reader1@readers.example"]
    assert room.stage.reasons("last-call") == {}


def test_once_it_is_sold_out_for_good_nobody_is_called_a_last_time(
    settings: Settings, database: Database
) -> None:
    room = DealRoom(settings, database, insiders=4, quantity=2, when_gone="stop")
    room.redeem(room.ids[0])
    room.claim(room.ids[1], LAST_CALL - timedelta(minutes=10))

    assert last_call(room) == ["reader2"]  # who holds the last one is told how long
    assert room.stage.reasons("last-call") == {"sold_out": 2}


def test_where_the_price_is_gone_the_full_price_is_no_reason_to_write(
    settings: Settings, database: Database
) -> None:
    room = DealRoom(settings, database, insiders=2, quantity=1, when_gone="full-price")
    room.redeem(room.ids[0])

    assert last_call(room) == []
    assert room.stage.reasons("last-call") == {"sold_out": 1}


def test_with_a_waitlist_the_letter_goes_out_since_units_come_back(
    settings: Settings, database: Database
) -> None:
    room = DealRoom(settings, database, insiders=3, quantity=1, when_gone="waitlist")
    room.redeem(room.ids[0])

    assert last_call(room) == ["reader2", "reader3"]


def test_a_unit_that_is_free_again_lets_the_letter_go_out(
    settings: Settings, database: Database
) -> None:
    room = DealRoom(settings, database, insiders=2, quantity=1, when_gone="stop")
    room.claim(room.ids[0], LAST_CALL - timedelta(hours=1))

    assert last_call(room) == ["reader1", "reader2"]


def test_a_letter_that_comes_too_late_for_all_still_goes_to_who_was_given_more_time(
    settings: Settings, database: Database
) -> None:
    room = DealRoom(settings, database, insiders=2, quantity=None)
    given = Extension(
        subscriber_id=room.ids[0], until=CLOSED + timedelta(days=2), why="in hospital"
    )
    with room.writing() as connection:
        extend_deal(connection, room.campaign_id, room.deal, given, OPEN)

    assert last_call(room, CLOSED + timedelta(hours=1)) == ["reader1"]
    assert room.stage.reasons("last-call") == {"deal_closed": 1}
    [message] = room.stage.memory.sent
    assert "Friday 5 March 2027, 23:59" in message.text


def test_everybody_reads_the_end_that_holds_for_them(
    settings: Settings, database: Database
) -> None:
    room = DealRoom(settings, database, insiders=2, quantity=None)
    given = Extension(subscriber_id=room.ids[1], until=CLOSED + timedelta(days=2), why="on a ship")
    with room.writing() as connection:
        extend_deal(connection, room.campaign_id, room.deal, given, OPEN)
    last_call(room)
    texts = {message.to.email: message.text for message in room.stage.memory.sent}

    assert "Wednesday 3 March 2027, 23:59" in texts["reader1@readers.example"]
    assert "Friday 5 March 2027, 23:59" in texts["reader2@readers.example"]


def test_the_code_in_a_letter_is_the_one_that_the_page_hands_over(
    settings: Settings, database: Database
) -> None:
    letter = "---\nsubject: last-call\npreheader: Yours.\n---\nYour code is {{ deal.code }}.\n"
    room = DealRoom(settings, database, insiders=1, quantity=None)
    (room.stage.folder / "launch" / "last-call.md").write_text(letter)
    room.stage.load()
    code = room.code(room.ids[0])
    last_call(room)

    assert f"Your code is {code}" in room.stage.memory.sent[0].text
