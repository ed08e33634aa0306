"""Whose is a code, as somebody typed it?

Ours may be written in any way that leaves its letters. An author's is what the author's file says:
another case of it is taken only where no other code of the file could be meant.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from lovecampaign.campaign.deals.codes import read_code
from lovecampaign.core.errors import UsageError
from lovecampaign.store.tables import deal_code, subscriber


class UnknownCode(UsageError):
    """Nobody was given this code."""

    def __init__(self, code: str) -> None:
        super().__init__(
            f"{code!r} is no code that was given to anybody",
            hint="check it for a slip: codes are listed by lovecampaign deals codes",
        )


class AmbiguousCode(UsageError):
    """Two codes differ from this one by the case of their letters alone."""

    def __init__(self, code: str) -> None:
        super().__init__(
            f"{code!r} may mean more than one code: they differ only in capital and small letters",
            hint="write it as lovecampaign deals codes does",
        )


def find_code_owner(connection: Connection, typed: str, campaign_id: int | None) -> sa.Row[Any]:
    """The code as it was given, its campaign and deal, and whose it is.

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
    """Given or not: a code that is still to be given may be the one that is meant."""
    is_like = sa.func.lower(deal_code.c.code) == sa.func.lower(written)
    query = sa.select(deal_code.c.code).distinct().where(is_like, *_of(campaign_id)).limit(3)
    found = set(connection.scalars(query))
    if written in found:
        return None
    if len(found) > 1:
        raise AmbiguousCode(written)
    return next(iter(found), None)


def _of(campaign_id: int | None) -> list[sa.ColumnElement[bool]]:
    return [] if campaign_id is None else [deal_code.c.campaign_id == campaign_id]
