"""The input of planning one email: its slots, and the parameters of its statements."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from lovecampaign.campaign.model.campaign import Campaign, Email
from lovecampaign.schedule.quiet import ZoneClocks
from lovecampaign.schedule.slots import Slot
from lovecampaign.store import tables
from lovecampaign.store.eligibility.disposition import Disposition, load_slots
from lovecampaign.store.eligibility.eligibility import Eligibility
from lovecampaign.store.eligibility.slots import SlotsByZone
from lovecampaign.store.eligibility.statement_cache import StatementCache
from lovecampaign.store.ledger.campaigns import CampaignRecord
from lovecampaign.store.planning.statements import FINAL_REASONS, PlanStatements

#: Rows are inserted this long before they are due, so that sending starts on time.
HORIZON = timedelta(minutes=2)


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanningTask:
    """One email to plan at one instant."""

    campaign: Campaign
    record: CampaignRecord
    email: Email
    slots: SlotsByZone
    clocks: ZoneClocks
    now: datetime

    @property
    def id(self) -> int:
        return self.record.email_ids[self.email.key]

    @property
    def horizon(self) -> datetime:
        return self.now + HORIZON

    @property
    def zones_by_due(self) -> Mapping[datetime, Sequence[str]]:
        """The zones of each due instant up to the horizon, earliest first."""
        zones: dict[datetime, set[str]] = {}
        for zone, by_key in self.slots.items():
            for each in by_key[self.email.key]:
                if each.due <= self.horizon:
                    zones.setdefault(each.due, set()).add(zone)
        return {due: sorted(zones[due]) for due in sorted(zones)}

    @property
    def may_skip(self) -> bool:
        """Whether a final skip reason is possible; if not, no scan is needed."""
        is_open_to_all = (
            not self.disposition.is_cancelled and self.campaign.deal_of(self.email) is None
        )
        return not is_open_to_all or any(
            each.reason in FINAL_REASONS or (each.expires is not None and each.expires <= self.now)
            for each in self._all_slots
        )

    @property
    def is_late_for_all(self) -> bool:
        """Whether it is late in every slot: this round of planning is its last."""
        return all(
            each.expires is not None and each.expires <= self.now for each in self._all_slots
        )

    def is_late_within(self, time: timedelta) -> bool:
        """Whether a slot becomes late within this time."""
        return any(
            each.expires is not None and self.now < each.expires <= self.now + time
            for each in self._all_slots
        )

    @property
    def _all_slots(self) -> Iterator[Slot]:
        return (each for by_key in self.slots.values() for each in by_key[self.email.key])

    # -- in SQL

    @property
    def disposition(self) -> Disposition:
        eligibility = Eligibility(
            campaign=self.campaign, email=self.email, campaign_id=self.record.id
        )
        return Disposition(
            eligibility=eligibility, is_cancelled=self.email.key in self.record.cancelled
        )

    @property
    def statements(self) -> PlanStatements:
        return _statements.get(self.disposition)

    @property
    def parameters(self) -> Mapping[str, object]:
        """The parameters of every statement; :meth:`load_slots` comes before it."""
        return {"my_email": self.id, "now": self.now, "horizon": self.horizon}

    def load_slots(self, connection: Connection) -> None:
        """Load the email's slots up to the horizon into the temporary table."""
        key, horizon = self.email.key, self.horizon
        due = {
            zone: {key: tuple(each for each in by_key[key] if each.due <= horizon)}
            for zone, by_key in self.slots.items()
        }
        load_slots(connection, due, [self.email], self.clocks)

    def lock(self, connection: Connection) -> None:
        """Let one process plan an email at a time, so that no row is inserted twice."""
        email = tables.email
        connection.execute(sa.select(email.c.id).where(email.c.id == self.id).with_for_update())


_statements = StatementCache(PlanStatements)
