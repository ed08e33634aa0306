"""What is remembered about SMTP servers: those to which nothing is sent ahead any more."""

from __future__ import annotations

import logging
from collections.abc import Mapping

import sqlalchemy as sa

from lovecampaign.core.errors import LovecampaignError
from lovecampaign.core.masking import mask_addresses
from lovecampaign.store.database.engine import Database
from lovecampaign.store.database.upsert import insert_or_ignore
from lovecampaign.store.tables import setting

_log = logging.getLogger(__name__)
_PREFIX = "nothing ahead to "
_IS_NOTE = setting.c.name.startswith(_PREFIX)


class LedgerNotes:
    """Implements :class:`~lovecampaign.providers.smtp.ahead.policy.ServerNotes`.

    Kept until an operator forgets it: a server that lost a message once may lose the next one.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def read(self, server: str) -> str | None:
        with self._database.read() as connection:
            reason: str | None = connection.scalar(
                sa.select(setting.c.value).where(setting.c.name == _PREFIX + server)
            )
        return reason

    def write(self, server: str, reason: str) -> None:
        """Without a note this process alone sends nothing ahead: no reason to stop it."""
        reason = mask_addresses(reason)
        _log.warning("nothing is sent ahead to %s any more: %s", server, reason)
        try:
            with self._database.write() as connection:
                row = {"name": _PREFIX + server, "value": reason}
                connection.execute(insert_or_ignore(connection, setting).values(row))
        except LovecampaignError as error:
            _log.warning("that could not be recorded: %s", error.message)


def list_notes(database: Database) -> Mapping[str, str]:
    """Why nothing is sent ahead to a server, by server."""
    query = sa.select(setting).where(_IS_NOTE).order_by(setting.c.name)
    with database.read() as connection:
        return {row.name.removeprefix(_PREFIX): row.value for row in connection.execute(query)}


def forget_notes(database: Database) -> int:
    """Forget all servers; gives their number."""
    with database.write() as connection:
        return connection.execute(sa.delete(setting).where(_IS_NOTE)).rowcount
