"""How does a process become a sender?"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator

from lovecampaign.core.clock import Clock
from lovecampaign.core.settings import Settings
from lovecampaign.core.tokens import TokenSigner
from lovecampaign.delivery.base.sender import Sender
from lovecampaign.providers.base.provider import Provider
from lovecampaign.store.database.engine import Database
from lovecampaign.store.sending.senders import living_owner

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
    provider.check_connection()
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
