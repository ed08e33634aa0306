"""SendGrid's event webhook: signed, taken whole, durable before the answer, and quick."""

from __future__ import annotations

import json
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given
from hypothesis import settings as trials
from hypothesis import strategies as st

from lovecampaign.core.errors import UsageError
from lovecampaign.core.settings import Settings
from lovecampaign.core.tokens import Purpose
from lovecampaign.store import tables
from lovecampaign.store.database.engine import Database
from lovecampaign.testing.sendgrid_events import Webhook, make_event
from lovecampaign.web.serve.webhooks.sendgrid_signature import SIGNATURE_HEADER
from tests.integration.serve.support.heads import refused_from_head
from tests.integration.serve.support.letters import active_suppressions, rows_of
from tests.support.serving import Answer, Serving, dump, serving, with_settings
from tests.support.stage import DAY_1, Stage

WEBHOOK = Webhook()
AT = DAY_1 + timedelta(minutes=3)
PATH = "/webhooks/sendgrid"


class Provider:
    """Reports on the letters of a stage."""

    def __init__(self, served: Serving, letters: Sequence[int]) -> None:
        self.served = served
        self.letters = letters

    def event(self, kind: str, who: int = 0, number: int = 0, **more: Any) -> dict[str, object]:
        token = self.served.token(Purpose.DELIVERY, self.letters[who])
        return make_event(kind, token, f"reader{who + 1}@readers.example", AT, number, **more)

    def report(self, *events: object) -> Answer:
        return self.send(WEBHOOK.body(events))

    def send(self, body: bytes) -> Answer:
        return self.served.ask("POST", PATH, body, WEBHOOK.headers(body))


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return with_settings(settings, sendgrid_webhook_public_key=WEBHOOK.public_key)


@pytest.fixture
def provider(stage: Stage, served: Serving) -> Provider:
    return Provider(served, send_letters(stage, 2))


def send_letters(stage: Stage, count: int) -> list[int]:
    """The ids of that many readers' first letters."""
    stage.add_readers(count)
    stage.send()
    stage.clock.move_to(DAY_1 + timedelta(hours=1))
    with stage.database.read() as connection:
        return list(
            connection.scalars(
                sa.select(tables.delivery.c.id).order_by(tables.delivery.c.subscriber_id)
            )
        )


def test_a_batch_is_kept_and_acted_upon_before_the_answer(
    provider: Provider, database: Database
) -> None:
    answer = provider.report(provider.event("delivered"), provider.event("bounce", 1))

    assert answer.status == 200
    assert json.loads(answer.text) == {"events": 2, "new": 2}
    assert len(rows_of(database, tables.event)) == 2
    assert active_suppressions(database, "reader2@readers.example") == {("", "hard_bounce")}


def test_the_same_batch_again_is_answered_and_changes_nothing(
    provider: Provider, database: Database
) -> None:
    events = [provider.event("delivered"), provider.event("spamreport", 1)]
    provider.report(*events)
    before = dump(database)
    answer = provider.report(*reversed(events))

    assert (answer.status, json.loads(answer.text)["new"]) == (200, 0)
    assert dump(database) == before


def test_overlapping_batches_at_once_are_each_answered_and_kept_once(
    provider: Provider, database: Database
) -> None:
    events = [
        provider.event(kind, who, number)
        for kind in ("bounce", "spamreport", "delivered")
        for who in (0, 1)
        for number in range(20)
    ]
    with ThreadPoolExecutor(6) as crowd:
        batches = [events, events[::-1], events[40:] + events[:40]] * 2
        answers = list(crowd.map(lambda batch: provider.report(*batch), batches))

    assert {answer.status for answer in answers} == {200}
    assert sum(json.loads(answer.text)["new"] for answer in answers) == len(events)
    (row,) = rows_of(database, tables.email, key="day-01")
    assert (row.hard_bounces, row.complaints) == (2, 2)


def test_malformed_and_unknown_events_are_kept_and_lose_no_other(
    provider: Provider, database: Database
) -> None:
    odd: list[object] = [None, 3, "x", [], {}, {"event": "news"}, {"event": ["bounce"], "email": 7}]
    answer = provider.report(*odd, provider.event("delivered"), {"event": "open", "lc_id": {}})

    assert answer.status == 200
    kinds = [row.kind for row in rows_of(database, tables.event)]
    assert sorted(kinds) == ["delivered", "opened", *["unknown"] * len(odd)]


def test_texts_that_no_database_can_hold_are_kept_without_them(provider: Provider) -> None:
    body = b'[{"event": "dropped\\u0000", "reason": "\\ud800 \\u0000", "sg_event_id": "\\u0000"}]'

    assert provider.send(body).status == 200


def test_an_id_that_no_database_can_hold_loses_no_bounce(
    provider: Provider, database: Database
) -> None:
    """SendGrid would send such a batch again and again, and everything else in it."""
    event = {"event": "bounce", "email": "reader1@readers.example", "sg_event_id": "b1"}

    assert provider.report({**event, "sg_message_id": "m\x00.1"}).status == 200
    (row,) = rows_of(database, tables.suppression)
    assert row.reason == "hard_bounce"


def test_what_sendgrid_did_not_sign_changes_nothing(provider: Provider, database: Database) -> None:
    body = WEBHOOK.body([provider.event("bounce")])
    headers = WEBHOOK.headers(body)
    before = dump(database)
    ask = provider.served.ask

    forged = [headers | {SIGNATURE_HEADER: bad} for bad in ("", "x", "====", "MEUCIQ==")]
    for wrong in (*forged, {"Content-Type": "application/json"}, Webhook().headers(body)):
        assert ask("POST", PATH, body, wrong).status == 401
    assert ask("POST", PATH, body.strip(), headers).status == 401
    assert ask("POST", PATH, b"", headers).status == 401
    assert ask("GET", PATH).status == 405
    assert dump(database) == before


def test_a_signed_body_that_is_no_json_is_said_so(provider: Provider) -> None:
    assert provider.send(b"[").status == 400
    for levels in (40, 500, 980, 990, 1_000, 50_000):
        deep = b'[{"event": "open", "reason": ' + b"[" * levels + b"]" * levels + b"}]"
        answer = provider.send(deep)
        assert answer.status == 400, levels
        assert "levels deep" in answer.text


def test_an_unsigned_batch_is_refused_before_its_body_is_read(provider: Provider) -> None:
    assert refused_from_head(provider.served, PATH) == 401
    assert refused_from_head(provider.served, PATH, f"{SIGNATURE_HEADER}: MEUCIQ==") == 401


def test_a_body_beyond_five_megabytes_is_not_read(provider: Provider) -> None:
    assert provider.send(b" " * (5 * 1024 * 1024 + 1)).status == 413


@trials(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    events=st.lists(
        st.dictionaries(
            st.sampled_from(["event", "email", "timestamp", "sg_event_id", "lc_id", "reason"]),
            st.none()
            | st.integers()
            | st.text(max_size=20)
            | st.sampled_from(["bounce", "dropped"]),
        ),
        max_size=6,
    )
)
def test_whatever_sendgrid_signs_is_taken(
    provider: Provider, events: list[dict[str, object]]
) -> None:
    assert provider.report(*events).status == 200


def test_without_a_key_no_events_are_taken(stage: Stage) -> None:
    settings = with_settings(stage.settings, sendgrid_webhook_public_key=None)
    with serving(settings, stage.database, stage.clock) as served:
        answer = served.post(PATH, b"[]")
        assert refused_from_head(served, PATH, f"{SIGNATURE_HEADER}: x") == 404

    assert answer.status == 404
    assert "SENDGRID_WEBHOOK_PUBLIC_KEY" in answer.text


def test_a_key_that_is_none_is_told_at_the_start(stage: Stage) -> None:
    settings = with_settings(stage.settings, sendgrid_webhook_public_key="SG.not-a-key")
    with (
        pytest.raises(UsageError, match="SENDGRID_WEBHOOK_PUBLIC_KEY"),
        serving(settings, stage.database, stage.clock),
    ):
        pass


def test_no_address_reaches_the_log_of_requests(provider: Provider) -> None:
    provider.report(provider.event("bounce"))

    assert "reader1" not in json.dumps(provider.served.log)
    assert provider.served.log[-1]["route"] == PATH


@pytest.fixture
def many(stage: Stage, served: Serving) -> Provider:
    return Provider(served, send_letters(stage, 500))


def test_a_thousand_events_in_one_request_are_all_kept_and_kept_once(many: Provider) -> None:
    kinds = ["processed", "delivered"] * 20 + ["open", "click", "deferred", "bounce", "dropped"]
    body = WEBHOOK.body([many.event(kinds[n % len(kinds)], n % 500, n) for n in range(1000)])

    for new in (1000, 0):
        answer = many.served.ask("POST", PATH, body, WEBHOOK.headers(body))
        assert json.loads(answer.text) == {"events": 1000, "new": new}
