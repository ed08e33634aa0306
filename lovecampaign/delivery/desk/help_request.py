"""A reader's request for help: a letter on the desk, and a case for it."""

from __future__ import annotations

import hashlib
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from lovecampaign.campaign.model.campaign import Campaign
from lovecampaign.delivery.desk.promise import step_dates
from lovecampaign.delivery.desk.team import case_owner
from lovecampaign.store.dialogue.desk.cases import (
    NewCase,
    find_open_case,
    list_cases,
    open_case,
)
from lovecampaign.store.dialogue.desk.letters import take_letter
from lovecampaign.store.dialogue.desk.waiting import open_letters
from lovecampaign.store.ledger.incoming import IncomingRow, record_incoming
from lovecampaign.store.ledger.lookup import DeliveryRecord
from lovecampaign.store.tables import incoming_mail, subscriber

#: Characters of a case's line.
_MAX_ABOUT = 200


def request_help(
    connection: Connection,
    campaign: Campaign,
    delivery: DeliveryRecord,
    subject: str,
    text: str,
    now: datetime,
) -> None:
    """Open a case for the subscriber of a delivery; more words join the open one.

    The same words are stored once, until their case is closed. Without any, the case is open all
    the same: its owner asks.
    """
    # One at a time: two at once would both open a case.
    person = sa.select(subscriber.c.id).where(subscriber.c.id == delivery.subscriber_id)
    connection.execute(person.with_for_update())
    opened = find_open_case(connection, delivery.subscriber_id)
    if opened is not None and not text:
        return
    closed = list_cases(connection, is_open=False, subscriber_id=delivery.subscriber_id)
    parts = ("help", str(delivery.id), *(str(case.id) for case in closed[-1:]), text)
    row = IncomingRow(
        key=hashlib.sha256("\0".join(parts).encode()).hexdigest(),
        kind="letter",
        at=now,
        recorded_at=now,
        address_key=delivery.address_key,
        delivery_id=delivery.id,
        subscriber_id=delivery.subscriber_id,
        subject=subject,
        text=text,
        detail="",
        from_name=f"{delivery.first_name} {delivery.last_name}".strip(),
    )
    if not record_incoming(connection, [row]):
        return
    open_letters(connection, [row.key])
    mail_id: int = connection.scalars(
        sa.select(incoming_mail.c.id).where(incoming_mail.c.key == row.key)
    ).one()
    if opened is not None:
        take_letter(connection, mail_id, opened.owner, now)
        return
    new = NewCase(
        subscriber_id=delivery.subscriber_id,
        campaign_id=delivery.campaign_id,
        mail_id=mail_id,
        about=subject[:_MAX_ABOUT],
        owner=case_owner(campaign),
        due=step_dates(campaign, now),
    )
    open_case(connection, new, now)
