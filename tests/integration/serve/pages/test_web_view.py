"""A letter can be read in the browser, and shared, without anything that is its reader's alone."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa

from lovecampaign.core.settings import Settings
from lovecampaign.core.tokens import Purpose
from lovecampaign.delivery.prepare.readiness import EditPolicy
from lovecampaign.delivery.transactional.worker import send_transactional
from lovecampaign.store import tables
from lovecampaign.store.database.engine import Database
from lovecampaign.store.ledger.campaigns import cancel_email, record_campaign
from lovecampaign.store.subscribers.erasure import forget
from lovecampaign.testing.campaigns import day_file
from tests.integration.serve.support.letters import delivery_of, rows_of, token_of
from tests.support.serving import Answer, Serving, dump, serving
from tests.support.signup import welcome
from tests.support.stage import DAY_1, LONG_AGO, Stage

EVERYTHING = """\
Hi {{ first_name | default("friend", true) }}{{ fields.pet | default("", true) }},

{% if "gardener" in subscriber.tags %}You with the beans.{% endif %}

[Leave]({{ links.unsubscribe }}) [Choose]({{ links.preferences }}) [Read]({{ links.web_view }})
[Show]({{ links.share }}) [Early]({{ links.insiders }}) [Join]({{ links.join }})

[[button: Only for you | {{ links.preferences }}]]

[[button: Open it | https://bloom.example/day-1?a=1&b=2]]
"""
EARLY = datetime.fromisoformat("2027-02-27T10:00+01:00")
LAUNCH = datetime.fromisoformat("2027-02-28T10:00+01:00")
WITH_CODE = """\
---
subject: "Bloom for life: early"
preheader: The doors are open.
---
Hi {{ first_name | default("friend", true) }}, your code is {{ deal.code }}, good until {{ deal.closes }}.

[[button: Have a look | {{ deal.link }}]] [[button: Buy | https://bloom.example/?c={{ deal.code }}]]
"""  # noqa: E501 - as an author writes it


@pytest.fixture
def stage(settings: Settings, database: Database) -> Stage:
    found = Stage(settings, database, days=2)
    [day_1] = (found.folder / "days").glob("01*")
    day_1.write_text(day_file(1, "For {{ first_name | default('you', true) }}: a gift", EVERYTHING))
    (found.folder / "launch" / "early-access.md").write_text(WITH_CODE)
    found.load()
    return found


@pytest.fixture
def reader(stage: Stage) -> int:
    one = stage.add_readers(1, lists=("readers", "insiders"))[0]
    with stage.database.write() as connection:
        connection.execute(
            sa.update(tables.subscriber).values(
                first_name="<b>Mina</b>", last_name="Lima", fields={"pet": " and Rex"}
            )
        )
        connection.execute(
            sa.insert(tables.subscriber_tag).values(subscriber_id=one, tag="gardener")
        )
    stage.send()
    return one


@contextmanager
def opened_early(stage: Stage, reader: int) -> Iterator[tuple[Serving, str, str]]:
    """The insiders' letter is out: a site, its reader's link and the link to share."""
    stage.send(EARLY)
    own, shared = (
        f"/v/{token_of(stage, reader, 'early-access', one)}"
        for one in (Purpose.VIEW, Purpose.SHARE)
    )
    with serving(stage.settings, stage.database, stage.clock) as served:
        yield served, own, shared


def own_view(stage: Stage, served: Serving, reader: int, key: str = "day-01") -> Answer:
    return served.get(f"/v/{token_of(stage, reader, key, Purpose.VIEW)}")


def shared_view(stage: Stage, served: Serving, reader: int, key: str = "day-01") -> Answer:
    return served.get(f"/v/{token_of(stage, reader, key, Purpose.SHARE)}?share=1")


def links_in(answer: Answer) -> set[str]:
    return set(re.findall(r'(?:href|src|action)="([^"]*)"', answer.text))


class TestForItsReader:
    def test_it_says_what_the_mail_said(self, stage: Stage, served: Serving, reader: int) -> None:
        page = own_view(stage, served, reader)
        [mail] = stage.memory.sent

        assert page.status == 200
        assert "Hi &lt;b&gt;Mina&lt;/b&gt; and Rex," in page.text
        assert "You with the beans." in page.text
        assert "https://bloom.example/day-1?a=1&amp;b=2" in links_in(page)
        assert "https://bloom.example/day-1?a=1&amp;b=2" in mail.html
        assert "<h1" in page.text
        assert "For &lt;b&gt;Mina&lt;/b&gt;: a gift</h1>" in page.text
        assert "Monday 1 February 2027, 09:00 (Paris time)" in page.text

    def test_links_that_are_the_readers_alone_are_left_out(
        self, stage: Stage, served: Serving, reader: int
    ) -> None:
        page = own_view(stage, served, reader)
        token = token_of(stage, reader)

        assert token not in page.text
        assert "left-out.invalid" not in page.text
        assert not [link for link in links_in(page) if re.search(r"/[updvc]\w*/[\w-]{22}", link)
                    and "share" not in link]  # fmt: skip
        assert "Leave" in page.text
        assert {f"{stage.settings.public_url}/join/{one}" for one in ("readers", "insiders")} <= (
            links_in(page)
        )

    def test_a_button_that_is_the_readers_alone_says_where_it_works(
        self, stage: Stage, served: Serving, reader: int
    ) -> None:
        page = own_view(stage, served, reader)

        assert re.search(
            r"<a [^>]*>\s*Only for you\s*<small>\(in the letter itself\)</small></a>", page.text
        )

    def test_it_leads_to_a_copy_to_pass_on(
        self, stage: Stage, served: Serving, reader: int
    ) -> None:
        page = own_view(stage, served, reader)
        [share] = [link for link in links_in(page) if link.startswith("/v/")]

        assert served.get(share).status == 200
        assert "Mina" not in served.get(share).text

    def test_a_code_is_not_shown(self, stage: Stage, reader: int) -> None:
        with opened_early(stage, reader) as (served, own, _):
            page = served.get(own)
        [code] = [row.code for row in rows_of(stage.database, tables.deal_code)]

        assert page.status == 200
        assert code not in page.text
        assert "your code is ••••••" in page.text

    def test_it_says_what_was_frozen_when_it_went_out(
        self, stage: Stage, served: Serving, reader: int
    ) -> None:
        [day_1] = (stage.folder / "days").glob("01*")
        day_1.write_text(day_file(1, "Another subject", "Another text."))
        stage.load()
        stage.add_readers(1, name="later", joined_at=LONG_AGO)
        stage.clock.move_to(DAY_1 + timedelta(hours=1))
        stage.send(on_edit=EditPolicy(accepted_by="the author"))

        first = own_view(stage, served, reader)
        assert "You with the beans." in first.text
        assert "Another text." not in first.text
        assert "Another text." in own_view(stage, served, reader + 1).text

    def test_it_is_there_while_the_letter_is_on_the_wire_or_in_doubt(
        self, stage: Stage, served: Serving, reader: int
    ) -> None:
        for state, status in {
            "sent": 200, "claimed": 200, "in_doubt": 200,
            "planned": 404, "failed": 404, "skipped": 404, "cancelled": 404,
        }.items():  # fmt: skip
            with stage.database.write() as connection:
                connection.execute(sa.update(tables.delivery).values(state=state))
            assert own_view(stage, served, reader).status == status, state
            assert shared_view(stage, served, reader).status == status, state

    def test_of_somebody_forgotten_nothing_is_shown(
        self, stage: Stage, served: Serving, reader: int
    ) -> None:
        token = token_of(stage, reader)
        forget(stage.database, "reader1@readers.example", DAY_1)

        assert served.get(f"/v/{token}").status == 404

    def test_a_letter_that_was_called_off_later_can_still_be_read(
        self, stage: Stage, served: Serving, reader: int
    ) -> None:
        record = record_campaign(stage.database, stage.campaign)
        with stage.database.write() as connection:
            cancel_email(connection, record.email_ids["day-01"], DAY_1)

        assert own_view(stage, served, reader).status == 200

    def test_a_letter_that_its_author_took_out_is_told_of_kindly(
        self, stage: Stage, served: Serving, reader: int
    ) -> None:
        [day_1] = (stage.folder / "days").glob("01*")
        day_1.unlink()
        stage.edit("campaign.yaml", "skip:", "skip:\n- 1")
        page = own_view(stage, served, reader)

        assert page.status == 410
        assert "This letter is not here any more" in page.text

    def test_reading_changes_nothing(self, stage: Stage, served: Serving, reader: int) -> None:
        before = dump(stage.database)
        own_view(stage, served, reader)
        shared_view(stage, served, reader)

        assert dump(stage.database) == before


class TestADayInsideALetter:
    """A welcome holds the letter of the day, a catch-up the days that were missed."""

    def test_the_gift_inside_a_welcome_is_there_for_reader_and_friend(
        self, settings: Settings, database: Database
    ) -> None:
        stage, newcomer = _welcomed(settings, database)
        with serving(settings, database, stage.clock) as served:
            for view in (own_view, shared_view):
                assert "This is the gift of day 1." in view(stage, served, newcomer, "welcome").text

    def test_it_stays_as_it_was_sent(self, settings: Settings, database: Database) -> None:
        stage, newcomer = _welcomed(settings, database)
        record = record_campaign(database, stage.campaign)
        with database.write() as connection:
            cancel_email(connection, record.email_ids["day-01"], DAY_1 + timedelta(hours=4))
        stage.edit("days/01-day-1.md", "gift of day 1", "present of day 1")
        with serving(settings, database, stage.clock) as served:
            for days in range(1, 3):  # and is not that of another day later
                stage.send(DAY_1 + days * timedelta(days=1))
            page = own_view(stage, served, newcomer, "welcome")

        assert "This is the gift of day 1." in page.text
        assert "gift of day 2" not in page.text

    def test_a_catch_up_says_what_the_mail_said_though_a_day_was_called_off_since(
        self, settings: Settings, database: Database
    ) -> None:
        stage = Stage(settings, database, days=6, late_joiners="catch-up")
        stage.add_readers(1, name="founder")
        stage.send(DAY_1)
        [late] = stage.add_readers(1, name="late", joined_at=DAY_1 + timedelta(hours=1))
        stage.send(DAY_1 + timedelta(days=1))
        record = record_campaign(database, stage.campaign)
        with database.write() as connection:
            cancel_email(connection, record.email_ids["day-01"], DAY_1 + timedelta(days=2))
        with serving(settings, database, stage.clock) as served:
            page = own_view(stage, served, late, "catch-up")

        assert "gift of day 1" in page.text
        assert "gift of day 2" in page.text


def _welcomed(settings: Settings, database: Database) -> tuple[Stage, int]:
    """A subscriber who joined three hours after the email of day 1 was sent."""
    stage = Stage(settings, database, days=4)
    stage.add_readers(1, name="founder")
    stage.send(DAY_1)
    joined = DAY_1 + timedelta(hours=3)
    stage.clock.move_to(joined)
    [newcomer] = stage.add_readers(1, name="newcomer", joined_at=joined)
    welcome(stage, newcomer, joined)
    with stage.sender() as sender:
        send_transactional(sender, [stage.campaign], lambda _campaign: lambda _email: ())
    assert "gift of day 1" in stage.memory.sent[-1].text
    return stage, newcomer


class TestForAFriend:
    def test_it_has_no_name_no_field_and_no_tag_of_anybody(
        self, stage: Stage, served: Serving, reader: int
    ) -> None:
        page = shared_view(stage, served, reader)

        assert page.status == 200
        assert "Hi friend," in page.text
        for secret in ("Mina", "Lima", "Rex", "beans", "reader1", token_of(stage, reader)):
            assert secret not in page.text

    def test_it_has_no_link_of_anybody_and_a_form_to_join(
        self, stage: Stage, served: Serving, reader: int
    ) -> None:
        page = shared_view(stage, served, reader)

        assert 'action="/join/readers"' in page.text
        assert not [link for link in links_in(page) if re.search(r"/[updvc]\w*/[\w-]{22}", link)]
        joined = served.press("/join/readers", {"email": "friend@else.example"}, origin="null")
        assert joined.status == 200
        assert "friend@else.example" in joined.text

    def test_its_token_opens_nothing_else(self, stage: Stage, served: Serving, reader: int) -> None:
        token = token_of(stage, reader, purpose=Purpose.SHARE)

        for route in ("u", "p", "d", "confirm"):
            assert served.get(f"/{route}/{token}").status == 404
            assert served.post(f"/{route}/{token}").status == 404

    def test_the_mails_own_link_to_share_opens_it(
        self, stage: Stage, served: Serving, reader: int
    ) -> None:
        [mail] = stage.memory.sent
        found = re.search(r'href="[^"]*(/v/[\w-]+\?share=1)"', mail.html)

        assert found is not None
        assert "Hi friend," in served.get(found[1]).text

    def test_nobody_reads_the_insiders_letter_before_the_doors_open(
        self, stage: Stage, reader: int
    ) -> None:
        with opened_early(stage, reader) as (served, _, shared):
            for minutes in (0, 60, 24 * 60 - 1):
                stage.clock.move_to(EARLY + timedelta(minutes=minutes))
                page = served.get(shared)
                assert page.status == 403
                assert "Sunday 28 February 2027, 10:00 (Paris time)" in page.text
                assert "€59.00" not in page.text

    def test_once_they_are_open_it_can_be_read_without_a_code(
        self, stage: Stage, reader: int
    ) -> None:
        with opened_early(stage, reader) as (served, _, shared):
            stage.clock.move_to(LAUNCH)
            page = served.get(shared)
        [code] = [row.code for row in rows_of(stage.database, tables.deal_code)]

        assert page.status == 200
        assert code not in page.text
        assert "your code is ••••••" in page.text


class TestItIsSafe:
    def test_it_runs_nothing_and_is_framed_by_nobody(
        self, stage: Stage, served: Serving, reader: int
    ) -> None:
        policy = own_view(stage, served, reader).headers["content-security-policy"]

        assert policy.startswith("default-src 'none'")
        assert "script-src" not in policy
        assert "frame-ancestors 'none'" in policy
        sandbox = policy.partition("sandbox ")[2].split()
        assert "allow-scripts" not in sandbox
        assert "allow-same-origin" not in sandbox

    def test_other_pages_keep_their_policy(self, served: Serving) -> None:
        policy = served.get("/v/nonsense").headers["content-security-policy"]

        assert "unsafe-inline" not in policy

    def test_what_a_reader_typed_stays_text(
        self, stage: Stage, served: Serving, reader: int
    ) -> None:
        evil = "<script>alert(1)</script>\"'><img src=x onerror=alert(1)>{{7*7}}"
        with stage.database.write() as connection:
            connection.execute(
                sa.update(tables.subscriber).values(first_name=evil, fields={"pet": evil})
            )
        page = own_view(stage, served, reader)

        assert page.status == 200
        assert "<script" not in page.text
        assert "<img src=x" not in page.text
        assert "{{7*7}}" in page.text

    def test_a_token_that_is_not_ours_opens_nothing(
        self, stage: Stage, served: Serving, reader: int
    ) -> None:
        number = delivery_of(stage.database, "day-01", reader)
        others = [one for one in Purpose if one not in (Purpose.VIEW, Purpose.SHARE)]

        for purpose in others:
            assert served.get(f"/v/{served.token(purpose, number)}").status == 404
        assert served.get(f"/v/{served.token(Purpose.VIEW, 10**9)}").status == 404
        assert "This is a test" in served.get("/v/test").text

    def test_the_words_around_it_speak_the_visitors_language(
        self, stage: Stage, served: Serving, reader: int
    ) -> None:
        page = served.get(
            f"/v/{token_of(stage, reader, purpose=Purpose.VIEW)}", accept_language="fr"
        )

        assert "a écrit cette lettre" in page.text
        assert '<html lang="en"' in page.text
