"""Links of deliveries that the ledger does not know: nobody is told to have left."""

from __future__ import annotations

import html
import json
import logging
import re

import pytest

from lovecampaign.store import tables
from lovecampaign.store.subscribers.erasure import forget
from tests.integration.serve.support.letters import (
    active_suppressions,
    rows_of,
    token_of,
)
from tests.integration.serve.support.restored import put_back_older_copy
from tests.support.serving import Answer, Serving, dump
from tests.support.stage import DAY_1, Stage

ONE_CLICK = b"List-Unsubscribe=One-Click"


class TestUnknownLinks:
    @pytest.fixture
    def link(self, stage: Stage) -> str:
        """The unsubscribe link of an email that the ledger knows no more."""
        reader = stage.add_readers(1)[0]
        stage.send()
        link = f"/u/{token_of(stage, reader)}"
        put_back_older_copy(stage.database)
        return link

    def test_nobody_is_told_to_have_left(self, served: Serving, link: str) -> None:
        before = dump(served.site.database)
        one_click = served.post(link, ONE_CLICK)
        for page in (served.get(link), one_click, served.get(link.replace("/u/", "/p/"))):
            assert page.status == 404
            assert "You have left" not in page.text
            assert 'name="email"' in page.text
            assert "mailto:hello@bloom.example" in page.text
        assert dump(served.site.database) == before

    def test_the_typed_address_gets_no_more_mail(
        self, stage: Stage, served: Serving, link: str
    ) -> None:
        answer = self.press(served, link, " Reader1@Readers.example ")

        assert answer.status == 200
        assert "No more letters" in answer.text
        assert active_suppressions(stage.database, "reader1@readers.example") == {
            ("", "unsubscribed")
        }
        stage.send()
        assert [row.state for row in rows_of(stage.database, tables.delivery)] != ["sent"]

    def test_an_address_that_we_do_not_know_gets_the_same_answer(
        self, stage: Stage, served: Serving, link: str
    ) -> None:
        known, unknown = (
            self.press(served, link, one).text.replace(one, "")
            for one in ("reader1@readers.example", "stranger@else.example")
        )
        assert known == unknown
        assert active_suppressions(stage.database, "stranger@else.example")

    def test_a_typing_error_is_shown_beside_the_field(self, served: Serving, link: str) -> None:
        answer = self.press(served, link, "reader1<b>@nowhere")

        assert answer.status == 422
        assert 'aria-invalid="true"' in answer.text
        assert "<b>@" not in answer.text

    def test_other_sites_cannot_press_the_button(
        self, stage: Stage, served: Serving, link: str
    ) -> None:
        for seal in ("", "nonsense", served.site.form_tokens.sign("join readers", DAY_1)):
            form = {"do": "leave-by-address", "email": "reader1@readers.example", "seal": seal}
            assert served.post(link, form).status == 400
        assert active_suppressions(stage.database, "reader1@readers.example") == set()

    def test_one_visitor_cannot_unsubscribe_many(self, served: Serving, link: str) -> None:
        statuses = [
            self.press(served, link, f"victim{number}@readers.example").status
            for number in range(40)
        ]
        assert statuses[0] == 200
        assert statuses[-1] == 429

    def test_the_operator_learns_of_it(
        self, served: Serving, link: str, caplog: pytest.LogCaptureFixture
    ) -> None:
        assert "warnings" not in json.loads(served.get("/readyz").text)
        with caplog.at_level(logging.WARNING):
            for _ in range(3):
                served.get(link)
        ready = served.get("/readyz")

        assert ready.status == 200
        [warning] = json.loads(ready.text)["warnings"]
        assert "3 times" in warning
        assert "older copy" in warning
        warned = [one for one in caplog.messages if "older copy" in one]
        assert len(warned) == 1  # at most once a minute
        assert link[3:] not in caplog.text

    def test_forgotten_people_are_no_unknown_ones(self, stage: Stage, served: Serving) -> None:
        reader = stage.add_readers(1)[0]
        stage.send()
        link = f"/u/{token_of(stage, reader)}"
        forget(stage.database, "reader1@readers.example", DAY_1)

        for answer in (served.get(link), served.post(link, ONE_CLICK)):
            assert answer.status == 200
            assert "You have left" in answer.text
        assert "warnings" not in json.loads(served.get("/readyz").text)

    def press(self, served: Serving, link: str, address: str) -> Answer:
        found = re.search(r'name="seal" value="([^"]+)"', served.get(link).text)
        assert found is not None
        seal = html.unescape(found[1])
        return served.post(link, {"do": "leave-by-address", "email": address, "seal": seal})
