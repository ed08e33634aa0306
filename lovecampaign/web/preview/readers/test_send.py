"""What does "Send me this" do? One test message, as the command ``send --to`` would send it."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime

from lovecampaign.audience.address import InvalidAddress, normalise
from lovecampaign.campaign.model.campaign import Campaign, Email
from lovecampaign.core.errors import LovecampaignError, ProblemsFound
from lovecampaign.core.message import Outcome, OutcomeKind
from lovecampaign.core.settings import Settings
from lovecampaign.delivery.display.test_send import MarkedSend
from lovecampaign.providers.base.provider import Provider
from lovecampaign.web.preview.readers.addressing import as_person
from lovecampaign.web.preview.readers.readers import Reader

#: Opens the workspace's way out for as long as one message takes.
OpenProvider = Callable[[], AbstractContextManager[Provider]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What the page says about it."""

    is_sent: bool
    words: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Mailbox:
    """Sends tests, one at a time."""

    settings: Settings
    open_provider: OpenProvider
    now: Callable[[], datetime]

    def send(self, campaign: Campaign, email: Email, reader: Reader, address: str) -> Told:
        """Send this email with this reader's data to that address; never raises."""
        try:
            to = normalise(address.strip())
        except InvalidAddress as error:
            return Told(is_sent=False, words=f"{address} is not an email address: {error}")
        trial = MarkedSend(
            settings=self.settings,
            campaign=campaign,
            email=email,
            person=as_person(reader),
            now=self.now(),
        )
        try:
            return self._try(trial, to)
        except ProblemsFound as error:
            first = error.problems[0] if error.problems else error
            return Told(is_sent=False, words=f"Not sent: {first.message}")
        except LovecampaignError as error:
            hint = f" ({error.hint})" if error.hint else ""
            return Told(is_sent=False, words=f"Not sent: {error.message}{hint}")

    def _try(self, trial: MarkedSend, to: str) -> Told:
        with self.open_provider() as provider:
            provider.check_connection()
            outcomes = [outcome for _, outcome in trial.send(provider, [to])]
            return _tell(outcomes[0], to, provider.name)


def _tell(outcome: Outcome, to: str, way_out: str) -> Told:
    if outcome.kind is OutcomeKind.ACCEPTED:
        return Told(is_sent=True, words=f"Sent to {to} through {way_out}.")
    return Told(is_sent=False, words=f"Not sent: {outcome.detail}")
