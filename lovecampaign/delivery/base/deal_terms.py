"""What does the insiders' deal hold for each person of a chunk: which code, and until when?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.engine import Connection

from lovecampaign.campaign.model.campaign import Campaign, Crowd, Email, Role
from lovecampaign.store.checkout.codes import codes_for
from lovecampaign.store.deal_stock.extensions import closings_for
from lovecampaign.store.ledger.campaigns import CampaignRecord
from lovecampaign.store.sending.claimed import ClaimedDelivery


@dataclass(frozen=True, slots=True, kw_only=True)
class DealTerms:
    """The deal for one person."""

    code: str | None = None
    #: Their own end of it (``deals extend``); None: everybody's.
    closes: datetime | None = None


NO_TERMS = DealTerms()


def read_terms(
    connection: Connection,
    campaign: Campaign,
    record: CampaignRecord,
    email: Email,
    claimed: Sequence[ClaimedDelivery],
) -> Mapping[int, DealTerms]:
    """By subscriber. Insiders get their code with the first launch email that may print it."""
    deal = campaign.insider_deal
    if deal is None or email.role is not Role.LAUNCH or Crowd.BOUGHT in email.to:
        return {}
    people = (each.person.subscriber for each in claimed)
    insiders = [person.id for person in people if person.is_insider]
    codes = codes_for(connection, record.id, deal, insiders)
    closings = closings_for(connection, record.id, deal.key, insiders)
    return {id_: DealTerms(code=codes.get(id_), closes=closings.get(id_)) for id_ in insiders}
