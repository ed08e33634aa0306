"""People who ask to join, for tests: the campaign of a stage, applications and their answers."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa

from lovecampaign.core.tokens import Purpose
from lovecampaign.store import tables
from lovecampaign.store.database.engine import Database
from lovecampaign.store.ledger.campaigns import CampaignRecord, record_campaign
from lovecampaign.store.signup import confirm as confirming
from lovecampaign.store.signup.confirm import Confirmation, RequestOrigin
from lovecampaign.store.signup.request import SignupForm, SignupOutcome, request_signup
from lovecampaign.store.signup.welcome import plan_welcome
from tests.support.row_keys import key_of
from tests.support.stage import Stage

ANA = "ana@reader.example"
VERSION = "v1"
CONSENT = "Yes, send me the letters. I can leave at any time."


def application(**changes: str) -> SignupForm:
    """What the form says in most tests."""
    said = {
        "list": "readers",
        "first_name": "Ana",
        "timezone": "Europe/Paris",
        "locale": "fr",
        "consent_text": CONSENT,
        "consent_version": VERSION,
        "form_url": "https://bloom.example/blog",
        "ip": "203.0.113.9",
        "user_agent": "Test/1",
    }
    return SignupForm(**{**said, **changes})


def record_of(stage: Stage) -> CampaignRecord:
    return record_campaign(stage.database, stage.campaign)


def apply(stage: Stage, now: datetime, address: str = ANA, **changes: str) -> SignupOutcome:
    """Ask to join, as the form does."""
    record = record_of(stage)
    asked = application(**changes)
    return request_signup(stage.database, address, address.lower(), asked, record.id, now)


def confirm(stage: Stage, transactional_id: int, now: datetime) -> Confirmation | None:
    proof = RequestOrigin(ip="198.51.100.7", user_agent="Mail/2")
    key = key_of(stage.database, Purpose.CONFIRM, transactional_id)
    with stage.database.write() as connection:
        return confirming.confirm(connection, key, proof, now)


def welcome(stage: Stage, subscriber_id: int, now: datetime) -> bool:
    record = record_of(stage)
    with stage.database.write() as connection:
        return plan_welcome(connection, record.id, record.email_ids["welcome"], subscriber_id, now)


def asked_rows(database: Database) -> list[Any]:
    """Every mail that was asked for, oldest first."""
    with database.read() as connection:
        table = tables.transactional
        return list(connection.execute(sa.select(table).order_by(table.c.id)).all())


def asked_states(database: Database) -> list[tuple[str, str]]:
    return [(row.kind, row.state) for row in asked_rows(database)]


def rows_of(database: Database, table: sa.Table) -> list[Any]:
    with database.read() as connection:
        return list(connection.execute(sa.select(table)).all())
