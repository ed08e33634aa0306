"""The owner of a code is found in any spelling that could mean no other code."""

from __future__ import annotations

import pytest

from lovecampaign.core.settings import Settings
from lovecampaign.store.checkout.buyers import add_buyer, import_buyers
from lovecampaign.store.checkout.codes import fill_pool
from lovecampaign.store.database.engine import Database
from lovecampaign.store.deal_stock.code_owner import AmbiguousCode, UnknownCode, find_code_owner
from tests.support.deal_room import OPEN, DealRoom


class Pool:
    """A deal whose codes the author brought: two readers have the first two of them."""

    def __init__(self, settings: Settings, database: Database, *codes: str) -> None:
        path = settings.workspace / "campaigns" / "test-month" / "codes.csv"
        path.parent.mkdir(parents=True)
        path.write_text("code\n" + "\n".join(codes) + "\n")
        self.room = DealRoom(settings, database, insiders=2, codes="codes.csv")
        with self.room.writing() as connection:
            fill_pool(connection, self.room.campaign_id, "insider", codes)
        self.given = [self.room.code(one) for one in self.room.ids]

    def find(self, typed: str) -> str:
        with self.room.database.read() as connection:
            return str(find_code_owner(connection, typed, self.room.campaign_id).code)


def test_another_case_of_an_authors_code_is_taken_where_it_is_alone(
    settings: Settings, database: Database
) -> None:
    pool = Pool(settings, database, "Love2027", "SPRING-7")

    assert pool.given == ["Love2027", "SPRING-7"]
    assert [pool.find(typed) for typed in (" love2027 ", "LOVE2027", "Spring-7")] == [
        "Love2027",
        "Love2027",
        "SPRING-7",
    ]
    with pytest.raises(UnknownCode):
        pool.find("SPRING7")  # an author's hyphens are the author's


def test_of_two_codes_that_differ_by_case_each_is_taken_exactly_and_no_other_way(
    settings: Settings, database: Database
) -> None:
    pool = Pool(settings, database, "Love2027", "LOVE2027", "lovE2027")

    assert pool.find("Love2027") == "Love2027"
    assert pool.find("LOVE2027") == "LOVE2027"
    with pytest.raises(AmbiguousCode, match="differ only in capital and small letters"):
        pool.find("love2027")
    with pytest.raises(UnknownCode):
        pool.find("lovE2027")  # nobody has it yet, and it is not one of the others


def test_buyers_are_known_by_codes_as_people_write_them(
    settings: Settings, database: Database
) -> None:
    room = DealRoom(settings, database, insiders=2)
    one, two = (room.code(one) for one in room.ids)
    assert add_buyer(database, room.campaign_id, one.lower().replace("-", " "), OPEN)

    file = settings.workspace / "buyers.csv"
    file.write_text(f"code\n{one}\n{two.replace('-', '')}\n")
    report = import_buyers(database, room.campaign_id, file, "buyers.csv", OPEN)

    assert (report.new, report.known, report.problems) == (1, 1, ())
