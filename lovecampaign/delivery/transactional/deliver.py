"""Delivers transactional mail as any other: claim, render, send, settle.

Only the next mails are claimed, every claim is committed first, and mail in doubt is not sent
again: the subscriber can ask again.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy.engine import Connection

from lovecampaign.campaign.model.campaign import Campaign
from lovecampaign.core.message import Message, Outcome
from lovecampaign.delivery.base.fence import FencedJournal
from lovecampaign.delivery.base.holds import record_hold
from lovecampaign.delivery.base.provider_state import ProviderState
from lovecampaign.delivery.base.reply_streak import ClosedNet, ReplyStreak
from lovecampaign.delivery.base.sender import SendingProcess
from lovecampaign.delivery.base.settlements import (
    decide_settlement,
    put_back,
    put_back_rejected,
    render_failure,
    retry_times,
)
from lovecampaign.delivery.base.tally import Tally, without_addresses
from lovecampaign.delivery.base.throttle import Throttle, make_throttle
from lovecampaign.delivery.desk.message import build_message
from lovecampaign.delivery.transactional.build import (
    build_recipient,
    make_renderer,
    sign_delivery_id,
)
from lovecampaign.render.model.errors import RenderError
from lovecampaign.render.renderer import EmailRenderer
from lovecampaign.store.ledger.campaigns import read_campaign
from lovecampaign.store.ledger.take_back import take_back_transactional
from lovecampaign.store.ledger.transactional_mail import DESK_KINDS, TransactionalKind
from lovecampaign.store.sending.settle import Settlement
from lovecampaign.store.sending.transactional_queue import (
    ClaimedMail,
    claim_transactional,
    settle_transactional,
)
from lovecampaign.store.tables import DeliveryState

#: Small, since subscribers wait for each mail.
MAX_PER_CLAIM = 20
#: Short, and ``serve`` stays ready: visitors who type dead addresses must not stop it.
MAIL_REST = timedelta(minutes=5)
_LOG = logging.getLogger(__name__)


def deliver_requested(sender: SendingProcess, campaign: Campaign) -> Tally:
    """Send the due transactional mail of a campaign, also while it is paused by hand.

    Raises Refused where the provider rejects us, and Unreachable where there is no connection;
    every claim is settled first.
    """
    delivery = _QueuePass(sender=sender, campaign=campaign)
    done: _Flight | None = None
    while True:
        flight = delivery.settle_and_claim(done)
        if flight is None:
            return delivery.tally
        flight.send()
        done = flight


@dataclass(slots=True, kw_only=True)
class _QueuePass:
    """One pass over one campaign's queue."""

    sender: SendingProcess
    campaign: Campaign
    tally: Tally = field(default_factory=Tally)
    renderers: dict[TransactionalKind, EmailRenderer] = field(default_factory=dict)
    throttle: Throttle | None = None

    def settle_and_claim(self, done: _Flight | None) -> _Flight | None:
        """One commit: the last flight's outcomes, and the next one's claims."""
        is_over = self.sender.stop.is_set() or (
            done is not None and (done.provider_state.ends_the_pass or done.net is not None)
        )
        with self.sender.database.write() as connection:
            settled = done.settle(connection) if done else Tally()
            if done is not None:
                record_hold(connection, self.sender, done.provider_state)
            mails = () if is_over else self._claim(connection)
            if mails and self.throttle is None:
                self.throttle = self._make_throttle(connection)
        self.tally += settled
        # All of the journal is settled, and no new claim was written.
        self.sender.owner.journal.truncate_if_long()
        if done is not None and (closed := done.provider_state.why_closed(self.sender.provider)):
            raise closed
        return self._flight(mails) if mails else None

    def _claim(self, connection: Connection) -> Sequence[ClaimedMail]:
        size = min(MAX_PER_CLAIM, self.sender.provider.claim_size)
        sender = self.sender
        return claim_transactional(
            connection, self.campaign.id, sender.owner.id, size, sender.clock.now()
        )

    def _make_throttle(self, connection: Connection) -> Throttle | None:
        """The throttle of the campaign, so that both together keep to it."""
        record = read_campaign(connection, self.campaign.id)
        return make_throttle(self.sender, self.campaign, record.id) if record else None

    def _flight(self, mails: Sequence[ClaimedMail]) -> _Flight:
        for kind in {mail.kind for mail in mails} - DESK_KINDS - self.renderers.keys():
            self.renderers[kind] = make_renderer(self.sender.settings, self.campaign, kind)
        return _Flight(
            sender=self.sender,
            campaign=self.campaign,
            renderers=self.renderers,
            mails=mails,
            throttle=self.throttle,
        )


@dataclass(slots=True, kw_only=True)
class _Flight:
    """Claimed mails on their way out. Used once."""

    sender: SendingProcess
    campaign: Campaign
    renderers: dict[TransactionalKind, EmailRenderer]
    mails: Sequence[ClaimedMail]
    throttle: Throttle | None
    outcomes: dict[int, Outcome] = field(default_factory=dict)
    provider_state: ProviderState = field(default_factory=ProviderState)
    net: ClosedNet | None = None

    def send(self) -> None:
        ids = {sign_delivery_id(self.sender.signer, mail.key): mail.id for mail in self.mails}
        for outcome in self.sender.provider.send(self._messages(), FencedJournal(self.sender)):
            self._note(ids[outcome.delivery_id], outcome)

    def settle(self, connection: Connection) -> Tally:
        """Write the outcomes; what was not tried is due as before."""
        now = self.sender.clock.now()
        settlements = [self._settlement(mail, now) for mail in self.mails]
        settle_transactional(connection, settlements, now)
        if self.net is not None:
            others = self.net.ids - {mail.id for mail in self.mails}
            take_back_transactional(connection, others, self.net.since, retry_times(now))
        return _tally(settlements)

    def _settlement(self, mail: ClaimedMail, now: datetime) -> Settlement:
        outcome = self.outcomes.get(mail.id)
        if outcome is None or mail.id in self.provider_state.untried:
            return put_back(mail, now, outcome.detail if outcome else None)
        if self.net is not None and self.net.covers(outcome):
            return put_back_rejected(mail, now, outcome.detail)
        return decide_settlement(mail, outcome, now, self.sender.chance)

    def _messages(self) -> Iterator[Message]:
        for number, mail in enumerate(self.mails):
            if self.throttle is not None:
                self.throttle.wait(len(self.mails) - number)
            is_over = self.provider_state.ends_the_pass or self.net is not None
            if self.sender.stop.is_set() or is_over:
                return
            message = self._render(mail)
            if message is not None:
                yield message

    def _render(self, mail: ClaimedMail) -> Message | None:
        try:
            return self._build(mail)
        except RenderError as error:
            delivery_id = sign_delivery_id(self.sender.signer, mail.key)
            self._note(mail.id, render_failure(delivery_id, error))
            return None

    def _build(self, mail: ClaimedMail) -> Message:
        sender = self.sender
        if mail.kind in DESK_KINDS:
            return build_message(sender.settings, sender.signer, self.campaign, mail)
        recipient = build_recipient(sender.settings, sender.signer, self.campaign, mail)
        return self.renderers[mail.kind].render(recipient)

    def _note(self, transactional_id: int, outcome: Outcome) -> None:
        self.outcomes[transactional_id] = outcome
        self.provider_state.note(transactional_id, outcome)
        if self.net is None:
            self._note_rejection(transactional_id, outcome)

    def _note_rejection(self, transactional_id: int, outcome: Outcome) -> None:
        """The same rejection of five in a row lets the mail rest, and pauses no campaign."""
        sender, key = self.sender, self.campaign.id
        tries = next(mail.attempts for mail in self.mails if mail.id == transactional_id)
        now = sender.clock.now()
        self.net = sender.mail_streaks.setdefault(key, ReplyStreak()).note(
            transactional_id,
            outcome,
            now,
            is_first_try=tries <= 1,
            accepted_since=lambda: False,
        )
        if self.net is not None:
            sender.mail_rests[key] = now + MAIL_REST
            words = without_addresses(self.net.reason)
            _LOG.warning("Confirmations of %s wait for %s: %s", key, MAIL_REST, words)


def _tally(settlements: Sequence[Settlement]) -> Tally:
    states = Counter(each.state for each in settlements)
    return Tally(
        sent=states[DeliveryState.SENT],
        failed=states[DeliveryState.FAILED],
        in_doubt=states[DeliveryState.IN_DOUBT],
        tried=sum(not each.is_untried for each in settlements),
    )
