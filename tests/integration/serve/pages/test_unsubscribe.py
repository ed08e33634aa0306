"""Leaving works with one press, from every mail program, for ever, and can be taken back."""

from __future__ import annotations

import re
import shutil
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from lovecampaign.core.message import Message
from lovecampaign.core.settings import Settings
from lovecampaign.core.tokens import Purpose, RowKey, TokenSigner
from lovecampaign.providers.base.memory import MemoryProvider
from lovecampaign.providers.base.outcomes import Verdict, accepted
from lovecampaign.store import tables
from lovecampaign.store.database.engine import Database
from lovecampaign.store.subscribers.erasure import forget
from lovecampaign.store.subscribers.suppressions import unsubscribe
from tests.integration.serve.support.letters import (
    active_suppressions,
    delivery_of,
    rows_of,
    token_of,
)
from tests.support.serving import Answer, Serving, dump, serving, with_settings
from tests.support.stage import DAY_1, Stage

ONE_CLICK = {"List-Unsubscribe": "One-Click"}
READER = "reader1@readers.example"
LEFT = {("readers", "unsubscribed"), ("insiders", "unsubscribed")}
MULTIPART = (
    b'--x\r\nContent-Disposition: form-data; name="List-Unsubscribe"\r\n\r\nOne-Click\r\n--x--\r\n'
)

#: Types and bodies of mail programs, good and sloppy.
SENT = [
    ("application/x-www-form-urlencoded", b"List-Unsubscribe=One-Click"),
    ("multipart/form-data; boundary=x", MULTIPART),
    ("application/x-www-form-urlencoded", b""),
    ("multipart/form-data", b"no boundary"),
    ("multipart/form-data; boundary=x", b"--x\r\nnothing that ends"),
    ("application/json", b'{"List-Unsubscribe": "One-Click"}'),
    ("application/x-www-form-urlencoded; charset=utf-7", b"\xff\xfe=%ff"),
    ("", b"List-Unsubscribe=One-Click"),
]


@pytest.fixture
def reader(stage: Stage) -> int:
    """A subscriber who got the email of day 1."""
    one, _ = stage.add_readers(2, lists=("readers", "insiders"))
    stage.send()
    return one


@pytest.fixture
def link(stage: Stage, reader: int) -> str:
    return f"/u/{token_of(stage, reader)}"


def token_of_form(answer: Answer) -> str:
    found = re.search(r'name="seal" value="([^"]+)"', answer.text)
    assert found is not None
    return found[1]


def undo(served: Serving, link: str, seal: str) -> Answer:
    return served.press(link, {"do": "undo", "seal": seal})


class TestOneClick:
    def test_it_acts_at_once_whatever_the_mail_program_sends(
        self, stage: Stage, served: Serving
    ) -> None:
        readers = stage.add_readers(len(SENT), lists=("readers", "insiders"))
        stage.send()
        for number, (reader, (content_type, body)) in enumerate(zip(readers, SENT, strict=True), 1):
            path = f"/u/{token_of(stage, reader)}"
            answer = served.ask("POST", path, body, {"Content-Type": content_type})

            assert answer.status == 200
            assert not {"location", "set-cookie"} & answer.headers.keys()
            left = active_suppressions(stage.database, f"reader{number}@readers.example")
            assert left == LEFT, content_type

    def test_it_acts_from_anywhere(self, stage: Stage, served: Serving, reader: int) -> None:
        elsewhere = [
            {"Origin": "null", "Sec-Fetch-Site": "cross-site"},
            {"Origin": "https://mail.example", "Referer": "https://mail.example/"},
        ]
        for number, headers in enumerate(elsewhere):
            path = f"/u/{token_of(stage, reader + number)}"
            assert served.ask("POST", path, b"List-Unsubscribe=One-Click", headers).status == 200

            address = f"reader{number + 1}@readers.example"
            assert active_suppressions(stage.database, address) == LEFT

    def test_the_same_again_is_no_mistake_and_counts_once(
        self, stage: Stage, served: Serving, link: str
    ) -> None:
        for _ in range(3):
            assert served.post(link, ONE_CLICK).status == 200

        [email] = rows_of(stage.database, tables.email, key="day-01")
        assert email.unsubscribes == 1
        assert len(rows_of(stage.database, tables.event, kind="unsubscribed")) == 1

    def test_many_at_once_count_once(self, stage: Stage, served: Serving, link: str) -> None:
        with ThreadPoolExecutor(8) as crowd:
            answers = list(crowd.map(lambda _: served.post(link, ONE_CLICK), range(16)))

        assert {answer.status for answer in answers} == {200}
        [email] = rows_of(stage.database, tables.email, key="day-01")
        assert email.unsubscribes == 1

    def test_no_limit_keeps_anybody_from_leaving(
        self, stage: Stage, reader: int, link: str
    ) -> None:
        strict = with_settings(stage.settings, form_limit="1/1d", form_limit_network="1/1d")
        other = f"/u/{token_of(stage, reader + 1)}"
        with serving(strict, stage.database, stage.clock) as served:
            for path in (link, other, link):
                assert served.post(path, ONE_CLICK).status == 200

        assert active_suppressions(stage.database, "reader2@readers.example") == LEFT

    def test_it_leaves_every_list_of_this_campaign_and_no_other(
        self, stage: Stage, served: Serving, reader: int, link: str
    ) -> None:
        with stage.database.write() as connection:
            place = {"list": "shop", "subscriber_id": reader, "joined_at": DAY_1}
            connection.execute(sa.insert(tables.membership).values(**place, confirmed_at=DAY_1))
        served.post(link, ONE_CLICK)

        assert active_suppressions(stage.database, READER) == LEFT
        assert active_suppressions(stage.database, "reader2@readers.example") == set()

    def test_an_event_tells_through_which_letter(
        self, stage: Stage, served: Serving, reader: int, link: str
    ) -> None:
        served.post(link, ONE_CLICK)

        [event] = rows_of(stage.database, tables.event, kind="unsubscribed")
        assert event.key.startswith("lc:")
        assert event.at == DAY_1
        assert event.subscriber_id == reader
        assert event.delivery_id == delivery_of(stage.database, "day-01", reader)

    def test_the_next_letter_does_not_come(self, stage: Stage, served: Serving, link: str) -> None:
        served.post(link, ONE_CLICK)
        stage.send(DAY_1 + timedelta(days=1))

        assert stage.addresses()[2:] == ["reader2@readers.example"]

    def test_it_takes_effect_at_the_next_claim_of_a_send_that_runs(
        self, stage: Stage, served: Serving
    ) -> None:
        ids = stage.add_readers(4)
        stage.send()
        path = f"/u/{token_of(stage, ids[3])}"

        def leave_meanwhile(_message: Message) -> Verdict:
            assert served.post(path, ONE_CLICK).status == 200
            return accepted("as the first of the claim is on the wire")

        provider = OneByOne(leave_meanwhile)
        stage.provider = provider
        stage.send(DAY_1 + timedelta(days=1))

        assert len(provider.sent) == 3
        assert stage.reasons("day-02") == {"suppressed": 1}


class OneByOne(MemoryProvider):
    """Claims are made for one message at a time."""

    claim_size = 1


class TestThePage:
    def test_it_shows_one_button_and_changes_nothing(
        self, stage: Stage, served: Serving, link: str
    ) -> None:
        before = dump(stage.database)
        page = served.get(link)

        assert page.text.count("<button") == 1
        assert "Leave these letters?" in page.text
        assert "r•••@r•••.example" in page.text
        assert READER not in page.text
        assert dump(stage.database) == before

    def test_the_button_leaves_and_the_same_page_takes_it_back(
        self, stage: Stage, served: Serving, link: str
    ) -> None:
        left = served.post(link, {})
        assert "You have left" in left.text
        assert active_suppressions(stage.database, READER) == LEFT

        assert "You are back" in undo(served, link, token_of_form(left)).text
        assert active_suppressions(stage.database, READER) == set()
        [email] = rows_of(stage.database, tables.email, key="day-01")
        assert email.unsubscribes == 0
        stage.send(DAY_1 + timedelta(days=1))
        assert READER in stage.addresses()[2:]

    def test_who_is_back_reads_what_comes_next_for_them(
        self, stage: Stage, served: Serving, link: str
    ) -> None:
        back = undo(served, link, token_of_form(served.post(link, {}))).text
        assert "Your next letter comes on Tuesday 2 February 2027, 09:00 (Paris time)." in back

        served.post(link.replace("/u/", "/p/"), {"do": "save", "often": "launch"})
        back = undo(served, link, token_of_form(served.post(link, {}))).text
        assert "Everything is as it was before." in back
        assert "Your next letter comes on Saturday 27 February 2027, 10:00 (Paris time)." in back

    def test_leaving_coming_back_and_leaving_is_leaving(
        self, stage: Stage, served: Serving, link: str
    ) -> None:
        undo(served, link, token_of_form(served.post(link)))
        served.post(link)

        assert active_suppressions(stage.database, READER) == LEFT
        assert "You have left" in served.get(link).text

    def test_who_left_by_their_mail_program_can_take_it_back_on_the_page(
        self, stage: Stage, served: Serving, link: str
    ) -> None:
        served.post(link, ONE_CLICK)
        undo(served, link, token_of_form(served.get(link)))

        assert active_suppressions(stage.database, READER) == set()

    def test_after_a_day_one_joins_anew(self, stage: Stage, served: Serving, link: str) -> None:
        seal = token_of_form(served.post(link))
        stage.clock.move_to(DAY_1 + timedelta(days=1))
        page = undo(served, link, seal)

        assert 'href="/join/readers"' in page.text
        assert "<button" not in page.text
        assert active_suppressions(stage.database, READER) == LEFT

    def test_leaving_again_does_not_postpone_the_end_of_the_undo(
        self, stage: Stage, served: Serving, link: str
    ) -> None:
        seal = token_of_form(served.post(link))
        left_at = [row.at for row in rows_of(stage.database, tables.suppression)]
        stage.clock.move_to(DAY_1 + timedelta(hours=20))
        served.post(link)
        assert [row.at for row in rows_of(stage.database, tables.suppression)] == left_at
        stage.clock.move_to(DAY_1 + timedelta(hours=30))
        undo(served, link, seal)

        assert active_suppressions(stage.database, READER) == LEFT

    def test_a_retired_key_does_not_undo(self, stage: Stage, served: Serving, link: str) -> None:
        seal = token_of_form(served.post(link))
        rotated = with_settings(
            stage.settings, secret_keys=("new-key",), retired_keys=("test-key",)
        )
        with serving(rotated, stage.database, stage.clock) as later:
            assert 'value="undo"' not in later.get(link).text
            undo(later, link, seal)

        assert active_suppressions(stage.database, READER) == LEFT

    def test_a_form_that_is_not_ours_brings_nobody_back(
        self, stage: Stage, served: Serving, reader: int, link: str
    ) -> None:
        served.post(link)
        others = f"/u/{token_of(stage, reader + 1)}"
        for seal in ("", "made up", token_of_form(served.post(others))):
            page = undo(served, link, seal)
            assert "You have left" in page.text

        assert active_suppressions(stage.database, READER) == LEFT

    def test_a_letter_brings_nobody_back_who_left_in_another_way(
        self, stage: Stage, served: Serving, link: str
    ) -> None:
        seal = token_of_form(served.post(link))
        undo(served, link, seal)
        unsubscribe(stage.database, READER, DAY_1, source="operator")
        page = served.post(link)

        assert "<button" not in page.text or "undo" in page.text
        undo(served, link, seal)
        assert ("", "unsubscribed") in active_suppressions(stage.database, READER)

    def test_what_others_decided_is_not_undone(
        self, stage: Stage, served: Serving, link: str
    ) -> None:
        with stage.database.write() as connection:
            row = {"address_key": READER, "list": "", "reason": "complaint", "at": DAY_1}
            connection.execute(sa.insert(tables.suppression).values(**row))
        undo(served, link, token_of_form(served.post(link)))

        assert active_suppressions(stage.database, READER) == {("", "complaint")}

    def test_it_speaks_french(self, served: Serving, link: str) -> None:
        assert "Quitter ces lettres" in served.get(link, accept_language="fr").text


class TestWhateverHappens:
    def test_a_retired_key_still_lets_people_go_and_opens_nothing_else(
        self, stage: Stage, reader: int, link: str
    ) -> None:
        rotated = with_settings(
            stage.settings, secret_keys=("new-key",), retired_keys=("test-key",)
        )
        with serving(rotated, stage.database, stage.clock) as served:
            assert served.post(link, ONE_CLICK).status == 200
            for route in ("p", "v", "d"):
                assert served.get(f"/{route}/{link.removeprefix('/u/')}").status == 404

        assert active_suppressions(stage.database, READER) == LEFT

    @pytest.mark.parametrize("gone", ["campaign", "campaigns", "broken"])
    def test_it_works_when_the_campaigns_files_are_gone(
        self, stage: Stage, link: str, gone: str
    ) -> None:
        if gone == "broken":
            (stage.folder / "campaign.yaml").write_text("version: [")
        else:
            shutil.rmtree(stage.folder if gone == "campaign" else stage.folder.parent)
        with serving(stage.settings, stage.database, stage.clock) as served:
            assert "Leave these letters?" in served.get(link).text
            left = served.post(link, ONE_CLICK)
            assert left.status == 200
            assert active_suppressions(stage.database, READER) == LEFT
            undo(served, link, token_of_form(left))

        assert active_suppressions(stage.database, READER) == set()

    def test_where_no_list_is_known_everything_is_left(self, stage: Stage, link: str) -> None:
        shutil.rmtree(stage.folder)
        with stage.database.write() as connection:
            connection.execute(sa.update(tables.campaign).values(lists=None))
        with serving(stage.settings, stage.database, stage.clock) as served:
            served.post(link, ONE_CLICK)

        assert active_suppressions(stage.database, READER) == {("", "unsubscribed")}

    def test_lists_that_the_campaign_had_before_are_left_too(
        self, stage: Stage, served: Serving, link: str
    ) -> None:
        stage.edit("campaign.yaml", "list: readers", "list: friends")
        served.post(link, ONE_CLICK)

        assert active_suppressions(stage.database, READER) == {*LEFT, ("friends", "unsubscribed")}

    def test_of_somebody_forgotten_nothing_is_known_and_nothing_breaks(
        self, stage: Stage, served: Serving, link: str
    ) -> None:
        forget(stage.database, READER, DAY_1)
        before = dump(stage.database)
        for answer in (served.get(link), served.post(link, ONE_CLICK)):
            assert answer.status == 200
            assert "You have left" in answer.text

        assert dump(stage.database) == before

    def test_of_a_letter_that_is_not_in_the_ledger_any_more(self, served: Serving) -> None:
        path = f"/u/{served.token(Purpose.LINKS, 10**9)}"

        for answer in (served.get(path), served.post(path, ONE_CLICK)):
            assert answer.status == 404
            assert "You have left" not in answer.text

    def test_a_token_that_is_not_ours_leaves_nothing(
        self, stage: Stage, served: Serving, reader: int, link: str
    ) -> None:
        number = delivery_of(stage.database, "day-01", reader)
        other_key = TokenSigner(("guessed",)).sign(Purpose.LINKS, RowKey(number, None))
        wrong = [served.token(Purpose.SHARE, number), served.token(Purpose.DELIVERY, number)]
        for token in [*wrong, other_key, "nonsense", str(number), link[3:-1] + "A"]:
            if f"/u/{token}" != link:
                assert served.post(f"/u/{token}", ONE_CLICK).status == 404

        assert active_suppressions(stage.database, READER) == set()

    def test_the_link_of_a_test_message_says_so(self, served: Serving) -> None:
        assert "This is a test" in served.get("/u/test").text
        assert served.post("/u/test", ONE_CLICK).status == 200


class TestTheBrake:
    @pytest.fixture
    def braked(self, settings: Settings, database: Database) -> Stage:
        brake = {"unsubscribes": "1.5%", "complaints": "0.1%", "hard_bounces": "2%"}
        return Stage(settings, database, days=2, settings_={"sending": {"brake": brake}})

    def test_too_many_who_leave_pause_the_campaign_at_once(self, braked: Stage) -> None:
        ids = braked.add_readers(5)
        braked.send()
        self.pretend_accepted(braked, 500)
        with serving(braked.settings, braked.database, braked.clock) as served:
            served.post(f"/u/{token_of(braked, ids[0])}", ONE_CLICK)
            assert self.pause_reason(braked) is None
            self.pretend_left(braked, 7)
            served.post(f"/u/{token_of(braked, ids[1])}", ONE_CLICK)

        reason = self.pause_reason(braked)
        assert reason is not None
        assert "day-01 has 8 unsubscribes in 500 deliveries" in reason

    def pretend_accepted(self, stage: Stage, count: int) -> None:
        self.pretend(stage, accepted=count)

    def pretend_left(self, stage: Stage, count: int) -> None:
        self.pretend(stage, unsubscribes=count)

    def pretend(self, stage: Stage, **values: Any) -> None:
        with stage.database.write() as connection:
            row = sa.update(tables.email).where(tables.email.c.key == "day-01")
            connection.execute(row.values(**values))

    def pause_reason(self, stage: Stage) -> str | None:
        [campaign] = rows_of(stage.database, tables.campaign)
        reason: str | None = campaign.pause_reason
        return reason
