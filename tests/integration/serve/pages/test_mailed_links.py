"""Download, forget and move: by a link that reached the reader's own mailbox within the hour."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from lovecampaign.audience.subscriber import SuppressionReason
from lovecampaign.core.tokens import Purpose
from lovecampaign.delivery.transactional.deliver import deliver_requested
from lovecampaign.store import tables
from lovecampaign.store.database.types import metadata
from lovecampaign.store.ledger.transactional_mail import TransactionalKind
from lovecampaign.store.subscribers.erasure import is_forgotten
from lovecampaign.store.subscribers.subject_access import export_personal_data
from lovecampaign.store.subscribers.suppressions import Suppression, suppress, unsubscribe
from lovecampaign.web.serve.content.i18n import Translations
from tests.integration.serve.support.letters import active_suppressions, rows_of, token_of
from tests.support.serving import Answer, Serving, dump
from tests.support.signup import apply, asked_rows
from tests.support.stage import DAY_1, Stage

READER, NEW = "reader1@readers.example", "Ana.New@else.example"
NEW_KEY = NEW.lower()
WHAT = ("download", "forget", "move")
DAY, HOUR = timedelta(days=1), timedelta(hours=1)


@pytest.fixture
def reader(stage: Stage) -> int:
    one, _ = stage.add_readers(2, lists=("readers", "insiders"))
    stage.send()
    return one


def ask(stage: Stage, served: Serving, reader: int, what: str) -> str:
    """Ask for a link on the page of choices; returns where the newest mail leads."""
    served.post(f"/p/{token_of(stage, reader)}", {"do": what})
    return newest_link(stage, served)


def newest_link(stage: Stage, served: Serving) -> str:
    return f"/p/{served.token(Purpose.MAILED, asked_rows(stage.database)[-1].id)}"


def move(stage: Stage, served: Serving, reader: int, to: str = NEW) -> Answer:
    """All the way: the link to the old address, the form, the link to the new one."""
    served.post(ask(stage, served, reader, "move"), {"email": to})
    return served.post(newest_link(stage, served))


def person(stage: Stage, number: int) -> Any:
    [row] = rows_of(stage.database, tables.subscriber, id=number)
    return row


class TestTheLink:
    def test_the_mail_goes_to_the_reader_and_carries_it(
        self, stage: Stage, served: Serving, reader: int
    ) -> None:
        links = [ask(stage, served, reader, what) for what in WHAT]
        with stage.sender() as sender:
            deliver_requested(sender, stage.campaign)

        for link, mail in zip(links, stage.memory.sent[2:], strict=True):
            assert mail.to.email == READER
            assert link in mail.html
            assert link in mail.text

    def test_opening_it_changes_nothing_and_shows_a_button(
        self, stage: Stage, served: Serving, reader: int
    ) -> None:
        links = [ask(stage, served, reader, what) for what in WHAT]
        before = dump(stage.database)
        for link in links:
            page = served.get(link)

            assert page.status == 200
            assert "<button" in page.text
            assert READER not in page.text
        assert dump(stage.database) == before

    def test_after_an_hour_it_does_nothing(
        self, stage: Stage, served: Serving, reader: int
    ) -> None:
        links = [ask(stage, served, reader, what) for what in WHAT]
        stage.clock.move_to(DAY_1 + HOUR)
        before = dump(stage.database)

        for link in links:
            for answer in (served.get(link), served.post(link, {"do": "file", "email": NEW})):
                assert answer.status == 410
                assert "This link has expired" in answer.text
        assert dump(stage.database) == before

    def test_a_form_on_a_page_of_somebody_else_does_nothing(
        self, stage: Stage, served: Serving, reader: int
    ) -> None:
        link = ask(stage, served, reader, "forget")
        answer = served.post(link, {"do": "yes"}, sec_fetch_site="cross-site")

        assert answer.status == 403
        assert person(stage, reader).email == READER

    def test_a_confirmation_of_joining_is_no_such_link(self, stage: Stage, served: Serving) -> None:
        form = {"email": "x@y.example", "sure": "x@y.example"}
        served.post("/join/readers", form)
        for row in asked_rows(stage.database):
            assert served.get(f"/p/{served.token(Purpose.MAILED, row.id)}").status == 404


class TestDownload:
    def download(self, stage: Stage, served: Serving, reader: int) -> dict[str, Any]:
        answer = served.post(ask(stage, served, reader, "download"), {"do": "file"})
        assert answer.headers["content-type"] == "application/json"
        assert "attachment" in answer.headers["content-disposition"]
        everything: dict[str, Any] = json.loads(answer.body)
        return everything

    def test_the_file_holds_everything_that_is_kept(
        self, stage: Stage, served: Serving, reader: int
    ) -> None:
        served.post(f"/u/{token_of(stage, reader)}")
        served.post(f"/p/{token_of(stage, reader)}", {"do": "save", "often": "launch"})
        found = self.download(stage, served, reader)

        assert found["subscriber"][0]["email"] == READER
        assert {row["list"] for row in found["membership"]} == {"readers", "insiders"}
        assert {row["reason"] for row in found["suppression"]} == {"unsubscribed"}
        assert found["delivery"][0]["email"] == "day-01"
        assert found["delivery"][0]["first_claimed_at"] == "2027-02-01T08:00:00Z"
        assert found["event"][0]["kind"] == "unsubscribed"
        assert found["preference"][0]["is_launch_only"] is True
        assert found["transactional"][0]["kind"] == "download"
        assert "reader2" not in json.dumps(found)

    def test_no_table_that_knows_people_is_left_out(self, stage: Stage, reader: int) -> None:
        with stage.database.read() as connection:
            found = export_personal_data(connection, reader)
        about_people = {
            table.name
            for table in metadata.sorted_tables
            if {"subscriber_id", "address_key"} & set(table.c.keys())
        }

        assert set(found) == about_people | {"incoming_attachment"}

    @pytest.mark.parametrize("language", Translations().languages)
    def test_each_part_has_a_name_for_people(
        self, stage: Stage, reader: int, language: str
    ) -> None:
        with stage.database.read() as connection:
            tables = export_personal_data(connection, reader)
        translation = Translations().choose(language)

        assert len({translation(f"data.part.{table}") for table in tables}) == len(tables)

    @pytest.mark.parametrize(
        ("language", "words"),
        [("en", ("Only the launch", ">yes<", "Sent to", "Status", "Letter</dt>")),
         ("fr", ("Seulement l’ouverture", ">oui<", "Envoyé à", "Ce qu’il en est", "Lettre</dt>"))],
    )  # fmt: skip
    def test_the_page_says_it_in_words(
        self, stage: Stage, served: Serving, reader: int, language: str, words: tuple[str, ...]
    ) -> None:
        served.post(f"/p/{token_of(stage, reader)}", {"do": "save", "often": "launch"})
        with stage.database.write() as connection:
            payload = {"to": "new@readers.example", "list": "readers"}
            values = {"kind": "change-address", "payload": payload, "state": "sent"}
            moments = {"created_at": DAY_1, "next_try_at": DAY_1, "subscriber_id": reader}
            connection.execute(sa.insert(tables.transactional).values(**values, **moments))
        link = ask(stage, served, reader, "download")
        page = served.post(link, {"do": "yes"}, accept_language=language).text

        for one in words:
            assert one in page
        for raw in ("is launch only", "True", "{&#39;", "first claimed at", "2027-02-01T"):
            assert raw not in page

    def test_the_page_shows_the_same_as_text(
        self, stage: Stage, served: Serving, reader: int
    ) -> None:
        evil = "<script>alert(1)</script>"
        with stage.database.write() as connection:
            connection.execute(sa.update(tables.subscriber).values(fields={"pet": evil}))
        page = served.post(ask(stage, served, reader, "download"))

        assert READER in page.text
        assert "Lists that you are on" in page.text
        assert evil not in page.text
        assert "&lt;script&gt;" in page.text


class TestForget:
    def test_the_button_forgets_and_the_page_says_so(
        self, stage: Stage, served: Serving, reader: int
    ) -> None:
        link = ask(stage, served, reader, "forget")
        page = served.post(link)

        assert "You are forgotten" in page.text
        assert person(stage, reader).email == ""
        assert "You are forgotten" in served.get(link).text
        assert "You are forgotten" in served.post(link).text
        stage.send(DAY_1 + DAY)
        assert stage.addresses()[2:] == ["reader2@readers.example"]


class TestMove:
    def test_letters_go_to_the_new_address_once_it_has_confirmed(
        self, stage: Stage, served: Serving, reader: int
    ) -> None:
        asked = served.post(ask(stage, served, reader, "move"), {"email": NEW})
        assert NEW in asked.text
        assert person(stage, reader).email == READER
        with stage.sender() as sender:
            deliver_requested(sender, stage.campaign)
        assert [mail.to.email for mail in stage.memory.sent[2:]] == [READER, NEW]

        link = newest_link(stage, served)
        assert "Shall your letters come here?" in served.get(link).text
        assert "Your letters come here now" in served.post(link).text
        assert (person(stage, reader).email, person(stage, reader).address_key) == (NEW, NEW_KEY)
        stage.send(DAY_1 + DAY)
        assert set(stage.addresses()[4:]) == {NEW, "reader2@readers.example"}

    def test_its_link_works_once(self, stage: Stage, served: Serving, reader: int) -> None:
        move(stage, served, reader)
        link = newest_link(stage, served)

        assert "This link was used already" in served.get(link).text
        assert "This link was used already" in served.post(link).text

    def test_an_address_of_somebody_else_is_told_to_its_owner_alone(
        self, stage: Stage, served: Serving, reader: int
    ) -> None:
        other = "reader2@readers.example"
        forms = [
            served.post(ask(stage, served, reader, "move"), {"email": to}).text.replace(to, "")
            for to in (other, NEW)
        ]
        assert forms[0] == forms[1]

        answer = move(stage, served, reader, other)
        assert "This address is known here already" in answer.text
        assert person(stage, reader).email == READER

    def test_a_wish_to_be_left_alone_goes_along(
        self, stage: Stage, served: Serving, reader: int
    ) -> None:
        unsubscribe(stage.database, READER, DAY_1, lists=stage.campaign.lists)
        move(stage, served, reader)

        assert active_suppressions(stage.database, NEW_KEY) == {
            ("readers", "unsubscribed"),
            ("insiders", "unsubscribed"),
        }
        stage.send(DAY_1 + DAY)
        assert NEW not in stage.addresses()

    def test_a_purchase_goes_along(self, stage: Stage, served: Serving, reader: int) -> None:
        with stage.database.write() as connection:
            row = {"campaign_id": 1, "address_key": READER, "bought_at": DAY_1}
            connection.execute(sa.insert(tables.buyer).values(**row))
        move(stage, served, reader)

        [buyer] = rows_of(stage.database, tables.buyer)
        assert buyer.address_key == NEW_KEY

    def test_the_old_address_is_left_alone_until_somebody_moves_back(
        self, stage: Stage, served: Serving, reader: int
    ) -> None:
        move(stage, served, reader)
        assert active_suppressions(stage.database, READER) == {("", "unsubscribed")}
        assert active_suppressions(stage.database, NEW_KEY) == set()

        stage.clock.move_to(DAY_1 + 2 * HOUR)
        move(stage, served, reader, READER)
        assert active_suppressions(stage.database, READER) == set()
        assert active_suppressions(stage.database, NEW_KEY) == {("", "unsubscribed")}

    def test_who_is_forgotten_is_so_at_every_address_that_was_theirs(
        self, stage: Stage, served: Serving, reader: int
    ) -> None:
        move(stage, served, reader)
        served.post(ask(stage, served, reader, "forget"))

        assert rows_of(stage.database, tables.suppression) == []
        with stage.database.read() as connection:
            assert is_forgotten(connection, READER)
            assert is_forgotten(connection, NEW_KEY)

    def test_who_has_the_address_now_is_not_forgotten_with_who_had_it(
        self, stage: Stage, served: Serving, reader: int
    ) -> None:
        move(stage, served, reader)
        with stage.database.write() as connection:
            connection.execute(sa.update(tables.suppression).values(lifted_at=DAY_1))
        apply(stage, DAY_1, READER)
        suppress(stage.database, READER, Suppression(reason=SuppressionReason.COMPLAINT), DAY_1)
        served.post(ask(stage, served, reader, "forget"))

        assert active_suppressions(stage.database, READER) == {("", "complaint")}
        with stage.database.read() as connection:
            assert not is_forgotten(connection, READER)

    def test_an_address_that_wants_no_mail_is_not_asked(
        self, stage: Stage, served: Serving, reader: int
    ) -> None:
        unwanted = Suppression(reason=SuppressionReason.MANUAL)
        suppress(stage.database, NEW_KEY, unwanted, DAY_1)
        page = served.post(ask(stage, served, reader, "move"), {"email": NEW})

        assert page.status == 200
        assert [row.kind for row in asked_rows(stage.database)] == [TransactionalKind.MOVE.value]

    def test_an_address_that_anybody_typed_into_a_form_is_its_owners(
        self, stage: Stage, served: Serving, reader: int
    ) -> None:
        apply(stage, DAY_1, NEW)
        move(stage, served, reader)

        assert person(stage, reader).email == NEW

    def test_what_is_no_address_is_said_beside_the_field(
        self, stage: Stage, served: Serving, reader: int
    ) -> None:
        link = ask(stage, served, reader, "move")
        for email in ("", "nobody", "a@b@c.example", "<b>@x.example", "é@x.example", "ß@x.example"):
            page = served.post(link, {"email": email})

            assert page.status == 422
            assert 'aria-invalid="true"' in page.text
            assert "<b>@" not in page.text
        assert [row.kind for row in asked_rows(stage.database)] == [TransactionalKind.MOVE.value]

    def test_strangers_are_not_bothered_often(
        self, stage: Stage, served: Serving, reader: int
    ) -> None:
        link = ask(stage, served, reader, "move")
        for number in range(5):
            served.post(link, {"email": f"stranger{number}@else.example"})

        kinds = [row.kind for row in asked_rows(stage.database)]
        assert kinds.count(TransactionalKind.CHANGE_ADDRESS.value) == 3
