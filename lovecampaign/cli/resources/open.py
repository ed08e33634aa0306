"""How does a verb get at the database and the provider?"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from lovecampaign.cli.framework.invocation import Invocation
from lovecampaign.core.errors import UsageError
from lovecampaign.core.settings import Settings
from lovecampaign.providers.base.provider import Provider
from lovecampaign.store.database.engine import Database
from lovecampaign.store.database.schema_version import open_database


@contextlib.contextmanager
def opened_database(invocation: Invocation) -> Iterator[Database]:
    """The workspace's database for as long as the block runs."""
    with contextlib.closing(open_database(invocation.settings())) as database:
        yield database


@contextlib.contextmanager
def opened_provider(invocation: Invocation, settings: Settings) -> Iterator[Provider]:
    """The workspace's way out, for a command that sends.

    Raises UsageError where links could not be signed or opened, and where ``--now`` would put
    a made-up time on mail that reaches people.
    """
    from lovecampaign.providers.factory import open_provider  # most verbs need none

    settings.require_secret_keys()
    settings.require_web_addresses()
    with contextlib.closing(open_provider(settings)) as provider:
        if invocation.chosen_now is not None and not provider.takes_now:
            raise UsageError(
                f"mail by {provider.name.rstrip(':')} reaches people, so --now cannot be used",
                hint="leave --now out, or set LOVECAMPAIGN_PROVIDER=maildir:outbox for a try",
            )
        yield provider
