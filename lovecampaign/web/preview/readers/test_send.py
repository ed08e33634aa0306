"""The button "Send me this": one test message, as ``send --to`` sends it."""

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
from lovecampaign.web.preview.readers.addressing import make_person
from lovecampaign.web.preview.readers.preview_subscriber import PreviewSubscriber

#: Opens the workspace's provider for one message.
OpenProvider = Callable[[], AbstractContextManager[Provider]]


@dataclass(frozen=True, slots=True, kw_only=True)
class PreviewSendResult:
    """What the page shows."""

    is_sent: bool
    words: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PreviewSender:
    """Sends test messages."""

    settings: Settings
    open_provider: OpenProvider
    now: Callable[[], datetime]

    def send(
        self, campaign: Campaign, email: Email, reader: PreviewSubscriber, address: str
    ) -> PreviewSendResult:
        """Send this email with this reader's data to that address; never raises."""
        try:
            to = normalise(address.strip())
        except InvalidAddress as error:
            return PreviewSendResult(
                is_sent=False, words=f"{address} is not an email address: {error}"
            )
        trial = MarkedSend(
            settings=self.settings,
            campaign=campaign,
            email=email,
            person=make_person(reader),
            now=self.now(),
        )
        try:
            return self._try(trial, to)
        except ProblemsFound as error:
            first = error.problems[0] if error.problems else error
            return PreviewSendResult(is_sent=False, words=f"Not sent: {first.message}")
        except LovecampaignError as error:
            hint = f" ({error.hint})" if error.hint else ""
            return PreviewSendResult(is_sent=False, words=f"Not sent: {error.message}{hint}")

    def _try(self, trial: MarkedSend, to: str) -> PreviewSendResult:
        with self.open_provider() as provider:
            provider.check_connection()
            outcomes = [outcome for _, outcome in trial.send(provider, [to])]
            return _result_of(outcomes[0], to, provider.name)


def _result_of(outcome: Outcome, to: str, provider: str) -> PreviewSendResult:
    if outcome.kind is OutcomeKind.ACCEPTED:
        return PreviewSendResult(is_sent=True, words=f"Sent to {to} through {provider}.")
    return PreviewSendResult(is_sent=False, words=f"Not sent: {outcome.detail}")
