"""The page of a deal link shows the subscriber's state, and its button claims a unit."""

from __future__ import annotations

import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

import pytest

from lovecampaign.core.settings import Settings
from lovecampaign.core.tokens import Purpose
from lovecampaign.store.database.engine import Database
from lovecampaign.store.deal_stock.extensions import Extension, extend_deal
from lovecampaign.store.subscribers.suppressions import unsubscribe
from tests.support.deal_room import MINUTE, OPEN, DealRoom
from tests.support.serving import Answer, Serving, dump, serving

LAUNCH = datetime.fromisoformat("2027-02-28T10:00+01:00")
CLOSED = datetime.fromisoformat("2027-03-03T23:59+01:00")
CHECKOUT = "https://bloom.example/buy?code="


class Visits:
    """People who open their deal link."""

    def __init__(self, room: DealRoom, served: Serving) -> None:
        self.room = room
        self.served = served

    def path(self, subscriber_id: int) -> str:
        number = self.room.delivery_ids[subscriber_id]
        return f"/d/{self.served.token(Purpose.DEAL, number)}"

    def at(self, now: datetime) -> Visits:
        self.room.stage.clock.move_to(now)
        return self

    def open(self, subscriber_id: int, **headers: str) -> Answer:
        return self.served.get(self.path(subscriber_id), **headers)

    def press(self, subscriber_id: int, what: str = "claim") -> Answer:
        return self.served.post(self.path(subscriber_id), {"do": what})

    def title(self, subscriber_id: int) -> str:
        page = self.open(subscriber_id)
        assert page.status == 200
        found = re.search(r"<h1>(.*?)</h1>", page.text, re.DOTALL)
        assert found is not None
        return found[1].replace("&#39;", "'")


@contextmanager
def visiting(
    settings: Settings, database: Database, *, insiders: int = 3, **deal: Any
) -> Iterator[Visits]:
    room = DealRoom(settings, database, insiders=insiders, **deal)
    room.stage.clock.move_to(OPEN)
    with serving(settings, database, room.stage.clock) as served:
        yield Visits(room, served)


@pytest.fixture
def visits(settings: Settings, database: Database) -> Iterator[Visits]:
    with visiting(settings, database) as found:
        yield found


def test_before_the_deal_opens_an_insider_reads_when_in_their_own_zone(visits: Visits) -> None:
    one = visits.room.ids[0]
    opens = visits.room.deal.opens
    page = visits.at(opens - MINUTE).open(one)

    assert "Your price is not open yet" in page.text
    assert "Saturday 27 February 2027, 10:00 (Paris time)" in page.text
    assert f'data-ends="{opens:%Y-%m-%dT%H:%M:%SZ}"' in page.text
    assert "€59.00" not in page.text
    assert visits.press(one).headers["location"] == visits.path(one)
    assert visits.room.stock(OPEN).left == 2


def test_while_it_is_open_the_page_shows_price_end_and_what_is_left(visits: Visits) -> None:
    page = visits.open(visits.room.ids[0])

    assert "€59.00" in page.text
    assert "€99.00 from Thursday 4 March 2027 on" in page.text
    assert "Wednesday 3 March 2027, 23:59 (Paris time)" in page.text
    assert "2 of 2 are left" in page.text
    assert 'data-now="2027-02-27T11:00:00Z" data-ends="2027-03-03T22:59:00Z"' in page.text


def test_opening_the_link_changes_nothing_and_shows_no_code(visits: Visits) -> None:
    one = visits.room.ids[0]
    code = visits.room.code(one)
    before = dump(visits.room.database)

    assert code not in visits.open(one).text
    assert dump(visits.room.database) == before


def test_the_button_claims_a_unit_and_leads_to_the_checkout_with_the_code(visits: Visits) -> None:
    one = visits.room.ids[0]
    answer = visits.press(one)

    assert answer.status == 303
    assert answer.headers["location"] == CHECKOUT + visits.room.code(one)
    assert visits.room.stock().left == 1
    assert visits.title(one) == "One is reserved for you"


def test_pressing_again_leads_to_the_same_checkout_and_gives_no_more_time(visits: Visits) -> None:
    one = visits.room.ids[0]
    first = visits.press(one).headers["location"]
    visits.at(OPEN + 20 * MINUTE)

    assert visits.press(one).headers["location"] == first
    assert visits.room.stock(OPEN + 30 * MINUTE).left == 2


def test_after_three_unpaid_claims_the_checkout_is_open_without_a_reservation(
    visits: Visits,
) -> None:
    one = visits.room.ids[0]
    for number in range(3):
        visits.at(OPEN + number * 31 * MINUTE).press(one)
    later = OPEN + 93 * MINUTE
    page = visits.at(later).open(one)

    assert "None is reserved any more" in page.text
    assert "2 of 2 are left" in page.text
    assert visits.press(one).headers["location"] == CHECKOUT + visits.room.code(one)
    assert visits.room.stock(later).left == 2
    assert "None is reserved any more" in visits.open(one).text


def test_the_checkout_is_never_taken_from_the_request(visits: Visits) -> None:
    path = visits.path(visits.room.ids[0])
    answer = visits.served.post(
        f"{path}?next=https://evil.example&link=https://evil.example",
        {"do": "claim", "link": "https://evil.example", "code": "FREE"},
    )

    assert answer.headers["location"].startswith(CHECKOUT)
    assert "evil" not in answer.headers["location"]


def test_a_form_on_a_page_of_somebody_else_claims_nothing(visits: Visits) -> None:
    path = visits.path(visits.room.ids[0])
    answer = visits.served.post(path, {"do": "claim"}, sec_fetch_site="cross-site")

    assert answer.status == 403
    assert visits.room.stock().left == 2


def test_of_two_hundred_who_press_at_once_fifty_reach_the_checkout(
    settings: Settings, database: Database
) -> None:
    with visiting(settings, database, insiders=200, quantity=50) as visits:

        def press_until_answered(subscriber_id: int) -> Answer:
            """On a slow machine, some are asked to press again in a moment."""
            while (answer := visits.press(subscriber_id)).status == 503:
                pass
            return answer

        with ThreadPoolExecutor(24) as crowd:
            answers = list(crowd.map(press_until_answered, visits.room.ids))

        reached = [one for one in answers if one.headers["location"].startswith(CHECKOUT)]
        assert {answer.status for answer in answers} == {303}
        assert len(reached) == 50
        assert len({answer.headers["location"] for answer in reached}) == 50
        assert visits.room.stock().left == 0


def test_sold_out_a_place_in_line_is_taken_by_a_button_and_kept_in_order(visits: Visits) -> None:
    one, two, three = visits.room.ids
    visits.press(one)
    visits.press(two)

    assert visits.title(three) == "All 2 are taken"
    assert visits.press(three).headers["location"] == visits.path(three)
    assert (
        visits.title(three) == "All 2 are taken"
    )  # the button of an older page is no wish to wait
    visits.press(three, "wait")
    assert visits.title(three) == "You have a place in line"

    visits.at(OPEN + 30 * MINUTE)
    visits.room.tell(OPEN + 30 * MINUTE)
    page = visits.open(three)
    assert "It is reserved for you" in page.text
    assert "Reserved for you until Saturday 27 February 2027, 16:30 (Paris time)" in page.text
    assert visits.press(three).headers["location"].startswith(CHECKOUT)


def test_who_comes_by_sees_a_deal_as_taken_while_others_wait_for_what_is_free_again(
    settings: Settings, database: Database
) -> None:
    with visiting(settings, database, quantity=1) as visits:
        holder, waits, comes_by = visits.room.ids
        visits.press(holder)
        visits.press(waits, "wait")
        visits.at(OPEN + 30 * MINUTE)

        assert visits.title(comes_by) == "The only one is taken"
        visits.press(comes_by)
        assert visits.room.told() == [waits]


def test_where_the_price_is_gone_for_good_the_offer_is_there_from_the_launch_on(
    settings: Settings, database: Database
) -> None:
    with visiting(settings, database, quantity=1, when_gone="full-price") as visits:
        one, two, _ = visits.room.ids
        visits.room.redeem(one)
        page = visits.open(two)
        assert "The only one is taken" in page.text
        assert "https://bloom.example/buy" not in page.text
        assert "from Sunday 28 February 2027, 10:00 (Paris time) on" in page.text

        page = visits.at(LAUNCH).open(two)
        assert 'href="https://bloom.example/buy"' in page.text
        assert "€99.00" in page.text


def test_where_nothing_comes_after_the_page_says_so_kindly(
    settings: Settings, database: Database
) -> None:
    with visiting(settings, database, quantity=1, when_gone="stop") as visits:
        one, two, _ = visits.room.ids
        visits.press(one)

        assert "They went to those who came first" in visits.open(two).text
        assert visits.press(two, "wait").headers["location"] == visits.path(two)
        assert visits.room.stock().waiting == 0


def test_after_its_end_the_deal_is_over_and_the_offer_stands_there(visits: Visits) -> None:
    one = visits.room.ids[0]
    page = visits.at(CLOSED).open(one)

    assert "The price for insiders is over" in page.text
    assert 'href="https://bloom.example/buy"' in page.text
    assert visits.press(one).headers["location"] == visits.path(one)


def test_who_was_given_more_time_takes_it_after_the_end(visits: Visits) -> None:
    one, two, _ = visits.room.ids
    room, until = visits.room, CLOSED + timedelta(days=2)
    given = Extension(subscriber_id=one, until=until, why="in hospital")
    with room.writing() as connection:
        extend_deal(connection, room.campaign_id, room.deal, given, OPEN)
    visits.at(CLOSED + timedelta(days=1))

    assert "Friday 5 March 2027, 23:59 (Paris time)" in visits.open(one).text
    assert visits.title(two) == "The price for insiders is over"
    assert visits.press(one).headers["location"].startswith(CHECKOUT)


def test_who_claimed_in_time_may_pay_after_the_end(visits: Visits) -> None:
    one = visits.room.ids[0]
    visits.at(CLOSED - MINUTE).press(one)

    assert visits.at(CLOSED + MINUTE).title(one) == "One is reserved for you"
    assert visits.press(one).headers["location"].startswith(CHECKOUT)


def test_who_has_bought_reads_that_it_is_theirs(visits: Visits) -> None:
    one = visits.room.ids[0]
    visits.press(one)
    visits.room.redeem(one)

    assert visits.title(one) == "It is yours already"
    assert visits.press(one).headers["location"] == visits.path(one)


def test_an_empty_file_of_codes_is_said_plainly_and_claims_nothing(
    settings: Settings, database: Database
) -> None:
    (settings.workspace / "campaigns" / "test-month").mkdir(parents=True)
    (settings.workspace / "campaigns" / "test-month" / "codes.csv").write_text("code\n")
    with visiting(settings, database, codes="codes.csv") as visits:
        one = visits.room.ids[0]

        assert visits.title(one) == "Your code is not here yet"
        assert "hello@bloom.example" in visits.open(one).text
        assert visits.press(one).headers["location"] == visits.path(one)
        assert visits.room.stock().left == 2


@pytest.mark.parametrize("minutes", [-1, 60, 24 * 60 - 1])
def test_nobody_else_opens_the_deal_at_any_time_and_the_offer_opens_with_the_launch(
    settings: Settings, database: Database, minutes: int
) -> None:
    with visiting(settings, database) as visits:
        reader = visits.room.stage.add_readers(1, name="other")[0]
        visits.room.deliver([reader])
        page = visits.at(visits.room.deal.opens + minutes * MINUTE).open(reader)
        assert "It opens for everyone on Sunday 28 February 2027, 10:00" in page.text
        assert not re.search(r"\bEUR\b|€", page.text)
        assert visits.press(reader).headers["location"] == visits.path(reader)

        page = visits.at(LAUNCH).open(reader)
        assert 'href="https://bloom.example/buy"' in page.text
        assert "€99.00" in page.text
        assert "€59.00" not in page.text
        assert visits.press(reader).headers["location"] == visits.path(reader)
        assert visits.room.stock().left == 2


def test_who_leaves_the_letters_keeps_a_price_that_was_promised_to_them(visits: Visits) -> None:
    one, two, _ = visits.room.ids
    visits.room.code(one)
    for number in (1, 2):
        address = f"reader{number}@readers.example"
        unsubscribe(visits.room.database, address, OPEN, lists=visits.room.stage.campaign.lists)

    assert visits.press(one).headers["location"].startswith(CHECKOUT)
    assert visits.title(two) == "Not open yet"


def test_the_page_names_nobody(visits: Visits) -> None:
    page = visits.open(visits.room.ids[0]).text

    assert "reader1" not in page.lower()


def test_the_link_of_a_test_message_says_so(visits: Visits) -> None:
    assert "This is a test" in visits.served.get("/d/test").text
    assert visits.served.post("/d/test", {"do": "claim"}).status == 200


def test_a_token_that_is_not_ours_opens_nothing(visits: Visits) -> None:
    number = visits.room.delivery_ids[visits.room.ids[0]]

    for purpose in set(Purpose) - {Purpose.DEAL}:
        assert visits.served.get(f"/d/{visits.served.token(purpose, number)}").status == 404
    assert visits.served.get(f"/d/{visits.served.token(Purpose.DEAL, 10**9)}").status == 404


def test_the_page_speaks_french_to_who_asks_for_it(visits: Visits) -> None:
    page = visits.open(visits.room.ids[0], accept_language="fr-CA")

    assert "En prendre un pour 59,00\N{NO-BREAK SPACE}€" in page.text
    assert "mercredi 3 mars 2027" in page.text


def test_a_price_stands_on_one_line(visits: Visits) -> None:
    page = visits.open(visits.room.ids[0], accept_language="fr")

    assert "59,00\N{NO-BREAK SPACE}€" in page.text


def test_what_is_counted_to_an_opening_is_not_time_left(visits: Visits) -> None:
    page = visits.at(visits.room.deal.opens - MINUTE).open(visits.room.ids[0])

    assert "It opens in:" in page.text
    assert "Time left" not in page.text


class TestAfterItsTime:
    """What a page promises ends with the time for which it was promised."""

    def test_the_page_counts_until_the_time_is_surely_over(self, visits: Visits) -> None:
        """Else it would look again too soon, find the unit still kept, and look no more."""
        one = visits.room.ids[0]
        visits.at(OPEN + timedelta(seconds=0.4)).press(one)

        assert 'data-ends="2027-02-27T11:30:01Z"' in visits.open(one).text
        assert visits.at(OPEN + 30 * MINUTE).title(one) == "One is reserved for you"
        assert visits.at(OPEN + 30 * MINUTE + timedelta(seconds=1)).title(one) != (
            "One is reserved for you"
        )

    @pytest.mark.parametrize(
        ("language", "words"),
        [("en", "One was reserved for you until Saturday 27 February 2027, 12:30 (Paris time)."),
         ("fr", "Un exemplaire vous était gardé jusqu’au samedi 27 février 2027, 12:30 (Paris).")],
    )  # fmt: skip
    def test_who_presses_too_late_is_told_that_it_has_gone_back(
        self, settings: Settings, database: Database, language: str, words: str
    ) -> None:
        with visiting(settings, database, insiders=2, quantity=1) as visits:
            one, other = visits.room.ids
            visits.press(one)
            visits.press(other, "wait")
            visits.at(OPEN + 31 * MINUTE)
            visits.room.tell(OPEN + 31 * MINUTE)

            assert visits.press(one).headers["location"] == visits.path(one)
            page = visits.open(one, accept_language=language)
            assert words in page.text
            assert 'value="claim"' not in page.text
            assert "others can take it" not in visits.open(other).text
