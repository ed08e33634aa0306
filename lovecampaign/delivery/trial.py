"""What does a test send look like? The real message, marked, outside the ledger.

Its personal links carry a word in place of a token and open a page that says "this is a test";
no code is minted and nothing is counted.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from lovecampaign.campaign.model import Campaign, Email
from lovecampaign.delivery.personal import TEST_TOKEN, Addressing
from lovecampaign.message import Fault, Message, Outcome, OutcomeKind
from lovecampaign.providers.base import Provider
from lovecampaign.render.content import Content, read_content
from lovecampaign.render.errors import RenderError
from lovecampaign.render.recipient import Recipient
from lovecampaign.render.renderer import EmailRenderer
from lovecampaign.render.samples import sample_recipients
from lovecampaign.settings import Settings
from lovecampaign.store.claimed import Person
from lovecampaign.tokens import TokenSigner


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
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
                yield address, _unrenderable(recipient.delivery_id, error)
        for outcome in provider.send(messages.values(), _NoJournal()):
            yield messages[outcome.delivery_id].to.email, outcome

    def _recipient(self, content: Content, address: str) -> Recipient:
        sample = sample_recipients(self.campaign, self.email, content)[0]
        subscriber = self.person.subscriber if self.person else sample.subscriber
        return replace(
            sample,
            subscriber=replace(subscriber, email=address),
            zone=self.person.zone if self.person else sample.zone,
            delivery_id=secrets.token_urlsafe(16),  # as long as a signed one, and opens nothing
            first_claimed_at=self.now,
            links=replace(
                self._addressing().links(TEST_TOKEN),
                confirm=f"{self.settings.public_url}/confirm/{TEST_TOKEN}",
            ),
            is_test=True,
        )

    def _renderer(self, content: Content) -> EmailRenderer:
        return EmailRenderer(
            self.campaign,
            self.email,
            content,
            public_url=self.settings.public_url,
            media_url=self.settings.media_url,
        )

    def _addressing(self) -> Addressing:
        return Addressing(
            campaign=self.campaign,
            email=self.email,
            signer=TokenSigner(self.settings.require_secret_keys(), self.settings.retired_keys),
            public_url=self.settings.public_url,
            founders_until=None,
        )


class _NoJournal:
    """A flight that nobody needs to remember."""

    def writing(self, delivery_id: str) -> None:
        pass

    def answered(self, outcome: Outcome) -> None:
        pass


def _unrenderable(delivery_id: str, error: RenderError) -> Outcome:
    return Outcome(
        delivery_id=delivery_id,
        kind=OutcomeKind.PERMANENT,
        fault=Fault.MESSAGE,
        detail=error.message,
    )
