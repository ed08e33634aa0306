"""Test sends: the real message, marked, outside the ledger.

The preview shows the same recipient without the mark. Personal links have a fixed word instead of a
token and open a page that says "this is a test"; no code is assigned and nothing is counted.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, time

from lovecampaign.campaign.model.campaign import Campaign, Email, Role
from lovecampaign.core.message import Message, Outcome
from lovecampaign.core.settings import Settings
from lovecampaign.core.tokens import TokenSigner
from lovecampaign.delivery.base.recipient_builder import TEST_TOKEN, RecipientBuilder
from lovecampaign.delivery.base.settlements import render_failure
from lovecampaign.providers.base.provider import Provider
from lovecampaign.render.model.content import Content, read_content
from lovecampaign.render.model.errors import RenderError
from lovecampaign.render.model.recipient import Links, Recipient
from lovecampaign.render.plain.sample_recipients import sample_recipients
from lovecampaign.render.renderer import EmailRenderer
from lovecampaign.schedule.instants import to_utc
from lovecampaign.schedule.slots import typical_late_joining
from lovecampaign.store.sending.claimed import Member


@dataclass(frozen=True, slots=True, kw_only=True)
class MarkedSend:
    """A test send of one email."""

    settings: Settings
    campaign: Campaign
    email: Email
    #: The subscriber it is rendered for; None: a sample with every field filled in.
    person: Member | None
    now: datetime

    def send(self, provider: Provider, addresses: Sequence[str]) -> Iterator[tuple[str, Outcome]]:
        """Send it to these addresses; yields each address with its outcome.

        Raises ProblemsFound where the files of the email cannot be read.
        """
        content = read_content(self.campaign, self.email)
        messages: dict[str, Message] = {}
        for address in addresses:
            recipient = self._recipient(content, address)
            try:
                messages[recipient.delivery_id] = self._renderer(content).render(recipient)
            except RenderError as error:
                yield address, render_failure(recipient.delivery_id, error)
        for outcome in provider.send(messages.values(), _NoFlightLog()):
            yield messages[outcome.delivery_id].to.email, outcome

    def _recipient(self, content: Content, address: str) -> Recipient:
        sample = preview_recipient(
            self.campaign, self.email, content, self.person, self.settings.public_url
        )
        return sample._replace(
            subscriber=sample.subscriber._replace(email=address),
            delivery_id=secrets.token_urlsafe(24),  # as long as a signed one
            first_claimed_at=self.now,
            is_test=True,
        )

    def _renderer(self, content: Content) -> EmailRenderer:
        return EmailRenderer(self.campaign, self.email, content, media_url=self.settings.media_url)


def preview_recipient(
    campaign: Campaign, email: Email, content: Content, person: Member | None, public_url: str
) -> Recipient:
    """The recipient for a preview of an email.

    ``person`` None is a sample subscriber with every field filled in. Links lead to pages that say
    "this is a test". A sample replaces the deal code, for insiders and in insiders' emails. The
    catch-up has the days of its typical reader, for subscribers who do not get it.
    """
    sample = sample_recipients(campaign, email, content)[0]
    builder = _recipient_builder(campaign, email, public_url)
    if person is None:
        as_known = Member(sample.subscriber, sample.subscriber.email, sample.zone, None)
        return sample._replace(
            note="",
            links=_test_links(builder, public_url),
            digest=_digest(builder, as_known, sample),
        )
    has_code = person.subscriber.is_insider or email.is_insiders_only
    return sample._replace(
        note="",  # a test goes to another address
        subscriber=person.subscriber,
        zone=person.zone,
        links=_test_links(builder, public_url),
        deal_code=sample.deal_code if has_code else None,
        digest=_digest(builder, person, sample),
    )


def _digest(builder: RecipientBuilder, person: Member, sample: Recipient) -> tuple[str, ...]:
    """The days in the person's catch-up, else in that of its typical reader."""
    if own := builder.digest(person):
        return own
    if builder.email.role is Role.CATCH_UP and builder.founders_until is not None:
        joined_at = typical_late_joining(builder.campaign, person.zone, builder.founders_until)
        if usual := builder.digest(person._replace(joined_at=joined_at)):
            return usual
    return sample.digest


def _test_links(builder: RecipientBuilder, public_url: str) -> Links:
    links = builder.links(TEST_TOKEN)
    return replace(links, confirm=f"{public_url}/confirm/{TEST_TOKEN}")


def _recipient_builder(campaign: Campaign, email: Email, public_url: str) -> RecipientBuilder:
    return RecipientBuilder(
        campaign=campaign,
        email=email,
        signer=TokenSigner(("nothing is signed here",)),
        public_url=public_url,
        # Previews show the whole month: a subscriber who joined after its first day is late.
        founders_until=to_utc(campaign.start, time(), campaign.timezone),
    )


class _NoFlightLog:
    """A flight log that is not needed: nothing is recovered."""

    def writing(self, *delivery_ids: str) -> None:
        pass

    def answered(self, *outcomes: Outcome) -> None:
        pass
