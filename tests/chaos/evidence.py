"""Agreement of the ledger and the server's log: no delivery lost, none sent twice."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

import sqlalchemy as sa

from lovecampaign.core.tokens import Purpose, RowKey, TokenSigner
from lovecampaign.store import tables
from lovecampaign.store.database.engine import Database


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """What the ledger says of each delivery, and what arrived."""

    #: Delivery id, as messages carry it → state.
    states: Mapping[str, str]
    #: Delivery id → how often the server took it.
    taken: Counter[str]
    #: How many deliveries each sender left in doubt.
    doubts: Counter[int]

    def prove(self, readers: int, most_in_doubt_a_sender: int) -> None:
        """Nobody lost, nobody mailed twice, and no more doubt than was on the wire."""
        sent, in_doubt = self._in("sent"), self._in("in_doubt")
        assert len(sent) + len(in_doubt) == readers, Counter(self.states.values())
        twice = {id_: times for id_, times in self.taken.items() if times > 1}
        assert not twice, f"sent twice: {twice}"
        assert sent <= set(self.taken), "the ledger believes in mail that never arrived"
        assert set(self.taken) <= sent | in_doubt, "mail arrived that the ledger does not know of"
        most = max(self.doubts.values(), default=0)
        assert most <= most_in_doubt_a_sender, f"one sender left {most} in doubt"

    def _in(self, state: str) -> set[str]:
        return {id_ for id_, found in self.states.items() if found == state}


def gather(database: Database, signer: TokenSigner, taken: Counter[str]) -> Evidence:
    """Read every delivery of a database, whatever its email."""
    delivery = tables.delivery
    with database.read() as connection:
        rows = connection.execute(
            sa.select(delivery.c.id, delivery.c.nonce, delivery.c.state, delivery.c.owner_id)
        ).all()
    return Evidence(
        states={
            signer.sign(Purpose.DELIVERY, RowKey(row.id, row.nonce)): row.state for row in rows
        },
        taken=taken,
        doubts=Counter(row.owner_id for row in rows if row.state == "in_doubt"),
    )
