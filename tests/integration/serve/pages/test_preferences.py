"""A reader chooses what they get; a forwarded letter hands over neither them nor their data."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa

from lovecampaign.core.tokens import Purpose
from lovecampaign.store import tables
from lovecampaign.store.subscribers.erasure import forget
from lovecampaign.store.subscribers.suppressions import unsubscribe
from lovecampaign.web.serve.content.masking import mask_address
from tests.integration.serve.support.letters import delivery_of, rows_of, token_of
from tests.support.serving import Answer, Serving, dump, serving, with_settings
from tests.support.signup import asked_states
from tests.support.stage import DAY_1, Stage

READER = "reader1@readers.example"
DAY = timedelta(days=1)
AS_BEFORE = {"often": "every-day", "first_name": "Reader1", "timezone": "Europe/Paris"}


@pytest.fixture
def reader(stage: Stage) -> int:
    one, _ = stage.add_readers(2)
    stage.send()
    return one


@pytest.fixture
def link(stage: Stage, reader: int) -> str:
    return f"/p/{token_of(stage, reader)}"


def save(served: Serving, link: str, **changes: str) -> Answer:
    return served.press(link, {**AS_BEFORE, "do": "save", **changes})


def mailed_on(stage: Stage, now: datetime) -> set[str]:
    """Who gets the letter that is due then."""
    before = len(stage.memory.sent)
    stage.send(now)
    return set(stage.addresses()[before:])


class TestChoosing:
    def test_only_the_launch_means_no_letter_of_a_day(
        self, stage: Stage, served: Serving, link: str
    ) -> None:
        page = save(served, link, often="launch")

        assert page.status == 200
        assert "Saved." in page.text
        assert 'value="launch" checked' in served.get(link).text
        assert READER not in mailed_on(stage, DAY_1 + DAY)
        assert READER in mailed_on(stage, datetime(2027, 2, 28, 9, tzinfo=UTC))

    def test_every_day_again(self, stage: Stage, served: Serving, link: str) -> None:
        save(served, link, often="launch")
        save(served, link, often="every-day")

        assert READER in mailed_on(stage, DAY_1 + DAY)

    def test_a_name_and_a_zone_are_kept(self, stage: Stage, served: Serving, link: str) -> None:
        page = save(served, link, first_name="  Ana\r\nMaria ", timezone="Asia/Tokyo")

        [person, _] = rows_of(stage.database, tables.subscriber)
        assert (person.first_name, person.timezone) == ("Ana Maria", "Asia/Tokyo")
        assert "These choices are for Ana Maria, r•••@r•••.example" in page.text

    def test_a_zone_that_nobody_knows_is_left_to_us(
        self, stage: Stage, served: Serving, link: str
    ) -> None:
        save(served, link, timezone="Moon/Base")

        assert rows_of(stage.database, tables.subscriber)[0].timezone == ""

    @pytest.mark.parametrize(
        ("stored", "shown"),
        [("Asia/Calcutta", "Asia/Kolkata"), ("Etc/GMT+5", "Etc/GMT+5"), ("Mars/Sea", "Mars/Sea")],
    )
    def test_the_stored_zone_is_selected_and_kept(
        self, stage: Stage, served: Serving, link: str, stored: str, shown: str
    ) -> None:
        with stage.database.write() as connection:
            connection.execute(sa.update(tables.subscriber).values(timezone=stored))

        assert served.get(link).text.count(f'<option value="{shown}" selected>') == 1
        save(served, link, timezone=shown)
        assert rows_of(stage.database, tables.subscriber)[0].timezone == shown

    def test_the_choices_of_one_are_not_those_of_another(
        self, stage: Stage, served: Serving, link: str
    ) -> None:
        save(served, link, often="launch")

        assert mailed_on(stage, DAY_1 + DAY) == {"reader2@readers.example"}

    def test_a_pause_of_n_days_leaves_out_n_letters(
        self, stage: Stage, served: Serving, link: str
    ) -> None:
        page = save(served, link, days="1")

        assert (
            "Your letters are paused until Tuesday 2 February 2027, 09:00 (Paris time)" in page.text
        )
        stage.clock.move_to(DAY_1 + timedelta(hours=2))
        save(served, link, days="1")
        assert READER not in mailed_on(stage, DAY_1 + DAY)
        assert READER in mailed_on(stage, DAY_1 + 2 * DAY)

    def test_saving_something_else_does_not_touch_a_pause(
        self, stage: Stage, served: Serving, link: str
    ) -> None:
        save(served, link, days="10")
        stage.clock.move_to(DAY_1 + DAY)
        save(served, link, first_name="Ana")

        assert rows_of(stage.database, tables.preference)[0].paused_until == DAY_1 + 10 * DAY

    def test_a_pause_can_be_ended(self, stage: Stage, served: Serving, link: str) -> None:
        save(served, link, days="10")
        page = served.press(link, {"do": "go-on"})

        assert "Your letters are paused" not in page.text
        assert "Your next letter comes on Tuesday 2 February 2027, 09:00" in page.text
        assert rows_of(stage.database, tables.subscriber)[0].first_name == "Reader1"
        assert READER in mailed_on(stage, DAY_1 + DAY)

    def test_who_pauses_is_asked_for_no_other_pause(
        self, stage: Stage, served: Serving, link: str
    ) -> None:
        save(served, link, days="10")
        page = served.get(link)

        assert 'name="days"' not in page.text
        assert "for no pause" not in page.text

    def test_saving_says_when_the_next_letter_comes(
        self, stage: Stage, served: Serving, link: str
    ) -> None:
        page = save(served, link)
        assert "Saved." in page.text
        assert "Your next letter comes on Tuesday 2 February 2027, 09:00 (Paris time)." in page.text
        page = save(served, link, days="2")
        assert "comes on Wednesday 3 February 2027, 09:00 (Paris time)." in page.text
        unsubscribe(stage.database, READER, DAY_1, lists=stage.campaign.lists)
        assert "Your next letter" not in save(served, link).text

    def test_a_slip_greets_by_the_name_that_is_kept_and_leads_to_its_field(
        self, served: Serving, link: str
    ) -> None:
        page = save(served, link, days="99", first_name="Somebody")

        assert "These choices are for Reader1," in page.text
        assert 'value="Somebody"' in page.text
        assert "<title>Please check: What would you like to get?" in page.text
        assert page.text.count(" autofocus") == 1
        assert re.search(r'<input id="days"[^>]* autofocus', page.text)

    def test_what_is_no_number_of_days_is_said_beside_the_field(
        self, stage: Stage, served: Serving, link: str
    ) -> None:
        for days in ("61", "0", "-1", "1.5", "ten", "9" * 10, "٣", "1e9", "²"):
            page = save(served, link, days=days, first_name="Ana")

            assert page.status == 422, days
            assert "between 1 and 60" in page.text
            assert 'aria-invalid="true"' in page.text
            assert 'value="Ana"' in page.text
        assert rows_of(stage.database, tables.preference) == []

    def test_who_has_left_is_told_that_nothing_comes(
        self, stage: Stage, served: Serving, link: str
    ) -> None:
        unsubscribe(stage.database, READER, DAY_1, lists=stage.campaign.lists)
        page = served.get(link)

        assert "You have left, so you get no letters" in page.text
        assert 'href="/join/readers"' in page.text

    def test_it_speaks_french(self, served: Serving, link: str) -> None:
        assert "Que voulez-vous recevoir" in served.get(link, accept_language="fr").text


class TestAForwardedLetter:
    def test_the_page_hands_over_a_first_name_and_a_masked_address(
        self, stage: Stage, served: Serving, link: str
    ) -> None:
        with stage.database.write() as connection:
            connection.execute(
                sa.update(tables.subscriber).values(last_name="Quint", fields={"pet": "Rex"})
            )
        page = served.get(link)

        assert "Reader1, r•••@r•••.example" in page.text
        for secret in (READER, "Quint", "Rex", "@readers"):
            assert secret not in page.text

    def test_what_is_the_readers_alone_goes_to_their_own_address(
        self, stage: Stage, served: Serving, link: str
    ) -> None:
        for what in ("download", "forget", "move"):
            page = served.press(link, {"do": what, "email": "thief@evil.example"})
            assert "on its way to r•••@r•••.example" in page.text

        assert asked_states(stage.database) == [
            ("download", "planned"),
            ("forget", "planned"),
            ("move", "planned"),
        ]
        assert [row.payload for row in rows_of(stage.database, tables.transactional)] == [{}] * 3

    def test_a_mailbox_is_not_filled(self, stage: Stage, served: Serving, link: str) -> None:
        answers = [served.press(link, {"do": "download"}).text for _ in range(5)]

        assert len(set(answers)) == 1
        assert len(asked_states(stage.database)) == 3

    def test_who_asks_too_often_is_asked_to_wait(self, stage: Stage, link: str) -> None:
        strict = with_settings(stage.settings, form_limit="1/1d")
        with serving(strict, stage.database, stage.clock) as served:
            served.press(link, {"do": "download"})
            assert served.press(link, {"do": "forget"}).status == 429


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("ana@bloom.example", "a•••@b•••.example"),
        ("a@b.co.uk", "a•••@b•••.uk"),
        ("@", "•••@•••."),
        ("nothing", "•••@•••.nothing"),
    ],
)
def test_a_masked_address_shows_its_owner_which_one_it_is(address: str, shown: str) -> None:
    assert mask_address(address) == shown


class TestItIsSafe:
    def test_opening_changes_nothing(self, stage: Stage, served: Serving, link: str) -> None:
        before = dump(stage.database)
        for query in ("", "?insiders=1", "?do=forget", "?do=save&often=launch&days=9"):
            served.get(link + query)

        assert dump(stage.database) == before

    def test_a_form_on_a_page_of_somebody_else_changes_nothing(
        self, stage: Stage, served: Serving, link: str
    ) -> None:
        before = dump(stage.database)
        for headers in (
            {"sec_fetch_site": "cross-site"},
            {"sec_fetch_site": "same-site"},
            {"origin": "https://evil.example"},
            {"origin": "null"},
        ):
            for what in ("save", "insiders", "forget"):
                answer = served.press(link, {"do": what, "often": "launch"}, **headers)
                assert answer.status == 403, headers

        assert dump(stage.database) == before

    def test_what_is_typed_stays_text_on_every_page_from_then_on(
        self, stage: Stage, served: Serving, reader: int, link: str
    ) -> None:
        evil = "<script>alert(1)</script>\"'><img src=x onerror=alert(1)>{{7*7}}"
        token = link.removeprefix("/p/")
        others = [
            f"/{route}/{token_of(stage, reader, purpose=purpose)}"
            for route, purpose in (("v", Purpose.VIEW), ("d", Purpose.DEAL))
        ]
        for field in ("first_name", "days", "timezone", "often"):
            for page in (
                save(served, link, **{field: evil}),
                *(served.get(f"/{route}/{token}") for route in ("p", "u")),
                *(served.get(path) for path in others),
            ):
                assert "<script>alert" not in page.text
                assert "<img src=x" not in page.text
                assert ">49<" not in page.text

    def test_a_token_that_is_not_ours_opens_nothing(
        self, stage: Stage, served: Serving, reader: int
    ) -> None:
        number = delivery_of(stage.database, "day-01", reader)
        for purpose in (Purpose.SHARE, Purpose.DELIVERY, Purpose.CONFIRM):
            assert served.get(f"/p/{served.token(purpose, number)}").status == 404
        for token in (served.token(Purpose.LINKS, 10**9), served.token(Purpose.MAILED, 10**9)):
            assert served.get(f"/p/{token}").status == 404
            assert served.press(f"/p/{token}", {"do": "save"}).status == 404

    def test_of_somebody_forgotten_nothing_is_there(
        self, stage: Stage, served: Serving, link: str
    ) -> None:
        forget(stage.database, READER, DAY_1)

        assert served.get(link).status == 404
        assert save(served, link).status == 404

    def test_the_link_of_a_test_message_says_so(self, served: Serving) -> None:
        assert "This is a test" in served.get("/p/test").text
        assert "This is a test" in served.get("/p/test?insiders=1").text
        assert "This is a test" in served.press("/p/test", {"do": "forget"}).text
