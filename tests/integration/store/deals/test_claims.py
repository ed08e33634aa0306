"""Units are claimed for a while, one each, and never more than there are."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

from lovecampaign.campaign.deals.deal_page import DealPageState
from lovecampaign.core.settings import Settings
from lovecampaign.store.database.engine import Database
from tests.support.deal_room import MINUTE, OPEN, DealRoom


def test_of_two_hundred_who_claim_at_once_fifty_get_one_of_fifty_units(
    settings: Settings, database: Database
) -> None:
    room = DealRoom(settings, database, insiders=200, quantity=50)

    with ThreadPoolExecutor(20) as crowd:
        claims = list(crowd.map(room.claim, room.ids))

    assert sum(claim is not None for claim in claims) == 50
    assert (room.stock().reserved, room.stock().left) == (50, 0)


def test_one_person_who_claims_many_times_at_once_gets_one_unit(
    settings: Settings, database: Database
) -> None:
    room = DealRoom(settings, database, insiders=1, quantity=5)

    with ThreadPoolExecutor(10) as crowd:
        claims = set(crowd.map(room.claim, room.ids * 20))

    assert len(claims) == 1
    assert room.stock().left == 4


def test_claiming_again_prolongs_nothing(settings: Settings, database: Database) -> None:
    room = DealRoom(settings, database, insiders=1)
    first = room.claim(room.ids[0])

    assert first is not None
    assert first.lapses_at == OPEN + timedelta(minutes=30)
    assert room.claim(room.ids[0], OPEN + 29 * MINUTE) == first


def test_a_claim_that_is_not_paid_lapses_and_its_owner_may_claim_anew(
    settings: Settings, database: Database
) -> None:
    room = DealRoom(settings, database, insiders=3)
    one, two, three = room.ids
    room.claim(one)
    room.claim(two)
    later = OPEN + 30 * MINUTE

    assert room.claim(three) is None
    assert room.stock(later).left == 2
    assert room.claim(three, later) is not None
    again = room.claim(one, later)
    assert again is not None
    assert again.claimed_at == later
    assert room.claim(two, later) is None


def test_an_unpaid_claim_is_renewed_twice_and_then_reserves_nothing(
    settings: Settings, database: Database
) -> None:
    room = DealRoom(settings, database, insiders=2, quantity=1)
    one, two = room.ids
    times = [OPEN + number * 31 * MINUTE for number in range(5)]

    assert [room.claim(one, at) is not None for at in times] == [True, True, True, False, False]
    assert room.stock(times[3]).left == 1
    assert room.page_state(one, times[3]) is DealPageState.UNRESERVED
    assert room.claim(two, times[3]) is not None
    assert room.page_state(one, times[3]) is DealPageState.WAITLIST


def test_a_unit_from_the_waitlist_is_theirs_after_all_renewals(
    settings: Settings, database: Database
) -> None:
    room = DealRoom(settings, database, insiders=2, quantity=1)
    one, two = room.ids
    times = [OPEN + number * 31 * MINUTE for number in range(5)]
    for at in times[:3]:
        room.claim(one, at)
    room.claim(two, times[3])
    room.wait(one, times[3])
    room.tell(times[4])

    assert room.page_state(one, times[4]) is DealPageState.KEPT
    assert room.claim(one, times[4]) is not None


def test_without_a_limit_a_claim_is_renewed_as_often_as_it_lapses(
    settings: Settings, database: Database
) -> None:
    room = DealRoom(settings, database, insiders=1, quantity=None)

    assert all(room.claim(room.ids[0], OPEN + number * 31 * MINUTE) for number in range(6))


def test_a_deal_without_a_quantity_never_runs_out(settings: Settings, database: Database) -> None:
    room = DealRoom(settings, database, insiders=4, quantity=None)

    assert all(room.claim(id_) for id_ in room.ids)
    assert room.stock().left is None
    assert not room.stock().is_gone


def test_a_code_is_made_once_for_a_person_however_many_ask_at_once(
    settings: Settings, database: Database
) -> None:
    room = DealRoom(settings, database, insiders=2)

    with ThreadPoolExecutor(8) as crowd:
        codes = set(crowd.map(room.code, room.ids * 8))

    assert len(codes) == 2


def test_what_was_redeemed_never_comes_back(settings: Settings, database: Database) -> None:
    room = DealRoom(settings, database, insiders=2, quantity=1)
    one, two = room.ids
    room.claim(one)
    redemption = room.redeem(one)

    assert redemption.is_new
    assert not room.redeem(one, OPEN + MINUTE).is_new
    assert room.redeem(one, OPEN + MINUTE).redeemed_at == OPEN
    assert room.claim(two, OPEN + timedelta(days=1)) is None
    assert room.page_state(one) is DealPageState.BOUGHT
    assert (room.stock().redeemed, room.stock().reserved, room.stock().left) == (1, 0, 0)


def test_a_purchase_takes_a_unit_without_a_claim_and_the_stock_stays_at_zero(
    settings: Settings, database: Database
) -> None:
    """Two pay for the last unit, since the first one's claim had lapsed: both have bought."""
    room = DealRoom(settings, database, insiders=2, quantity=1)
    one, two = room.ids
    room.claim(one)
    room.redeem(two)
    room.redeem(one, OPEN + timedelta(hours=2))

    assert (room.stock().redeemed, room.stock().left) == (2, 0)
