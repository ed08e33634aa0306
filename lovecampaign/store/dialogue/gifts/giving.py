"""The ledger of giving and asking: how many letters gave to each subscriber, and how many asked."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from lovecampaign.campaign.model.campaign import Campaign
from lovecampaign.render.model.recipient import NO_GIVING, Giving
from lovecampaign.schedule.reasons import SkipReason
from lovecampaign.store.database.json_parameters import is_one_of
from lovecampaign.store.tables import DeliveryState, delivery, email, subscriber

_row, _email = delivery.alias("given"), email.alias("given_email")


def count_given(campaign: Campaign, campaign_id: int) -> sa.ScalarSelect[int]:
    """SQL over subscribers: how many letters of the campaign have given to each."""
    return (
        _count(campaign_id, _giving_keys(campaign))
        .where(_row.c.subscriber_id == subscriber.c.id)
        .correlate(subscriber)
        .scalar_subquery()
    )


def read_giving(
    connection: Connection, campaign: Campaign, campaign_id: int, ids: Collection[int]
) -> Mapping[int, Giving]:
    """What these subscribers were given and asked; of all that are given."""
    gifts = _count_each(connection, campaign_id, _giving_keys(campaign), ids)
    asks = _count_each(connection, campaign_id, _asking_keys(campaign), ids)
    return {
        id_: Giving(gifts=gifts.get(id_, 0), asks=asks.get(id_, 0))
        if id_ in gifts or id_ in asks
        else NO_GIVING
        for id_ in ids
    }


def _count_each(
    connection: Connection, campaign_id: int, keys: Collection[str], ids: Collection[int]
) -> Mapping[int, int]:
    query = (
        _count(campaign_id, keys)
        .where(is_one_of(_row.c.subscriber_id, ids))
        .group_by(_row.c.subscriber_id)
        .with_only_columns(_row.c.subscriber_id, sa.func.count())
    )
    return {row[0]: row[1] for row in connection.execute(query)}


def count_by_giving(
    connection: Connection, campaign: Campaign, campaign_id: int
) -> Mapping[Giving, int]:
    """How many subscribers were given and asked so much; those without any letter are missing."""
    gives, asks = (
        sa.func.sum(sa.case((_email.c.key.in_(keys), 1), else_=0)).label(name)
        for name, keys in (
            ("gifts", _giving_keys(campaign)),
            ("asks", _asking_keys(campaign)),
        )
    )
    each = (
        _count(campaign_id, {*_giving_keys(campaign), *_asking_keys(campaign)})
        .join(subscriber, subscriber.c.id == _row.c.subscriber_id)
        .where(subscriber.c.forgotten_at.is_(None))
        .with_only_columns(gives, asks)
        .group_by(_row.c.subscriber_id)
        .subquery()
    )
    query = sa.select(each.c.gifts, each.c.asks, sa.func.count()).group_by(
        each.c.gifts, each.c.asks
    )
    rows = connection.execute(query.order_by(each.c.gifts, each.c.asks))
    return {Giving(gifts=int(gifts), asks=int(asks)): number for gifts, asks, number in rows}


def _giving_keys(campaign: Campaign) -> list[str]:
    return [one.key for one in campaign.emails if one.gives]


def _asking_keys(campaign: Campaign) -> list[str]:
    return [one.key for one in campaign.emails if one.asks]


def _count(campaign_id: int, keys: Collection[str]) -> sa.Select[Any]:
    """Letters that arrived, also inside of a catch-up or welcome."""
    is_received = sa.or_(
        _row.c.state == DeliveryState.SENT.value,
        sa.and_(
            _row.c.state == DeliveryState.SKIPPED.value,
            _row.c.reason == SkipReason.IN_DIGEST.value,
        ),
    )
    return (
        sa.select(sa.func.count())
        .select_from(_row.join(_email, _email.c.id == _row.c.email_id))
        .where(_row.c.campaign_id == campaign_id, _email.c.key.in_(sorted(keys)), is_received)
    )
