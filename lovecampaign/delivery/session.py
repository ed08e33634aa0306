"""How does a process become a sender?"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator

from lovecampaign.clock import Clock
from lovecampaign.delivery.sender import Sender
from lovecampaign.providers.base import Provider
from lovecampaign.settings import Settings
from lovecampaign.store.database import Database
from lovecampaign.store.owners import living_owner
from lovecampaign.tokens import TokenSigner

#: In the workspace: flight journals, logs; nothing that anybody edits.
STATE_FOLDER = ".lovecampaign"


@contextlib.contextmanager
def open_sender(
    settings: Settings,
    database: Database,
    provider: Provider,
    clock: Clock,
    *,
    stop: threading.Event | None = None,
    on_progress: Callable[[int], None] = lambda _count: None,
) -> Iterator[Sender]:
    """Prove the provider, and register as an owner of claims while the block runs.

    Raises Unreachable before anything is claimed where the provider does not answer.
    """
    signer = TokenSigner(settings.require_secret_keys(), settings.retired_keys)
    provider.prove()
    folder = settings.workspace / STATE_FOLDER
    with living_owner(database, folder, provider.name, clock) as owner:
        yield Sender(
            settings=settings,
            database=database,
            provider=provider,
            clock=clock,
            owner=owner,
            signer=signer,
            stop=stop or threading.Event(),
            on_progress=on_progress,
        )
