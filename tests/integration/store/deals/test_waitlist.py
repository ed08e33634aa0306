"""The waitlist is notified in order, once, and the unit stays reserved."""

from __future__ import annotations

from datetime import timedelta

from lovecampaign.campaign.deals.deal_page import DealPageState
from lovecampaign.core.settings import Settings
from lovecampaign.store.checkout.buyers import add_buyer
from lovecampaign.store.database.engine import Database
from lovecampaign.store.deal_stock.extensions import Extension, extend_deal
from lovecampaign.store.subscribers.erasure import forget
from lovecampaign.store.subscribers.suppressions import unsubscribe
from tests.support.deal_room import MINUTE, OPEN, DealRoom
from tests.support.serving import dump

#: When the claims of :data:`OPEN` have lapsed.
LAPSED = OPEN + 30 * MINUTE


def test_the_first_in_line_is_told_when_a_unit_is_free_again_and_nobody_else(
    settings: Settings, database: Database
) -> None:
    room = DealRoom(settings, database, insiders=4, quantity=1)
    holder, first, second, _ = room.ids
    room.claim(holder)
    room.wait(first, OPEN + MINUTE)
    room.wait(second, OPEN + 2 * MINUTE)

    assert room.tell(OPEN + 29 * MINUTE) == 0
    assert room.tell(LAPSED) == 1
    assert room.tell(LAPSED) == 0
    assert room.told() == [first]
    assert room.page_state(first, LAPSED) is DealPageState.KEPT
    assert room.page_state(second, LAPSED) is DealPageState.WAITING


def test_asking_again_keeps_the_place(settings: Settings, database: Database) -> None:
    room = DealRoom(settings, database, insiders=3, quantity=1)
    holder, first, second = room.ids
    room.claim(holder)
    room.wait(first, OPEN)
    room.wait(second, OPEN + MINUTE)
    room.wait(first, OPEN + 2 * MINUTE)
    room.tell(LAPSED)

    assert room.told() == [first]


def test_nobody_who_comes_by_takes_what_those_who_wait_are_owed(
    settings: Settings, database: Database
) -> None:
    """Also where nothing looked for free units since the claim lapsed."""
    room = DealRoom(settings, database, insiders=3, quantity=1)
    holder, waits, comes_by = room.ids
    room.claim(holder)
    room.wait(waits)

    assert room.claim(comes_by, LAPSED) is None
    assert room.told() == [waits]
    claim = room.claim(waits, LAPSED + timedelta(hours=3))
    assert claim is not None
    assert claim.lapses_at == LAPSED + timedelta(hours=4)  # no less time than was promised
    assert room.stock(LAPSED + timedelta(hours=3)).left == 0


def test_a_kept_unit_goes_on_to_the_next_when_its_time_has_passed(
    settings: Settings, database: Database
) -> None:
    room = DealRoom(settings, database, insiders=3, quantity=1)
    holder, first, second = room.ids
    room.claim(holder)
    room.wait(first, OPEN)
    room.wait(second, OPEN + MINUTE)
    room.tell(LAPSED)
    passed = LAPSED + timedelta(hours=4)

    assert room.tell(passed - MINUTE) == 0
    assert room.tell(passed) == 1
    assert room.told() == [first, second]
    assert room.claim(first, passed) is None
    room.wait(first, passed)
    assert room.page_state(first, passed) is DealPageState.WAITING


def test_who_left_or_has_bought_is_passed_over(settings: Settings, database: Database) -> None:
    room = DealRoom(settings, database, insiders=4, quantity=1)
    holder, leaves, buys, waits = room.ids
    room.claim(holder)
    for number, id_ in enumerate((leaves, buys, waits)):
        room.wait(id_, OPEN + number * MINUTE)
    unsubscribe(database, "reader2@readers.example", OPEN, lists=room.stage.campaign.lists)
    add_buyer(database, room.campaign_id, "reader3@readers.example", OPEN)
    room.tell(LAPSED)

    assert room.told() == [waits]


def test_who_stands_at_the_page_when_a_unit_comes_free_gets_it_without_a_mail(
    settings: Settings, database: Database
) -> None:
    room = DealRoom(settings, database, insiders=2, quantity=1)
    holder, waits = room.ids
    room.claim(holder)
    room.wait(waits)

    assert room.claim(waits, LAPSED) is not None
    assert room.told() == []
    assert room.page_state(waits, LAPSED) is DealPageState.CLAIMED


def test_nobody_is_told_once_the_deal_has_closed(settings: Settings, database: Database) -> None:
    room = DealRoom(settings, database, insiders=2, quantity=1)
    room.claim(room.ids[0])
    room.wait(room.ids[1])

    assert room.tell(room.deal.closes) == 0


def test_a_buyer_known_by_address_keeps_the_unit_that_they_held(
    settings: Settings, database: Database
) -> None:
    room = DealRoom(settings, database, insiders=2, quantity=1)
    holder, other = room.ids
    room.claim(holder)
    add_buyer(database, room.campaign_id, "reader1@readers.example", OPEN + MINUTE)

    assert room.page_state(holder, LAPSED) is DealPageState.BOUGHT
    assert room.claim(other, LAPSED) is None


def test_who_is_forgotten_waits_no_more_and_leaves_no_reason_behind(
    settings: Settings, database: Database
) -> None:
    room = DealRoom(settings, database, insiders=2, quantity=1)
    holder, waits = room.ids
    room.claim(holder)
    room.wait(waits)
    until = room.deal.closes + timedelta(days=1)
    given = Extension(subscriber_id=waits, until=until, why="in hospital")
    with room.writing() as connection:
        extend_deal(connection, room.campaign_id, room.deal, given, OPEN)
    forget(database, "reader2@readers.example", OPEN)

    assert room.stock().waiting == 0
    assert "in hospital" not in repr(dump(database))
