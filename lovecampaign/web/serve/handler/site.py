"""What does every page need? The parts of a running ``serve``."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from lovecampaign.core.clock import Clock
from lovecampaign.core.settings import Settings
from lovecampaign.core.tokens import TokenSigner
from lovecampaign.store.database.engine import Database
from lovecampaign.web.serve.content.i18n import Texts
from lovecampaign.web.serve.content.live_campaigns import LiveCampaigns
from lovecampaign.web.serve.content.templates import Writer
from lovecampaign.web.serve.http.client_address import Proxies, read_proxies
from lovecampaign.web.serve.http.form_tokens import Seals
from lovecampaign.web.serve.http.metrics import Metrics
from lovecampaign.web.serve.http.rate_limit import Limits, read_allowance
from lovecampaign.web.serve.http.security import Hosts

#: A visitor waits this long for another's write on SQLite; then reads that it cannot be done now.
PATIENCE_SECONDS = 3.0


class Post(Protocol):
    """What sends the mail that pages ask for."""

    def wake(self) -> None:
        """Something was asked for: look now."""
        ...

    def is_alive(self) -> bool:
        """Whether mail that is asked for is going to be sent."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """A running ``serve``."""

    settings: Settings
    database: Database
    signer: TokenSigner
    clock: Clock
    campaigns: LiveCampaigns
    texts: Texts
    writer: Writer
    #: Seals the forms that we write.
    seals: Seals
    #: The names under which we answer.
    hosts: Hosts
    limits: Limits
    proxies: Proxies
    metrics: Metrics
    post: Post
    #: Keeps the details of a mistake of ours; says where.
    note_bug: Callable[[BaseException], Path]


def make_site(
    *,
    settings: Settings,
    database: Database,
    clock: Clock,
    post: Post,
    note_bug: Callable[[BaseException], Path],
) -> Site:
    """Put the parts together; raises UsageError for settings that make no sense."""
    keys = settings.require_secret_keys()
    settings.require_web_addresses()
    texts, hosts = Texts(), Hosts.of(settings)
    return Site(
        settings=settings,
        database=database.with_busy_timeout(PATIENCE_SECONDS),
        signer=TokenSigner(keys, settings.retired_keys),
        clock=clock,
        campaigns=LiveCampaigns(settings.workspace),
        texts=texts,
        writer=Writer(hosts.root),
        seals=Seals(keys),
        hosts=hosts,
        limits=Limits(read_allowance(settings)),
        proxies=read_proxies(settings.trusted_proxies),
        metrics=Metrics(database),
        post=post,
        note_bug=note_bug,
    )
