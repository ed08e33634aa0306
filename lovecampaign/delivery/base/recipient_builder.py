"""Which links and codes does one message carry? From a claim to a recipient."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import cached_property, partial

from lovecampaign.campaign.model.campaign import Campaign, Email, Role
from lovecampaign.core.tokens import Purpose, TokenSigner
from lovecampaign.delivery.base.deal_terms import DealTerms
from lovecampaign.render.mime.signed_links import SHARE_TOKEN, TOKEN, SignedLinks
from lovecampaign.render.model.recipient import Links, Recipient
from lovecampaign.schedule.slots import digest_keys
from lovecampaign.store.sending.claimed import ClaimedDelivery, Person

#: In place of a signed token in test sends: opens a page that says "this is a test".
TEST_TOKEN = "test"  # noqa: S105 - a word that opens nothing


@dataclass(frozen=True, kw_only=True)
class RecipientBuilder:
    """Makes recipients of one email."""

    campaign: Campaign
    email: Email
    signer: TokenSigner
    public_url: str
    founders_until: datetime | None
    #: Keys of emails that were called off: no digest brings them back.
    cancelled: frozenset[str] = frozenset()

    def delivery_id(self, claimed: ClaimedDelivery) -> str:
        """Opaque; the same on every try."""
        return self.signer.sign(Purpose.DELIVERY, claimed.id)

    def recipient(self, delivery_id: str, claimed: ClaimedDelivery, terms: DealTerms) -> Recipient:
        """Whom a claim is for; its ``delivery_id`` is signed already."""
        person = claimed.person
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
        """One token serves all links of a delivery (DESIGN.md, "Rendering").

        The link to share has a token of its own: whoever gets it handed on can read the letter
        and do nothing in its reader's name.
        """
        return SignedLinks(
            self._shape,
            self.signer.sign(Purpose.LINKS, delivery_number),
            partial(self.signer.sign, Purpose.SHARE, delivery_number),
        )

    def links(self, token: str, share_token: str | None = None) -> Links:
        """Every link with the same token in it, but for the link to share where it has one."""
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

    def digest(self, person: Person) -> tuple[str, ...]:
        """The days inside this person's catch-up, but for those not meant for them."""
        if self.email.role is not Role.CATCH_UP or person.joined_at is None:
            return ()
        keys = digest_keys(self.campaign, person.zone, person.joined_at, self.founders_until)
        left_out = self.cancelled | self._not_for(person.subscriber.tags)
        return tuple(key for key in keys if key not in left_out)

    def _not_for(self, tags: frozenset[str]) -> set[str]:
        return {day.key for day in self.campaign.day_emails if not day.tags.allows(tags)}
