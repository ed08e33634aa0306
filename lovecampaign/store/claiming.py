"""Which deliveries may a sender put on the wire now?

A claim is committed durably before any byte goes out. Everything that could have changed since
planning (suppression, consent, tags, pause, cancel, lateness, the one email a day) is checked
in the same statement.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from lovecampaign.campaign.model import Campaign, Email
from lovecampaign.store.built import Built
from lovecampaign.store.calendars import read_clocks
from lovecampaign.store.campaigns import CampaignRecord
from lovecampaign.store.claim_statement import update_to_claimed
from lovecampaign.store.claimed import (
    ClaimedDelivery,
    ClaimedRow,
    PeopleStatement,
    as_claimed,
)
from lovecampaign.store.fate import Fate
from lovecampaign.store.slot_table import fill_zone_clocks
from lovecampaign.store.standing import Standing
from lovecampaign.store.tables import MICROSECOND, DeliveryState, campaign, membership

_CLAIMED = DeliveryState.CLAIMED.value


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimRequest:
    """What a sender asks for."""

    campaign: Campaign
    record: CampaignRecord
    email: Email
    batch_id: int
    #: As the batch was handed out: an older epoch finds nothing.
    epoch: int
    owner_id: int
    limit: int
    #: Delivery ids up to this one were seen before in this pass (keeps PostgreSQL fast while
    #: dead index entries pile up: 4 to 5 times, performance lab, section 5).
    after_id: int
    now: datetime

    @property
    def fate(self) -> Fate:
        """What is asked, apart from the parameters."""
        standing = Standing(campaign=self.campaign, email=self.email, campaign_id=self.record.id)
        return Fate(standing=standing, is_cancelled=self.email.key in self.record.cancelled)

    @property
    def parameters(self) -> Mapping[str, object]:
        return {
            "my_batch": self.batch_id,
            "my_epoch": self.epoch,
            "me": self.owner_id,
            "size": self.limit,
            "after": self.after_id,
            "now": self.now,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Claims:
    """What a request got."""

    deliveries: Sequence[ClaimedDelivery] = ()
    #: Rows that were looked at and are not to be sent, by reason.
    skipped: Mapping[str, int] = field(default_factory=dict)
    #: The highest delivery id looked at; None: the batch is exhausted.
    last_id: int | None = None


def claim(connection: Connection, request: ClaimRequest) -> Claims:
    """Take up to ``limit`` due rows of a batch, inside the caller's transaction."""
    fill_zone_clocks(connection, read_clocks(connection, request.campaign, request.now))
    statements = _built.of(request.fate)
    rows = connection.execute(statements.claim, request.parameters).all()
    if not rows:
        return Claims()
    claimed: list[ClaimedRow] = [tuple(row) for state, _, *row in rows if state == _CLAIMED]
    if claimed and _begins_the_month(request):
        _note_first_claim(connection, request)
    ids = [subscriber_id for _, subscriber_id, *_ in claimed]
    people = statements.people.read(connection, ids, {"now": request.now})
    return Claims(
        deliveries=as_claimed(claimed, people),
        skipped=_count_reasons(rows),
        last_id=max(row[2] for row in rows),
    )


def _begins_the_month(request: ClaimRequest) -> bool:
    return request.record.first_claim_at is None and request.email.begins_the_month


def _note_first_claim(connection: Connection, request: ClaimRequest) -> None:
    is_first = connection.execute(
        sa.update(campaign)
        .where(campaign.c.id == request.record.id, campaign.c.first_claim_at.is_(None))
        .values(first_claim_at=request.now)
    ).rowcount
    if is_first:
        _make_founders(connection, request)


def _make_founders(connection: Connection, request: ClaimRequest) -> None:
    """Everybody who is on the lists at the first claim joined before it, whatever a clock said.

    An import in the same second, on a machine whose clock is ahead, or before a ``--now`` in
    the past would make late joiners of them.
    """
    connection.execute(
        sa.update(membership)
        .where(
            membership.c.list.in_(sorted(request.campaign.lists)),
            membership.c.joined_at >= request.now,
        )
        .values(joined_at=request.now - MICROSECOND)
    )


def _count_reasons(rows: Iterable[Sequence[Any]]) -> Mapping[str, int]:
    return Counter(row[1] for row in rows if row[0] != _CLAIMED)


class _Statements:
    """What a claim asks about one email."""

    def __init__(self, fate: Fate) -> None:
        self.claim = update_to_claimed(fate)
        self.people = PeopleStatement(fate.standing)


_built = Built(_Statements)
