"""Builds the recipient of a claimed delivery: its links, deal code and digest."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property, partial

from sqlalchemy.engine import Connection

from lovecampaign.campaign.model.campaign import Campaign, Email, RecipientGroup, Role
from lovecampaign.core.tokens import Purpose, TokenSigner
from lovecampaign.render.mime.signed_links import SHARE_TOKEN, TOKEN, SignedLinks
from lovecampaign.render.model.recipient import Links, Recipient
from lovecampaign.schedule.slots import digest_keys
from lovecampaign.store.checkout.codes import assign_codes
from lovecampaign.store.deal_stock.extensions import extended_closing_times
from lovecampaign.store.ledger.campaigns import CampaignRecord
from lovecampaign.store.sending.claimed import ClaimedDelivery, Member

#: In place of a signed token in test sends: opens a page that says "this is a test".
TEST_TOKEN = "test"  # noqa: S105 - not a secret


@dataclass(frozen=True, slots=True, kw_only=True)
class DealTerms:
    """The insiders' deal for one subscriber."""

    code: str | None = None
    #: Their own end of it (``deals extend``); None: the same as for all.
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
    if deal is None or email.role is not Role.LAUNCH or RecipientGroup.BOUGHT in email.to:
        return {}
    subscribers = (each.member.subscriber for each in claimed)
    insiders = [subscriber.id for subscriber in subscribers if subscriber.is_insider]
    codes = assign_codes(connection, record.id, deal, insiders)
    closings = extended_closing_times(connection, record.id, deal.key, insiders)
    return {id_: DealTerms(code=codes.get(id_), closes=closings.get(id_)) for id_ in insiders}


@dataclass(frozen=True, kw_only=True)
class RecipientBuilder:
    """Builds recipients of one email."""

    campaign: Campaign
    email: Email
    signer: TokenSigner
    public_url: str
    founders_until: datetime | None
    #: Keys of cancelled emails, which no digest contains.
    cancelled: frozenset[str] = frozenset()

    def delivery_id(self, claimed: ClaimedDelivery) -> str:
        """Opaque; the same on every try."""
        return self.signer.sign(Purpose.DELIVERY, claimed.id)

    def recipient(self, delivery_id: str, claimed: ClaimedDelivery, terms: DealTerms) -> Recipient:
        """The recipient of a claim; ``delivery_id`` is signed already."""
        person = claimed.member
        return Recipient(
            person.subscriber,
            person.zone,
            delivery_id,
            claimed.first_claimed_at,
            self.links_of(claimed.id),
            deal_code=terms.code,
            deal_closes=terms.closes,
            digest=self.digest(person),
        )

    def links_of(self, delivery_number: int) -> Links:
        """All links of a delivery share one token (DESIGN.md, "Rendering").

        The link to share has a token of its own, which only shows the web version and gives no
        access to the subscriber's preferences.
        """
        return SignedLinks(
            self._shape,
            self.signer.sign(Purpose.LINKS, delivery_number),
            partial(self.signer.sign, Purpose.SHARE, delivery_number),
        )

    def links(self, token: str, share_token: str | None = None) -> Links:
        """All links with one token, but for the link to share where it has its own."""
        base = self.public_url
        return Links(
            unsubscribe=f"{base}/u/{token}",
            preferences=f"{base}/p/{token}",
            web_view=f"{base}/v/{token}",
            join=f"{base}/join/{self.campaign.audience.list}",
            insiders=f"{base}/p/{token}?insiders=1",
            share=f"{base}/v/{share_token or token}?share=1",
            deal=f"{base}/d/{token}",
        )

    @cached_property
    def _shape(self) -> Links:
        return self.links(TOKEN, SHARE_TOKEN)

    def digest(self, person: Member) -> tuple[str, ...]:
        """The days in the subscriber's catch-up, without those for other tags."""
        if self.email.role is not Role.CATCH_UP or person.joined_at is None:
            return ()
        keys = digest_keys(self.campaign, person.zone, person.joined_at, self.founders_until)
        excluded = self.cancelled | self._not_for(person.subscriber.tags)
        return tuple(key for key in keys if key not in excluded)

    def _not_for(self, tags: frozenset[str]) -> set[str]:
        return {day.key for day in self.campaign.day_emails if not day.tags.allows(tags)}
