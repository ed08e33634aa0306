"""Subject access: all personal data of a subscriber, table by table (GDPR Art. 15 and 20)."""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from typing import Any, TypeAlias

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from lovecampaign.core.clock import format_instant
from lovecampaign.store.database.types import metadata
from lovecampaign.store.tables import (
    campaign,
    delivery,
    email,
    event,
    incoming_attachment,
    incoming_mail,
    subscriber,
)

#: A row with JSON values.
Row: TypeAlias = Mapping[str, Any]
#: Internal ids, not personal data.
_INTERNAL = frozenset({"subscriber_id", "owner_id", "batch_id", "import_id", "told_by"})


def export_personal_data(connection: Connection, subscriber_id: int) -> Mapping[str, Sequence[Row]]:
    """Rows by table, of every table about the subscriber or their address; oldest first."""
    key = connection.scalar(
        sa.select(subscriber.c.address_key).where(subscriber.c.id == subscriber_id)
    )
    names = _KeyNames(connection)
    data = {}
    for table in metadata.sorted_tables:
        condition = _is_theirs(table, subscriber_id, key)
        if condition is not None:
            query = sa.select(table).where(condition).order_by(*table.primary_key.columns)
            rows = connection.execute(query).mappings()
            data[table.name] = [names.replace_ids({**row}) for row in rows]
    return data


def _is_theirs(
    table: sa.Table, subscriber_id: int, key: str | None
) -> sa.ColumnElement[bool] | None:
    """Condition for the subscriber's rows of a table; None: it has no personal data."""
    if table is subscriber:
        return subscriber.c.id == subscriber_id
    if table is event:
        own = sa.select(delivery.c.id).where(delivery.c.subscriber_id == subscriber_id)
        return sa.or_(event.c.subscriber_id == subscriber_id, event.c.delivery_id.in_(own))
    if table is incoming_attachment:
        letters = sa.select(incoming_mail.c.id).where(incoming_mail.c.address_key == key)
        return incoming_attachment.c.mail_id.in_(letters)
    if "address_key" in table.c:
        return table.c.address_key == key
    for column in table.c:
        if any(one.column is subscriber.c.id for one in column.foreign_keys):
            return column == subscriber_id
    return None


class _KeyNames:
    """Keys in place of the ids of campaigns and emails."""

    def __init__(self, connection: Connection) -> None:
        self._campaigns = dict(connection.execute(sa.select(campaign.c.id, campaign.c.key)).all())
        self._emails = dict(connection.execute(sa.select(email.c.id, email.c.key)).all())

    def replace_ids(self, row: Row) -> Row:
        lookups: dict[str, Callable[[Any], Any]] = {
            "campaign_id": self._campaigns.get,
            "email_id": self._emails.get,
        }
        return {
            name.removesuffix("_id") if name in lookups else name: _as_json(
                lookups[name](value) if name in lookups else value
            )
            for name, value in row.items()
            if name not in _INTERNAL
        }


def _as_json(value: Any) -> Any:
    if isinstance(value, datetime):
        return format_instant(value)
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    return value.isoformat() if isinstance(value, date) else value
