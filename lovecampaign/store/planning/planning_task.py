"""What does planning know of one email: its slots, how far they have come, how SQL is told?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from lovecampaign.campaign.model.campaign import Campaign, Email
from lovecampaign.schedule.slots import Slot
from lovecampaign.schedule.zone_clock import ZoneClocks
from lovecampaign.store import tables
from lovecampaign.store.eligibility.disposition import Disposition, load_slots
from lovecampaign.store.eligibility.eligibility import Eligibility
from lovecampaign.store.eligibility.slots import SlotsByZone
from lovecampaign.store.eligibility.statement_cache import StatementCache
from lovecampaign.store.ledger.campaigns import CampaignRecord
from lovecampaign.store.planning.statements import FINAL_REASONS, PlanStatements

#: Rows are made this long before they are due, so that the first seconds go into sending.
HORIZON = timedelta(minutes=2)


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanningTask:
    """One email, and the instant at which its planning looks at it."""

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
        """Whether a reason for good can hold for anybody; else nobody needs to be asked."""
        is_open_to_all = (
            not self.disposition.is_cancelled and self.campaign.deal_of(self.email) is None
        )
        return not is_open_to_all or any(
            each.reason in FINAL_REASONS or (each.expires is not None and each.expires <= self.now)
            for each in self._all_slots
        )

    @property
    def is_late_for_all(self) -> bool:
        """Whether planning it is over once everybody was gone through at this instant."""
        return all(
            each.expires is not None and each.expires <= self.now for each in self._all_slots
        )

    def is_late_within(self, time: timedelta) -> bool:
        """Whether it will soon be too late for somebody who may get it now."""
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
        return _built.of(self.disposition)

    @property
    def parameters(self) -> Mapping[str, object]:
        """What every statement takes; slots must be laid out before it runs."""
        return {"my_email": self.id, "now": self.now, "horizon": self.horizon}

    def lay_out(self, connection: Connection) -> None:
        """Give SQL the email's slots up to the horizon: a few of a month's many."""
        key, horizon = self.email.key, self.horizon
        due = {
            zone: {key: tuple(each for each in by_key[key] if each.due <= horizon)}
            for zone, by_key in self.slots.items()
        }
        load_slots(connection, due, [self.email], self.clocks)

    def lock(self, connection: Connection) -> None:
        """Let one process plan an email at a time, so that nobody inserts a row twice."""
        email = tables.email
        connection.execute(sa.select(email.c.id).where(email.c.id == self.id).with_for_update())


_built = StatementCache(PlanStatements)
