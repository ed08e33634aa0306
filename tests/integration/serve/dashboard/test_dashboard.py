"""The dashboard shows the month as the ledger knows it, and does what its buttons say."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta

import pytest
import sqlalchemy as sa

from lovecampaign.core.message import FaultKind
from lovecampaign.core.settings import Settings
from lovecampaign.providers.base.memory import MemoryProvider
from lovecampaign.providers.base.outcomes import accepted, permanent, unknown
from lovecampaign.store import tables
from lovecampaign.store.database.engine import Database
from lovecampaign.store.ledger.campaigns import find_campaign
from lovecampaign.store.subscribers.suppressions import unsubscribe
from lovecampaign.store.tables import DeliveryState
from tests.integration.serve.support.dashboard import (
    MONTH,
    PASSWORD,
    Operator,
    log_in,
    token_of_form,
)
from tests.integration.serve.support.letters import rows_of
from tests.support.deal_room import OPEN, DealRoom
from tests.support.serving import Serving, dump, serving, with_settings
from tests.support.stage import DAY_1, Stage
from tests.support.wait_until import wait_until

MINUTE = timedelta(minutes=1)
HOSTILE = "<script>alert(1)</script>{{7*7}}"

PAGES = ("", "/people", "/events", "/in-doubt", "/deals", "/problems")


@pytest.fixture
def served(stage: Stage) -> Iterator[Serving]:
    with_password = with_settings(stage.settings, dashboard_password=PASSWORD)
    with serving(with_password, stage.database, stage.clock) as running:
        yield running


@pytest.fixture
def operator(served: Serving) -> Operator:
    return log_in(served)


@pytest.fixture
def sent(stage: Stage) -> list[int]:
    """Day 1 went out to six readers: two refused, one in doubt."""
    ids = stage.add_readers(6, lists=("readers", "insiders"))
    refused = permanent("550 no such user reader1@readers.example", FaultKind.RECIPIENT)
    verdicts = {1: refused, 2: refused, 3: unknown("connection lost")}
    stage.provider = MemoryProvider(
        lambda message: verdicts.get(
            int(re.sub(r"\D", "", message.to.email.partition("@")[0])), accepted()
        )
    )
    stage.send()
    return ids


def texts_of(page: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", page).split())


class TestNumbers:
    @pytest.mark.usefixtures("sent")
    def test_the_calendar_counts_each_letter(self, operator: Operator) -> None:
        page = texts_of(operator.get().text)

        assert re.search(r"day-01 [^<]+ 3 sent 2 not sent 1 in doubt", page)
        assert re.search(r"day-02 [^<]+ 4 to come 2 skipped", page)  # the refused are suppressed

    def test_the_calendar_shows_subjects_shortened_and_without_what_is_a_readers_own(
        self, stage: Stage, operator: Operator
    ) -> None:
        front = "{{ first_name | default('friend', true) }}, " + "a long story about soil " * 5
        day = next((stage.folder / "days").glob("02*.md"))
        day.write_text(re.sub("(?m)^subject: .*$", f'subject: "{front.strip()}"', day.read_text()))

        def shown() -> str:
            return operator.get().text

        wait_until(lambda: "…, a long story" in shown())  # edits are seen within a second
        found = re.findall(r'<span class="subject" dir="auto">([^<]*)</span>', shown())
        assert "…, a long story about soil a long story about soil a long…" in found
        assert all(len(subject) <= 60 for subject in found)

    @pytest.mark.usefixtures("sent")
    def test_a_letter_says_why_people_do_not_get_it(self, operator: Operator) -> None:
        first = texts_of(operator.get(f"{MONTH}/letters/day-01").text)
        second = texts_of(operator.get(f"{MONTH}/letters/day-02").text)

        assert "the address does not exist 2" in first
        assert "left, bounced or complained 2" in second

    def test_joining_and_leaving_are_counted_by_the_teams_day(
        self, stage: Stage, served: Serving
    ) -> None:
        """23:30 UTC is tomorrow in Paris; who left two lists at once left once."""
        late = DAY_1.replace(hour=23, minute=30)
        stage.add_readers(3, lists=("readers", "insiders"), joined_at=late)
        unsubscribe(stage.database, "reader1@readers.example", late, lists=("readers", "insiders"))
        stage.clock.move_to(late + MINUTE)
        page = texts_of(log_in(served).get(f"{MONTH}/people").text)

        assert "Day Joined Confirmed Left Insiders Tue 2/2 3 3 1 3" in page

    def test_events_are_counted_by_kind_and_day(
        self, stage: Stage, sent: list[int], operator: Operator
    ) -> None:
        [email] = rows_of(stage.database, tables.email, key="day-01")
        rows = rows_of(stage.database, tables.delivery, email_id=email.id, state="sent")
        with stage.database.write() as connection:
            for number, kind in enumerate(("delivered", "delivered", "opened", "complained")):
                connection.execute(
                    sa.insert(tables.event).values(
                        key=f"e{number}",
                        kind=kind,
                        at=DAY_1 + number * MINUTE,
                        recorded_at=DAY_1,
                        delivery_id=rows[0].id,
                        payload={},
                    )
                )
        page = texts_of(operator.get(f"{MONTH}/events").text)

        heads = "Day Sent Delivered Bounced Marked as spam Unsubscribed Opened Clicked"
        assert f"{heads} Mon 1/2 3 2 0 1 0 1 0" in page

    @pytest.mark.usefixtures("sent")
    def test_what_went_wrong_names_nobody(self, operator: Operator) -> None:
        page = operator.get(f"{MONTH}/problems").text

        assert "the address does not exist" in page
        assert "r•••@r•••.example" in page
        assert "@readers.example" not in page

    def test_our_own_mistakes_are_named_by_file_and_never_shown(
        self, stage: Stage, operator: Operator
    ) -> None:
        folder = stage.settings.workspace / ".lovecampaign"
        folder.mkdir(exist_ok=True)
        (folder / "bug-20270201T080000Z-abc.log").write_text("a secret")
        (folder / f"bug-{'x' * 9}.log").write_text("planted")
        page = operator.get(f"{MONTH}/problems").text

        assert "bug-20270201T080000Z-abc.log" in page
        assert "a secret" not in page
        assert "xxxx" not in page

    def test_an_empty_ledger_has_every_page(self, operator: Operator) -> None:
        for path in (
            "",
            "/people",
            "/events",
            "/in-doubt",
            "/deals",
            "/problems",
            "/letters/day-01",
        ):
            assert operator.get(MONTH + path).status == 200, path

    @pytest.mark.usefixtures("sent")
    def test_looking_changes_nothing(self, stage: Stage, operator: Operator) -> None:
        before = dump(stage.database)
        for path in (
            "",
            "/people",
            "/events",
            "/in-doubt",
            "/deals",
            "/problems",
            "/letters/launch",
        ):
            operator.get(MONTH + path)

        assert dump(stage.database) == before

    def test_french_is_spoken(self, operator: Operator) -> None:
        page = operator.get(accept_language="fr").text

        assert "à venir" not in page  # the list is empty
        assert "jusqu’au lancement" in page


class TestPause:
    def test_it_holds_and_goes_on_and_twice_is_once(self, stage: Stage, operator: Operator) -> None:
        for why in ("the tax office", "another"):
            assert operator.press(f"{MONTH}/pause", why=why).status == 303
        found = find_campaign(stage.database, stage.campaign)
        assert found is not None
        assert found.pause_reason == "the tax office"
        assert "the tax office" in operator.get().text

        for _ in range(2):
            assert operator.press(f"{MONTH}/resume").status == 303
        found = find_campaign(stage.database, stage.campaign)
        assert found is not None
        assert not found.is_paused

    def test_without_a_reason_it_says_who(self, stage: Stage, operator: Operator) -> None:
        operator.press(f"{MONTH}/pause", why="  ")

        [row] = rows_of(stage.database, tables.campaign)
        assert row.pause_reason == "by the operator"

    @pytest.mark.parametrize("why", [HOSTILE, "a\0b\x01", "é" * 5000, "\ud83d\ude00"])
    def test_a_reason_is_only_ever_text(self, stage: Stage, operator: Operator, why: str) -> None:
        form = {
            "seal": token_of_form(operator.get()),
            "why": why.encode("utf-8", "replace").decode(),
        }
        assert operator.post(f"{MONTH}/pause", form).status == 303
        for path in ("", "/problems"):
            page = operator.get(MONTH + path).text
            assert "<script>alert" not in page
            assert "49" not in texts_of(page).partition("Counting")[0]


@pytest.mark.usefixtures("sent")
class TestDoubts:
    def doubtful(self, stage: Stage) -> int:
        [row] = rows_of(stage.database, tables.delivery, state="in_doubt")
        return int(row.id)

    def state(self, stage: Stage, id_: int) -> str:
        [row] = rows_of(stage.database, tables.delivery, id=id_)
        return str(row.state)

    def test_they_arrived(self, stage: Stage, operator: Operator) -> None:
        id_ = self.doubtful(stage)
        page = f"{MONTH}/in-doubt"
        answer = operator.press(page, page, do="arrived", **{f"d{id_}": "1"})

        assert answer.headers["location"] == f"{page}?said=arrived&count=1"
        assert self.state(stage, id_) == DeliveryState.SENT
        assert "1 letter settled as sent." in operator.get(answer.headers["location"]).text

    def test_sending_again_waits_for_ten_minutes(self, stage: Stage, operator: Operator) -> None:
        id_, page = self.doubtful(stage), f"{MONTH}/in-doubt"
        stage.clock.move_to(DAY_1 + 9 * MINUTE)
        refused = operator.press(page, page, do="resend", all="1")
        assert refused.status == 409
        assert "it has been in doubt for less than ten minutes" in texts_of(refused.text)
        assert self.state(stage, id_) == DeliveryState.IN_DOUBT

        stage.clock.move_to(DAY_1 + 11 * MINUTE)
        assert operator.press(page, page, do="resend", all="1").status == 303
        assert self.state(stage, id_) == DeliveryState.PLANNED

    @pytest.mark.parametrize("ticked", [{}, {"d999999": "1"}, {"d": "1", "dx": "1", "d-1": "1"}])
    def test_what_was_not_ticked_stays(
        self, stage: Stage, operator: Operator, ticked: dict[str, str]
    ) -> None:
        page = f"{MONTH}/in-doubt"
        for wish in ("arrived", "resend"):
            answer = operator.press(page, page, do=wish, **ticked)
            assert answer.status in (400, 409)
            assert "Nothing was changed" in answer.text
            assert ("select letters" in answer.text) == ("d999999" not in ticked)

        assert self.state(stage, self.doubtful(stage)) == DeliveryState.IN_DOUBT

    def test_an_event_that_came_meanwhile_settles_first(
        self, stage: Stage, operator: Operator
    ) -> None:
        id_ = self.doubtful(stage)
        with stage.database.write() as connection:
            connection.execute(
                sa.insert(tables.event).values(
                    key="e1",
                    kind="delivered",
                    at=DAY_1 + MINUTE,
                    recorded_at=DAY_1,
                    delivery_id=id_,
                    payload={},
                )
            )
        stage.clock.move_to(DAY_1 + 11 * MINUTE)
        page = f"{MONTH}/in-doubt"
        answer = operator.press(page, page, do="resend", **{f"d{id_}": "1"})

        assert answer.status == 409
        assert "what you selected is not in doubt any more" in answer.text
        assert self.state(stage, id_) == DeliveryState.SENT

    def test_the_person_is_masked(self, operator: Operator) -> None:
        page = operator.get(f"{MONTH}/in-doubt").text

        assert "r•••@r•••.example" in page
        assert "reader3" not in page


def test_more_bought_than_there_are_is_explained(settings: Settings, database: Database) -> None:
    """A code is paid after its claim has lapsed, while another claim holds the unit."""
    room = DealRoom(settings, database, insiders=2, quantity=1)
    for one in room.ids:
        room.redeem(one)
    room.stage.clock.move_to(OPEN + 10 * MINUTE)
    with_password = with_settings(settings, dashboard_password=PASSWORD)
    with serving(with_password, database, room.stage.clock) as served:
        page = texts_of(log_in(served).get(f"{MONTH}/deals").text)

    assert "in all 1" in page
    assert "bought 2" in page
    assert "1 more was bought than there are" in page
    assert "Left is what the next person can take" in page
