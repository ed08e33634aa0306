"""An older copy of the database is put back: old links and events reach no other person."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
import sqlalchemy as sa

from lovecampaign.core.tokens import Purpose
from lovecampaign.delivery.provider_events import apply_reports
from lovecampaign.store import tables
from lovecampaign.store.ledger.transactional_mail import TransactionalKind, queue_transactional
from lovecampaign.testing.sendgrid_events import make_event
from lovecampaign.web.serve.webhooks.sendgrid_parse import read_batch
from tests.integration.serve.support.letters import (
    SIGNER,
    active_suppressions,
    delivery_of,
    rows_of,
    token_of,
)
from tests.integration.serve.support.restored import put_back_older_copy
from tests.support.serving import Serving, dump
from tests.support.signup import apply, asked_rows, welcome
from tests.support.stage import DAY_1, Stage

ONE_CLICK = b"List-Unsubscribe=One-Click"
OF_LETTERS = {Purpose.LINKS: "u", Purpose.VIEW: "v", Purpose.SHARE: "v", Purpose.DEAL: "d"}


@pytest.fixture
def tokens(stage: Stage) -> dict[Purpose, str]:
    """Of the only reader's email, with its number in another reader's row since."""
    old = stage.add_readers(1, name="old")[0]
    stage.send()
    number = delivery_of(stage.database, "day-01", old)
    tokens = {one: token_of(stage, old, purpose=one) for one in OF_LETTERS}
    tokens[Purpose.DELIVERY] = token_of(stage, old, purpose=Purpose.DELIVERY)
    put_back_older_copy(stage.database)
    with stage.database.write() as connection:
        connection.execute(sa.delete(tables.membership))
    new = stage.add_readers(1, name="new")[0]
    stage.send()
    assert delivery_of(stage.database, "day-01", new) == number
    return tokens


def test_an_old_link_opens_no_new_row(
    stage: Stage, served: Serving, tokens: dict[Purpose, str]
) -> None:
    before = dump(stage.database)
    for purpose, route in OF_LETTERS.items():
        for page in (
            served.get(f"/{route}/{tokens[purpose]}"),
            served.post(f"/{route}/{tokens[purpose]}", ONE_CLICK if route == "u" else b""),
        ):
            assert page.status in (404, 405)
            assert "new1" not in page.text
    for form in ({"do": "save"}, {"do": "forget"}, {"do": "insiders"}):
        assert served.post(f"/p/{tokens[Purpose.LINKS]}", form).status == 404

    assert dump(stage.database) == before


def test_an_old_event_settles_no_new_row(stage: Stage, tokens: dict[Purpose, str]) -> None:
    with stage.database.write() as connection:
        connection.execute(sa.update(tables.delivery).values(state="in_doubt"))
    lc_id = tokens[Purpose.DELIVERY]
    kinds = ("delivered", "bounce", "dropped", "spamreport", "group_unsubscribe")
    events = [
        make_event(kind, lc_id, "old1@readers.example", DAY_1, number=number)
        for number, kind in enumerate(kinds)
    ]
    reports = read_batch(json.dumps(events).encode(), SIGNER, DAY_1 + timedelta(hours=1))
    campaigns = {stage.campaign.id: stage.campaign}
    apply_reports(stage.database, reports, campaigns, "sendgrid", DAY_1 + timedelta(hours=1))

    [row] = rows_of(stage.database, tables.delivery)
    assert row.state == "in_doubt"
    assert active_suppressions(stage.database, "new1@readers.example") == set()
    # What is a fact of the address counts for it.
    reasons = {reason for _, reason in active_suppressions(stage.database, "old1@readers.example")}
    assert {"hard_bounce", "complaint"} <= reasons


def test_an_old_confirmation_confirms_no_other_persons(stage: Stage, served: Serving) -> None:
    apply(stage, DAY_1, "old@reader.example")
    [row] = asked_rows(stage.database)
    old = "/confirm/" + served.token(Purpose.CONFIRM, row.id)
    put_back_older_copy(stage.database)
    apply(stage, DAY_1, "new@reader.example")
    assert asked_rows(stage.database)[0].id == row.id
    before = dump(stage.database)

    assert served.get(old).status == 404
    assert served.post(old).status == 404
    assert dump(stage.database) == before
    assert served.get("/confirm/" + served.token(Purpose.CONFIRM, row.id)).status == 200


@pytest.mark.parametrize("kind", ["download", "forget", "move", "change-address"])
def test_an_old_mailed_link_shows_and_erases_nobody_else(
    stage: Stage, served: Serving, kind: str
) -> None:
    ids = stage.add_readers(2)
    stage.send()

    def ask(subscriber_id: int) -> int:
        with stage.database.write() as connection:
            (campaign,) = connection.execute(sa.select(tables.campaign)).all()
            what, payload = TransactionalKind(kind), {"to": "else@reader.example"}
            return queue_transactional(
                connection, what, subscriber_id, campaign.id, payload, stage.clock.now()
            )

    number = ask(ids[0])
    old = f"/p/{served.token(Purpose.MAILED, number)}"
    put_back_older_copy(stage.database)
    assert ask(ids[1]) == number
    before = dump(stage.database)

    for page in (served.get(old), served.post(old, {"do": "show"})):
        assert page.status == 404
        assert "reader2" not in page.text
    assert dump(stage.database) == before


def test_ids_of_deleted_rows_never_come_again(stage: Stage) -> None:
    stage.add_readers(3)
    stage.send()
    used = {row.id for row in rows_of(stage.database, tables.delivery)}
    with stage.database.write() as connection:
        connection.execute(sa.delete(tables.delivery))
        connection.execute(sa.update(tables.email).values(planned_at=None))
    stage.send()

    rows = rows_of(stage.database, tables.delivery)
    assert rows
    assert not used & {row.id for row in rows}


def test_nonces_are_the_databases_own_and_differ(stage: Stage) -> None:
    reader = stage.add_readers(50)[0]
    stage.send()
    apply(stage, DAY_1, "new@reader.example")
    welcome(stage, reader, DAY_1)
    rows = [*rows_of(stage.database, tables.delivery), *asked_rows(stage.database)]
    nonces = [row.nonce for row in rows]

    assert None not in nonces
    assert len(set(nonces)) == len(nonces) >= 52
    # Signed 64-bit numbers, of which half are negative.
    assert 10 < sum(nonce < 0 for nonce in nonces) < 42
    assert max(abs(nonce) for nonce in nonces) > 2**60
