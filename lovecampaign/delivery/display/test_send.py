"""What does a test send look like? The real message, marked, outside the ledger.

The preview shows the same recipient without the mark: what is looked at is what is sent. Personal
links carry a word in place of a token and open a page that says "this is a test"; no code is
minted and nothing is counted.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, time

from lovecampaign.campaign.model.campaign import Campaign, Email
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
from lovecampaign.store.sending.claimed import Person


@dataclass(frozen=True, slots=True, kw_only=True)
class MarkedSend:
    """A test send of one email, made ready."""

    settings: Settings
    campaign: Campaign
    email: Email
    #: Whose eyes it is seen with; None: a made-up reader of whom everything is known.
    person: Person | None
    now: datetime

    def send(self, provider: Provider, addresses: Sequence[str]) -> Iterator[tuple[str, Outcome]]:
        """Send it to these addresses; each with its outcome.

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
        for outcome in provider.send(messages.values(), _NoJournal()):
            yield messages[outcome.delivery_id].to.email, outcome

    def _recipient(self, content: Content, address: str) -> Recipient:
        seen = preview_recipient(
            self.campaign, self.email, content, self.person, self.settings.public_url
        )
        return seen._replace(
            subscriber=seen.subscriber._replace(email=address),
            delivery_id=secrets.token_urlsafe(16),  # as long as a signed one, and opens nothing
            first_claimed_at=self.now,
            is_test=True,
        )

    def _renderer(self, content: Content) -> EmailRenderer:
        return EmailRenderer(
            self.campaign,
            self.email,
            content,
            media_url=self.settings.media_url,
        )


def preview_recipient(
    campaign: Campaign, email: Email, content: Content, person: Person | None, public_url: str
) -> Recipient:
    """Who rendering is given, for an email to be looked at through somebody's eyes.

    ``person`` None is a made-up reader of whom everything is known. Links lead to pages that say
    "this is a test". In place of a code stands a sample, for whoever would get a code: insiders,
    and everybody to whom an insiders' email is shown.
    """
    sample = sample_recipients(campaign, email, content)[0]
    if person is None:
        return sample._replace(links=_test_links(campaign, email, public_url))
    has_code = person.subscriber.is_insider or email.is_insiders_only
    return sample._replace(
        subscriber=person.subscriber,
        zone=person.zone,
        links=_test_links(campaign, email, public_url),
        deal_code=sample.deal_code if has_code else None,
        digest=_addressing(campaign, email, public_url).digest(person) or sample.digest,
    )


def _test_links(campaign: Campaign, email: Email, public_url: str) -> Links:
    links = _addressing(campaign, email, public_url).links(TEST_TOKEN)
    return replace(links, confirm=f"{public_url}/confirm/{TEST_TOKEN}")


def _addressing(campaign: Campaign, email: Email, public_url: str) -> RecipientBuilder:
    return RecipientBuilder(
        campaign=campaign,
        email=email,
        signer=TokenSigner(("nothing is signed here",)),
        public_url=public_url,
        # The month is looked at as a whole: who joined after its first day joined late.
        founders_until=to_utc(campaign.start, time(), campaign.timezone),
    )


class _NoJournal:
    """A flight that nobody needs to remember."""

    def writing(self, *delivery_ids: str) -> None:
        pass

    def answered(self, *outcomes: Outcome) -> None:
        pass
