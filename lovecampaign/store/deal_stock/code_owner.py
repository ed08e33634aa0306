"""Find the owner of a deal code, as it was typed.

A code of ours may be written in any way that keeps its letters. A code from the author's file is
exact: another case is accepted only where no other code of the file could be meant.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from lovecampaign.campaign.deals.codes import read_code
from lovecampaign.core.errors import UsageError
from lovecampaign.store.tables import deal_code, subscriber


class UnknownCode(UsageError):
    """A code that was given to no subscriber."""

    def __init__(self, code: str) -> None:
        super().__init__(
            f"{code!r} is not a code that was given to a subscriber",
            hint="check it for a typo: lovecampaign deals codes lists all codes",
        )


class AmbiguousCode(UsageError):
    """Two codes differ from this one only by the case of their letters."""

    def __init__(self, code: str) -> None:
        super().__init__(
            f"{code!r} may mean more than one code: they differ only in capital and small letters",
            hint="write it as lovecampaign deals codes does",
        )


def find_code_owner(connection: Connection, typed: str, campaign_id: int | None) -> sa.Row[Any]:
    """The code as it was given, its campaign, deal and subscriber.

    Without a campaign the newest one that gave the code counts. Raises UnknownCode, and
    AmbiguousCode.
    """
    written = typed.strip()
    spellings = [written, read_code(written) or written]
    owner = _find(connection, spellings, campaign_id)
    if owner is None:
        other = _find_other_case(connection, written, campaign_id)
        owner = _find(connection, [other], campaign_id) if other is not None else None
    if owner is None:
        raise UnknownCode(typed)
    return owner


def _find(
    connection: Connection, spellings: list[str], campaign_id: int | None
) -> sa.Row[Any] | None:
    is_exact = deal_code.c.code == spellings[0]
    query = (
        sa.select(
            deal_code.c.code,
            deal_code.c.campaign_id,
            deal_code.c.deal,
            deal_code.c.subscriber_id,
            subscriber.c.address_key,
        )
        .join(subscriber, subscriber.c.id == deal_code.c.subscriber_id)
        .where(deal_code.c.code.in_(spellings), *_of(campaign_id))
        .order_by(is_exact.desc(), deal_code.c.campaign_id.desc())
        .limit(1)
    )
    rows: sa.Result[Any] = connection.execute(query)
    return rows.one_or_none()


def _find_other_case(connection: Connection, written: str, campaign_id: int | None) -> str | None:
    """Given or not: an unassigned code may be the one that is meant."""
    is_like = sa.func.lower(deal_code.c.code) == sa.func.lower(written)
    query = sa.select(deal_code.c.code).distinct().where(is_like, *_of(campaign_id)).limit(3)
    codes = set(connection.scalars(query))
    if written in codes:
        return None
    if len(codes) > 1:
        raise AmbiguousCode(written)
    return next(iter(codes), None)


def _of(campaign_id: int | None) -> list[sa.ColumnElement[bool]]:
    return [] if campaign_id is None else [deal_code.c.campaign_id == campaign_id]
