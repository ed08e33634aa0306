"""What does a sending process hold? The parts that every step of the loop needs."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from lovecampaign.clock import Clock
from lovecampaign.providers.base import Provider
from lovecampaign.settings import Settings
from lovecampaign.store.database import Database
from lovecampaign.store.owners import Owner
from lovecampaign.tokens import TokenSigner


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
    #: For the jitter of retries alone.
    chance: random.Random = field(default_factory=random.Random)

    def wait(self, seconds: float) -> None:
        """Sleep by the machine's clock, or until somebody asks to stop."""
        self.stop.wait(max(0.0, seconds))


def wall_clock() -> float:
    """Seconds since 1970 by the machine's clock; the pace keeps to it whatever ``--now`` says."""
    return time.time()
