"""A sending process: the parts that each step of the loop needs, and the email it sends."""

from __future__ import annotations

import contextlib
import logging
import os
import random
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import NoReturn

from lovecampaign.campaign.model.campaign import Campaign, Email
from lovecampaign.core.clock import Clock
from lovecampaign.core.errors import ExitCode
from lovecampaign.core.problems import Problem
from lovecampaign.core.settings import Settings
from lovecampaign.core.tokens import TokenSigner
from lovecampaign.delivery.base.provider_state import Hold, RestingDomains
from lovecampaign.delivery.base.recipient_builder import RecipientBuilder
from lovecampaign.delivery.base.reply_streak import ReplyStreak
from lovecampaign.providers.base.provider import Provider
from lovecampaign.render.model.content import Content
from lovecampaign.render.renderer import EmailRenderer
from lovecampaign.store.database.engine import Database
from lovecampaign.store.ledger.campaigns import CampaignRecord
from lovecampaign.store.sending.senders import Owner, register_owner

#: In the workspace, for flight journals and logs; no file in it is for editing.
STATE_FOLDER = ".lovecampaign"
_LOG = logging.getLogger(__name__)


def end_at_once() -> NoReturn:
    """End a process of which others took over the claims, without a further write or commit."""
    _LOG.error(
        "this process ends, for others took over its deliveries: it was suspended, or a worker "
        "began the same batch"
    )
    os._exit(ExitCode.FENCED)


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckedRenderer:
    """The renderer of an email that was checked, kept from pass to pass."""

    campaign: Campaign
    fingerprint: str
    problems: tuple[Problem, ...]
    renderer: EmailRenderer

    def fits(self, campaign: Campaign, fingerprint: str) -> bool:
        """Whether neither the campaign nor the email's content has changed since."""
        return self.campaign is campaign and self.fingerprint == fingerprint


@dataclass(frozen=True, slots=True, kw_only=True)
class SendingProcess:
    """A process that claims and sends, registered as an owner of claims."""

    settings: Settings
    database: Database
    provider: Provider
    clock: Clock
    owner: Owner
    signer: TokenSigner
    #: Set to finish the messages in flight and stop (SIGTERM, Ctrl-C).
    stop: threading.Event = field(default_factory=threading.Event)
    #: Called with the number of new outcomes, for a progress bar.
    on_progress: Callable[[int], None] = lambda _count: None
    #: The most deliveries of one claim, where processes share what is due; None: the provider's.
    claim_most: int | None = None
    #: Called where others took over this process's claims; does not return.
    on_fenced: Callable[[], NoReturn] = end_at_once
    #: By campaign and email key; of one campaign at most.
    renderers: dict[tuple[str, str], CheckedRenderer] = field(default_factory=dict)
    #: URLs of images that were checked successfully.
    checked_images: set[str] = field(default_factory=set)
    hold: Hold = field(default_factory=Hold)
    resting: RestingDomains = field(default_factory=RestingDomains)
    #: By campaign key; of deliveries, and of transactional mail.
    streaks: dict[str, ReplyStreak] = field(default_factory=dict)
    mail_streaks: dict[str, ReplyStreak] = field(default_factory=dict)
    #: Until when the same rejection of five holds transactional mail, by campaign key.
    mail_rests: dict[str, datetime] = field(default_factory=dict)
    #: For the jitter of retries alone.
    chance: random.Random = field(default_factory=random.Random)

    def wait(self, seconds: float) -> None:
        """Sleep by the machine's clock, or until ``stop`` is set."""
        self.stop.wait(max(0.0, seconds))


@contextlib.contextmanager
def open_sender(
    settings: Settings,
    database: Database,
    provider: Provider,
    clock: Clock,
    *,
    stop: threading.Event | None = None,
    on_progress: Callable[[int], None] = lambda _count: None,
) -> Iterator[SendingProcess]:
    """Check the provider, and register as an owner of claims while the block runs.

    Raises Unreachable before anything is claimed where the provider does not answer.
    """
    signer = TokenSigner(settings.require_secret_keys(), settings.retired_keys)
    provider.check_connection()
    folder = settings.workspace / STATE_FOLDER
    with register_owner(database, folder, provider.name, clock) as owner:
        yield SendingProcess(
            settings=settings,
            database=database,
            provider=provider,
            clock=clock,
            owner=owner,
            signer=signer,
            stop=stop or threading.Event(),
            on_progress=on_progress,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class EmailJob:
    """An email that is being sent: its content, and its place in the ledger."""

    campaign: Campaign
    record: CampaignRecord
    email: Email
    content: Content
    renderer: EmailRenderer
    recipient_builder: RecipientBuilder
    #: Whether copies were sent before this pass.
    is_frozen: bool

    @property
    def email_id(self) -> int:
        return self.record.email_ids[self.email.key]


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchHandle:
    """A batch with its epoch (fencing token): with an outdated one nothing can be claimed."""

    id: int
    epoch: int
