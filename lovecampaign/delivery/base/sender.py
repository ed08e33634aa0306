"""What does a sending process hold? The parts that every step of the loop needs."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from lovecampaign.campaign.model.campaign import Campaign
from lovecampaign.core.clock import Clock
from lovecampaign.core.problems import Problem
from lovecampaign.core.settings import Settings
from lovecampaign.core.tokens import TokenSigner
from lovecampaign.delivery.base.provider_state import Hold
from lovecampaign.providers.base.provider import Provider
from lovecampaign.render.renderer import EmailRenderer
from lovecampaign.store.database.engine import Database
from lovecampaign.store.sending.senders import Owner


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckedRenderer:
    """An email that was checked and can be rendered, kept from pass to pass."""

    campaign: Campaign
    fingerprint: str
    problems: tuple[Problem, ...]
    renderer: EmailRenderer

    def fits(self, campaign: Campaign, fingerprint: str) -> bool:
        """Whether neither the campaign nor the email's words have changed since."""
        return self.campaign is campaign and self.fingerprint == fingerprint


@dataclass(frozen=True, slots=True, kw_only=True)
class Sender:
    """A process that claims and sends, registered as an owner."""

    settings: Settings
    database: Database
    provider: Provider
    clock: Clock
    owner: Owner
    signer: TokenSigner
    #: Set to finish what is in flight and stop (SIGTERM, Ctrl-C).
    stop: threading.Event = field(default_factory=threading.Event)
    #: Told how many messages were settled, for a progress bar.
    on_progress: Callable[[int], None] = lambda _count: None
    #: By campaign and email; at most one campaign's emails each.
    prepared: dict[tuple[str, str], CheckedRenderer] = field(default_factory=dict)
    #: Addresses of pictures that answered.
    proved_pictures: set[str] = field(default_factory=set)
    hold: Hold = field(default_factory=Hold)
    #: For the jitter of retries alone.
    chance: random.Random = field(default_factory=random.Random)

    def wait(self, seconds: float) -> None:
        """Sleep by the machine's clock, or until somebody asks to stop."""
        self.stop.wait(max(0.0, seconds))


def wall_clock() -> float:
    """Seconds since 1970 by the machine's clock; the pace keeps to it whatever ``--now`` says."""
    return time.time()
